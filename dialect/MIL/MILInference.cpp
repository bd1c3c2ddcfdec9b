//===- MILInference.cpp - Result types of the operators -------------------===//
//
// One function per op; the labels are those of MILOps.td.
//
//===----------------------------------------------------------------------===//

#include "dialect/MIL/MILInference.h"

#include "dialect/MIL/MIL.h"
#include "dialect/TensorTypes.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace anec::mil {

using Place = std::optional<Location>;

std::string formatDims(ArrayRef<int64_t> dims) {
  return dims.empty() ? "scalar"
                      : llvm::join(llvm::map_range(dims,
                                                   [](int64_t d) {
                                                     return std::to_string(d);
                                                   }),
                                   "x");
}

FailureOr<SmallVector<int64_t>> broadcastDims(ArrayRef<int64_t> x,
                                              ArrayRef<int64_t> y) {
  if (x.size() < y.size())
    std::swap(x, y);
  SmallVector<int64_t> dims(x);
  size_t missing = x.size() - y.size();
  for (size_t i = 0; i < y.size(); ++i) {
    int64_t &dim = dims[missing + i];
    if (dim != y[i] && dim != 1 && y[i] != 1)
      return failure();
    dim = std::max(dim, y[i]);
  }
  return dims;
}

LogicalResult inferBroadcast(Place location, Value x, Value y,
                             InferredTypes &inferred) {
  auto xType = typeOf(x);
  auto dims = broadcastDims(xType.getShape(), typeOf(y).getShape());
  if (failed(dims)) // binary_c1
    return emitOptionalError(location,
                             "expects shapes that broadcast, but got ",
                             formatDims(xType.getShape()), " and ",
                             formatDims(typeOf(y).getShape()));
  inferred.push_back(xType.clone(*dims));
  return success();
}

LogicalResult inferReduction(Place location, Value x, ArrayRef<int32_t> axes,
                             bool keepDims, InferredTypes &inferred) {
  auto type = typeOf(x);
  SmallVector<bool> reduced(type.getRank(), false);
  for (int64_t axis : axes) {
    if (axis < -type.getRank() || axis >= type.getRank()) // reduction_c1
      return emitOptionalError(location, "expects axes in [", -type.getRank(),
                               ", ", type.getRank(), "), but got ", axis);
    int64_t dim = axis < 0 ? axis + type.getRank() : axis;
    if (reduced[dim]) // reduction_c1
      return emitOptionalError(location, "names dimension ", dim, " twice");
    reduced[dim] = true;
  }
  SmallVector<int64_t> dims;
  for (auto [dim, isReduced] : llvm::zip_equal(type.getShape(), reduced))
    if (!isReduced)
      dims.push_back(dim);
    else if (keepDims)
      dims.push_back(1);
  inferred.push_back(type.clone(dims)); // reduction_c2
  return success();
}

LogicalResult CastOp::inferReturnTypes(MLIRContext *context, Place location,
                                       Adaptor adaptor,
                                       InferredTypes &inferred) {
  Type element = llvm::StringSwitch<Type>(adaptor.getDtype())
                     .Case("fp16", Float16Type::get(context))
                     .Case("fp32", Float32Type::get(context))
                     .Case("int32", IntegerType::get(context, 32))
                     .Case("bool", IntegerType::get(context, 1))
                     .Default(Type());
  if (!element) // cast_c1
    return emitOptionalError(location, "expects dtype to be fp16, fp32, int32 ",
                             "or bool, but got '", adaptor.getDtype(), "'");
  inferred.push_back(typeOf(adaptor.getX()).clone(element)); // cast_c2
  return success();
}

