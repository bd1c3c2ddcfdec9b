//===- FromMIL.cpp - From the MIL language to mil IR ----------------------===//
//
// Any operator of the dialect is built from its registration: parameter names
// say which arguments are operands, attribute names which are attributes.
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/FromMIL.h"

#include "compiler/Import/Parameters.h"
#include "runtime/mil/Reader.h"
#include "runtime/mil/TypeCheck.h"

#include "mlir/IR/Builders.h"

#include <charconv>

using namespace mlir;

namespace anec {

namespace ast = rt::mil;

namespace {

constexpr StringLiteral modelPath = "@model_path/";
/// Where the only entry of a file is; the dialect does not write it.
constexpr uint64_t firstBlobOffset = 64;

Type elementType(ast::ScalarType type, MLIRContext *context) {
  switch (type) {
  case ast::ScalarType::FP16:
    return Float16Type::get(context);
  case ast::ScalarType::FP32:
    return Float32Type::get(context);
  case ast::ScalarType::Int32:
    return IntegerType::get(context, 32);
  case ast::ScalarType::Bool:
    return IntegerType::get(context, 1);
  default:
    return {};
  }
}

/// Reports an error of runtime/mil, whose message begins with the place, at
/// that place.
void report(const rt::Error &error, StringRef file, MLIRContext *context) {
  StringRef message = error.message;
  unsigned line = 1, column = 1;
  if (message.consume_front(file) && message.consume_front(":")) {
    message.consumeInteger(10, line);
    message.consume_front(":");
    message.consumeInteger(10, column);
    message.consume_front(": ");
  }
  emitError(FileLineColLoc::get(context, file, line, column)) << message;
}

/// Builds the program of one function.
class FunctionImporter {
public:
  FunctionImporter(const ast::Function &function, const std::string &file,
                   MLIRContext *context)
      : function(function), file(file), builder(context),
        scope(file, ast::RuntimeTypes::Refuse, ast::UnknownOps::Believe) {}

  LogicalResult import(ModuleOp module);

private:
  LogicalResult importStatement(const ast::Statement &statement);
  LogicalResult importOperator(const ast::Statement &statement,
                               const ast::Operands &operands);
  /// The value of an operand. Constants become ops where they are used first;
  /// those that only say how an operator works never do.
  FailureOr<Value> operand(const ast::OperandInfo &info, Location location);
  FailureOr<Value> constant(const ast::Value &value, Location location);
  FailureOr<RankedTensorType> convert(const ast::Type &type, const Twine &what,
                                      Location location);

  Location at(ast::SourceLocation place) {
    return FileLineColLoc::get(builder.getContext(), file,
                               static_cast<unsigned>(place.line),
                               static_cast<unsigned>(place.column));
  }

