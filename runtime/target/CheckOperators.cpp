//===- CheckOperators.cpp - What the device computes ----------------------===//
//
// Which operators, in which tier, and the parameters that it is picky about.
//
//===----------------------------------------------------------------------===//

#include "runtime/target/CheckContext.h"
#include "runtime/target/ProvenForms.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace anec::rt::target {

namespace {

/// Operators that a rule of their own refuses.
const std::map<std::string, Rule> refusedOperators = {
    {"tile", Rule::OpTile},
    {"reduce_mean", Rule::OpReduceMean},
    {"pow", Rule::OpPowM1},
    {"rsqrt", Rule::OpPowM1},
    {"gelu", Rule::OpGelu},
    {"silu", Rule::OpSilu},
    {"neg", Rule::OpNeg},
    {"gather", Rule::OpGather},
    {"gather_along_axis", Rule::OpGather},
    {"gather_nd", Rule::OpGather},
    {"avg_pool", Rule::OpPoolBn},
    {"max_pool", Rule::OpPoolBn},
    {"l2_pool", Rule::OpPoolBn},
    {"batch_norm", Rule::OpPoolBn},
    {"cumsum", Rule::OpCumsum},
    {"slice_by_index", Rule::OpSliceByIndex},
    {"concat", Rule::OpConcat},
};

bool isPowerOfTwo(int64_t value) {
  return value > 0 && (value & (value - 1)) == 0;
}

class OperatorChecker {
public:
  explicit OperatorChecker(CheckContext &context)
      : context(context), profile(context.profile) {}

  void run() {
    for (const mil::Statement &each : context.function.statements) {
      statement = &each;
      noteReduction();
      if (op() == "const" || op().rfind("constexpr_", 0) == 0)
        continue;
      checkTier();
      checkRoot();
      checkMulZero();
      checkParameters();
      checkForm();
    }
  }

private:
  const std::string &op() const { return statement->op; }

  void report(Rule rule, const std::string &what = "", int64_t found = 0) {
    context.at(rule, *statement, what, found);
  }

  /// Sums, and what is computed of them element by element.
  void noteReduction() {
    if (statement->results.size() != 1)
      return;
    const mil::TypedName &result = statement->results.front();
    if (op().rfind("reduce_", 0) == 0)
      reductions.insert(result.name);
    static const std::set<std::string> elementwise = {
        "add", "sub", "mul", "real_div", "maximum", "minimum", "cast", "clip"};
    if (elementwise.count(op()))
      for (const char *parameter : {"x", "y"})
        if (const std::string *name = context.reference(*statement, parameter))
          if (reductions.count(*name) &&
              context.typeOf(*name)->dims == result.type.dims)
            reductions.insert(result.name);
  }

  /// The operand of `parameter` if it is a reduction.
  const std::string *reduction(std::string_view parameter) const {
    const std::string *name = context.reference(*statement, parameter);
    return name && reductions.count(*name) ? name : nullptr;
  }

  void checkTier() {
    if (op() == "topk")
      return report(Rule::OpTopk, "is topk");
    if (op() == "scaled_dot_product_attention" &&
        statement->findArgument("attn_mask"))
      return report(Rule::OpSdpaMask);
    auto refused = refusedOperators.find(op());
    if (refused != refusedOperators.end() && profile.checks(refused->second))
      return report(refused->second);
    if (profile.checks(Rule::OpUnsupported) &&
        tierOf(op()) > profile.limit(Rule::OpUnsupported))
      report(Rule::OpUnsupported);
  }

  void checkRoot() {
    if (op() == "rsqrt" || op() == "sqrt")
      if (const std::string *name = reduction("x"))
        report(Rule::OpRsqrt, *name);
  }

  void checkMulZero() {
    if (op() != "mul")
      return;
    for (auto [sum, zero] : {std::pair("x", "y"), std::pair("y", "x")}) {
      const std::string *name = reduction(sum);
      const mil::Value *value = context.constant(*statement, zero);
      const auto *numbers = value ? value->floats() : nullptr;
      if (name && numbers && !numbers->empty() &&
          std::all_of(numbers->begin(), numbers->end(),
                      [](double number) { return number == 0; }))
        return report(Rule::OpMulZero, *name);
    }
  }

  void checkParameters() {
    if ((op() == "rsqrt" || op() == "log" || op() == "inverse") &&
        !statement->findArgument("epsilon"))
      report(Rule::EpsArgs, "an epsilon");
    if (op() == "gelu" && !statement->findArgument("mode"))
      report(Rule::EpsArgs, "a mode");
    if (op() == "square")
      checkSquare();
    if (op() == "reduce_sum" || op() == "reduce_mean")
      checkSquares();
    if (op() == "concat")
      checkConcat();
    if (op() == "softmax")
      checkSoftmax();
    if (op() == "reduce_argmax" || op() == "reduce_argmin")
      checkArgmax();
    if (op() == "slice_by_size" || op() == "slice_by_index")
      checkSlice();
    checkBroadcast();
  }