LogicalResult MatmulOp::inferReturnTypes(MLIRContext *, Place location,
                                         Adaptor adaptor,
                                         InferredTypes &inferred) {
  auto xType = typeOf(adaptor.getX()), yType = typeOf(adaptor.getY());
  if (xType.getRank() < 2 || yType.getRank() < 2) // matmul_c1
    return emitOptionalError(location, "expects ranks of at least 2, but got ",
                             xType.getRank(), " and ", yType.getRank());
  auto dims = [](RankedTensorType type, bool transposed) {
    auto matrix = type.getShape().take_back(2);
    return transposed ? std::make_pair(matrix[1], matrix[0])
                      : std::make_pair(matrix[0], matrix[1]);
  };
  auto [m, k] = dims(xType, adaptor.getTransposeX());
  auto [yK, n] = dims(yType, adaptor.getTransposeY());
  if (k != yK) // matmul_c2
    return emitOptionalError(location, "expects y to have ", k,
                             " rows to match x, but got ", yK);
  auto shape = broadcastDims(xType.getShape().drop_back(2),
                             yType.getShape().drop_back(2));
  if (failed(shape)) // matmul_c3
    return emitOptionalError(
        location, "expects leading dimensions that broadcast, but got ",
        formatDims(xType.getShape().drop_back(2)), " and ",
        formatDims(yType.getShape().drop_back(2)));
  shape->append({m, n});
  inferred.push_back(xType.clone(*shape));
  return success();
}

/// Output size of one spatial dimension of a convolution.
static int64_t windowCount(int64_t size, int64_t before, int64_t after,
                           int64_t kernel, int64_t dilation, int64_t stride) {
  int64_t extent = size + before + after - ((kernel - 1) * dilation + 1);
  return extent < 0 ? 0 : extent / stride + 1;
}

LogicalResult ConvOp::inferReturnTypes(MLIRContext *, Place location,
                                       Adaptor adaptor,
                                       InferredTypes &inferred) {
  auto x = typeOf(adaptor.getX()), weight = typeOf(adaptor.getWeight());
  if (x.getRank() != 4 || weight.getRank() != 4) // conv_c1
    return emitOptionalError(location,
                             "expects x and weight of rank 4, but got ",
                             x.getRank(), " and ", weight.getRank());
  ArrayRef<int32_t> strides = adaptor.getStrides(), pad = adaptor.getPad(),
                    dilations = adaptor.getDilations();
  if (strides.size() != 2 || dilations.size() != 2 ||
      pad.size() != 4) // conv_c2
    return emitOptionalError(location, "expects 2 strides, 2 dilations and 4 ",
                             "pads, but got ", strides.size(), ", ",
                             dilations.size(), " and ", pad.size());
  bool custom = adaptor.getPadType() == "custom";
  bool padded = llvm::any_of(pad, [](int32_t p) { return p != 0; });
  if (!custom && (adaptor.getPadType() != "valid" || padded)) // conv_c3
    return emitOptionalError(
        location, "expects pad_type \"custom\", or \"valid\" ",
        "without pads, but got \"", adaptor.getPadType(), "\"");
  int64_t groups = static_cast<int32_t>(adaptor.getGroups());
  if (groups < 1 || weight.getDimSize(1) * groups != x.getDimSize(1) ||
      weight.getDimSize(0) % groups != 0) // conv_c4
    return emitOptionalError(location, "expects weight to have ",
                             x.getDimSize(1),
                             " / groups input channels, but got ",
                             weight.getDimSize(1), " with ", groups, " groups");
  SmallVector<int64_t> shape = {x.getDimSize(0), weight.getDimSize(0)};
  for (int d = 0; d < 2; ++d) {
    shape.push_back(windowCount(x.getDimSize(2 + d), pad[2 * d], pad[2 * d + 1],
                                weight.getDimSize(2 + d), dilations[d],
                                strides[d]));
    if (shape.back() == 0) // conv_c5
      return emitOptionalError(location, "window of ", weight.getDimSize(2 + d),
                               " does not fit ", x.getDimSize(2 + d),
                               " elements");
  }
  inferred.push_back(x.clone(shape));
  return success();
}

