//===- ToMIL.cpp - From mil IR to the MIL language ------------------------===//

#include "compiler/Emit/ToMIL.h"

#include "compiler/Kernels/WorkMarks.h"
#include "runtime/mil/Builder.h"
#include "runtime/mil/Printer.h"

#include "llvm/Support/FormatVariadic.h"

#include <set>

using namespace mlir;

namespace anec {

namespace ast = rt::mil;

namespace {

/// Data of a blob begins with its metadata record, after the file's header.
constexpr uint64_t firstBlobOffset = 64;

FailureOr<ast::ScalarType> scalarType(Type element) {
  if (element.isF16())
    return ast::ScalarType::FP16;
  if (element.isF32())
    return ast::ScalarType::FP32;
  if (element.isInteger(32))
    return ast::ScalarType::Int32;
  if (element.isInteger(1))
    return ast::ScalarType::Bool;
  return failure();
}

FailureOr<ast::Type> convertType(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  auto element = scalarType(tensor.getElementType());
  if (failed(element))
    return failure();
  if (tensor.getRank() == 0)
    return ast::Type::scalar(*element);
  return ast::Type::tensor(*element, tensor.getShape().vec());
}

/// The value of a compile-time parameter.
FailureOr<ast::Value> convertAttribute(Attribute attribute) {
  if (auto flag = dyn_cast<BoolAttr>(attribute))
    return ast::makeBool(flag.getValue());
  if (auto number = dyn_cast<IntegerAttr>(attribute))
    return ast::makeInt32(number.getInt());
  if (auto text = dyn_cast<StringAttr>(attribute))
    return ast::makeString(text.str());
  if (auto numbers = dyn_cast<DenseI32ArrayAttr>(attribute))
    return ast::makeInt32s(
        {numbers.asArrayRef().begin(), numbers.asArrayRef().end()});
  return failure();
}

class Emitter {
public:
  explicit Emitter(mil::ProgramOp program) : program(program) {}

  FailureOr<EmittedKernel> emit() {
    kernel.program = ast::makeProgram();
    function = ast::makeMain();
    mil::FuncOp main = program.getMain();
    for (auto [i, argument] : llvm::enumerate(main.getArguments())) {
      auto type = convertType(argument.getType());
      if (failed(type))
        return main.emitOpError("has an input without a MIL type: ")
               << argument.getType();
      names[argument] = llvm::formatv("a{0,0+2}_in", i).str();
      function.parameters.push_back({*type, names[argument], {}});
    }
    Block &body = main.getBody().front();
    if (failed(nameOutputs(cast<mil::ReturnOp>(body.getTerminator()))))
      return failure();
    for (Operation &op : body.without_terminator())
      if (failed(emit(&op)))
        return failure();
    kernel.program.functions.push_back(std::move(function));
    // What pack-weights has found out about the target.
    if (program->hasAttr("old_form"))
      kernel.program = ast::toOldForm(std::move(kernel.program));
    return std::move(kernel);
  }

private:
  /// Results of statements become outputs under the outputs' names.
  LogicalResult nameOutputs(mil::ReturnOp op) {
    for (auto [i, value] : llvm::enumerate(op.getOutputs())) {
      auto result = dyn_cast<OpResult>(value);
      if (!result || isa<mil::ConstOp>(result.getOwner()) ||
          names.contains(value))
        return op.emitOpError("expects output ")
               << i << " to be the result of an operator and returned once";
      names[value] = llvm::formatv("z{0,0+2}_out", i).str();
      function.outputs.push_back({names[value], {}});
    }
    return success();
  }

  LogicalResult emit(Operation *op) {
    if (auto constant = dyn_cast<mil::ConstOp>(op))
      return success(); // Declared where it is used.
    auto operation = dyn_cast<mil::OperatorInterface>(op);
    if (!operation)
      return op->emitOpError("is not a MIL operator");
    std::vector<ast::Argument> arguments;
    unsigned nextOperand = 0;
    for (StringRef parameter : operation.getParameterNames()) {
      auto argument = emitParameter(op, operation, parameter, nextOperand);
      if (failed(argument))
        return failure();
      arguments.push_back(std::move(*argument));
    }
    Value result = op->getResult(0);
    auto type = convertType(result.getType());
    if (failed(type))
      return op->emitOpError("has a result without a MIL type: ")
             << result.getType();
    std::string &name = names[result];
    StringRef mnemonic = op->getName().stripDialect();
    if (name.empty())
      name = llvm::formatv("t{0}_{1}", nextValue++, mnemonic).str();
    function.statements.push_back(
        ast::makeOp(*type, name, mnemonic.str(), std::move(arguments)));
    kernel.operations[name] = op;
    if (isRecomputed(op->getLoc()))
      kernel.recomputedFlops += flopsOf(op);
    if (isWeightGradient(op->getLoc()))
      kernel.gradientFlops += flopsOf(op);
    return success();
  }

