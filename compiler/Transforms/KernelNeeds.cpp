//===- KernelNeeds.cpp - What a kernel would need of the target -----------===//

#include "compiler/Transforms/KernelNeeds.h"

#include "compiler/Kernels/FoldRows.h"
#include "dialect/TensorTypes.h"

#include "llvm/ADT/SetVector.h"

#include <set>
#include <tuple>

using namespace mlir;
using namespace anec;
using rt::target::Rule;

namespace {

/// Surfaces hold fp16.
constexpr int64_t elementBytes = 2;

/// A need that a rule limits.
struct Limit {
  Rule rule;
  StringRef what;
  int64_t KernelNeed::*need;
  StringRef wayOut;
};

constexpr const char *fewerTokens =
    "a shorter --seq, a smaller --batch, or --target=m4";
constexpr const char *fewerConstants = "--weights=packed, or a shorter --seq";
constexpr const char *fewerSurfaces = "--weights=packed";
constexpr const char *higherLimit = "a higher limit in the target's file";

const Limit limits[] = {
    {Rule::Dim16384, "channels of a surface", &KernelNeed::channels,
     fewerTokens},
    {Rule::Dim16384, "columns of a surface", &KernelNeed::columns, fewerTokens},
    {Rule::WeightsPerProgram, "bytes of constants", &KernelNeed::constants,
     fewerConstants},
    {Rule::MultiInOrder, "inputs", &KernelNeed::inputs, fewerSurfaces},
    {Rule::MultiOutOrder, "outputs", &KernelNeed::outputs, higherLimit},
    {Rule::IoSlotsMax, "inputs", &KernelNeed::inputs, fewerSurfaces},
    {Rule::IoSlotsMax, "outputs", &KernelNeed::outputs, higherLimit},
    {Rule::Depth512, "convolutions", &KernelNeed::convolutions, fewerConstants},
    // Notes, unless a user's target makes limits of them.
    {Rule::ProvenInputBytes, "bytes of an input", &KernelNeed::inputBytes,
     higherLimit},
    {Rule::ProvenInputColumns, "columns of an input", &KernelNeed::inputColumns,
     higherLimit},
    {Rule::ProvenLayer, "products beside a softmax", &KernelNeed::products,
     higherLimit},
};

int64_t tokensOf(RankedTensorType type) {
  return type.getDimSize(0) * type.getDimSize(1);
}

/// What a result is in a surface: features by tokens, a matrix, a column.
int64_t rowsOf(RankedTensorType type) {
  return type.getRank() == 3 ? type.getDimSize(2) : type.getDimSize(0);
}
int64_t columnsOf(RankedTensorType type) {
  if (type.getRank() == 3)
    return tokensOf(type);
  return type.getRank() == 2 ? type.getDimSize(1) : 1;
}

bool isConstant(StringRef strategy) {
  return strategy == "baked" || strategy == "delta";
}

/// Bytes of the constants that lowering makes: two tables of every rotation of
/// its own, a mask, and as many zeros as the widest result for a witness.
int64_t tableBytes(ArrayRef<Operation *> ops) {
  std::set<std::tuple<int64_t, int64_t, bool>> rotations;
  int64_t mask = 0, zeros = 0, elements = 0;
  for (Operation *op : ops) {
    RankedTensorType type = typeOf(op->getResult(0));
    if (type.getRank() == 3)
      zeros = std::max(zeros, type.getNumElements());
    if (auto rope = dyn_cast<nn::RopeOp>(op))
      if (rotations
              .insert(
                  {type.getDimSize(2), rope.getHeadDim(), rope.getInverse()})
              .second)
        elements += 2 * type.getNumElements();
    if (auto causal = dyn_cast<nn::CausalMaskOp>(op))
      mask = causal.getMask().getType().getNumElements();
  }
  return (elements + mask + zeros) * elementBytes;
}

/// Of one element of the batch.
template <typename OpTy> int64_t roundsOf(OpTy op) {
  return op.getHeads() / op.getKvHeads();
}

/// Multiplications and additions of a product.
int64_t flopsOf(Operation *op) {
  if (!op->hasTrait<nn::Product>())
    return 0;
  auto ofHeads = [&](Value scores, int64_t headDim) {
    return 2 * typeOf(scores).getNumElements() * headDim;
  };
  if (auto scores = dyn_cast<nn::HeadScoresOp>(op))
    return ofHeads(scores.getScores(),
                   typeOf(scores.getQ()).getDimSize(2) / scores.getHeads());
  if (auto mix = dyn_cast<nn::HeadMixOp>(op))
    return ofHeads(mix.getP(),
                   typeOf(mix.getV()).getDimSize(2) / mix.getKvHeads());
  if (auto mix = dyn_cast<nn::HeadMixTransposedOp>(op))
    return ofHeads(mix.getP(),
                   typeOf(mix.getQ()).getDimSize(2) / mix.getHeads());
  RankedTensorType result = typeOf(op->getResult(0));
  return 2 * typeOf(op->getOperand(1)).getNumElements() *
         (result.getNumElements() / result.getShape().back());
}

} // namespace

