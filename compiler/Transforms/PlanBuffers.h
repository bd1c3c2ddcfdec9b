//===- PlanBuffers.h - Host memory of a plan --------------------*- C++ -*-===//
//
// Host values live in buffers. One program runs at a time, so programs share
// them, and within a program a buffer is used again after its value's last use.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_COMPILER_TRANSFORMS_PLANBUFFERS_H
#define ANEC_COMPILER_TRANSFORMS_PLANBUFFERS_H

#include "dialect/Plan/Plan.h"

#include "mlir/IR/Builders.h"

#include <map>
#include <string>
#include <vector>

namespace anec {

class PlanBuffers {
public:
  explicit PlanBuffers(mlir::OpBuilder builder) : builder(builder) {}

  /// The buffer of an entry point's argument, the same in every program.
  mlir::StringAttr fixed(llvm::StringRef name, mlir::Type type,
                         mlir::Location loc);
  /// A buffer of `count` tensors that no live value occupies.
  mlir::StringAttr allocate(mlir::Type type, int64_t count,
                            llvm::ArrayRef<int64_t> vocabulary,
                            mlir::Location loc);
  /// Gives back what `allocate` returned.
  void release(mlir::StringAttr name);
  /// Before the next program: nothing is live.
  void releaseAll();

private:
  struct Buffer {
    mlir::StringAttr name;
    std::string kind;
    bool live = false;
  };
  mlir::OpBuilder builder; ///< Where plan.buffer ops go.
  std::vector<Buffer> buffers;
  std::map<std::string, mlir::StringAttr> fixedBuffers;
};

} // namespace anec

#endif // ANEC_COMPILER_TRANSFORMS_PLANBUFFERS_H
