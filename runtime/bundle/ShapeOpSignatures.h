//===- ShapeOpSignatures.h - Signatures of images and shapes ----*- C++ -*-===//
#ifndef ANEC_RUNTIME_BUNDLE_SHAPEOPSIGNATURES_H
#define ANEC_RUNTIME_BUNDLE_SHAPEOPSIGNATURES_H

#include "runtime/bundle/HostOpSignatures.h"

namespace anec::rt {

/// `table` with the host ops that move elements, sorted by name.
std::vector<HostOpSignature> withShapeOps(std::vector<HostOpSignature> table);

} // namespace anec::rt

#endif // ANEC_RUNTIME_BUNDLE_SHAPEOPSIGNATURES_H