LogicalResult ReshapeOp::inferReturnTypes(MLIRContext *, Place location,
                                          Adaptor adaptor,
                                          InferredTypes &inferred) {
  auto type = typeOf(adaptor.getX());
  SmallVector<int64_t> shape;
  for (int32_t dim : adaptor.getShape()) {
    if (dim <= 0) // reshape_c1
      return emitOptionalError(location,
                               "expects positive dimensions, but got ", dim);
    shape.push_back(dim);
  }
  auto result = type.clone(shape);
  if (result.getNumElements() != type.getNumElements()) // reshape_c2
    return emitOptionalError(
        location, "expects a shape of ", type.getNumElements(),
        " elements, but ", formatDims(shape), " has ", result.getNumElements());
  inferred.push_back(result);
  return success();
}

LogicalResult TransposeOp::inferReturnTypes(MLIRContext *, Place location,
                                            Adaptor adaptor,
                                            InferredTypes &inferred) {
  auto type = typeOf(adaptor.getX());
  SmallVector<int64_t> perm(adaptor.getPerm().begin(), adaptor.getPerm().end());
  if (static_cast<int64_t>(perm.size()) != type.getRank() ||
      !isPermutationVector(perm)) // transpose_c1
    return emitOptionalError(location, "expects perm to be a permutation of ",
                             type.getRank(), " dimensions");
  SmallVector<int64_t> shape;
  for (int64_t dim : perm)
    shape.push_back(type.getDimSize(dim));
  inferred.push_back(type.clone(shape));
  return success();
}

LogicalResult SliceBySizeOp::inferReturnTypes(MLIRContext *, Place location,
                                              Adaptor adaptor,
                                              InferredTypes &inferred) {
  auto type = typeOf(adaptor.getX());
  ArrayRef<int32_t> begin = adaptor.getBegin(), size = adaptor.getSize();
  size_t rank = type.getRank();
  if (begin.size() != rank || size.size() != rank) // slice_by_size_c1
    return emitOptionalError(location, "expects ", rank,
                             " begins and sizes, but got ", begin.size(),
                             " and ", size.size());
  for (size_t d = 0; d < rank; ++d)
    if (begin[d] < 0 || size[d] < 1 ||
        int64_t(begin[d]) + size[d] > type.getDimSize(d)) // slice_by_size_c2
      return emitOptionalError(location, "expects the slice of dimension ", d,
                               " to lie in [0, ", type.getDimSize(d),
                               "), but got ", size[d], " elements from ",
                               begin[d]);
  inferred.push_back(
      type.clone(SmallVector<int64_t>(size.begin(), size.end())));
  return success();
}

LogicalResult ConcatOp::inferReturnTypes(MLIRContext *, Place location,
                                         Adaptor adaptor,
                                         InferredTypes &inferred) {
  if (adaptor.getValues().empty()) // concat_c1
    return emitOptionalError(location, "expects at least one value");
  auto first = typeOf(adaptor.getValues().front());
  int64_t rank = first.getRank(),
          axis = static_cast<int32_t>(adaptor.getAxis());
  if (axis < -rank || axis >= rank) // concat_c2
    return emitOptionalError(location, "expects axis in [", -rank, ", ", rank,
                             "), but got ", axis);
  axis = axis < 0 ? axis + rank : axis;
  if (adaptor.getInterleave()) // concat_c4
    return emitOptionalError(location, "expects interleave to be false");
  SmallVector<int64_t> shape(first.getShape());
  shape[axis] = 0;
  for (Value value : adaptor.getValues()) {
    auto type = typeOf(value);
    SmallVector<int64_t> dims(type.getShape());
    int64_t size = type.getRank() == rank ? std::exchange(dims[axis], 0) : 0;
    int64_t sum = std::exchange(shape[axis], 0);
    if (dims != shape ||
        type.getElementType() != first.getElementType()) // concat_c3
      return emitOptionalError(location, "expects values equal to ", first,
                               " but for dimension ", axis, ", but got ", type);
    shape[axis] = sum + size;
  }
  inferred.push_back(first.clone(shape));
  return success();
}

} // namespace anec::mil
