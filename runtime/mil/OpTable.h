//===- OpTable.h - The operators and their type rules -----------*- C++ -*-===//
//
// One row per operator: its parameters and how the types of its results
// follow from its operands. Rows are added where the rules are written, one
// file per family.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_MIL_OPTABLE_H
#define ANEC_RUNTIME_MIL_OPTABLE_H

#include "runtime/mil/Operands.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace anec::rt::mil {

/// The result types; an error says what the operands should have been.
/// Unsupported when they depend on values known at run time only.
using InferTypes = Result<std::vector<Type>> (*)(const Operands &operands);

/// One operator.
struct OpInfo {
  /// Separated by spaces; '!' ends the name of a parameter that must be known
  /// before the program runs, '?' that of an optional one, '*' that of one that
  /// takes several values.
  std::string_view parameters;
  InferTypes infer;
};

struct OpParameter {
  std::string name;
  bool isConstant = false, isOptional = false, isVariadic = false;
};
std::vector<OpParameter> parametersOf(const OpInfo &info);

using OpTable = std::map<std::string, OpInfo, std::less<>>;

/// All operators by name.
const OpTable &opTable();

/// The iOS version that introduced the operator, or one of its parameters; 15
/// for those that were always there.
int firstOpset(std::string_view op, std::string_view parameter = {});

/// The rows of each family.
void addConstantOps(OpTable &table);
void addElementwiseOps(OpTable &table);
void addReductionOps(OpTable &table);
void addLinearOps(OpTable &table);
void addShapeOps(OpTable &table);
void addSliceOps(OpTable &table);
void addPoolOps(OpTable &table);
void addCompressedOps(OpTable &table);
void addIndexOps(OpTable &table);
void addNormOps(OpTable &table);
void addRearrangeOps(OpTable &table);
void addRecurrentOps(OpTable &table);
void addResampleOps(OpTable &table);
void addTransposedConvOps(OpTable &table);

/// NumPy broadcasting; an error names both shapes.
Result<std::vector<int64_t>> broadcast(const std::vector<int64_t> &a,
                                       const std::vector<int64_t> &b);
/// "[1, 2, ?]".
std::string dimsText(const std::vector<int64_t> &dims);
/// The types of a single result.
std::vector<Type> single(ScalarType element, std::vector<int64_t> dims);

/// One dimension of a slice: `count` elements from `begin`, `stride` apart.
struct SliceRange {
  int64_t begin, count, stride;
  /// Removed from the result.
  bool squeezed;
};
/// The ranges of slice_by_index and slice_by_size, in bounds.
Result<std::vector<SliceRange>> indexRanges(const Operands &operands,
                                            const std::vector<int64_t> &dims);
Result<std::vector<SliceRange>> sizeRanges(const Operands &operands,
                                           const std::vector<int64_t> &dims);

/// The window of conv in one spatial dimension.
struct ConvWindow {
  int64_t kernel, stride, dilation, before, after, output;
};
Result<std::vector<ConvWindow>> convWindows(const Operands &operands,
                                            const std::vector<int64_t> &x,
                                            const std::vector<int64_t> &weight);
/// conv_transpose: position o of x adds to position o * stride + k * dilation -
/// before of a result of size `output`.
Result<std::vector<ConvWindow>>
transposedWindows(const Operands &operands, const std::vector<int64_t> &x,
                  const std::vector<int64_t> &weight);
/// The same for pooling, of an operand of shape `x`.
Result<std::vector<ConvWindow>> poolWindows(const Operands &operands,
                                            const std::vector<int64_t> &x);

} // namespace anec::rt::mil

#endif // ANEC_RUNTIME_MIL_OPTABLE_H
