//===- ShapeOps.h - Host ops of images and shapes ---------------*- C++ -*-===//
//
// The part of the table of host ops (HostOps.h) that moves elements.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_HOST_SHAPEOPS_H
#define ANEC_RUNTIME_HOST_SHAPEOPS_H

#include "runtime/host/HostOps.h"

namespace anec::rt {

/// The function of `name`; null when there is none.
template <typename Real>
HostOp<Real> findShapeFunction(const std::string &name);

} // namespace anec::rt

#endif // ANEC_RUNTIME_HOST_SHAPEOPS_H
