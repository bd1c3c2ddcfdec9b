//===- FunctionWriter.h - A function grows op by op -------------*- C++ -*-===//
//
// What random programs are written with. Result types come from the table of
// operators; whoever executes the program finds out whether they are right.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TEST_RUNTIME_MIL_RANDOM_FUNCTIONWRITER_H
#define ANEC_TEST_RUNTIME_MIL_RANDOM_FUNCTIONWRITER_H

#include "runtime/mil/Builder.h"
#include "runtime/mil/Operands.h"
#include "test/runtime/mil/random/Dice.h"

#include <algorithm>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace anec::rt::mil::random {

using Dims = std::vector<int64_t>;

/// A value of the function, and roughly where its elements lie.
struct Var {
  std::string name;
  Type type;
  double low = -1, high = 1;

  const Dims &dims() const { return type.dims; }
  int64_t rank() const { return type.rank(); }
  double magnitude() const { return std::max(-low, high); }
};

using Arguments = std::vector<std::pair<std::string, std::vector<Operand>>>;

class FunctionWriter {
public:
  explicit FunctionWriter(Dice &dice);

  Dice &dice;

  Var input(const Type &type, double low, double high);
  /// A constant operand: named, shared with an equal one, or immediate.
  Operand constant(Value value);
  /// A named constant of random elements, in the text or in a blob file.
  Var randomConstant(ScalarType type, const Dims &dims, double low,
                     double high);
  Var namedConstant(Value value, double low, double high);

  /// Results of one statement. Throws std::logic_error when the types do not
  /// fit: the writer's mistake, or the type rules'.
  std::vector<Var> statement(const std::string &op, Arguments arguments,
                             double low, double high);
  Var op(const std::string &op, Arguments arguments, double low, double high) {
    return statement(op, std::move(arguments), low, high).front();
  }

  // The usual operators; ranges are guessed.
  Var unary(const std::string &op, const Var &x, double low, double high);
  Var binary(const std::string &op, const Var &x, const Var &y);
  Var scaled(const Var &x, double factor);
  Var slice(const Var &x, const Dims &begin, const Dims &size);
  /// Slice of one axis.
  Var part(const Var &x, int64_t axis, int64_t begin, int64_t size);
  Var reshape(const Var &x, const Dims &dims);
  Var transpose(const Var &x, const Dims &perm);
  /// Swaps the last two axes.
  Var transposed(const Var &x);
  Var matmul(const Var &x, const Var &y, bool transposeX, bool transposeY);
  Var concat(const std::vector<Var> &values, int64_t axis);
  Var softmax(const Var &x, int64_t axis);
  Var reduce(const std::string &op, const Var &x, const Dims &axes, bool keep,
             double low, double high);

  static Operand ref(const Var &var);
  static std::vector<Operand> refs(const std::vector<Var> &vars);

  void output(const Var &var);
  bool hasOutput(const std::string &name) const;

  /// What was written.
  Function function;
  /// The parameters in order.
  std::vector<Var> inputs;
  std::map<std::string, std::vector<uint8_t>> blobs;
  /// Multiplications and additions of products, and elements of all values.
  int64_t products = 0, elements = 0;

private:
  std::string newName(const std::string &stem);
  Operands resolve(const Statement &statement);

  double immediateShare, shareShare;
  std::map<std::string, OperandInfo> values;
  std::deque<Value> constants;
  std::map<std::string, std::string> constantByText;
};

} // namespace anec::rt::mil::random

#endif // ANEC_TEST_RUNTIME_MIL_RANDOM_FUNCTIONWRITER_H
