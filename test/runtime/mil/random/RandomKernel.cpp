//===- RandomKernel.cpp - Programs to execute -----------------------------===//
//
// A chain of a transformer kernel, operators of all kinds, or both; then some
// of the values become outputs.
//
//===----------------------------------------------------------------------===//
#include "test/runtime/mil/random/RandomKernel.h"

#include <algorithm>

namespace anec::rt::mil::random {

const Var *pickVar(Dice &dice, const std::vector<Var> &pool, bool isFloating) {
  // Later values more often, so that chains grow.
  for (int tries = 0; tries < 8 && !pool.empty(); ++tries) {
    const int64_t size = static_cast<int64_t>(pool.size());
    const int64_t place =
        dice.chance(0.5)
            ? dice.below(size)
            : dice.between(std::max<int64_t>(0, size - 4), size - 1);
    const Var &var = pool[static_cast<size_t>(place)];
    if (isFloat(var.type.element) == isFloating)
      return &var;
  }
  return nullptr;
}

Dims randomDims(Dice &dice, int64_t most, int64_t elements) {
  Dims dims;
  const int64_t rank = dice.between(1, most);
  for (int64_t i = 0; i < rank; ++i) {
    const int64_t size = dice.chance(0.3)   ? dice.between(1, 3)
                         : dice.chance(0.7) ? dice.between(2, 20)
                                            : dice.between(15, 130);
    dims.push_back(
        std::clamp<int64_t>(size, 1, std::max<int64_t>(elements, 1)));
    elements /= dims.back();
  }
  dice.shuffle(dims);
  return dims;
}

void writeRandomOps(FunctionWriter &writer, std::vector<Var> &pool,
                    int64_t count) {
  Dice &dice = writer.dice;
  for (int64_t i = 0; i < count && writer.elements < 800000; ++i) {
    const double family = dice.uniform(0, 1);
    if (family < 0.4)
      writeElementwise(writer, pool);
    else if (family < 0.75)
      writeMovement(writer, pool);
    else
      writeReductionOrProduct(writer, pool);
  }
}

static void writeInputs(FunctionWriter &writer, std::vector<Var> &pool) {
  Dice &dice = writer.dice;
  const ScalarType element =
      dice.chance(0.7) ? ScalarType::FP16 : ScalarType::FP32;
  for (int64_t i = dice.between(1, 3); i > 0; --i) {
    const double size = dice.pick({0.5, 1.0, 1.0, 3.0});
    const Type type = Type::tensor(element, randomDims(dice, 5, 6000));
    pool.push_back(writer.input(type, dice.chance(0.2) ? 0.1 : -size, size));
  }
  if (dice.chance(0.2))
    pool.push_back(writer.input(
        Type::tensor(ScalarType::Int32, randomDims(dice, 3, 200)), -9, 9));
}

RandomKernel randomKernel(uint64_t seed) {
  Dice dice(seed);
  FunctionWriter writer(dice);
  std::vector<Var> pool;
  const bool isChain = dice.chance(0.6);
  if (isChain)
    writeTransformerChain(writer, pool);
  else
    writeInputs(writer, pool);
  if (!isChain || dice.chance(0.4))
    writeRandomOps(writer, pool, dice.between(1, isChain ? 8 : 20));
  // A chain has outputs; others return their last values, and some inner ones.
  for (const Var &var : pool)
    if (dice.chance(isChain ? 0.1 : 0.25))
      writer.output(var);
  if (writer.function.outputs.empty())
    writer.output(pool.back());

  RandomKernel kernel;
  kernel.inputs = writer.inputs;
  kernel.program = makeProgram();
  kernel.program.functions.push_back(std::move(writer.function));
  kernel.blobs = std::move(writer.blobs);
  return kernel;
}

} // namespace anec::rt::mil::random
