//===- NaiveExecutor.cpp - MIL as plainly as it can be run ----------------===//
//
// Operands, rounding and the loop over statements.
//
//===----------------------------------------------------------------------===//
#include "test/runtime/device/naive/NaiveExecutor.h"

#include "runtime/mil/Blob.h"
#include "runtime/support/Half.h"

#include <cstring>
#include <stdexcept>

namespace anec::rt::naive {

Tensor::Tensor(mil::ScalarType element, Dims dims)
    : element(element), dims(std::move(dims)) {
  int64_t count = 1;
  for (int64_t dim : this->dims)
    count *= dim;
  numbers.resize(static_cast<size_t>(count));
}

Dims Tensor::strides() const {
  Dims strides(dims.size(), 1);
  for (size_t i = dims.size(); i-- > 1;)
    strides[i - 1] = strides[i] * dims[i];
  return strides;
}

int64_t placeOf(const Dims &index, const Dims &strides) {
  int64_t place = 0;
  for (size_t i = 0; i < index.size(); ++i)
    place += index[i] * strides[i];
  return place;
}

void forEachIndex(const Dims &dims,
                  const std::function<void(const Dims &)> &body) {
  int64_t count = 1;
  for (int64_t dim : dims)
    count *= dim;
  Dims index(dims.size(), 0);
  for (int64_t i = 0; i < count; ++i) {
    body(index);
    for (size_t d = dims.size(); d-- > 0;) {
      if (++index[d] < dims[d])
        break;
      index[d] = 0;
    }
  }
}

// ---- Operands ----

const Tensor &Call::tensor(const std::string &name) const {
  auto found = operands.find(name);
  if (found == operands.end())
    throw std::logic_error("'" + op + "' has no operand '" + name + "'");
  return found->second.front();
}

Dims Call::integers(const std::string &name, const Dims &missing) const {
  if (!has(name))
    return missing;
  Dims integers;
  for (const Number &number : tensor(name).numbers)
    integers.push_back(static_cast<int64_t>(number.value));
  return integers;
}

int64_t Call::integer(const std::string &name, int64_t missing) const {
  return integers(name, {missing}).at(0);
}

double Call::number(const std::string &name, double missing) const {
  return has(name) ? tensor(name).numbers.at(0).value : missing;
}

std::string Call::text(const std::string &name,
                       const std::string &missing) const {
  return has(name) ? tensor(name).text : missing;
}

size_t Call::axis(const std::string &name, int64_t missing,
                  int64_t rank) const {
  const int64_t axis = integer(name, missing);
  return static_cast<size_t>(axis < 0 ? axis + rank : axis);
}

std::vector<size_t> Call::axes(const std::string &name, int64_t rank) const {
  std::vector<size_t> axes;
  for (int64_t i = 0; i < rank; ++i)
    axes.push_back(static_cast<size_t>(i));
  if (!has(name))
    return axes;
  axes.clear();
  for (int64_t axis : integers(name, {}))
    axes.push_back(static_cast<size_t>(axis < 0 ? axis + rank : axis));
  std::sort(axes.begin(), axes.end());
  return axes;
}

// ---- Rounding ----

double stored(double number, mil::ScalarType element, Numerics numerics) {
  if (!mil::isFloat(element)) {
    if (element == mil::ScalarType::Bool)
      return number != 0 ? 1 : 0;
    return std::trunc(number);
  }
  if (numerics == Numerics::Ane && element == mil::ScalarType::FP16)
    return static_cast<double>(static_cast<half>(number));
  return static_cast<double>(static_cast<float>(number));
}

static void store(Tensor &tensor, Numerics numerics) {
  for (Number &number : tensor.numbers) {
    number.value = stored(number.value, tensor.element, numerics);
    number.low = stored(number.low, tensor.element, numerics);
    number.high = stored(number.high, tensor.element, numerics);
  }
}

// ---- Constants and statements ----

Tensor NaiveExecutor::constant(const mil::Value &value) const {
  Tensor tensor(value.type.element, value.type.dims);
  if (value.strings()) {
    tensor.text = value.strings()->front();
    return tensor;
  }
  std::vector<double> numbers;
  if (value.floats())
    numbers = *value.floats();
  else if (value.integers())
    numbers.assign(value.integers()->begin(), value.integers()->end());
  else if (const mil::BlobFile *file = value.blob()) {
    if (value.type.element != mil::ScalarType::FP16)
      throw std::logic_error("only fp16 weights are read from files here");
    const std::vector<uint8_t> &bytes = blobs.at(file->path);
    auto data = mil::findBlob(Span<const uint8_t>(bytes.data(), bytes.size()),
                              file->path, file->offset, value.type,
                              mil::BlobChecks::Strict, nullptr);
    if (!data)
      throw std::logic_error(data.error().message);
    for (size_t i = 0; i < data->size(); i += sizeof(half)) {
      half number;
      std::memcpy(&number, data->data() + i, sizeof(half));
      numbers.push_back(static_cast<double>(number));
    }
  }
  if (numbers.size() != tensor.numbers.size())
    throw std::logic_error("a constant has the wrong number of elements");
  for (size_t i = 0; i < numbers.size(); ++i)
    tensor.numbers[i] = Number(stored(numbers[i], tensor.element, numerics));
  return tensor;
}

static const OperatorTable &operatorTable() {
  static const OperatorTable table = [] {
    OperatorTable all;
    addElementwise(all);
    addReductions(all);
    addProducts(all);
    addMovements(all);
    return all;
  }();
  return table;
}

void NaiveExecutor::run(const mil::Statement &statement) {
  Call call;
  call.op = statement.op;
  call.numerics = numerics;
  for (const mil::TypedName &result : statement.results)
    call.results.push_back(result.type);
  for (const mil::Attribute &attribute : statement.attributes)
    if (attribute.name != "name")
      call.operands[attribute.name] = {constant(attribute.value)};
  for (const mil::Argument &argument : statement.arguments)
    for (const mil::Operand &operand : argument.operands) {
      const auto *value = std::get_if<mil::Value>(&operand);
      call.operands[argument.name].push_back(
          value ? constant(*value)
                : values.at(std::get<mil::Reference>(operand).name));
    }
  std::vector<Tensor> results;
  if (statement.op == "const") {
    results = {call.tensor("val")};
  } else {
    auto found = operatorTable().find(statement.op);
    if (found == operatorTable().end())
      throw std::logic_error("the naive executor has no operator '" +
                             statement.op + "'");
    results = found->second(call);
  }
  if (results.size() != statement.results.size())
    throw std::logic_error("'" + statement.op +
                           "' has another number of "
                           "results than declared");
  for (size_t i = 0; i < results.size(); ++i) {
    const mil::TypedName &declared = statement.results[i];
    if (results[i].dims != declared.type.dims)
      throw std::logic_error("'" + statement.op +
                             "' gives another shape than the declared " +
                             mil::toString(declared.type));
    results[i].element = declared.type.element;
    store(results[i], numerics);
    values[declared.name] = std::move(results[i]);
  }
}

} // namespace anec::rt::naive
