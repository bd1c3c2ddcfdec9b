//===- KernelBuilder.cpp - Short names for mil ops ------------------------===//

#include "compiler/Conversion/KernelBuilder.h"

#include "llvm/ADT/SmallVectorExtras.h"

#include <cmath>

using namespace mlir;

namespace anec {

ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

static SmallVector<int32_t> narrow(ArrayRef<int64_t> values) {
  return llvm::map_to_vector(
      values, [](int64_t value) { return static_cast<int32_t>(value); });
}

Value KernelBuilder::scalar(double value) {
  return mil::createScalar(builder, location, value);
}

Value KernelBuilder::table(ArrayRef<int64_t> shape, const std::string &file,
                           const std::function<double(int64_t)> &element) {
  auto type = RankedTensorType::get(shape, builder.getF16Type());
  SmallVector<APFloat> values;
  values.reserve(type.getNumElements());
  for (int64_t i = 0, e = type.getNumElements(); i < e; ++i) {
    APFloat value(element(i));
    bool losesInfo;
    value.convert(APFloat::IEEEhalf(), APFloat::rmNearestTiesToEven,
                  &losesInfo);
    values.push_back(value);
  }
  return mil::ConstOp::create(builder, location, type,
                              DenseElementsAttr::get(type, values),
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

double KernelBuilder::restOf(double factor) {
  bool losesInfo;
  APFloat rounded(factor);
  rounded.convert(APFloat::IEEEhalf(), APFloat::rmNearestTiesToEven,
                  &losesInfo);
  rounded.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven,
                  &losesInfo);
  return factor - rounded.convertToDouble();
}

Value KernelBuilder::scaleExactly(Value x, double factor) {
  double rest = restOf(factor);
  Value product = scale(x, factor);
  // Half of the smallest subnormal and less rounds to zero.
  if (std::abs(rest) <= 0x1p-25)
    return product;
  return add(product, scale(x, rest));
}

Value KernelBuilder::mulTable(Value x, ArrayRef<int64_t> shape,
                              const std::string &stem,
                              const std::function<double(int64_t)> &element) {
  // One op at a time: the order of arguments is the compiler's choice, and the
  // text must not depend on it.
  Value near = mul(x, table(shape, stem + ".bin", element));
  Value rest = mul(x, table(shape, stem + "_rest.bin",
                            [&](int64_t i) { return restOf(element(i)); }));
  return add(near, rest);
}

Value KernelBuilder::inverseRoot(Value x) {
  return mil::PowOp::create(builder, location, x, scalar(-0.5));
}

Value KernelBuilder::matmul(Value x, Value y, bool transposeX,
                            bool transposeY) {
  return mil::MatmulOp::create(builder, location, x, y, transposeX, transposeY);
}

Value KernelBuilder::sum(Value x, int32_t axis) {
  return mil::ReduceSumOp::create(builder, location, x,
                                  builder.getDenseI32ArrayAttr({axis}),
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
