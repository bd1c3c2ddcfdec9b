//===- RecurrentOps.cpp - Type rules of recurrent operators ---------------===//
//
// lstm: x [steps, batch, inputs], states [batch, directions * hidden].
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/OpTable.h"

namespace anec::rt::mil {

namespace {

using Types = Result<std::vector<Type>>;
using Dims = std::vector<int64_t>;

std::optional<Error> expectDims(const Operands &operands,
                                const std::string &parameter,
                                const Dims &expected) {
  ANEC_ASSIGN(Type type, operands.type(parameter));
  if (sameType(type, Type::tensor(type.element, expected)))
    return std::nullopt;
  return makeError(ErrorCode::InvalidInput,
                   "expected '{}' of shape {}, found {}", parameter,
                   dimsText(expected), dimsText(type.dims));
}

/// The weights of one direction; `suffix` is "" or "_back".
std::optional<Error> expectWeights(const Operands &operands,
                                   const std::string &suffix, int64_t inputs,
                                   int64_t hidden) {
  ANEC_TRY(expectDims(operands, "weight_ih" + suffix, {4 * hidden, inputs}));
  ANEC_TRY(expectDims(operands, "weight_hh" + suffix, {4 * hidden, hidden}));
  if (operands.has("bias" + suffix))
    ANEC_TRY(expectDims(operands, "bias" + suffix, {4 * hidden}));
  if (operands.has("peephole" + suffix))
    ANEC_TRY(expectDims(operands, "peephole" + suffix, {3 * hidden}));
  return std::nullopt;
}

Types inferLstm(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_ASSIGN(Type recurrent, operands.type("weight_hh"));
  ANEC_ASSIGN(std::string direction, operands.string("direction", "forward"));
  ANEC_ASSIGN(bool all, operands.flag("output_sequence", false));
  if (direction != "forward" && direction != "reverse" &&
      direction != "bidirectional")
    return makeError(ErrorCode::InvalidInput,
                     "expected 'direction' forward, reverse or bidirectional, "
                     "found '{}'",
                     direction);
  if (x.rank() != 3 || recurrent.rank() != 2 || recurrent.dims[1] < 1)
    return makeError(ErrorCode::InvalidInput,
                     "expected 'x' [steps, batch, inputs] and 'weight_hh' [4 * "
                     "hidden, hidden], found {} and {}",
                     dimsText(x.dims), dimsText(recurrent.dims));
  const int64_t hidden = recurrent.dims[1];
  const bool isTwoWay = direction == "bidirectional";
  ANEC_TRY(expectWeights(operands, "", x.dims[2], hidden));
  if (isTwoWay)
    ANEC_TRY(expectWeights(operands, "_back", x.dims[2], hidden));
  const Dims state = {x.dims[1], isTwoWay ? 2 * hidden : hidden};
  ANEC_TRY(expectDims(operands, "initial_h", state));
  ANEC_TRY(expectDims(operands, "initial_c", state));
  const Type last = Type::tensor(x.element, state);
  return std::vector<Type>{
      Type::tensor(x.element, {all ? x.dims[0] : 1, state[0], state[1]}), last,
      last};
}

} // namespace

void addRecurrentOps(OpTable &table) {
  table["lstm"] = {
      "x initial_h initial_c weight_ih! weight_hh! bias!? peephole!? "
      "weight_ih_back!? weight_hh_back!? bias_back!? peephole_back!? "
      "direction!? output_sequence!? recurrent_activation!? cell_activation!? "
      "activation!? clip!?",
      inferLstm};
}

} // namespace anec::rt::mil
