//===- Lstm.cpp - Long short-term memory ----------------------------------===//
//
//   i = r(Wi x + Ri h + Pi c + Bi)     f = r(Wf x + Rf h + Pf c + Bf)
//   z = g(Wz x + Rz h + Bz)            c' = f c + i z
//   o = r(Wo x + Ro h + Po c' + Bo)    h' = o a(c')
//
// Shapes    x: [steps, batch, inputs]; weights: gates i, f, o, z one below the
//           other, [4 * hidden, inputs] and [4 * hidden, hidden]; peephole: i,
//           f, o. Two directions stand side by side, forward first; the
//           backward one has its results at the steps it has read.
// Numerics  double inside; only results are rounded.
// Source    the operator's definition; Gers et al., JMLR 3 (2002), for P.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/Elements.h"
#include "runtime/device/cpu/Kernels.h"
#include "runtime/support/ThreadPool.h"

#include <algorithm>
#include <cmath>

namespace anec::rt::cpu {

namespace {

using Activation = double (*)(double x);

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double tangent(double x) { return std::tanh(x); }
double linear(double x) { return x; }
double rectify(double x) { return x > 0 ? x : 0; }

Result<Activation> activation(const mil::Operands &operands,
                              const char *parameter, const char *missing) {
  struct Row {
    const char *name;
    Activation function;
  };
  constexpr Row rows[] = {{"sigmoid", sigmoid},
                          {"tanh", tangent},
                          {"linear", linear},
                          {"relu", rectify}};
  ANEC_ASSIGN(std::string name, operands.string(parameter, missing));
  for (const Row &row : rows)
    if (row.name == name)
      return Activation(row.function);
  return makeError(ErrorCode::Unsupported,
                   "expected '{}' sigmoid, tanh, linear or relu, found '{}'",
                   parameter, name);
}

struct Activations {
  Activation gates, cell, output;
};

/// Places of one direction's weights among the inputs; 0 for missing ones,
/// since input 0 is x.
struct DirectionInputs {
  size_t input, recurrent, bias, peephole;
};

DirectionInputs addInputs(Preparation &preparation, const std::string &suffix) {
  auto optional = [&](const std::string &name) {
    return preparation.operands.has(name + suffix)
               ? preparation.input(name + suffix)
               : size_t(0);
  };
  DirectionInputs places{};
  places.input = preparation.input("weight_ih" + suffix);
  places.recurrent = preparation.input("weight_hh" + suffix);
  places.bias = optional("bias");
  places.peephole = optional("peephole");
  return places;
}

/// Shapes of one direction and what it computes with.
class Direction {
public:
  Direction(const KernelArguments &arguments, const DirectionInputs &places,
            const Activations &activations)
      : activations(activations),
        weights(numbersOf(arguments.inputs[places.input])),
        recurrent(numbersOf(arguments.inputs[places.recurrent])),
        inputs(arguments.inputs[places.input].dims[1]),
        hidden(arguments.inputs[places.recurrent].dims[1]),
        bias(places.bias ? numbersOf(arguments.inputs[places.bias])
                         : Numbers(static_cast<size_t>(4 * hidden), 0)),
        peephole(places.peephole ? numbersOf(arguments.inputs[places.peephole])
                                 : Numbers(static_cast<size_t>(3 * hidden), 0)),
        pool(arguments.pool) {}

  int64_t hiddenSize() const { return hidden; }

  /// One step of one sequence: `h` and `c` become the next ones.
  void step(const double *x, double *h, double *c) const {
    const Numbers before(h, h + hidden);
    constexpr int64_t unitsPerTask = 64;
    pool.parallelTiles(hidden, unitsPerTask, [&](int64_t begin, int64_t end) {
      for (int64_t unit = begin; unit < end; ++unit)
        update(unit, x, before, h[unit], c[unit]);
    });
  }

private:
  void update(int64_t unit, const double *x, const Numbers &before, double &h,
              double &c) const {
    const double input =
        activations.gates(gate(0, unit, x, before) + peep(0, unit) * c);
    const double forget =
        activations.gates(gate(1, unit, x, before) + peep(1, unit) * c);
    const double fresh = activations.cell(gate(3, unit, x, before));
    c = forget * c + input * fresh;
    const double output =
        activations.gates(gate(2, unit, x, before) + peep(2, unit) * c);
    h = output * activations.output(c);
  }

