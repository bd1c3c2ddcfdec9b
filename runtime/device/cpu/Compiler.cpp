//===- Compiler.cpp - MIL text to steps -----------------------------------===//
//
// Values become parts of buffers. Views cost nothing, constant results are
// computed now, and what a concat or an output takes is computed in place.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/Compiler.h"

#include "runtime/device/cpu/Constants.h"
#include "runtime/device/cpu/Elements.h"
#include "runtime/device/cpu/Fusion.h"
#include "runtime/device/cpu/MaskedProducts.h"
#include "runtime/device/cpu/MemoryPlan.h"
#include "runtime/device/cpu/Rows.h"
#include "runtime/device/cpu/Views.h"

#include <cassert>

namespace anec::rt::cpu {

Result<Layout> Compiler::layoutOf(const mil::Type &type) const {
  std::optional<Storage> storage;
  if (type.isTensorLike())
    storage = storageOf(type.element, options.numerics);
  if (!storage)
    return makeError(ErrorCode::Unsupported,
                     "values of type {} are not supported",
                     mil::toString(type));
  if (type.elementCount() == mil::dynamicSize)
    return makeError(ErrorCode::Unsupported,
                     "unknown sizes, as in {}, are not supported",
                     mil::toString(type));
  if (type.elementCount() == 0)
    return makeError(ErrorCode::Unsupported,
                     "tensors without elements, as in {}, are not supported",
                     mil::toString(type));
  return Layout{*storage, type.dims, contiguousStrides(type.dims)};
}

size_t Compiler::addBuffer(BufferKind kind, size_t index, int64_t bytes) {
  Buffer buffer;
  buffer.kind = kind;
  buffer.index = index;
  buffer.bytes = bytes;
  buffer.parent = program->buffers.size();
  program->buffers.push_back(buffer);
  return buffer.parent;
}

static int64_t bytesOf(const Layout &layout) {
  return elementCount(layout.dims) * storageSize(layout.storage);
}

Result<ValueRef> Compiler::tensor(const mil::OperandInfo &operand) {
  if (auto found = values.find(operand.name); found != values.end())
    return found->second;
  const mil::Value *value = operand.constant;
  if (!value)
    return makeError(ErrorCode::Unsupported, "'{}' has no elements",
                     operand.name);
  if (auto found = constants.find(value); found != constants.end())
    return found->second;
  ANEC_ASSIGN(Layout layout, layoutOf(value->type));
  ANEC_ASSIGN(AlignedBuffer<uint8_t> memory,
              loadConstant(*value, layout.storage, files, options.blobChecks,
                           warnings));
  const size_t buffer = addBuffer(BufferKind::Constant,
                                  program->constants.size(), bytesOf(layout));
  program->constants.push_back(std::move(memory));
  constants[value] = ValueRef{buffer, 0, layout};
  return constants[value];
}

bool Compiler::isConstant(const ValueRef &value) const {
  return program->buffers[value.buffer].kind == BufferKind::Constant;
}

bool Compiler::place(const ValueRef &value, size_t target, int64_t offset) {
  Buffer &buffer = program->buffers[value.buffer];
  if (buffer.kind != BufferKind::Temporary || buffer.parent != value.buffer ||
      value.buffer == target || value.offset != 0 ||
      !value.layout.isContiguous() || buffer.bytes != bytesOf(value.layout))
    return false;
  // A part of this very buffer cannot contain it.
  if (rootOf(program->buffers, target) == value.buffer)
    return false;
  buffer.parent = target;
  buffer.parentOffset = offset;
  return true;
}

void Compiler::addCopy(const ValueRef &from, const ValueRef &to) {
  program->steps.emplace_back(
      "copy",
      [](const KernelArguments &arguments) {
        copy(arguments.inputs[0], arguments.results[0], arguments.pool);
      },
      std::vector<ValueRef>{from}, std::vector<ValueRef>{to});
  program->steps.back().rows = RowOperation{};
}

/// Lets the type rules see elements that are known now, such as shapes.
void Compiler::publish(const std::string &name) {
  auto found = values.find(name);
  if (found == values.end() || !isConstant(found->second))
    return;
  const ValueRef &value = found->second;
  constexpr int64_t largest = 65536;
  if (elementCount(value.layout.dims) > largest)
    return;
  Tensor tensor;
  static_cast<Layout &>(tensor) = value.layout;
  tensor.data = program->constants[program->buffers[value.buffer].index].data();
  tensor.data = tensor.at(value.offset);
  const Numbers numbers = numbersOf(tensor);
  if (isFloat(value.layout.storage))
    publish(name, mil::Value::Floats(numbers));
  else
    publish(name, mil::Value::Integers(numbers.begin(), numbers.end()));
}

template <typename Elements>
void Compiler::publish(const std::string &name, Elements elements) {
  mil::Value value;
  value.type = scope.find(name)->type;
  value.data = std::move(elements);
  folded.push_back(std::move(value));
  scope.setConstant(name, &folded.back());
}

std::optional<Error> Compiler::addInput(const mil::TypedName &parameter) {
  Result<Layout> layout = layoutOf(parameter.type);
  if (!layout)
    return scope.error(layout.error().code, parameter.location,
                       "input '" + parameter.name +
                           "': " + layout.error().message);
  const size_t buffer = addBuffer(BufferKind::Input, program->inputPorts.size(),
                                  bytesOf(*layout));
  program->inputPorts.push_back(Port{parameter.name, parameter.type, *layout});
  values[parameter.name] = ValueRef{buffer, 0, *layout};
  auto known = options.knownInputs.find(parameter.name);
  if (known != options.knownInputs.end())
    setInput(parameter.name, known->second, *layout);
  return std::nullopt;
}

/// The input becomes a constant; nobody reads what the port is given.
void Compiler::setInput(const std::string &name,
                        const std::vector<double> &numbers,
                        const Layout &layout) {
  assert(static_cast<int64_t>(numbers.size()) == elementCount(layout.dims));
  AlignedBuffer<uint8_t> memory(bytesOf(layout));
  storeRow<double>(numbers.data(), layout.storage, memory.data(), 1,
                   elementCount(layout.dims));
  const size_t buffer = addBuffer(BufferKind::Constant,
                                  program->constants.size(), bytesOf(layout));
  program->constants.push_back(std::move(memory));
  values[name] = ValueRef{buffer, 0, layout};
  publish(name);
}

std::optional<Error> Compiler::addOutput(const std::string &name) {
  const mil::OperandInfo *info = scope.find(name);
  if (!info)
    return makeError(ErrorCode::InvalidInput, "no value is called '{}' here",
                     name);
  ANEC_ASSIGN(ValueRef value, tensor(*info));
  ANEC_ASSIGN(Layout layout, layoutOf(info->type));
  const size_t buffer = addBuffer(BufferKind::Output,
                                  program->outputPorts.size(), bytesOf(layout));
  program->outputPorts.push_back(Port{name, info->type, layout});
  if (!place(value, buffer, 0))
    addCopy(value, ValueRef{buffer, 0, layout});
  return std::nullopt;
}

Result<bool> Compiler::addViews(const mil::Statement &statement,
                                const mil::Operands &operands,
                                const std::vector<Layout> &results) {
  const mil::OperandInfo *operand = operands.find("x");
  if (!operand)
    return false;
  std::vector<Dims> shapes;
  for (const Layout &result : results)
    shapes.push_back(result.dims);
  // Only views look at the operand's layout, and only they want its memory.
  ANEC_ASSIGN(Layout layout, layoutOf(operand->type));
  ANEC_ASSIGN(std::optional<Views> isView,
              makeViews(statement.op, operands, layout, shapes));
  if (!isView)
    return false;
  ANEC_ASSIGN(ValueRef x, tensor(*operand));
  ANEC_ASSIGN(std::optional<Views> views,
              makeViews(statement.op, operands, x.layout, shapes));
  if (!views)
    return false;
  for (size_t i = 0; i < views->size(); ++i)
    values[statement.results[i].name] =
        ValueRef{x.buffer, x.offset + (*views)[i].offset, (*views)[i].layout};
  return true;
}

/// Operands are computed where the concat wants them, or copied there.
std::optional<Error> Compiler::addConcat(const mil::Statement &statement,
                                         const mil::Operands &operands,
                                         const Layout &result) {
  ANEC_ASSIGN(int64_t axis, operands.axis("axis", result.rank()));
  const size_t along = static_cast<size_t>(axis);
  const size_t buffer = addBuffer(BufferKind::Temporary, 0, bytesOf(result));
  int64_t outer = 1, begin = 0;
  for (size_t i = 0; i < along; ++i)
    outer *= result.dims[i];
  for (const mil::OperandInfo &operand : operands.all("values")) {
    ANEC_ASSIGN(ValueRef value, tensor(operand));
    ValueRef part{buffer, begin * result.strides[along], result};
    part.layout.dims[along] = value.layout.dims[along];
    if (outer != 1 ||
        !place(value, buffer, part.offset * storageSize(result.storage)))
      addCopy(value, part);
    begin += value.layout.dims[along];
  }
  values[statement.results[0].name] = ValueRef{buffer, 0, result};
  return std::nullopt;
}

std::optional<Error> Compiler::addKernel(const mil::Statement &statement,
                                         const mil::Operands &operands,
                                         const std::vector<Layout> &results) {
  auto row = kernelTable().find(statement.op);
  if (row == kernelTable().end())
    return makeError(ErrorCode::Unsupported,
                     "the cpu device cannot execute this operator");
  Preparation preparation(statement.op, operands, results, options.numerics);
  ANEC_ASSIGN(Kernel kernel, row->second(preparation));
  if (options.wrapper)
    kernel = options.wrapper(preparation, std::move(kernel));
  std::vector<ValueRef> inputs, outputs;
  bool allConstant = true;
  for (const Preparation::Use &use : preparation.inputs()) {
    ANEC_ASSIGN(ValueRef input, tensor(operands.all(use.parameter)[use.index]));
    allConstant &= isConstant(input);
    inputs.push_back(std::move(input));
  }
  for (size_t i = 0; i < results.size(); ++i) {
    size_t constant = 0;
    if (allConstant) {
      constant = program->constants.size();
      program->constants.emplace_back(bytesOf(results[i]));
    }
    const size_t buffer =
        addBuffer(allConstant ? BufferKind::Constant : BufferKind::Temporary,
                  constant, bytesOf(results[i]));
    outputs.push_back(ValueRef{buffer, 0, results[i]});
    values[statement.results[i].name] = outputs.back();
  }
  Step step(statement.op, std::move(kernel), std::move(inputs),
            std::move(outputs));
  // The caller says where the statement is.
  if (allConstant) {
    CpuProgram::StepTensors tensors(step);
    return program->runStep(step, CpuProgram::Memory{{}, {}, {}, nullptr},
                            tensors, pool);
  }
  step.packable = preparation.packableInput();
  step.rows = preparation.rowOperation();
  step.place =
      fmt::format("{}:{}:{}: '{}'", files.name, statement.location.line,
                  statement.location.column, statement.op);
  program->steps.push_back(std::move(step));
  return std::nullopt;
}

std::optional<Error> Compiler::addStatement(const mil::Statement &statement) {
  ANEC_ASSIGN(mil::Operands operands, scope.add(statement));
  auto located = [&](const Error &error) {
    return scope.error(error.code, statement.location,
                       "'" + statement.op + "': " + error.message);
  };
  // Constants are loaded where they are used.
  if (statement.op == "const") {
    values.erase(statement.results[0].name);
    return std::nullopt;
  }
  if (statement.op == "shape") {
    values.erase(statement.results[0].name);
    publish(statement.results[0].name, operands.find("x")->type.dims);
    return std::nullopt;
  }
  std::vector<Layout> results;
  for (const mil::TypedName &result : statement.results) {
    Result<Layout> layout = layoutOf(scope.find(result.name)->type);
    if (!layout)
      return located(layout.error());
    results.push_back(*layout);
  }
  Result<bool> isView = addViews(statement, operands, results);
  if (!isView)
    return located(isView.error());
  if (*isView) {
    for (const mil::TypedName &result : statement.results)
      publish(result.name);
    return std::nullopt;
  }
  Result<bool> interleave = operands.flag("interleave", false);
  const bool isConcat = statement.op == "concat" && interleave &&
                        !*interleave && isFloat(results[0].storage) &&
                        operands.find("values")->type.rank() > 0;
  std::optional<Error> error = isConcat
                                   ? addConcat(statement, operands, results[0])
                                   : addKernel(statement, operands, results);
  if (error)
    return located(*error);
  for (const mil::TypedName &result : statement.results)
    publish(result.name);
  return std::nullopt;
}

/// Such as the products that make queries, keys and values.
static void findRepeatedRights(std::vector<Step> &steps) {
  auto isProduct = [](const Step &step) { return step.op == "matmul"; };
  for (size_t i = 1; i < steps.size(); ++i)
    steps[i].repeatsRight = isProduct(steps[i - 1]) && isProduct(steps[i]) &&
                            steps[i - 1].inputs[1] == steps[i].inputs[1];
}

std::optional<Error> Compiler::compile(const mil::Function &function) {
  scope.enter(function);
  for (const mil::TypedName &parameter : function.parameters)
    ANEC_TRY(addInput(parameter));
  for (const mil::Statement &statement : function.statements)
    ANEC_TRY(addStatement(statement));
  if (function.outputs.empty())
    return scope.error(ErrorCode::InvalidInput, function.location,
                       "function '" + function.name + "' returns nothing");
  for (const mil::Reference &output : function.outputs)
    if (auto error = addOutput(output.name))
      return scope.error(error->code, output.location,
                         "output '" + output.name + "': " + error->message);
  for (const std::string &name : options.extraOutputs)
    if (auto error = addOutput(name))
      return scope.error(error->code, function.location,
                         "value '" + name + "': " + error->message);
  if (warnings)
    warnings->insert(warnings->end(), scope.warnings().begin(),
                     scope.warnings().end());
  removeDeadSteps(program->buffers, program->steps);
  readBorrowed();
  findMaskedProducts(program->buffers, program->constants, program->steps);
  // Fusing keeps which row is read before which is written.
  program->shared = findSharedPorts(program->buffers, program->steps);
  if (options.fuseRows && !options.wrapper)
    fuseRows(program->buffers, program->steps);
  for (Step &step : program->steps)
    planPacking(step);
  findRepeatedRights(program->steps);
  findReads();
  freePackedConstants();
  program->arenaSize = planMemory(program->buffers, program->steps);
  return std::nullopt;
}

} // namespace anec::rt::cpu
