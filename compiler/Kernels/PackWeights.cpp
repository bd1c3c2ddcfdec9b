//===- PackWeights.cpp - One input surface, one output surface ------------===//
//
// Several inputs or outputs are where sources disagree about order and sizes;
// one of each works everywhere. Weights that change between dispatches are
// columns of the input, so that nothing is compiled again.
//
//===----------------------------------------------------------------------===//

#include "compiler/Kernels/KernelArguments.h"
#include "compiler/Kernels/SurfaceLayout.h"
#include "compiler/Passes.h"
#include "dialect/MIL/MIL.h"
#include "runtime/target/Profile.h"

#include "mlir/IR/Builders.h"

#include <set>

namespace anec {
#define GEN_PASS_DEF_PACKWEIGHTSPASS
#include "compiler/Passes.h.inc"
} // namespace anec

using namespace mlir;

namespace anec {

namespace {

using rt::target::Rule;

/// Surfaces hold fp16.
constexpr int64_t elementBytes = 2;

ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

/// Builds one program's surfaces.
class Packer {
public:
  Packer(mil::ProgramOp program, const rt::target::Profile &profile)
      : program(program), func(program.getMain()),
        block(func.getBody().front()), profile(profile),
        builder(program.getContext()) {}

  LogicalResult pack() {
    if (failed(collectArguments()))
      return failure();
    packInputs(
        layOutSurface(matrices, profile.limit(Rule::Dim16384), minElements()));
    return packResults();
  }

private:
  int64_t minElements() const {
    return profile.limit(Rule::IoMinBytes) / elementBytes;
  }

  LogicalResult collectArguments() {
    for (unsigned i = 0, e = func.getNumArguments(); i < e; ++i) {
      if (isBaked(func, i)) {
        if (!func.getArgument(i).use_empty())
          return func.emitOpError("still uses baked argument ")
                 << i << "; matmul-to-conv comes first";
        continue;
      }
      ArrayRef<int64_t> shape = shapeOf(func.getArgument(i));
      if (shape.size() != 4 || shape[0] != 1)
        return func.emitOpError("expects argument ")
               << i << " of shape [1, C, 1, S] or [1, 1, O, I], but got "
               << func.getArgument(i).getType();
      bool isParameter = static_cast<bool>(parameterOf(func, i));
      using Kind = PackedMatrix::Kind;
      if (!isParameter)
        matrices.push_back({Kind::Activation, shape[1], shape[3]});
      else if (shape[1] == 1)
        matrices.push_back({Kind::Weight, shape[2], shape[3]});
      else
        matrices.push_back({Kind::Vector, shape[1], shape[3]});
      numbers.push_back(i);
    }
    return success();
  }

  void packInputs(const SurfaceLayout &layout) {
    auto type = RankedTensorType::get({1, layout.channels, 1, layout.width},
                                      builder.getF16Type());
    surface = block.insertArgument(0u, type, func.getLoc());
    builder.setInsertionPointToStart(&block);
    SmallVector<Attribute> regions;
    for (auto [number, matrix, placement] :
         llvm::zip_equal(numbers, matrices, layout.placements)) {
      BlockArgument argument = block.getArgument(number + 1);
      regions.push_back(describeInput(number, placement));
      if (!argument.use_empty())
        replaceArgument(argument, matrix.kind, placement);
    }
    block.eraseArguments(1, block.getNumArguments() - 1);
    func.removeArgAttrsAttr();
    func.setFunctionType(
        builder.getFunctionType({type}, func.getFunctionType().getResults()));
    program->setAttr("surface_in", builder.getDenseI64ArrayAttr(
                                       {layout.channels, layout.width}));
    program->setAttr("regions_in", builder.getArrayAttr(regions));
  }

  /// Cuts a region out of the surface, block by block.
  Value cut(const Placement &placement, Location location) {
    SmallVector<Value> blocks;
    for (int64_t b = 0; b < placement.blocks(); ++b) {
      int64_t rows = std::min(placement.blockRows,
                              placement.rows - b * placement.blockRows);
      int64_t column = placement.column + b * placement.columns;
      blocks.push_back(slice(location, 0, column, rows, placement.columns));
    }
    if (blocks.size() == 1)
      return blocks.front();
    return mil::ConcatOp::create(builder, location, ValueRange(blocks),
                                 /*axis=*/1, /*interleave=*/false);
  }

  Value slice(Location location, int64_t channel, int64_t column, int64_t rows,
              int64_t columns) {
    SmallVector<int32_t> begin = {0, static_cast<int32_t>(channel), 0,
                                  static_cast<int32_t>(column)};
    SmallVector<int32_t> size = {1, static_cast<int32_t>(rows), 1,
                                 static_cast<int32_t>(columns)};
    return mil::SliceBySizeOp::create(builder, location, surface, begin, size);
  }

  void replaceArgument(BlockArgument argument, PackedMatrix::Kind kind,
                       const Placement &placement) {
    Location location = argument.getLoc();
    Value value = cut(placement, location);
    if (kind == PackedMatrix::Kind::Weight)
      value =
          mil::ReshapeOp::create(builder, location, value,
                                 {1, 1, static_cast<int32_t>(placement.rows),
                                  static_cast<int32_t>(placement.columns)});
    if (placement.transposed)
      turnProducts(argument, value, location);
    else
      argument.replaceAllUsesWith(value);
  }

