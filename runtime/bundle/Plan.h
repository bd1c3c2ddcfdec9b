//===- Plan.h - The host programs of a bundle -------------------*- C++ -*-===//
//
// plan.json and params.json in memory, every name resolved to an index and
// every shape checked. What the executor runs and nothing it has to look up.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_BUNDLE_PLAN_H
#define ANEC_RUNTIME_BUNDLE_PLAN_H

#include "runtime/device/Device.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace anec::rt {

/// How a parameter is filled when no checkpoint gives it.
struct Initializer {
  enum class Kind { Zeros, Ones, Normal } kind = Kind::Zeros;
  double standardDeviation = 0;
};

/// A family of parameter tensors: one, or one per repeated block. A '*' in the
/// name stands for the index: "layers.*.wq.weight".
struct Parameter {
  std::string name;
  std::vector<int64_t> shape; ///< Of one tensor, row-major.
  int64_t count = 1;
  Initializer init;
  bool trainable = true;
  bool decay = true; ///< Decoupled weight decay; false for rank 1.
  /// Dimension 0 is the vocabulary and may be compacted to the active rows.
  bool vocabularyRows = false;

  int64_t elements() const;
  /// Checkpoint name of tensor `index`: '*' replaced by the index.
  std::string tensorName(int64_t index) const;
};

/// A host value: `count` tensors of one shape.
struct Buffer {
  enum class Type { Real, Int32 };
  std::string name;
  Type type = Type::Real;
  /// Logical shape in `nn` terms. A dimension of -1 is the vocabulary: the
  /// number of active rows at run time. Rank 3 [B,S,D] is stored [D, B*S].
  std::vector<int64_t> shape;
  int64_t count = 1;
};

/// Which of `count` instances a reference means: `constant`, counted from the
/// variable of the enclosing For with `loop`.
struct Index {
  bool loop = false;
  int64_t constant = 0;

  int64_t at(int64_t i) const { return (loop ? i : 0) + constant; }
};

/// An operand or result of a host op.
struct ValueRef {
  enum class Kind {
    Buffer,
    Parameter, ///< Master values; operand only.
    Gradient,  ///< Accumulator of a parameter; result only, added to.
  } kind = Kind::Buffer;
  size_t id = 0; ///< Into buffers or parameters.
  Index index;
};

struct SurfaceRef {
  size_t surface = 0; ///< Into surfaces.
  Index index;
};

struct RegionRef {
  SurfaceRef at;
  RegionId region = 0;
};

/// One step of a host program. Which members mean something depends on `kind`.
struct Step {
  enum class Kind {
    For,      ///< body, count times; `reverse` counts down.
    Write,    ///< value (Real buffer or parameter) -> to.
    Read,     ///< from -> value (Real buffer).
    Copy,     ///< from -> to, between surfaces.
    Dispatch, ///< kernel[instance] on surfaces inputs -> outputs.
    Host,     ///< a host op by name.
    Stage,    ///< parameter[index], times `columnScale` -> weight region `to`.
    Load,     ///< (re)compile kernel[instance] from its baked parameters.
  } kind = Kind::Host;

  int64_t count = 0;
  bool reverse = false;
  std::vector<Step> body;

  ValueRef value;
  RegionRef from, to;
  /// Stage: a vector parameter that column c of the matrix is multiplied by,
  /// element c, before its values are stored.
  std::optional<ValueRef> columnScale;

  size_t kernel = 0;
  Index instance;
  /// In the order of the MIL signature.
  std::vector<SurfaceRef> inputs, outputs;

  /// Load: a kernel that was loaded before is patched, not compiled again.
  bool delta = false;

  std::string name;
  std::vector<ValueRef> operands, results;
  nlohmann::json attributes;

  /// Whether nothing before the next update reads what this host op makes, so
  /// that it may run beside the device.
  bool onlyMakesGradients() const;
};

/// A parameter baked into a kernel as a blob.
struct Baked {
  std::string path; ///< As in the MIL text, "@model_path/weights/wq.bin".
  size_t parameter = 0;
  MatrixOrder order;
  /// As in Step, a parameter of as many tensors as `parameter` or of one.
  std::optional<size_t> columnScale;
};

