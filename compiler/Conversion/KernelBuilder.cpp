//===- KernelBuilder.cpp - Short names for mil ops ------------------------===//

#include "compiler/Conversion/KernelBuilder.h"
#include "compiler/Kernels/Zeros.h"
#include "runtime/support/Half.h"

#include "llvm/ADT/SmallVectorExtras.h"

#include <vector>

using namespace mlir;

namespace anec {

static SmallVector<int32_t> narrow(ArrayRef<int64_t> values) {
  return llvm::map_to_vector(
      values, [](int64_t value) { return static_cast<int32_t>(value); });
}

/// A constant of `values` in fp16, with the values themselves where fp16
/// rounds one of them.
static Value constant(OpBuilder &builder, Location location,
                      ArrayRef<int64_t> shape, ArrayRef<float> values,
                      StringAttr file) {
  std::vector<rt::half> rounded(values.begin(), values.end());
  auto type = RankedTensorType::get(shape, builder.getF16Type());
  ArrayRef<char> bytes(reinterpret_cast<const char *>(rounded.data()),
                       rounded.size() * sizeof(rt::half));
  DenseElementsAttr exact;
  if (!std::equal(values.begin(), values.end(), rounded.begin()))
    exact = DenseElementsAttr::get(type.clone(builder.getF32Type()), values);
  return mil::ConstOp::create(builder, location, type,
                              DenseElementsAttr::getFromRawBuffer(type, bytes),
                              file, exact, /*offset=*/IntegerAttr());
}

Value KernelBuilder::scalar(double value) {
  return constant(builder, location, {}, static_cast<float>(value),
                  StringAttr());
}

Value KernelBuilder::table(ArrayRef<int64_t> shape, const std::string &file,
                           const std::function<double(int64_t)> &element) {
  std::vector<float> values(ShapedType::getNumElements(shape));
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(element(static_cast<int64_t>(i)));
  return constant(builder, location, shape, values,
                  builder.getStringAttr(file));
}

Value KernelBuilder::add(Value x, Value y) {
  return mil::AddOp::create(builder, location, x, y);
}

Value KernelBuilder::sub(Value x, Value y) {
  return mil::SubOp::create(builder, location, x, y);
}

Value KernelBuilder::mul(Value x, Value y) {
  return mil::MulOp::create(builder, location, x, y);
}

Value KernelBuilder::scale(Value x, double factor) {
  return mul(x, scalar(factor));
}

Value KernelBuilder::quotient(Value x, Value y) {
  return mil::RealDivOp::create(builder, location, x, y);
}

Value KernelBuilder::squareRoot(Value x) {
  return mil::SqrtOp::create(builder, location, x);
}

Value KernelBuilder::power(Value x, double exponent) {
  return mil::PowOp::create(builder, location, x, scalar(exponent));
}

Value KernelBuilder::inverseRoot(Value x) { return power(x, -0.5); }

Value KernelBuilder::matmul(Value x, Value y, bool transposeX,
                            bool transposeY) {
  return mil::MatmulOp::create(builder, location, x, y, transposeX, transposeY);
}

Value KernelBuilder::applyMatrix(Value matrix, Value x, bool transposed) {
  int64_t features = shapeOf(x)[1], tokens = shapeOf(x)[3];
  Value columns = reshape(x, {1, 1, features, tokens});
  Value y = matmul(matrix, columns, transposed, false);
  return reshape(y, {1, shapeOf(y)[2], 1, tokens});
}

Value KernelBuilder::sum(Value x, int32_t axis) {
  return mil::ReduceSumOp::create(builder, location, x,
                                  builder.getDenseI32ArrayAttr({axis}),
                                  builder.getBoolAttr(true));
}

Value KernelBuilder::peak(Value x, int32_t axis) {
  return mil::ReduceMaxOp::create(builder, location, x,
                                  builder.getDenseI32ArrayAttr({axis}),
                                  builder.getBoolAttr(true));
}

Value KernelBuilder::transpose(Value x, ArrayRef<int32_t> order) {
  return mil::TransposeOp::create(builder, location, x, order);
}

Value KernelBuilder::zeros(ArrayRef<int64_t> shape) {
  return table(shape, zerosFile(shape), [](int64_t) { return 0; });
}

Value KernelBuilder::magnitude(Value x) {
  return mil::AbsOp::create(builder, location, x);
}

Value KernelBuilder::maximum(Value x, Value y) {
  return mil::MaximumOp::create(builder, location, x, y);
}

Value KernelBuilder::largest(Value x) {
  SmallVector<int32_t> axes;
  for (int32_t axis : {1, 2})
    if (shapeOf(x)[axis] > 1)
      axes.push_back(axis);
  if (axes.empty())
    return x;
  return mil::ReduceMaxOp::create(builder, location, x,
                                  builder.getDenseI32ArrayAttr(axes),
                                  builder.getBoolAttr(true));
}

Value KernelBuilder::softmax(Value x, int32_t axis) {
  return mil::SoftmaxOp::create(builder, location, x, axis);
}

Value KernelBuilder::reshape(Value x, ArrayRef<int64_t> shape) {
  if (shapeOf(x) == shape)
    return x;
  return mil::ReshapeOp::create(builder, location, x,
                                builder.getDenseI32ArrayAttr(narrow(shape)));
}

Value KernelBuilder::transpose(Value x) {
  SmallVector<int32_t> perm;
  for (int32_t i = 0, rank = shapeOf(x).size(); i < rank; ++i)
    perm.push_back(i < rank - 2 ? i : 2 * rank - 3 - i);
  return mil::TransposeOp::create(builder, location, x,
                                  builder.getDenseI32ArrayAttr(perm));
}

Value KernelBuilder::slice(Value x, int64_t axis, int64_t begin, int64_t size) {
  SmallVector<int64_t> begins(shapeOf(x).size(), 0), sizes(shapeOf(x));
  begins[axis] = begin;
  sizes[axis] = size;
  if (shapeOf(x) == ArrayRef<int64_t>(sizes))
    return x;
  return mil::SliceBySizeOp::create(
      builder, location, x, builder.getDenseI32ArrayAttr(narrow(begins)),
      builder.getDenseI32ArrayAttr(narrow(sizes)));
}

Value KernelBuilder::concat(ArrayRef<Value> values, int64_t axis) {
  if (values.size() == 1)
    return values.front();
  return mil::ConcatOp::create(builder, location, ValueRange(values),
                               static_cast<uint32_t>(axis),
                               /*interleave=*/false);
}

} // namespace anec