  /// Products take the transposed matrix with their flag turned; anything else
  /// gets an explicit transposition.
  void turnProducts(BlockArgument argument, Value turned, Location location) {
    for (OpOperand &use : llvm::make_early_inc_range(argument.getUses())) {
      auto product = dyn_cast<mil::MatmulOp>(use.getOwner());
      if (!product)
        continue;
      if (use.getOperandNumber() == 0)
        product.setTransposeX(!product.getTransposeX());
      else
        product.setTransposeY(!product.getTransposeY());
      use.set(turned);
    }
    if (!argument.use_empty())
      argument.replaceAllUsesWith(
          mil::TransposeOp::create(builder, location, turned, {0, 1, 3, 2}));
  }

  /// All results one below the other. A surface that would be too small or of
  /// a height the device refuses repeats rows of the last result.
  LogicalResult packResults() {
    auto results = cast<mil::ReturnOp>(block.getTerminator());
    if (results.getOutputs().empty())
      return func.emitOpError("expects at least one result");
    builder.setInsertionPoint(results);
    SmallVector<Value> values(results.getOutputs());
    SmallVector<Attribute> regions;
    int64_t channels = 0, width = shapeOf(values.front())[3];
    for (auto [i, value] : llvm::enumerate(values)) {
      ArrayRef<int64_t> shape = shapeOf(value);
      if (shape.size() != 4 || shape[0] != 1 || shape[2] != 1 ||
          shape[3] != width)
        return func.emitOpError("expects result ")
               << i << " of shape [1, C, 1, " << width << "], but got "
               << value.getType();
      regions.push_back(describeResult(i, shape[1], width, channels));
      channels += shape[1];
    }
    int64_t needed = std::max(channels, (minElements() + width - 1) / width);
    needed = (needed + surfaceGranule - 1) / surfaceGranule * surfaceGranule;
    pad(values, needed - channels);
    Value packed = values.front();
    if (values.size() > 1)
      packed = mil::ConcatOp::create(builder, results.getLoc(),
                                     ValueRange(values), /*axis=*/1,
                                     /*interleave=*/false);
    results.getOutputsMutable().assign(packed);
    func.removeResAttrsAttr();
    func.setFunctionType(builder.getFunctionType(
        func.getFunctionType().getInputs(), {packed.getType()}));
    program->setAttr("surface_out",
                     builder.getDenseI64ArrayAttr({needed, width}));
    program->setAttr("regions_out", builder.getArrayAttr(regions));
    return success();
  }

  /// Appends `rows` rows, taken from the last value.
  void pad(SmallVectorImpl<Value> &values, int64_t rows) {
    Value source = values.back();
    ArrayRef<int64_t> shape = shapeOf(source);
    for (; rows >= shape[1]; rows -= shape[1])
      values.push_back(source);
    if (rows == 0)
      return;
    SmallVector<int32_t> begin(4, 0);
    SmallVector<int32_t> size = {1, static_cast<int32_t>(rows), 1,
                                 static_cast<int32_t>(shape[3])};
    values.push_back(mil::SliceBySizeOp::create(builder, source.getLoc(),
                                                source, begin, size));
  }

  Attribute describeInput(unsigned number, const Placement &placement) {
    FlatSymbolRefAttr parameter = parameterOf(func, number);
    std::string name =
        parameter ? parameter.getValue().str() : "arg" + std::to_string(number);
    // The same parameter may be two arguments, with different orders.
    if (!names.insert(name).second)
      name += "." + std::to_string(number);
    SmallVector<NamedAttribute> fields = {
        text("name", name),
        text("kind", parameter ? "weight" : "activation"),
        integer("arg", number),
        integer("rows", placement.rows),
        integer("columns", placement.columns),
        integer("channel", 0),
        integer("column", placement.column),
        integer("block_rows", placement.blockRows),
        builder.getNamedAttr("transposed",
                             builder.getBoolAttr(placement.transposed))};
    if (parameter)
      fields.push_back(builder.getNamedAttr("parameter", parameter));
    appendOrders(func.getArgAttrDict(number), fields);
    return builder.getDictionaryAttr(fields);
  }

  Attribute describeResult(unsigned number, int64_t rows, int64_t columns,
                           int64_t channel) {
    SmallVector<NamedAttribute> fields = {
        text("name", "result" + std::to_string(number)),
        text("kind", "activation"),
        integer("result", number),
        integer("rows", rows),
        integer("columns", columns),
        integer("channel", channel),
        integer("column", 0),
        integer("block_rows", rows),
        builder.getNamedAttr("transposed", builder.getBoolAttr(false))};
    appendOrders(func.getResultAttrDict(number), fields);
    return builder.getDictionaryAttr(fields);
  }

  NamedAttribute text(StringRef name, const Twine &value) {
    return builder.getNamedAttr(name, builder.getStringAttr(value));
  }
  NamedAttribute integer(StringRef name, int64_t value) {
    return builder.getNamedAttr(name, builder.getI64IntegerAttr(value));
  }

  mil::ProgramOp program;
  mil::FuncOp func;
  Block &block;
  const rt::target::Profile &profile;
  OpBuilder builder;
  Value surface;
  std::vector<PackedMatrix> matrices;
  SmallVector<unsigned> numbers; ///< Argument of each matrix.
  std::set<std::string> names;
};

struct PackWeightsPass : anec::impl::PackWeightsPassBase<PackWeightsPass> {
  void runOnOperation() override {
    if (failed(Packer(getOperation(), rt::target::strictProfile()).pack()))
      signalPassFailure();
  }
};

} // namespace
} // namespace anec
