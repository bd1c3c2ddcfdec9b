//===- Operands.h - What a statement is given -------------------*- C++ -*-===//
//
// The arguments of one statement after its names have been looked up: types,
// and values where they are constants. Type rules and devices read it.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_MIL_OPERANDS_H
#define ANEC_RUNTIME_MIL_OPERANDS_H

#include "runtime/mil/Ast.h"
#include "runtime/support/Result.h"

#include <map>
#include <string>
#include <vector>

namespace anec::rt::mil {

/// One value that a statement uses.
struct OperandInfo {
  Type type;
  /// Null when the value is computed, at run time or from constants.
  const Value *constant = nullptr;
  /// Empty for immediate values and attributes.
  std::string name;
  /// Follows from constants alone, whether or not the value is here.
  bool isFixed = false;
};

/// Stands for every opset that is newer than the rules.
constexpr int latestOpset = 99;
/// 17 for "ios17" and for its older name "CoreML7".
int opsetVersion(const std::string &name);

/// The operands of a statement by parameter name. Getters return an error
/// that names the parameter: InvalidInput when it is missing or wrong,
/// Unsupported when a value is needed that is known at run time only.
class Operands {
public:
  explicit Operands(int opset = latestOpset) : version(opset) {}

  /// The iOS version whose operators the function uses.
  int opset() const { return version; }

  void add(std::string parameter, std::vector<OperandInfo> values) {
    items[std::move(parameter)] = std::move(values);
  }

  /// Null when the argument is missing; the first of several.
  const OperandInfo *find(const std::string &parameter) const;
  bool has(const std::string &parameter) const { return find(parameter); }
  /// Empty when the argument is missing.
  const std::vector<OperandInfo> &all(const std::string &parameter) const;
  const std::map<std::string, std::vector<OperandInfo>> &map() const {
    return items;
  }

  Result<Type> type(const std::string &parameter) const;
  /// Elements of a constant, each below 2^48 in magnitude; `missing` when
  /// there is no argument.
  Result<std::vector<int64_t>>
  integers(const std::string &parameter,
           const std::vector<int64_t> *missing = nullptr) const;
  Result<int64_t> integer(const std::string &parameter,
                          std::optional<int64_t> missing = std::nullopt) const;
  /// Of several constants, one element each.
  Result<std::vector<int64_t>> integerList(const std::string &parameter) const;
  Result<bool> flag(const std::string &parameter, bool missing) const;
  Result<std::vector<bool>> flags(const std::string &parameter,
                                  size_t count) const;
  Result<double> number(const std::string &parameter,
                        std::optional<double> missing = std::nullopt) const;
  Result<std::string> string(const std::string &parameter,
                             const char *missing = nullptr) const;
  /// Axes of a tensor of `rank`, counted from 0; all axes when missing.
  Result<std::vector<int64_t>> axes(const std::string &parameter,
                                    int64_t rank) const;
  Result<int64_t> axis(const std::string &parameter, int64_t rank,
                       std::optional<int64_t> missing = std::nullopt) const;

private:
  Result<const Value *> constant(const std::string &parameter,
                                 const OperandInfo *operand) const;
  Result<std::vector<int64_t>> integersOf(const std::string &parameter,
                                          const OperandInfo *operand) const;

  int version;
  std::map<std::string, std::vector<OperandInfo>> items;
};

/// Brings `axis`, which may be negative, into [0, rank).
Result<int64_t> normalizeAxis(int64_t axis, int64_t rank);

} // namespace anec::rt::mil

#endif // ANEC_RUNTIME_MIL_OPERANDS_H
