//===- KernelBuilder.h - Short names for mil ops ----------------*- C++ -*-===//
//
// What the lowerings are written with. Shapes are those of the device layout:
// an activation is [1, D, 1, T] with T = batch * sequence.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_COMPILER_CONVERSION_KERNELBUILDER_H
#define ANEC_COMPILER_CONVERSION_KERNELBUILDER_H

#include "dialect/MIL/MIL.h"
#include "dialect/TensorTypes.h"

#include "mlir/IR/Builders.h"

#include <functional>
#include <string>

namespace anec {

/// Builds mil ops at one location.
class KernelBuilder {
public:
  KernelBuilder(mlir::OpBuilder &builder, mlir::Location location)
      : builder(builder), location(location) {}

  /// An fp16 scalar; what fp16 rounds keeps its value in f32 beside it.
  mlir::Value scalar(double value);
  /// The same for a table in `file`; the name must determine the contents,
  /// because kernels share files. `element` gets the flat index.
  mlir::Value table(llvm::ArrayRef<int64_t> shape, const std::string &file,
                    const std::function<double(int64_t)> &element);

  mlir::Value add(mlir::Value x, mlir::Value y);
  mlir::Value sub(mlir::Value x, mlir::Value y);
  mlir::Value mul(mlir::Value x, mlir::Value y);
  mlir::Value scale(mlir::Value x, double factor);
  /// x / y.
  mlir::Value quotient(mlir::Value x, mlir::Value y);
  mlir::Value squareRoot(mlir::Value x);
  mlir::Value power(mlir::Value x, double exponent);
  /// x^-0.5; the device refuses rsqrt after a reduction.
  mlir::Value inverseRoot(mlir::Value x);
  mlir::Value matmul(mlir::Value x, mlir::Value y, bool transposeX,
                     bool transposeY);
  /// [1,K,1,T] times a matrix from the left -> [1,N,1,T].
  mlir::Value applyMatrix(mlir::Value matrix, mlir::Value x, bool transposed);
  /// The sum over one axis, which stays with size 1.
  mlir::Value sum(mlir::Value x, int32_t axis);
  /// The largest element along one axis, which stays with size 1.
  mlir::Value peak(mlir::Value x, int32_t axis);
  /// |x|, element by element.
  mlir::Value magnitude(mlir::Value x);
  mlir::Value maximum(mlir::Value x, mlir::Value y);
  /// The largest element of each column, over axes 1 and 2.
  mlir::Value largest(mlir::Value x);
  mlir::Value softmax(mlir::Value x, int32_t axis);
  mlir::Value transpose(mlir::Value x, llvm::ArrayRef<int32_t> order);
  /// A table of zeros, `shape` of rank 4.
  mlir::Value zeros(llvm::ArrayRef<int64_t> shape);
  /// x itself when it has this shape.
  mlir::Value reshape(mlir::Value x, llvm::ArrayRef<int64_t> shape);
  /// The last two dimensions the other way round.
  mlir::Value transpose(mlir::Value x);
  /// x itself when the slice is all of it.
  mlir::Value slice(mlir::Value x, int64_t axis, int64_t begin, int64_t size);
  /// The value itself when there is one.
  mlir::Value concat(llvm::ArrayRef<mlir::Value> values, int64_t axis);

private:
  mlir::OpBuilder &builder;
  mlir::Location location;
};

} // namespace anec

#endif // ANEC_COMPILER_CONVERSION_KERNELBUILDER_H
