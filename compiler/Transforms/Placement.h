//===- Placement.h - Which side executes an op ------------------*- C++ -*-===//
//
// The attribute `nn.place` that nn-place writes and later passes keep.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_COMPILER_TRANSFORMS_PLACEMENT_H
#define ANEC_COMPILER_TRANSFORMS_PLACEMENT_H

#include "dialect/NN/NN.h"

namespace anec {

enum class Place { None, Device, Host };

/// The side of `op`; None for structure, which both sides share.
inline Place getPlace(mlir::Operation *op) {
  auto place = op->getAttrOfType<mlir::StringAttr>("nn.place");
  if (!place)
    return Place::None;
  return place.getValue() == "device" ? Place::Device : Place::Host;
}

inline void setPlace(mlir::Operation *op, Place place) {
  op->setAttr("nn.place", mlir::StringAttr::get(
                              op->getContext(),
                              place == Place::Device ? "device" : "host"));
}

} // namespace anec

#endif // ANEC_COMPILER_TRANSFORMS_PLACEMENT_H