  const ast::Function &function;
  const std::string &file;
  OpBuilder builder;
  ast::Scope scope;
  std::map<std::string, Value> values;
};

} // namespace

FailureOr<RankedTensorType> FunctionImporter::convert(const ast::Type &type,
                                                      const Twine &what,
                                                      Location location) {
  Type element;
  if (type.isTensorLike())
    element = elementType(type.element, builder.getContext());
  if (!element || type.elementCount() == ast::dynamicSize)
    return emitError(location)
           << what << " has type " << ast::toString(type)
           << ", expected fp16, fp32, int32 or bool of known sizes";
  return RankedTensorType::get(type.dims, element);
}

FailureOr<Value> FunctionImporter::constant(const ast::Value &value,
                                            Location location) {
  auto type = convert(value.type, "a constant", location);
  if (failed(type))
    return failure();
  if (const ast::BlobFile *blob = value.blob()) {
    StringRef path = blob->path;
    if (!path.consume_front(modelPath))
      return emitError(location)
             << "expected a path below '@model_path', found '" << blob->path
             << "'";
    auto op = mil::ConstOp::create(builder, location, *type, ElementsAttr(),
                                   builder.getStringAttr(path));
    if (blob->offset != firstBlobOffset)
      op.setOffsetAttr(
          builder.getI64IntegerAttr(static_cast<int64_t>(blob->offset)));
    return op.getResult();
  }
  const ast::Value::Floats *floats = value.floats();
  if (!floats)
    return emitError(location)
           << "a constant of type " << ast::toString(value.type)
           << " is an operand here, the mil dialect has float ones only";
  SmallVector<APFloat> elements;
  const auto &semantics =
      cast<FloatType>(type->getElementType()).getFloatSemantics();
  for (double number : *floats) {
    elements.emplace_back(number);
    bool losesInfo;
    elements.back().convert(semantics, APFloat::rmNearestTiesToEven,
                            &losesInfo);
  }
  return mil::ConstOp::create(builder, location, *type,
                              DenseElementsAttr::get(*type, elements),
                              StringAttr())
      .getResult();
}

FailureOr<Value> FunctionImporter::operand(const ast::OperandInfo &info,
                                           Location location) {
  if (auto known = values.find(info.name); known != values.end())
    return known->second;
  auto value = constant(*info.constant, location);
  if (succeeded(value) && !info.name.empty())
    values[info.name] = *value;
  return value;
}

LogicalResult FunctionImporter::importOperator(const ast::Statement &statement,
                                               const ast::Operands &operands) {
  Location location = at(statement.location);
  MLIRContext *context = builder.getContext();
  auto name = RegisteredOperationName::lookup("mil." + statement.op, context);
  const auto *interface =
      name ? name->getInterface<mil::OperatorInterface>() : nullptr;
  if (!interface)
    return emitError(location)
           << "operator '" << statement.op << "' is not in the mil dialect";
  ArrayRef<StringRef> parameters = interface->getParameterNames();
  for (const auto &[parameter, given] : operands.map())
    if (!llvm::is_contained(parameters, parameter))
      return emitError(location)
             << "'" << statement.op << "' has no parameter '" << parameter
             << "' in the mil dialect";

  OperationState state(location, *name);
  const ast::TypedName &result = statement.results.front();
  const ast::Type &written = scope.find(result.name)->type;
  auto type = convert(written, "'" + Twine(result.name) + "'", location);
  if (failed(type))
    return failure();
  state.addTypes(*type);
  ArrayRef<StringAttr> attributes = name->getAttributeNames();
  for (StringRef parameter : parameters) {
    if (llvm::any_of(attributes,
                     [&](StringAttr known) { return known == parameter; }))
      continue;
    for (const ast::OperandInfo &info : operands.all(parameter.str())) {
      auto value = operand(info, location);
      if (failed(value))
        return failure();
      state.addOperands(*value);
    }
  }
  auto converted =
      convertParameters(statement.op, attributes, operands, written, builder);
  if (!converted)
    return emitError(location)
           << "'" << statement.op << "': " << converted.error().message;
  state.addAttributes(converted->getAttrs());
  values[result.name] = builder.create(state)->getResult(0);
  return success();
}

LogicalResult
FunctionImporter::importStatement(const ast::Statement &statement) {
  auto operands = scope.add(statement);
  if (!operands) {
    report(operands.error(), file, builder.getContext());
    return failure();
  }
  if (statement.op == "const") {
    values.erase(statement.results.front().name);
    return success();
  }
  if (statement.results.size() != 1)
    return emitError(at(statement.location))
           << "operator '" << statement.op << "' has "
           << statement.results.size()
           << " results, the mil dialect has operators with one only";
  return importOperator(statement, *operands);
}

LogicalResult FunctionImporter::import(ModuleOp module) {
  Location location = at(function.location);
  SmallVector<Type> inputs, outputs;
  for (const ast::TypedName &parameter : function.parameters) {
    auto type = convert(parameter.type, "input '" + Twine(parameter.name) + "'",
                        at(parameter.location));
    if (failed(type))
      return failure();
    inputs.push_back(*type);
  }
  builder.setInsertionPointToEnd(module.getBody());
  auto program = mil::ProgramOp::create(builder, location, function.name);
  builder.setInsertionPointToEnd(&program.getBody().front());
  auto main = mil::FuncOp::create(builder, location, "main",
                                  builder.getFunctionType(inputs, {}));
  Block &body = main.getBody().front();
  builder.setInsertionPointToEnd(&body);
  scope.enter(function);
  for (auto [parameter, argument] :
       llvm::zip_equal(function.parameters, body.getArguments())) {
    argument.setLoc(at(parameter.location));
    values[parameter.name] = argument;
  }
  for (const ast::Statement &statement : function.statements)
    if (failed(importStatement(statement)))
      return failure();

  SmallVector<Value> returned;
  Location end = location;
  for (const ast::Reference &output : function.outputs) {
    end = at(output.location);
    const ast::OperandInfo *info = scope.find(output.name);
    if (!info)
      return emitError(end)
             << "no value is called '" << output.name << "' here";
    auto value = operand(*info, end);
    if (failed(value))
      return failure();
    returned.push_back(*value);
    outputs.push_back(value->getType());
  }
  mil::ReturnOp::create(builder, end, returned);
  main.setFunctionType(builder.getFunctionType(inputs, outputs));
  return success();
}

OwningOpRef<ModuleOp> fromMIL(StringRef text, const std::string &fileName,
                              MLIRContext *context) {
  auto program =
      ast::read(std::string_view(text.data(), text.size()), fileName);
  if (!program) {
    report(program.error(), fileName, context);
    return {};
  }
  context->loadDialect<mil::MILDialect>();
  OwningOpRef<ModuleOp> module =
      ModuleOp::create(FileLineColLoc::get(context, fileName, 1, 1));
  for (const ast::Function &function : program->functions)
    if (failed(FunctionImporter(function, fileName, context).import(*module)))
      return {};
  return module;
}

} // namespace anec
