//===- KernelText.h - Small kernels made by the tool ------------*- C++ -*-===//
//
// The programs of the self-test and the probes: a text with the header that is
// proven on hardware, constants by name, one file per weight.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TOOLS_ANE_RUN_KERNELTEXT_H
#define ANEC_TOOLS_ANE_RUN_KERNELTEXT_H

#include "runtime/device/Device.h"
#include "runtime/mil/Builder.h"

namespace anec::rt {

using Shape = std::vector<int64_t>;

/// Writes one function from top to bottom. Values are named after their
/// position unless a name is given; each call returns the name.
class KernelText {
public:
  explicit KernelText(std::string name);

  std::string input(Shape shape, std::string name = "");
  std::string constant(mil::Value value);
  std::string integers(std::vector<int64_t> values) {
    return constant(mil::makeInt32s(std::move(values)));
  }
  std::string fp16(double value) { return constant(mil::makeFP16(value)); }
  std::string flag(bool value) { return constant(mil::makeBool(value)); }
  /// A constant in a file, normally distributed with `deviation`; `seed` tells
  /// apart what would have the same values.
  std::string weight(Shape shape, double deviation, uint64_t seed = 1);
  /// The same as a baked parameter, which patches replace.
  std::string baked(Shape shape, double deviation, uint64_t seed);
  std::string op(const std::string &op, Shape shape,
                 std::vector<mil::Argument> arguments, std::string name = "");

  // What many kernels say.
  std::string slice(const std::string &x, Shape begin, Shape size);
  std::string reshape(const std::string &x, Shape shape);
  /// Swaps the last two of four dimensions, to `shape`.
  std::string transpose(const std::string &x, Shape shape);
  std::string matmul(const std::string &x, const std::string &y, Shape shape,
                     bool transposeX = false, bool transposeY = false);
  std::string conv1x1(const std::string &x, const std::string &weight,
                      Shape shape);
  std::string reduceSum(const std::string &x, int64_t axis, Shape shape);
  std::string concat(const std::vector<std::string> &values, int64_t axis,
                     Shape shape);
  std::string binary(const std::string &op, const std::string &x,
                     const std::string &y, Shape shape) {
    return this->op(op, std::move(shape),
                    {mil::makeArgument("x", x), mil::makeArgument("y", y)});
  }
  std::string unary(const std::string &op, const std::string &x, Shape shape) {
    return this->op(op, std::move(shape), {mil::makeArgument("x", x)});
  }

  ProgramFiles finish(const std::vector<std::string> &outputs);

private:
  std::string blobConstant(Shape shape, const std::string &path);

  mil::Function function;
  ProgramFiles files;
  int64_t count = 0;
};

/// Normally distributed halves; the same for the same seed.
std::vector<half> randomHalves(int64_t count, double deviation, uint64_t seed);

} // namespace anec::rt

#endif // ANEC_TOOLS_ANE_RUN_KERNELTEXT_H
