//===- Operands.cpp - What a statement is given ---------------------------===//
//
// Constants of one parameter as plain C++ values.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/Operands.h"

namespace anec::rt::mil {

int opsetVersion(const std::string &name) {
  struct Row {
    const char *name, *older;
    int version;
  };
  constexpr Row rows[] = {{"ios15", "CoreML5", 15},
                          {"ios16", "CoreML6", 16},
                          {"ios17", "CoreML7", 17},
                          {"ios18", "CoreML8", 18}};
  for (const Row &row : rows)
    if (name == row.name || name == row.older)
      return row.version;
  return latestOpset;
}

const OperandInfo *Operands::find(const std::string &parameter) const {
  auto found = items.find(parameter);
  if (found == items.end() || found->second.empty())
    return nullptr;
  return &found->second.front();
}

const std::vector<OperandInfo> &
Operands::all(const std::string &parameter) const {
  static const std::vector<OperandInfo> none;
  auto found = items.find(parameter);
  return found == items.end() ? none : found->second;
}

Result<Type> Operands::type(const std::string &parameter) const {
  if (const OperandInfo *operand = find(parameter))
    return operand->type;
  return makeError(ErrorCode::InvalidInput, "expected argument '{}'",
                   parameter);
}

Result<const Value *> Operands::constant(const std::string &parameter,
                                         const OperandInfo *operand) const {
  if (!operand)
    return makeError(ErrorCode::InvalidInput, "expected argument '{}'",
                     parameter);
  if (!operand->constant)
    return makeError(ErrorCode::Unsupported,
                     "expected '{}' to be a constant, found the computed "
                     "value '{}'",
                     parameter, operand->name);
  return operand->constant;
}

Result<std::vector<int64_t>>
Operands::integersOf(const std::string &parameter,
                     const OperandInfo *operand) const {
  ANEC_ASSIGN(const Value *value, constant(parameter, operand));
  if (const auto *integers = value->integers()) {
    // Sums and products of sizes stay far from overflow.
    for (int64_t element : *integers)
      if (element <= -maxElementCount || element >= maxElementCount)
        return makeError(ErrorCode::InvalidInput,
                         "expected '{}' below 2^48, found {}", parameter,
                         element);
    return *integers;
  }
  return makeError(ErrorCode::InvalidInput,
                   "expected integers as '{}', found '{}'", parameter,
                   toString(value->type));
}

Result<std::vector<int64_t>>
Operands::integers(const std::string &parameter,
                   const std::vector<int64_t> *missing) const {
  if (missing && !has(parameter))
    return *missing;
  return integersOf(parameter, find(parameter));
}

Result<std::vector<int64_t>>
Operands::integerList(const std::string &parameter) const {
  std::vector<int64_t> list;
  for (const OperandInfo &operand : all(parameter)) {
    ANEC_ASSIGN(std::vector<int64_t> values, integersOf(parameter, &operand));
    if (values.size() != 1)
      return makeError(ErrorCode::InvalidInput,
                       "expected single integers as '{}', found '{}'",
                       parameter, toString(operand.type));
    list.push_back(values.front());
  }
  return list;
}

Result<int64_t> Operands::integer(const std::string &parameter,
                                  std::optional<int64_t> missing) const {
  if (missing && !has(parameter))
    return *missing;
  ANEC_ASSIGN(std::vector<int64_t> values, integers(parameter));
  if (values.size() == 1)
    return values.front();
  return makeError(ErrorCode::InvalidInput,
                   "expected one integer as '{}', found {}", parameter,
                   values.size());
}

Result<bool> Operands::flag(const std::string &parameter, bool missing) const {
  ANEC_ASSIGN(int64_t value, integer(parameter, missing));
  return value != 0;
}

Result<std::vector<bool>> Operands::flags(const std::string &parameter,
                                          size_t count) const {
  std::vector<int64_t> missing(count, 0);
  ANEC_ASSIGN(std::vector<int64_t> values, integers(parameter, &missing));
  if (values.size() != count)
    return makeError(ErrorCode::InvalidInput,
                     "expected {} values as '{}', found {}", count, parameter,
                     values.size());
  return std::vector<bool>(values.begin(), values.end());
}

Result<double> Operands::number(const std::string &parameter,
                                std::optional<double> missing) const {
  if (missing && !has(parameter))
    return *missing;
  ANEC_ASSIGN(const Value *value, constant(parameter, find(parameter)));
  if (const auto *floats = value->floats(); floats && floats->size() == 1)
    return floats->front();
  if (const auto *integers = value->integers();
      integers && integers->size() == 1)
    return static_cast<double>(integers->front());
  return makeError(ErrorCode::InvalidInput,
                   "expected one number as '{}', found '{}'", parameter,
                   toString(value->type));
}

Result<std::string> Operands::string(const std::string &parameter,
                                     const char *missing) const {
  if (missing && !has(parameter))
    return std::string(missing);
  ANEC_ASSIGN(const Value *value, constant(parameter, find(parameter)));
  if (const auto *strings = value->strings(); strings && strings->size() == 1)
    return strings->front();
  return makeError(ErrorCode::InvalidInput,
                   "expected a string as '{}', found '{}'", parameter,
                   toString(value->type));
}

Result<std::vector<int64_t>> Operands::axes(const std::string &parameter,
                                            int64_t rank) const {
  std::vector<int64_t> all;
  for (int64_t i = 0; i < rank; ++i)
    all.push_back(i);
  ANEC_ASSIGN(std::vector<int64_t> values, integers(parameter, &all));
  std::vector<bool> seen(static_cast<size_t>(rank), false);
  for (int64_t &axis : values) {
    ANEC_ASSIGN(axis, normalizeAxis(axis, rank));
    if (seen[static_cast<size_t>(axis)])
      return makeError(ErrorCode::InvalidInput, "axis {} occurs twice in '{}'",
                       axis, parameter);
    seen[static_cast<size_t>(axis)] = true;
  }
  return values;
}

Result<int64_t> Operands::axis(const std::string &parameter, int64_t rank,
                               std::optional<int64_t> missing) const {
  ANEC_ASSIGN(int64_t value, integer(parameter, missing));
  return normalizeAxis(value, rank);
}

Result<int64_t> normalizeAxis(int64_t axis, int64_t rank) {
  if (axis >= -rank && axis < rank)
    return axis < 0 ? axis + rank : axis;
  return makeError(ErrorCode::InvalidInput,
                   "expected an axis from {} to {}, found {}", -rank, rank - 1,
                   axis);
}

} // namespace anec::rt::mil
