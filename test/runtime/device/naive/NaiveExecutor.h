//===- NaiveExecutor.h - MIL as plainly as it can be run --------*- C++ -*-===//
//
// One statement after the other on dense row-major tensors of double, each
// operator written from its definition. Shares nothing with the CPU device, so
// that the two can be compared.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TEST_RUNTIME_DEVICE_NAIVE_NAIVEEXECUTOR_H
#define ANEC_TEST_RUNTIME_DEVICE_NAIVE_NAIVEEXECUTOR_H

#include "runtime/device/Device.h"
#include "runtime/mil/Ast.h"
#include "test/runtime/device/naive/Number.h"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace anec::rt::naive {

using Dims = std::vector<int64_t>;

struct Tensor {
  mil::ScalarType element = mil::ScalarType::FP16;
  Dims dims;
  std::vector<Number> numbers;
  /// Of a string; it has no numbers.
  std::string text;

  Tensor() = default;
  Tensor(mil::ScalarType element, Dims dims);

  int64_t rank() const { return static_cast<int64_t>(dims.size()); }
  int64_t count() const { return static_cast<int64_t>(numbers.size()); }
  /// Elements between neighbours along each dimension.
  Dims strides() const;
};

/// Calls `body` with every index of a tensor of `dims`, the last fastest.
void forEachIndex(const Dims &dims,
                  const std::function<void(const Dims &)> &body);
/// Place of an element among the numbers.
int64_t placeOf(const Dims &index, const Dims &strides);

/// One statement with its operands.
class Call {
public:
  std::string op;
  std::map<std::string, std::vector<Tensor>> operands;
  /// What the statement declares.
  std::vector<mil::Type> results;
  Numerics numerics = Numerics::Ane;

  bool has(const std::string &name) const { return operands.count(name) != 0; }
  /// Throws std::logic_error when it is missing.
  const Tensor &tensor(const std::string &name) const;
  Dims integers(const std::string &name, const Dims &missing) const;
  int64_t integer(const std::string &name, int64_t missing) const;
  bool flag(const std::string &name) const { return integer(name, 0) != 0; }
  double number(const std::string &name, double missing) const;
  std::string text(const std::string &name, const std::string &missing) const;
  /// Counted from 0.
  size_t axis(const std::string &name, int64_t missing, int64_t rank) const;
  /// Counted from 0 and sorted; all when missing.
  std::vector<size_t> axes(const std::string &name, int64_t rank) const;
  /// A tensor like the first declared result.
  Tensor result(Dims dims) const {
    return Tensor(results[0].element, std::move(dims));
  }
};

using Operator = std::vector<Tensor> (*)(const Call &call);
using OperatorTable = std::map<std::string, Operator, std::less<>>;

void addElementwise(OperatorTable &table);
void addReductions(OperatorTable &table);
void addProducts(OperatorTable &table);
void addMovements(OperatorTable &table);

/// `number` as it is stored: fp16, f32, or the nearest integer toward zero.
double stored(double number, mil::ScalarType element, Numerics numerics);

/// Runs the statements of a function.
class NaiveExecutor {
public:
  NaiveExecutor(const mil::Function &function,
                const std::map<std::string, std::vector<uint8_t>> &blobs,
                Numerics numerics)
      : function(function), blobs(blobs), numerics(numerics) {}

  /// Parameters before execution; results afterwards.
  std::map<std::string, Tensor> values;

  /// Computes and stores the results of one statement. Throws std::logic_error
  /// when the operator is unknown or the result has not the declared type.
  void run(const mil::Statement &statement);
  void runAll() {
    for (const mil::Statement &statement : function.statements)
      run(statement);
  }

private:
  Tensor constant(const mil::Value &value) const;

  const mil::Function &function;
  const std::map<std::string, std::vector<uint8_t>> &blobs;
  const Numerics numerics;
};

} // namespace anec::rt::naive

#endif // ANEC_TEST_RUNTIME_DEVICE_NAIVE_NAIVEEXECUTOR_H