  void checkSquare() {
    const mil::Type *type = context.operandType(*statement, "x");
    if (type && type->rank() > 0 && profile.checks(Rule::OpSquare) &&
        type->dims.back() % 128 > profile.limit(Rule::OpSquare))
      report(Rule::OpSquare, "", type->dims.back() % 128);
  }

  /// A sum of squares of something that nobody made smaller before.
  void checkSquares() {
    const std::string *squares = context.reference(*statement, "x");
    const mil::Statement *product =
        squares ? context.producerOf(*squares) : nullptr;
    const mil::Type *type = context.operandType(*statement, "x");
    if (!product || !type || statement->results.empty())
      return;
    const std::string *x = context.reference(*product, "x");
    const std::string *y = context.reference(*product, "y");
    const bool isSquare =
        product->op == "square" || (product->op == "mul" && x && y && *x == *y);
    if (!isSquare || !x || context.isConstant(*x))
      return;
    const mil::Statement *source = context.producerOf(*x);
    if (source && (source->op == "mul" || source->op == "real_div"))
      return;
    const int64_t results = elements(statement->results.front().type);
    const int64_t terms = results > 0 ? elements(*type) / results : 0;
    constexpr double largest = 65504;
    if (terms > 1)
      report(Rule::NumRmsRange,
             fmt::format("{} squares of '{}': infinite from a root mean square "
                         "of {:.4g} on",
                         terms, *x, std::sqrt(largest / double(terms))));
  }

  static int64_t elements(const mil::Type &type) {
    int64_t count = 1;
    for (int64_t size : type.dims)
      count *= size;
    return count;
  }

  void checkConcat() {
    const mil::Value *axis = context.constant(*statement, "axis");
    const mil::Value *interleave = context.constant(*statement, "interleave");
    if (!axis || !axis->integers() || axis->type.rank() != 0 || !interleave ||
        !interleave->integers() || interleave->integers()->front() != 0)
      report(Rule::ConcatArgs);
    const mil::Argument *values = statement->findArgument("values");
    const int64_t branches = values ? int64_t(values->operands.size()) : 0;
    if (profile.checks(Rule::FanIn) && branches > profile.limit(Rule::FanIn))
      report(Rule::FanIn, "", branches);
  }

  /// The length of the axis of `statement`, and its number; 0 when unknown.
  std::pair<int64_t, int64_t> axis(int64_t otherwise) const {
    const mil::Type *type = context.operandType(*statement, "x");
    const mil::Value *value = context.constant(*statement, "axis");
    if (!type || (value && (!value->integers() || value->integers()->empty())))
      return {0, 0};
    int64_t number = value ? value->integers()->front() : otherwise;
    number = number < 0 ? number + type->rank() : number;
    if (number < 0 || number >= type->rank())
      return {0, 0};
    return {type->dims[size_t(number)], number};
  }

  void checkSoftmax() {
    const mil::Type *type = context.operandType(*statement, "x");
    auto [length, number] = axis(-1);
    if (length != 0 && number < type->rank() - 1 && !isPowerOfTwo(length))
      report(Rule::OpSoftmaxAxis,
             fmt::format("{} of {} elements", number, length));
  }

  void checkArgmax() {
    const int64_t length = axis(-1).first;
    if (profile.checks(Rule::OpTopk) && length > profile.limit(Rule::OpTopk))
      report(Rule::OpTopk, fmt::format("looks through {} elements, at most {}",
                                       length, profile.limit(Rule::OpTopk)));
  }

  void checkSlice() {
    const std::string *x = context.reference(*statement, "x");
    const mil::Value *begin = context.constant(*statement, "begin");
    if (x && !context.isConstant(*x) && begin && begin->integers() &&
        !begin->integers()->empty() && begin->integers()->back() != 0)
      report(Rule::OpSliceWidth,
             fmt::format("column {}", begin->integers()->back()));
  }

  /// A run-time operand that one column of serves for all.
  void checkBroadcast() {
    if (statement->results.empty() || !statement->findArgument("y"))
      return;
    const mil::Type &result = statement->results.front().type;
    if (op() == "matmul" || result.rank() == 0 || result.dims.back() <= 1)
      return;
    for (const char *parameter : {"x", "y"}) {
      const std::string *name = context.reference(*statement, parameter);
      const mil::Type *type = name ? context.typeOf(*name) : nullptr;
      if (type && !context.isConstant(*name) && type->rank() > 0 &&
          type->dims.back() == 1)
        report(Rule::OpBroadcast, toString(*type));
    }
  }

  void checkForm() {
    if (!profile.checks(Rule::ProvenOnly))
      return;
    const std::string problem = findUnprovenForm(
        context, *statement, int(profile.limit(Rule::ProvenOnly)));
    if (!problem.empty())
      report(Rule::ProvenOnly, problem);
  }

  CheckContext &context;
  const Profile &profile;
  const mil::Statement *statement = nullptr;
  std::set<std::string> reductions;
};

} // namespace

void checkOperators(CheckContext &context) { OperatorChecker(context).run(); }

} // namespace anec::rt::target
