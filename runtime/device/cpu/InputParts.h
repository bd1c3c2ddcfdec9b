//===- InputParts.h - Rectangles of inputs ----------------------*- C++ -*-===//
//
// Surfaces are matrices of channels and columns, and most views of an input are
// rectangles of one.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_CPU_INPUTPARTS_H
#define ANEC_RUNTIME_DEVICE_CPU_INPUTPARTS_H

#include "runtime/device/cpu/SurfacePart.h"
#include "runtime/device/cpu/Tensor.h"

namespace anec::rt::cpu {

/// Columns of an input of shape [1, channels, 1, width]; 0 for other shapes.
int64_t widthOf(const Layout &port);

/// The smallest rectangle around a view of an input; all of it when the view
/// is not made of channels and columns.
SurfacePart boundsOf(const Layout &view, int64_t offset, const Layout &port);

} // namespace anec::rt::cpu

#endif // ANEC_RUNTIME_DEVICE_CPU_INPUTPARTS_H