  double peep(int64_t kind, int64_t unit) const {
    return peephole[static_cast<size_t>(kind * hidden + unit)];
  }

  double gate(int64_t kind, int64_t unit, const double *x,
              const Numbers &before) const {
    const int64_t row = kind * hidden + unit;
    double sum = bias[static_cast<size_t>(row)];
    const double *weight = weights.data() + row * inputs;
    for (int64_t i = 0; i < inputs; ++i)
      sum += weight[i] * x[i];
    weight = recurrent.data() + row * hidden;
    for (int64_t i = 0; i < hidden; ++i)
      sum += weight[i] * before[static_cast<size_t>(i)];
    return sum;
  }

  Activations activations;
  Numbers weights, recurrent;
  int64_t inputs, hidden;
  Numbers bias, peephole;
  ThreadPool &pool;
};

/// A whole sequence in one direction, in the columns from `column` of the
/// states and results, which are `width` wide.
struct Pass {
  int64_t steps, batch, inputs, column, width;
  bool isReverse;

  void run(const Direction &direction, const Numbers &x, Numbers &h, Numbers &c,
           Numbers &sequence) const {
    for (int64_t i = 0; i < steps; ++i) {
      const int64_t time = isReverse ? steps - 1 - i : i;
      for (int64_t b = 0; b < batch; ++b) {
        double *state = h.data() + b * width + column;
        direction.step(x.data() + (time * batch + b) * inputs, state,
                       c.data() + b * width + column);
        std::copy_n(state, direction.hiddenSize(),
                    sequence.data() + (time * batch + b) * width + column);
      }
    }
  }
};

Result<Kernel> prepareLstm(Preparation &preparation) {
  const mil::Operands &operands = preparation.operands;
  ANEC_TRY(preparation.expectFloat("x"));
  if (operands.has("clip"))
    return makeError(ErrorCode::Unsupported,
                     "'clip' is not supported: descriptions disagree on "
                     "whether it bounds one gate or all");
  ANEC_ASSIGN(std::string direction, operands.string("direction", "forward"));
  ANEC_ASSIGN(bool all, operands.flag("output_sequence", false));
  Activations activations{};
  ANEC_ASSIGN(activations.gates,
              activation(operands, "recurrent_activation", "sigmoid"));
  ANEC_ASSIGN(activations.cell,
              activation(operands, "cell_activation", "tanh"));
  ANEC_ASSIGN(activations.output, activation(operands, "activation", "tanh"));
  for (const char *name : {"x", "initial_h", "initial_c"})
    preparation.input(name);
  std::vector<DirectionInputs> places = {addInputs(preparation, "")};
  if (direction == "bidirectional")
    places.push_back(addInputs(preparation, "_back"));
  const bool isReverse = direction == "reverse";
  return Kernel([=](const KernelArguments &arguments) {
    const Dims &dims = arguments.inputs[0].dims;
    const Numbers x = numbersOf(arguments.inputs[0]);
    Numbers h = numbersOf(arguments.inputs[1]);
    Numbers c = numbersOf(arguments.inputs[2]);
    const int64_t width = arguments.inputs[1].dims[1];
    Numbers sequence(static_cast<size_t>(dims[0] * dims[1] * width));
    for (size_t i = 0; i < places.size(); ++i) {
      const Direction weights(arguments, places[i], activations);
      const int64_t column = static_cast<int64_t>(i) * weights.hiddenSize();
      Pass{dims[0], dims[1], dims[2], column, width, isReverse || i == 1}.run(
          weights, x, h, c, sequence);
    }
    storeNumbers(all ? sequence : h, arguments.results[0]);
    storeNumbers(h, arguments.results[1]);
    storeNumbers(c, arguments.results[2]);
  });
}

} // namespace

void addLstmKernels(KernelTable &table) { table["lstm"] = prepareLstm; }

} // namespace anec::rt::cpu
