//===- SelfTestForms.cpp - What the self-test tries -----------------------===//
//
// Forms as in public programs that ran on hardware (maderix/ANE, Orion,
// Espresso, ane-train, ironmill); sizes are small and keep the rules of
// surfaces: 64 channels, rows of 1,024 bytes, at least 49,152 bytes in all.
// What breaks a rule breaks no other.
//
//===----------------------------------------------------------------------===//
#include "tools/ane-run/SelfTestForms.h"

#include "runtime/mil/Reader.h"
#include "tools/ane-run/KernelText.h"

namespace anec::rt {

namespace {

using mil::makeArgument;

constexpr int64_t channels = 64, width = 512;
const Shape surface = {1, channels, 1, width};
const Shape perColumn = {1, 1, 1, width};

using Forms = std::vector<TestForm>;

void add(Forms &forms, KernelText &text,
         const std::vector<std::string> &results, const char *rule = "",
         Keeps keeps = Keeps::Rule, double deviation = 0.5) {
  forms.push_back({rule, keeps, text.finish(results), deviation});
}

void addElementwise(Forms &forms) {
  for (const char *op : {"add", "sub", "mul", "maximum", "minimum"}) {
    KernelText text(op);
    const std::string x = text.input(surface);
    const std::string y = text.unary("sigmoid", x, surface);
    add(forms, text, {text.binary(op, x, y, surface)});
  }
  for (const char *op :
       {"sigmoid", "tanh", "relu", "abs", "exp", "erf", "softsign"}) {
    KernelText text(op);
    add(forms, text, {text.unary(op, text.input(surface), surface)},
        std::string(op) == "sigmoid" || std::string(op) == "tanh" ? "num-lut"
                                                                  : "");
  }
  KernelText divide("real_div");
  const std::string x = divide.input(surface);
  add(forms, divide,
      {divide.binary("real_div", x, divide.unary("exp", x, surface), surface)});
  KernelText scalar("mul by a scalar constant");
  add(forms, scalar,
      {scalar.binary("mul", scalar.input(surface), scalar.fp16(0.125),
                     surface)});
  KernelText gain("mul by a constant per channel");
  add(forms, gain,
      {gain.binary("mul", gain.input(surface),
                   gain.weight({1, channels, 1, 1}, 1), surface)},
      "op-broadcast");
  KernelText silu("silu as sigmoid and mul");
  const std::string s = silu.input(surface);
  add(forms, silu,
      {silu.binary("mul", s, silu.unary("sigmoid", s, surface), surface)});
}

/// mul(x,x), reduce_sum, mul, add, pow(-0.5), mul: maderix/ANE's RMSNorm.
std::string rmsNorm(KernelText &text, const std::string &x) {
  const std::string squares =
      text.reduceSum(text.binary("mul", x, x, surface), 1, perColumn);
  const std::string mean =
      text.binary("mul", squares, text.fp16(1.0 / channels), perColumn);
  const std::string safe = text.binary("add", mean, text.fp16(1e-4), perColumn);
  const std::string inverse =
      text.binary("pow", safe, text.fp16(-0.5), perColumn);
  return text.binary("mul", text.binary("mul", x, inverse, surface),
                     text.weight({1, channels, 1, 1}, 1), surface);
}

void addReductions(Forms &forms) {
  {
    KernelText text("reduce_sum over channels");
    const std::string x = text.input(surface);
    const std::string sum = text.reduceSum(x, 1, perColumn);
    add(forms, text, {text.binary("mul", x, sum, surface)});
  }
  {
    KernelText text("reduce_sum over columns");
    const std::string x = text.input(surface);
    const std::string sum = text.reduceSum(x, 3, {1, channels, 1, 1});
    add(forms, text, {text.binary("sub", x, sum, surface)});
  }
  {
    KernelText text("reduce_max over columns");
    const std::string x = text.input(surface);
    const std::string axes = text.integers({3}), keep = text.flag(true);
    const std::string most =
        text.op("reduce_max", {1, channels, 1, 1},
                {makeArgument("axes", axes), makeArgument("keep_dims", keep),
                 makeArgument("x", x)});
    add(forms, text, {text.binary("sub", x, most, surface)});
  }
  KernelText norm("rms-norm with pow");
  add(forms, norm, {rmsNorm(norm, norm.input(surface))}, "op-pow-m1");
}

/// Activation and weight side by side, as dynamic pipelines have it.
std::string dynamicLinear(KernelText &text, const std::string &packed,
                          int64_t columns, int64_t k) {
  const std::string x = text.reshape(
      text.slice(packed, {0, 0, 0, 0}, {1, k, 1, columns}), {1, 1, k, columns});
  const std::string w =
      text.reshape(text.slice(packed, {0, 0, 0, columns}, {1, k, 1, channels}),
                   {1, 1, k, channels});
  const std::string product = text.matmul(text.transpose(x, {1, 1, columns, k}),
                                          w, {1, 1, columns, channels});
  return text.reshape(text.transpose(product, {1, 1, channels, columns}),
                      {1, channels, 1, columns});
}

/// 16 heads of 32 features on 64 tokens, whose mask may stand in the text.
constexpr int64_t heads = 16, features = 32, tokens = 64;
const Shape sequence = {1, heads *features, 1, tokens};

/// Scores, additive mask, softmax, mix.
std::string attention(KernelText &text, const std::string &x) {
  const Shape split = {1, heads, features, tokens},
              turned = {1, heads, tokens, features},
              scores = {1, heads, tokens, tokens};
  const std::string q = text.transpose(text.reshape(x, split), turned);
  std::vector<double> mask;
  for (int64_t row = 0; row < tokens; ++row)
    for (int64_t column = 0; column < tokens; ++column)
      mask.push_back(column <= row ? 0 : -65504);
  const std::string masks = text.constant(mil::makeFloats(
      mil::ScalarType::FP16, {1, 1, tokens, tokens}, std::move(mask)));
  const std::string raw = text.matmul(q, q, scores, false, true);
  const std::string scaled =
      text.binary("mul", raw, text.fp16(0.1767578125), scores);
  const std::string axis = text.constant(mil::makeInt32(-1));
  const std::string probabilities =
      text.op("softmax", scores,
              {makeArgument("axis", axis),
               makeArgument("x", text.binary("add", scaled, masks, scores))});
  const std::string mixed = text.matmul(probabilities, q, turned);
  return text.reshape(text.transpose(mixed, split), sequence);
}

void addProducts(Forms &forms) {
  {
    KernelText text("dynamic linear");
    const std::string x = text.input({1, channels, 1, width + channels});
    add(forms, text, {dynamicLinear(text, x, width, channels)}, "matmul-forms");
  }
  {
    KernelText text("1x1 convolution");
    const std::string x = text.input(surface);
    add(forms, text,
        {text.conv1x1(x, text.weight({channels, channels, 1, 1}, 0.1),
                      surface)});
  }
  {
    KernelText text("eight 1x1 convolutions");
    std::string x = text.input(surface);
    for (uint64_t i = 1; i <= 8; ++i)
      x = text.conv1x1(x, text.weight({channels, channels, 1, 1}, 0.125, i),
                       surface);
    add(forms, text, {x}, "depth-512");
  }
  {
    KernelText text("causal attention with an additive mask");
    add(forms, text, {attention(text, text.input(sequence))}, "num-mask-const");
  }
  {
    KernelText text("matmul with both operands turned");
    const std::string x = text.reshape(text.input(surface), {1, 2, 32, width});
    const std::string product =
        text.matmul(x, x, {1, 2, width, width}, true, false);
    const std::string sum =
        text.matmul(product, x, {1, 2, width, 32}, true, true);
    add(forms, text,
        {text.reshape(text.transpose(sum, {1, 2, 32, width}), surface)},
        "matmul-forms", Keeps::Rule, 0.2);
  }
}

void addMovement(Forms &forms) {
  {
    KernelText text("concat of channels");
    const std::string x = text.input(surface);
    const std::string y = text.unary("relu", x, surface);
    add(forms, text, {text.concat({x, y}, 1, {1, 2 * channels, 1, width})},
        "op-concat");
  }
  {
    KernelText text("concat of columns");
    const std::string x = text.input(surface);
    const std::string y = text.unary("relu", x, surface);
    add(forms, text, {text.concat({x, y}, 3, {1, channels, 1, 2 * width})},
        "op-concat");
  }
  {
    KernelText text("five column slices of one input");
    const std::string x = text.input({1, channels, 1, 5 * width});
    std::string sum;
    for (int64_t i = 0; i < 5; ++i) {
      const std::string part =
          text.slice(x, {0, 0, 0, i * width}, {1, channels, 1, width});
      sum = i == 0 ? part : text.binary("sub", sum, part, surface);
    }
    add(forms, text, {sum}, "proven-slices");
  }
  {
    KernelText text("channel slices");
    const std::string x = text.input({1, 2 * channels, 1, width});
    const std::string a = text.slice(x, {0, 0, 0, 0}, {1, channels, 1, width});
    const std::string b =
        text.slice(x, {0, channels, 0, 0}, {1, channels, 1, width});
    add(forms, text, {text.binary("sub", a, b, surface)});
  }
}

void addSurfaces(Forms &forms) {
  {
    // Not symmetric, so that a swap shows.
    KernelText text("three inputs in alphabetical order");
    const std::string a = text.input(surface), b = text.input(surface),
                      c = text.input(surface);
    const std::string half = text.binary("mul", b, text.fp16(0.25), surface);
    add(forms, text,
        {text.binary("sub", text.binary("add", a, half, surface), c, surface)},
        "multi-in-order", Keeps::Breaks);
  }
  {
    KernelText text("two inputs against alphabetical order");
    const std::string b = text.input(surface, "b_in"),
                      a = text.input(surface, "a_in");
    add(forms, text, {text.binary("sub", b, a, surface)}, "multi-in-order",
        Keeps::Breaks);
  }
  {
    KernelText text("two inputs of different sizes");
    const std::string x = text.input({1, 512, 1, 128});
    const std::string y = text.input({1, 512, 1, 64});
    const std::string sum = text.reduceSum(y, 3, {1, 512, 1, 1});
    add(forms, text, {text.binary("mul", x, sum, {1, 512, 1, 128})},
        "multi-in-size", Keeps::Breaks, 0.2);
  }
  {
    KernelText text("two outputs in alphabetical order");
    const std::string x = text.input(surface);
    const std::string y =
        text.op("sigmoid", surface, {makeArgument("x", x)}, "y00_out");
    const std::string z =
        text.op("relu", surface, {makeArgument("x", x)}, "z00_out");
    add(forms, text, {y, z}, "multi-out-order", Keeps::Breaks);
  }
  {
    KernelText text("two outputs against alphabetical order");
    const std::string x = text.input(surface);
    const std::string z =
        text.op("sigmoid", surface, {makeArgument("x", x)}, "z00_out");
    const std::string y =
        text.op("relu", surface, {makeArgument("x", x)}, "y00_out");
    add(forms, text, {z, y}, "multi-out-order", Keeps::Breaks);
  }
  {
    const Shape narrow = {1, 2048, 1, 16};
    KernelText text("rows of 32 bytes");
    const std::string x = text.input(narrow);
    add(forms, text, {text.binary("add", x, x, narrow)}, "io-row-stride",
        Keeps::Breaks);
  }
  {
    const Shape few = {1, 20, 1, 3 * width};
    KernelText text("20 channels");
    const std::string x = text.input(few);
    add(forms, text, {text.binary("add", x, x, few)}, "io-channels-32",
        Keeps::Breaks);
  }
}

void addRefusedOperators(Forms &forms) {
  {
    KernelText text("reduce_mean");
    const std::string x = text.input(surface);
    const std::string axes = text.integers({1}), keep = text.flag(true);
    const std::string mean =
        text.op("reduce_mean", perColumn,
                {makeArgument("axes", axes), makeArgument("keep_dims", keep),
                 makeArgument("x", x)});
    add(forms, text, {text.binary("sub", x, mean, surface)}, "op-reduce-mean",
        Keeps::Breaks);
  }
  {
    KernelText text("rsqrt after a reduction");
    const std::string x = text.input(surface);
    const std::string sum =
        text.reduceSum(text.binary("mul", x, x, surface), 1, perColumn);
    const std::string inverse = text.op(
        "rsqrt", perColumn,
        {makeArgument("epsilon", text.fp16(1e-4)), makeArgument("x", sum)});
    add(forms, text, {text.binary("mul", x, inverse, surface)},
        "op-rsqrt-after-reduce", Keeps::Breaks);
  }
  {
    KernelText text("gelu");
    const std::string mode = text.constant(mil::makeString("EXACT"));
    const std::string x = text.input(surface);
    add(forms, text,
        {text.op("gelu", surface,
                 {makeArgument("mode", mode), makeArgument("x", x)})},
        "op-gelu", Keeps::Breaks);
  }
  {
    KernelText text("silu");
    add(forms, text, {text.unary("silu", text.input(surface), surface)},
        "op-silu", Keeps::Breaks);
  }
  {
    // 480 mod 128 is 96, above 64.
    KernelText text("square of 480 columns");
    const Shape wide = {1, channels, 1, 480};
    add(forms, text, {text.unary("square", text.input(wide), wide)},
        "op-square", Keeps::Breaks);
  }
  {
    KernelText text("mul by zero after a reduction");
    const std::string x = text.input(surface);
    const std::string zero = text.binary("mul", text.reduceSum(x, 1, perColumn),
                                         text.fp16(0), perColumn);
    add(forms, text, {text.binary("add", x, zero, surface)}, "op-mul-zero",
        Keeps::Breaks);
  }
  {
    KernelText text("softmax over 48 channels");
    const Shape shape = {1, 48, 1, width};
    const std::string axis = text.constant(mil::makeInt32(1));
    const std::string x = text.input(shape);
    add(forms, text,
        {text.op("softmax", shape,
                 {makeArgument("axis", axis), makeArgument("x", x)})},
        "op-softmax-axis", Keeps::Breaks);
  }
}

void addRefusedForms(Forms &forms) {
  {
    KernelText text("matmul over 48 elements");
    const std::string x = text.input({1, 48, 1, width + channels});
    add(forms, text, {dynamicLinear(text, x, width, 48)}, "matmul-k32",
        Keeps::Breaks);
  }
  {
    KernelText text("matmul with a constant operand");
    const std::string x =
        text.reshape(text.input(surface), {1, channels, width});
    const std::string w = text.weight({1, channels, channels}, 0.1);
    add(forms, text,
        {text.reshape(text.matmul(w, x, {1, channels, width}), surface)},
        "matmul-const-operand", Keeps::Breaks);
  }
  {
    KernelText text("only a reshape");
    const std::string x = text.input(surface);
    add(forms, text, {text.reshape(x, {1, 2 * channels, 1, width / 2})},
        "op-reshape-transpose", Keeps::Breaks);
  }
  {
    KernelText text("slice_by_index");
    const std::string x = text.input({1, channels, 1, 2 * width});
    const std::string begin = text.integers({0, 0, 0, width});
    const std::string end = text.integers({1, channels, 1, 2 * width});
    const std::string part =
        text.op("slice_by_index", surface,
                {makeArgument("begin", begin), makeArgument("end", end),
                 makeArgument("x", x)});
    add(forms, text, {text.unary("relu", part, surface)}, "op-slice-by-index",
        Keeps::Breaks);
  }
  {
    // Sums near 50,000: above what products are reported to give (32,752).
    KernelText text("matmul results above 32768");
    const std::string x = text.input({1, channels, 1, width + channels});
    const Shape shape = {1, channels, 1, width + channels};
    const std::string large =
        text.binary("mul", text.unary("abs", x, shape), text.fp16(1), shape);
    add(forms, text, {dynamicLinear(text, large, width, channels)},
        "num-matmul-sat", Keeps::Breaks, 30);
  }
  {
    // Columns of a slice beyond 4094, through a copy that scales by 16.
    KernelText text("column slices of values above 4094");
    const std::string x = text.input({1, channels, 1, 2 * width});
    const std::string part =
        text.slice(x, {0, 0, 0, width}, {1, channels, 1, width});
    add(forms, text, {text.unary("relu", part, surface)}, "op-slice-width-x16",
        Keeps::Breaks, 8000);
  }
}

} // namespace

std::vector<TestForm> selfTestForms() {
  Forms forms;
  addElementwise(forms);
  addReductions(forms);
  addProducts(forms);
  addMovement(forms);
  addSurfaces(forms);
  addRefusedOperators(forms);
  addRefusedForms(forms);
  return forms;
}

Result<std::set<std::string>> operatorsOf(const ProgramFiles &files) {
  ANEC_ASSIGN(mil::Program program, mil::read(files.text, files.name));
  std::set<std::string> all;
  for (const mil::Function &function : program.functions)
    for (const mil::Statement &statement : function.statements)
      if (statement.op != "const")
        all.insert(statement.op);
  return Result<std::set<std::string>>(std::move(all));
}

} // namespace anec::rt
