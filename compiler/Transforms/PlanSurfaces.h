//===- PlanSurfaces.h - Surfaces that hold one value ------------*- C++ -*-===//
//
// A value that kernels take or give in a surface of its own lives here, so that
// the next kernel binds the same surface instead of a copy. Surfaces get their
// memory by lifetime, like host buffers: one program runs at a time, and within
// a program a surface is used again after the last use of what it held.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_COMPILER_TRANSFORMS_PLANSURFACES_H
#define ANEC_COMPILER_TRANSFORMS_PLANSURFACES_H

#include "compiler/Transforms/PlanKernels.h"

#include <string>
#include <vector>

namespace anec {

class PlanSurfaces {
public:
  /// The one region of each surface.
  static constexpr const char *region = "value";

  explicit PlanSurfaces(mlir::OpBuilder builder) : builder(builder) {}

  /// At least `count` surfaces like those of `port`, a Value port, with one
  /// holder.
  mlir::StringAttr allocate(const PlanPort &port, int64_t count,
                            mlir::Location loc);
  /// The surfaces `name`, `count` like those of `port`, which keep what they
  /// hold from one program to the next; the same ones whenever asked for.
  void keep(mlir::StringAttr name, const PlanPort &port, int64_t count,
            mlir::Location loc);
  /// Whether `name` can be bound to `port` as it is.
  bool fits(mlir::StringAttr name, const PlanPort &port) const;
  /// Whether `name` was allocated here.
  bool owns(mlir::StringAttr name) const { return find(name) != nullptr; }

  /// One holder more, or less; without a holder the surface is free.
  void hold(mlir::StringAttr name);
  void release(mlir::StringAttr name);
  /// Before the next program: everything is free.
  void releaseAll();

private:
  struct Entry {
    mlir::StringAttr name;
    mlir::DictionaryAttr shape;
    int64_t count = 0, holders = 0;
    bool isKept = false;
  };
  void create(mlir::StringAttr name, const PlanPort &port, int64_t count,
              mlir::Location loc, bool isKept);
  Entry *find(mlir::StringAttr name);
  const Entry *find(mlir::StringAttr name) const;

  mlir::OpBuilder builder; ///< Where plan.surface ops go.
  std::vector<Entry> entries;
};

} // namespace anec

#endif // ANEC_COMPILER_TRANSFORMS_PLANSURFACES_H
