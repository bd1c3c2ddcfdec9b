//===- Elementwise.cpp - Binary operators, select and cast ----------------===//
//
// Each result is computed in float or double and rounded once.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/Elementwise.h"

#include "runtime/vector/VectorMath.h"

namespace anec::rt::cpu {

namespace {

/// Products and sums of integers stay integers; their quotient is rounded
/// toward zero when it is stored.
Result<Kernel> prepareBinary(Preparation &preparation) {
  preparation.input("x");
  preparation.input("y");
  const BinaryRow<float> narrow = findBinaryRow<float>(preparation.op);
  const BinaryRow<double> wide = findBinaryRow<double>(preparation.op);
  preparation.goesByRows(
      {RowOperation::Kind::Binary, preparation.op, 0, 0, {}});
  return Kernel([narrow, wide](const KernelArguments &arguments) {
    if (computesWithDouble(arguments))
      forEachChunk<double, 2>(arguments,
                              [&](const auto &rows, double *z, int64_t count) {
                                wide(rows[0], rows[1], z, count);
                              });
    else
      forEachChunk<float, 2>(arguments,
                             [&](const auto &rows, float *z, int64_t count) {
                               narrow(rows[0], rows[1], z, count);
                             });
  });
}

template <typename T>
void select(const std::array<const T *, 3> &rows, T *z, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    z[i] = rows[0][i] != T(0) ? rows[1][i] : rows[2][i];
}

Result<Kernel> prepareSelect(Preparation &preparation) {
  preparation.input("cond");
  preparation.input("a");
  preparation.input("b");
  return Kernel([](const KernelArguments &arguments) {
    if (computesWithDouble(arguments))
      forEachChunk<double, 3>(arguments, select<double>);
    else
      forEachChunk<float, 3>(arguments, select<float>);
  });
}

/// What the stored type holds of each number; small integers saturate.
Result<Kernel> prepareCast(Preparation &preparation) {
  ANEC_ASSIGN(std::string name, preparation.operands.string("dtype"));
  mil::ScalarType type = mil::ScalarType::FP32;
  mil::parseScalarType(name, type);
  preparation.input("x");
  if (mil::isInteger(type) && type != mil::ScalarType::Int32)
    return Kernel(
        [range = integerRange(type)](const KernelArguments &arguments) {
          forEachChunk<double, 1>(
              arguments, [&](const auto &rows, double *y, int64_t count) {
                for (int64_t i = 0; i < count; ++i)
                  y[i] = std::clamp(rows[0][i], range.lowest, range.highest);
              });
        });
  return Kernel([](const KernelArguments &arguments) {
    if (computesWithDouble(arguments))
      forEachChunk<double, 1>(arguments,
                              [](const auto &rows, double *y, int64_t count) {
                                std::copy_n(rows[0], count, y);
                              });
    else
      forEachChunk<float, 1>(arguments,
                             [](const auto &rows, float *y, int64_t count) {
                               std::copy_n(rows[0], count, y);
                             });
  });
}

} // namespace

void addElementwiseKernels(KernelTable &table) {
  for (const char *name :
       {"add", "sub", "mul", "real_div", "floor_div", "mod", "pow", "maximum",
        "minimum", "equal", "not_equal", "greater", "greater_equal", "less",
        "less_equal", "logical_and", "logical_or", "logical_xor"})
    table[name] = prepareBinary;
  table["select"] = prepareSelect;
  table["cast"] = prepareCast;
}

} // namespace anec::rt::cpu