/// How many products an op becomes; see convert-nn-to-mil.
int64_t KernelNeeds::productsOf(Operation *op) const {
  if (!op->hasTrait<nn::Product>())
    return 0;
  const int64_t batch = typeOf(op->getOperand(0)).getDimSize(0);
  if (auto scores = dyn_cast<nn::HeadScoresOp>(op))
    return batch * roundsOf(scores);
  if (auto mix = dyn_cast<nn::HeadMixOp>(op))
    return batch * roundsOf(mix);
  if (auto mix = dyn_cast<nn::HeadMixTransposedOp>(op))
    return batch * roundsOf(mix);
  return 1;
}

/// All in one surface, the narrower ones folded, or each in its own.
void KernelNeeds::addResults(ArrayRef<RankedTensorType> results,
                             bool hasProducts, KernelNeed &need) const {
  const int64_t granule = columnGranule(profile);
  int64_t rows = 0, width = 0;
  for (RankedTensorType type : results)
    width = std::max(width, outputWidth(columnsOf(type), granule));
  int64_t highest = 0;
  for (RankedTensorType type : results) {
    const int64_t folded = foldedRows(rowsOf(type), columnsOf(type), width);
    rows += folded;
    highest = std::max(highest, folded);
    need.content += type.getNumElements() * elementBytes;
  }
  need.bytes += rows * width * elementBytes;
  need.columns = std::max(need.columns, width);
  // nn-witness may add one more.
  const bool together = profile.takesOneOutput();
  need.outputs = together ? 1 : int64_t(results.size()) + hasProducts;
  need.channels = std::max(
      need.channels, together ? rows + hasProducts * surfaceGranule : highest);
}

void KernelNeeds::addInput(const std::vector<PackedMatrix> &matrices,
                           KernelNeed &need) const {
  if (matrices.empty())
    return;
  SurfaceLayout layout = layOutSurface(
      matrices, profile.limit(Rule::Dim16384),
      profile.limit(Rule::IoMinBytes) / elementBytes, columnGranule(profile));
  const int64_t bytes = layout.channels * layout.width * elementBytes;
  need.bytes += bytes;
  need.inputs += 1;
  need.inputBytes = std::max(need.inputBytes, bytes);
  need.inputColumns = std::max(need.inputColumns, layout.width);
  need.channels = std::max(need.channels, layout.channels);
  need.columns = std::max(need.columns, layout.width);
}

void KernelNeeds::addInputs(ArrayRef<Value> inputs, KernelNeed &need) const {
  std::vector<PackedMatrix> together;
  for (Value input : inputs) {
    RankedTensorType type = typeOf(input);
    StringRef how = strategy(input);
    if (isConstant(how)) {
      need.constants += type.getNumElements() * elementBytes;
      continue;
    }
    using Kind = PackedMatrix::Kind;
    need.content += type.getNumElements() * elementBytes;
    PackedMatrix matrix{Kind::Vector, type.getDimSize(0), 1};
    if (type.getRank() == 2)
      matrix = {Kind::Weight, type.getDimSize(0), type.getDimSize(1)};
    else if (type.getRank() == 3)
      matrix = {Kind::Activation, type.getDimSize(2), tokensOf(type)};
    if (profile.takesOneInput() || how == "packed")
      together.push_back(matrix);
    else
      addInput({matrix}, need);
  }
  addInput(together, need);
}

KernelNeed KernelNeeds::of(ArrayRef<Operation *> ops) const {
  llvm::SmallPtrSet<Operation *, 32> inside(ops.begin(), ops.end());
  llvm::SetVector<Value> inputs;
  SmallVector<RankedTensorType> results;
  KernelNeed need;
  bool attends = false;
  for (Operation *op : ops) {
    attends |= isa<nn::SoftmaxOp>(op);
    need.products += productsOf(op);
    need.flops += flopsOf(op);
    for (Value operand : op->getOperands())
      if (!operand.getDefiningOp() || !inside.contains(operand.getDefiningOp()))
        inputs.insert(operand);
    if (op->hasTrait<nn::Product>() &&
        llvm::any_of(op->getOperands(), [&](Value operand) {
          return isConstant(strategy(operand));
        }))
      need.convolutions += 1;
    for (Value result : op->getResults())
      if (llvm::any_of(result.getUsers(),
                       [&](Operation *user) { return !inside.contains(user); }))
        results.push_back(typeOf(result));
  }
  need.constants = tableBytes(ops);
  addResults(results, need.products > 0, need);
  addInputs(inputs.getArrayRef(), need);
  if (!attends)
    need.products = 0;
  return need;
}

SmallVector<Excess> KernelNeeds::excesses(const KernelNeed &need) const {
  SmallVector<Excess> found;
  for (const Limit &limit : limits)
    if (profile.refuses(limit.rule) &&
        need.*limit.need > profile.limit(limit.rule))
      found.push_back({limit.rule, limit.what, need.*limit.need,
                       profile.limit(limit.rule), limit.wayOut});
  return found;
}