/// One MIL program, compiled `instances` times with different baked weights.
struct Kernel {
  std::string name;
  std::string file; ///< Relative to the bundle.
  int64_t instances = 1;
  std::vector<std::string> blobs; ///< Constant files, relative to the bundle.
  /// The f32 file of a blob that fp16 rounded, by the blob's path.
  std::map<std::string, std::string> exactBlobs;
  /// Values of constants in the text that fp16 rounded, by name.
  std::map<std::string, std::vector<double>> exactValues;
  std::vector<Baked> baked;
  /// Multiplications and additions of one dispatch that repeat what an earlier
  /// kernel computed.
  double recomputedFlops = 0;
  /// The same for products that are gradients of weights.
  double gradientFlops = 0;
};

/// A surface of the plan, allocated `count` times.
struct PlanSurface {
  SurfaceSpec spec;
  int64_t count = 1;
};

/// A family of matrices that the device trains, and where it keeps what it
/// needs for that: tensor i is in instance i of each surface.
struct DeviceParameter {
  size_t parameter = 0; ///< Into parameters.
  /// The value is weight + rest / restUnit; products read the weight alone.
  RegionRef weight, rest;
  /// First moment and root of the second, in a unit that the runtime chooses.
  RegionRef mean, root;
  /// The sum of the gradients of an update's micro-steps.
  RegionRef gradient;
};

/// What the rest of a device parameter is multiplied by: so much that it has
/// about the exponent of the weight.
constexpr double restUnit = 2048;

/// The rows of an input "factors" of the program "update": what the device is
/// told of one update, the same for all parameters.
enum class UpdateFactor : int64_t {
  Gradient,      ///< The gradient is multiplied by this,
  GradientAgain, ///< and by this: together they leave the range of fp16.
  MeanShare,     ///< 1 - beta1
  SquareShare,   ///< 1 - beta2
  Epsilon,
  Step,  ///< Multiplies mean / (root + epsilon), in units of the rest.
  Decay, ///< Multiplies the weight, in units of the rest.
  Count
};
constexpr int64_t updateFactors = int64_t(UpdateFactor::Count);

/// Whether two regions of one surface share an element.
bool overlap(const Region &a, const Region &b);

/// One entry point: train_step, eval_loss, logits or stage.
struct HostProgram {
  struct Input {
    std::string role; ///< tokens, targets, data or factors.
    size_t buffer = 0;
  };
  struct Output {
    /// loss or logits; any number of witnesses: the largest magnitudes that
    /// dispatches met, one in each tensor of the buffer; of finish_gradients
    /// pairs of gradient_peaks and gradient_squares, see Executor.
    std::string name;
    size_t buffer = 0;
  };
  std::string name;
  std::vector<Input> inputs;
  std::vector<Output> outputs;
  std::vector<Step> steps;
};

/// Everything plan.json and params.json say.
struct Plan {
  std::string model;
  /// How it was compiled, for reports.
  std::string weights, offload, recompute, target;
  int64_t batch = 0, sequence = 0;
  /// Rows of the vocabulary, 0 when the model has none.
  int64_t vocabulary = 0;
  /// Whether dimension -1 may be smaller than `vocabulary` at run time.
  bool compactable = false;
  /// Rows of the vocabulary that kernels were compiled for; 0 when the runtime
  /// may choose any number.
  int64_t activeRows = 0;
  std::vector<Parameter> parameters;
  std::vector<Buffer> buffers;
  std::vector<PlanSurface> surfaces;
  std::vector<Kernel> kernels;
  std::vector<HostProgram> programs;
  /// With them there is a program "update".
  std::vector<DeviceParameter> deviceParameters;

  /// Null for a parameter that the host trains.
  const DeviceParameter *onDevice(size_t parameter) const;
  const HostProgram *program(const std::string &name) const;
  /// Dimension 0 of a tensor of `parameter` at run time; -1 when the active
  /// vocabulary decides.
  int64_t rowsOf(const Parameter &parameter) const;
  /// Logical shape of a value, with the vocabulary in full where it is open.
  std::vector<int64_t> fullShape(const ValueRef &value) const;
};

} // namespace anec::rt

#endif // ANEC_RUNTIME_BUNDLE_PLAN_H
