//===- InputParts.h - Rectangles of inputs ----------------------*- C++ -*-===//
//
// Surfaces are matrices of channels and columns, and most views of an input are
// rectangles of one.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_CPU_INPUTPARTS_H
#define ANEC_RUNTIME_DEVICE_CPU_INPUTPARTS_H

#include "runtime/device/cpu/CpuProgram.h"

namespace anec::rt::cpu {

/// Columns of an input of shape [1, channels, 1, width]; 0 for other shapes.
int64_t widthOf(const Layout &port);

/// The smallest rectangle around a view of an input; all of it when the view
/// is not made of channels and columns.
InputPart boundsOf(const Layout &view, int64_t offset, size_t index,
                   const Layout &port);

/// Whether two parts share an element.
bool touch(const InputPart &a, const InputPart &b);

bool isWithin(const InputPart &part, const InputPart &whole);

} // namespace anec::rt::cpu

#endif // ANEC_RUNTIME_DEVICE_CPU_INPUTPARTS_H
