//===- ProvenForms.cpp - Forms of operators that ran on hardware ----------===//

#include "runtime/target/ProvenForms.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

namespace anec::rt::target {

namespace {

constexpr ProvenForm forms[] = {
#define ANE_FORM(op, tier, pattern, form, source)                              \
  {op, tier, pattern, form, source},
#include "runtime/target/ProvenForms.def"
};

constexpr std::pair<std::string_view, std::string_view> replacements[] = {
#define ANE_REPLACEMENT(op, form) {op, form},
#include "runtime/target/ProvenForms.def"
};

/// The part of `text` before `separator`, which is cut off with it.
std::string_view next(std::string_view &text, char separator) {
  const size_t end = std::min(text.find(separator), text.size());
  std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

int64_t toNumber(std::string_view text) {
  int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// Compares one statement with one pattern.
class Matcher {
public:
  Matcher(const CheckContext &context, const mil::Statement &statement,
          bool swapped)
      : context(context), statement(statement), swapped(swapped) {}

  /// How many words do not hold.
  int misses(std::string_view pattern) {
    int count = 0;
    while (!pattern.empty())
      count += !holds(next(pattern, ' '));
    return count;
  }

private:
  bool holds(std::string_view word) {
    if (word.front() == '+' || word.front() == '-')
      return (statement.findArgument(word.substr(1)) != nullptr) ==
             (word.front() == '+');
    std::string parameter(next(word, '='));
    if (swapped && (parameter == "x" || parameter == "y"))
      parameter = parameter == "x" ? "y" : "x";
    const bool wantsConstant =
        word == "c" || (word.size() > 1 && word.substr(0, 2) == "c[");
    if (wantsConstant) {
      if (!isConstant(parameter))
        return false;
      word.remove_prefix(1);
    }
    if (word.empty())
      return true;
    if (word.front() == '[')
      return hasShape(parameter, word.substr(1, word.size() - 2));
    const std::string value = constantText(parameter);
    while (!word.empty())
      if (next(word, '|') == value)
        return true;
    return false;
  }

  bool isConstant(const std::string &parameter) const {
    const std::string *name = context.reference(statement, parameter);
    return name ? context.isConstant(*name)
                : context.constant(statement, parameter) != nullptr;
  }

  bool hasShape(const std::string &parameter, std::string_view shape) {
    const mil::Type *type = context.operandType(statement, parameter);
    if (!type || !type->isTensorLike())
      return false;
    size_t dim = 0;
    for (; !shape.empty(); ++dim)
      if (std::string_view size = next(shape, ',');
          dim >= type->dims.size() || !hasSize(size, type->dims[dim]))
        return false;
    return dim == type->dims.size();
  }

  bool hasSize(std::string_view size, int64_t found) {
    if (size == "_")
      return true;
    if (size.front() >= '0' && size.front() <= '9')
      return toNumber(size) == found;
    auto [known, isNew] = letters.try_emplace(size.front(), found);
    if (!isNew && known->second != found)
      return false;
    return size.size() < 4 || found <= toNumber(size.substr(3));
  }

  /// A constant as a pattern spells it: "1", "0,1,3,2", "valid".
  std::string constantText(const std::string &parameter) const {
    const mil::Value *value = context.constant(statement, parameter);
    if (!value)
      return "";
    if (const auto *numbers = value->integers())
      return fmt::format("{}", fmt::join(*numbers, ","));
    if (const auto *texts = value->strings())
      return texts->empty() ? "" : texts->front();
    return "";
  }

  const CheckContext &context;
  const mil::Statement &statement;
  bool swapped;
  std::map<char, int64_t> letters;
};

bool isCommutative(std::string_view op) {
  return op == "add" || op == "mul" || op == "maximum" || op == "minimum";
}

int missesOf(const CheckContext &context, const mil::Statement &statement,
             std::string_view pattern) {
  int misses = Matcher(context, statement, false).misses(pattern);
  if (isCommutative(statement.op))
    misses =
        std::min(misses, Matcher(context, statement, true).misses(pattern));
  return misses;
}

} // namespace

Span<const ProvenForm> provenForms() { return {forms, std::size(forms)}; }

int tierOf(std::string_view op) {
  int tier = neverRan;
  for (const ProvenForm &form : forms)
    if (form.op == op)
      tier = std::min(tier, form.tier);
  return tier;
}

std::string findUnprovenForm(const CheckContext &context,
                             const mil::Statement &statement, int tier) {
  const ProvenForm *nearest = nullptr;
  std::pair<bool, int> least(true, 0);
  for (const ProvenForm &form : forms) {
    if (form.op != statement.op)
      continue;
    // A form within the tier, then the one with the fewest differences.
    const std::pair found(form.tier > tier,
                          missesOf(context, statement, form.pattern));
    if (found == std::pair(false, 0))
      return "";
    if (!nearest || found < least) {
      nearest = &form;
      least = found;
    }
  }
  std::string instead = "none";
  if (nearest)
    instead = fmt::format("{} in tier {} ({})", nearest->form, nearest->tier,
                          nearest->source);
  for (const auto &[op, form] : replacements)
    if (op == statement.op && !nearest)
      instead = form;
  return fmt::format("is in no form of tier {}; the nearest proven one: {}",
                     tier, instead);
}

} // namespace anec::rt::target