  /// Multiplications and additions of a product, 0 for other ops.
  static double flopsOf(Operation *op) {
    auto elements = [](Value value) {
      return double(cast<RankedTensorType>(value.getType()).getNumElements());
    };
    if (auto conv = dyn_cast<mil::ConvOp>(op)) {
      auto weight = cast<RankedTensorType>(conv.getWeight().getType());
      return 2 * elements(conv.getOutput()) * elements(conv.getWeight()) /
             double(weight.getDimSize(0));
    }
    auto product = dyn_cast<mil::MatmulOp>(op);
    if (!product)
      return 0;
    auto x = cast<RankedTensorType>(product.getX().getType());
    int64_t summed =
        x.getDimSize(x.getRank() - (product.getTransposeX() ? 2 : 1));
    return 2 * elements(product.getOutput()) * double(summed);
  }

  FailureOr<ast::Argument> emitParameter(Operation *op,
                                         mil::OperatorInterface operation,
                                         StringRef parameter,
                                         unsigned &nextOperand) {
    if (auto attribute = op->getInherentAttr(parameter);
        attribute && *attribute) {
      auto value = convertAttribute(*attribute);
      if (failed(value))
        return op->emitOpError("has parameter ")
               << parameter << " without a MIL value: " << *attribute;
      return ast::makeArgument(parameter.str(), nameConstant(*value));
    }
    if (!operation.hasVariadicParameter()) {
      auto name = nameOperand(op->getOperand(nextOperand++));
      if (failed(name))
        return failure();
      return ast::makeArgument(parameter.str(), *name);
    }
    std::vector<std::string> values;
    for (Value operand : op->getOperands()) {
      auto name = nameOperand(operand);
      if (failed(name))
        return failure();
      values.push_back(*name);
    }
    return ast::makeTupleArgument(parameter.str(), values);
  }

  FailureOr<std::string> nameOperand(Value operand) {
    auto constant = operand.getDefiningOp<mil::ConstOp>();
    if (!constant)
      return names.lookup(operand);
    auto value = convertConstant(constant);
    if (failed(value))
      return failure();
    std::string name = nameConstant(*value, exactInText(constant));
    kernel.operations.try_emplace(name, constant);
    return name;
  }

  static DenseElementsAttr exactOf(mil::ConstOp op) {
    return dyn_cast_or_null<DenseElementsAttr>(op.getExactAttr());
  }

  /// What a constant that stands in the text is exactly; empty when that is
  /// what stands there.
  static std::vector<float> exactInText(mil::ConstOp op) {
    DenseElementsAttr exact = exactOf(op);
    if (!exact || op.getFileAttr())
      return {};
    auto values = exact.getValues<float>();
    return {values.begin(), values.end()};
  }

  FailureOr<ast::Value> convertConstant(mil::ConstOp op) {
    auto tensor = cast<RankedTensorType>(op.getOutput().getType());
    auto element = scalarType(tensor.getElementType());
    auto dense = dyn_cast_or_null<DenseElementsAttr>(op.getValueAttr());
    if (failed(element) || (op.getValueAttr() && !dense))
      return op.emitOpError("expects a dense value");
    if (StringAttr file = op.getFileAttr()) {
      if (dense && blobFiles.insert(file.str()).second)
        kernel.blobs.push_back({file.str(), dense, exactOf(op)});
      return ast::makeBlob(*convertType(tensor), "@model_path/" + file.str(),
                           op.getOffset().value_or(firstBlobOffset));
    }
    std::vector<double> values;
    for (APFloat number : dense.getValues<APFloat>()) {
      bool losesInfo;
      number.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven,
                     &losesInfo);
      values.push_back(number.convertToDouble());
    }
    if (tensor.getRank() == 0)
      return ast::makeFloat(*element, values.front());
    return ast::makeFloats(*element, tensor.getShape().vec(), values);
  }

  /// The name of a constant of this value, declared now if it is new.
  std::string nameConstant(const ast::Value &value,
                           const std::vector<float> &exact = {}) {
    auto [known, isNew] = constants.try_emplace({ast::print(value), exact});
    if (isNew) {
      known->second = llvm::formatv("c{0}", nextConstant++).str();
      function.statements.push_back(ast::makeConst(known->second, value));
      if (!exact.empty())
        kernel.exactValues[known->second] = exact;
    }
    return known->second;
  }

  mil::ProgramOp program;
  EmittedKernel kernel;
  ast::Function function;
  llvm::DenseMap<Value, std::string> names;
  /// Name by printed and exact value.
  std::map<std::pair<std::string, std::vector<float>>, std::string> constants;
  std::set<std::string> blobFiles;
  int64_t nextValue = 0, nextConstant = 0;
};

} // namespace

FailureOr<EmittedKernel> toMIL(mil::ProgramOp program) {
  return Emitter(program).emit();
}

} // namespace anec
