//===- PackWeights.cpp - Arguments and results become surfaces ------------===//
//
// Several inputs or outputs are where sources disagree about order and sizes;
// one of each works everywhere. A target that takes several gets each value in
// a surface of its own, which kernels then share instead of copying, and the
// packed weights in one that forward and backward bind alike. Weights that
// change between dispatches are never constants: nothing is compiled again.
//
//===----------------------------------------------------------------------===//

#include "compiler/Kernels/FoldRows.h"
#include "compiler/Kernels/KernelArguments.h"
#include "compiler/Kernels/SurfaceLayout.h"
#include "compiler/Kernels/TargetOption.h"
#include "compiler/Kernels/Zeros.h"
#include "compiler/Passes.h"
#include "dialect/MIL/MIL.h"
#include "dialect/TensorTypes.h"

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

/// Builds one program's surfaces.
class Packer {
public:
  Packer(mil::ProgramOp program, const rt::target::Profile &profile)
      : program(program), func(program.getMain()),
        block(func.getBody().front()), profile(profile),
        builder(program.getContext()) {}

  LogicalResult pack() {
    if (profile.refuses(Rule::MilHeader10))
      program->setAttr("old_form", builder.getUnitAttr());
    if (failed(collectArguments()))
      return failure();
    SmallVector<Attribute> surfaces;
    for (const Group &group : groupArguments())
      surfaces.push_back(packInput(group));
    unsigned inputs = surfaces.size();
    block.eraseArguments(inputs, block.getNumArguments() - inputs);
    func.removeArgAttrsAttr();
    func.setFunctionType(builder.getFunctionType(
        block.getArgumentTypes(), func.getFunctionType().getResults()));
    program->setAttr("surfaces_in", builder.getArrayAttr(surfaces));
    return packResults();
  }

private:
  /// An argument that is not baked.
  struct Argument {
    unsigned number;
    BlockArgument value;
    PackedMatrix matrix;
  };
  /// Arguments that share a surface.
  using Group = SmallVector<Argument>;

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
      BlockArgument value = func.getArgument(i);
      ArrayRef<int64_t> shape = shapeOf(value);
      if (shape.size() != 4 || shape[0] != 1)
        return func.emitOpError("expects argument ")
               << i << " of shape [1, C, 1, S] or [1, 1, O, I], but got "
               << value.getType();
      if (isOwnInput(func, i) && profile.takesOneInput())
        return refuseOwnInput(i);
      using Kind = PackedMatrix::Kind;
      // A matrix that is no parameter is a sum of gradients.
      PackedMatrix matrix{Kind::Activation, std::max(shape[1], shape[2]),
                          shape[3]};
      if (parameterOf(func, i))
        matrix = shape[1] == 1 ? PackedMatrix{Kind::Weight, shape[2], shape[3]}
                               : PackedMatrix{Kind::Vector, shape[1], shape[3]};
      arguments.push_back({i, value, matrix});
    }
    return success();
  }

  LogicalResult refuseOwnInput(unsigned number) {
    const rt::target::RuleInfo &rule = rt::target::ruleInfo(Rule::MultiInOrder);
    InFlightDiagnostic error =
        func.emitOpError("cannot take ")
        << parameterOf(func, number)
        << " as a further input (weights=param): at most "
        << profile.limit(Rule::MultiInOrder) << " [" << rule.id << "]";
    error.attachNote() << "target '" << profile.name()
                       << "': " << rule.evidence;
    error.attachNote() << "instead: --target=m4, or --weights=packed";
    return error;
  }

  /// One group for a target of one input. Otherwise each activation alone, all
  /// packed weights together, and each weight that is an input of its own.
  SmallVector<Group> groupArguments() {
    if (profile.takesOneInput())
      return {Group(arguments.begin(), arguments.end())};
    SmallVector<Group> groups;
    Group packed;
    for (const Argument &argument : arguments)
      if (!parameterOf(func, argument.number))
        groups.push_back({argument});
      else if (!isOwnInput(func, argument.number))
        packed.push_back(argument);
    // An order that does not depend on uses: kernels with the same weights get
    // the same surface.
    llvm::stable_sort(packed, [&](const Argument &a, const Argument &b) {
      return parameterOf(func, a.number).getValue() <
             parameterOf(func, b.number).getValue();
    });
    if (!packed.empty())
      groups.push_back(packed);
    for (const Argument &argument : arguments)
      if (parameterOf(func, argument.number) &&
          isOwnInput(func, argument.number))
        groups.push_back({argument});
    return groups;
  }

  /// The next input: a surface that holds the arguments of `group`.
  Attribute packInput(const Group &group) {
    std::vector<PackedMatrix> matrices;
    for (const Argument &argument : group)
      matrices.push_back(argument.matrix);
    SurfaceLayout layout =
        layOutSurface(matrices, profile.limit(Rule::Dim16384), minElements(),
                      columnGranule(profile));
    if (group.size() == 1 && isWritten(group.front().number))
      layout = layoutOfResult(group.front().matrix);
    auto type = RankedTensorType::get({1, layout.channels, 1, layout.width},
                                      builder.getF16Type());
    surface = block.insertArgument(inputCount++, type, func.getLoc());
    builder.setInsertionPointToStart(&block);
    SmallVector<Attribute> regions;
    for (auto [argument, placement] :
         llvm::zip_equal(group, layout.placements)) {
      regions.push_back(describeInput(argument.number, placement));
      if (!argument.value.use_empty())
        replaceArgument(argument.value, placement);
    }
    return describeSurface(layout.channels, layout.width, regions);
  }

  /// Whether programs write the surface of this argument.
  bool isWritten(unsigned argument) {
    return func.getArgAttr(argument, sumOfAttribute) ||
           func.getArgAttr(argument, asResultAttribute);
  }

  /// The surface that packOutput makes of one result of this size.
  SurfaceLayout layoutOfResult(const PackedMatrix &matrix) const {
    SurfaceLayout layout;
    layout.width = outputWidth(matrix.columns, columnGranule(profile));
    Placement placement{matrix.rows, matrix.columns, 0,
                        foldedRows(matrix.rows, matrix.columns, layout.width),
                        false};
    layout.channels = outputChannels(placement.blockRows, layout.width);
    layout.placements = {placement};
    return layout;
  }

  /// How high an output is whose values take so many rows.
  int64_t outputChannels(int64_t rows, int64_t width) const {
    int64_t needed = std::max(rows, (minElements() + width - 1) / width);
    return (needed + surfaceGranule - 1) / surfaceGranule * surfaceGranule;
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

  void replaceArgument(BlockArgument argument, const Placement &placement) {
    Location location = argument.getLoc();
    Value value = cut(placement, location);
    if (shapeOf(argument)[1] == 1)
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

  /// A result for itself on a target with several outputs, otherwise all of
  /// them one below the other.
  LogicalResult packResults() {
    auto results = cast<mil::ReturnOp>(block.getTerminator());
    if (results.getOutputs().empty())
      return func.emitOpError("expects at least one result");
    builder.setInsertionPoint(results);
    SmallVector<Value> values(results.getOutputs()), outputs;
    for (auto [i, value] : llvm::enumerate(values)) {
      ArrayRef<int64_t> shape = shapeOf(value);
      if (shape.size() != 4 || shape[0] != 1 || shape[2] != 1)
        return func.emitOpError("expects result ")
               << i << " of shape [1, C, 1, S], but got " << value.getType();
    }
    bool together = profile.takesOneOutput();
    SmallVector<Attribute> surfaces;
    if (together)
      surfaces.push_back(packOutput(values, 0, outputs));
    else
      for (unsigned i = 0; i < values.size(); ++i)
        surfaces.push_back(packOutput(values[i], i, outputs));
    results.getOutputsMutable().assign(outputs);
    func.removeResAttrsAttr();
    func.setFunctionType(builder.getFunctionType(
        func.getFunctionType().getInputs(), ValueRange(outputs).getTypes()));
    program->setAttr("surfaces_out", builder.getArrayAttr(surfaces));
    return success();
  }

  /// An output of `values`, the results from `first` on. A surface that would
  /// be too small or of a height the device refuses repeats rows.
  Attribute packOutput(ArrayRef<Value> results, unsigned first,
                       SmallVectorImpl<Value> &outputs) {
    SmallVector<Attribute> regions;
    SmallVector<Value> values;
    int64_t channels = 0, width = 0;
    for (Value result : results)
      width = std::max(width,
                       outputWidth(shapeOf(result)[3], columnGranule(profile)));
    for (auto [i, result] : llvm::enumerate(results)) {
      int64_t rows = shapeOf(result)[1], columns = shapeOf(result)[3];
      values.push_back(foldRows(builder, result, width));
      int64_t blockRows = shapeOf(values.back())[1];
      regions.push_back(
          describeResult(first + i, rows, columns, channels, blockRows));
      channels += blockRows;
    }
    int64_t needed = outputChannels(channels, width);
    SmallVector<Value> padded(values);
    pad(padded, needed - channels);
    Value packed = padded.front();
    if (padded.size() > 1)
      packed = mil::ConcatOp::create(builder, block.getTerminator()->getLoc(),
                                     ValueRange(padded), /*axis=*/1,
                                     /*interleave=*/false);
    // An output is the result of an operator and returned once.
    if (isArgument(packed) || llvm::is_contained(outputs, packed))
      packed = mil::AddOp::create(builder, packed.getLoc(), packed, zero());
    outputs.push_back(packed);
    return describeSurface(needed, width, regions);
  }

  /// Whether `value` is all of an input, cut out or not.
  static bool isArgument(Value value) {
    while (auto slice = value.getDefiningOp<mil::SliceBySizeOp>()) {
      if (slice.getX().getType() != value.getType())
        return false;
      value = slice.getX();
    }
    return isa<BlockArgument>(value);
  }

  Value zero() {
    auto type = RankedTensorType::get({}, builder.getF16Type());
    return mil::ConstOp::create(
        builder, func.getLoc(), type,
        DenseElementsAttr::get(type,
                               builder.getFloatAttr(builder.getF16Type(), 0)),
        StringAttr());
  }

  /// One row as `rows` equal ones: a sum with zeros, by a broadcast that ran on
  /// devices.
  Value repeatRow(Value row, int64_t rows) {
    SmallVector<int64_t> shape(shapeOf(row));
    shape[1] = rows;
    auto type = RankedTensorType::get(shape, builder.getF16Type());
    Value zeros = mil::ConstOp::create(
        builder, row.getLoc(), type,
        DenseElementsAttr::get(type,
                               builder.getFloatAttr(builder.getF16Type(), 0)),
        builder.getStringAttr(zerosFile(shape)));
    return mil::AddOp::create(builder, row.getLoc(), zeros, row);
  }

  /// Appends `rows` rows, taken from the tallest value, the last of these.
  /// Where the last one is a row, it is repeated.
  void pad(SmallVectorImpl<Value> &values, int64_t rows) {
    if (rows > 0 && shapeOf(values.back())[1] == 1) {
      values.back() = repeatRow(values.back(), rows + 1);
      return;
    }
    Value source = values.back();
    for (Value value : llvm::reverse(values))
      if (shapeOf(value)[1] > shapeOf(source)[1])
        source = value;
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
        text("kind", parameter && !isWritten(number) ? "weight" : "activation"),
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
    appendStaging(func.getArgAttrDict(number), fields);
    return builder.getDictionaryAttr(fields);
  }

  Attribute describeResult(unsigned number, int64_t rows, int64_t columns,
                           int64_t channel, int64_t blockRows) {
    SmallVector<NamedAttribute> fields = {
        text("name", "result" + std::to_string(number)),
        text("kind", "activation"),
        integer("result", number),
        integer("rows", rows),
        integer("columns", columns),
        integer("channel", channel),
        integer("column", 0),
        integer("block_rows", blockRows),
        builder.getNamedAttr("transposed", builder.getBoolAttr(false))};
    appendStaging(func.getResultAttrDict(number), fields);
    return builder.getDictionaryAttr(fields);
  }

  Attribute describeSurface(int64_t channels, int64_t width,
                            ArrayRef<Attribute> regions) {
    return builder.getDictionaryAttr(
        {integer("channels", channels), integer("width", width),
         builder.getNamedAttr("regions", builder.getArrayAttr(regions))});
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
  Value surface; ///< The input that arguments are cut from.
  unsigned inputCount = 0;
  SmallVector<Argument> arguments;
  std::set<std::string> names;
};

struct PackWeightsPass : anec::impl::PackWeightsPassBase<PackWeightsPass> {
  using PackWeightsPassBase::PackWeightsPassBase;

  LogicalResult initialize(MLIRContext *context) override {
    return loadTarget(target.getValue(), context, profile);
  }

  void runOnOperation() override {
    if (failed(Packer(getOperation(), *profile).pack()))
      signalPassFailure();
  }

  std::optional<rt::target::Profile> profile;
};

} // namespace
} // namespace anec
