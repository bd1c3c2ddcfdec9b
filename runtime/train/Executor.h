//===- Executor.h - Runs the programs of a bundle ---------------*- C++ -*-===//
//
// Owns the buffers, surfaces and kernels of a plan and executes its steps, one
// after the other, on the calling thread; weight gradients and compiling beside
// it where the device leaves the CPU idle.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_EXECUTOR_H
#define ANEC_RUNTIME_TRAIN_EXECUTOR_H

#include "runtime/bundle/Bundle.h"
#include "runtime/bundle/SurfaceTraffic.h"
#include "runtime/device/Device.h"
#include "runtime/host/HostOps.h"
#include "runtime/support/LargeMemory.h"
#include "runtime/train/BackgroundQueue.h"
#include "runtime/train/BorrowedRegions.h"
#include "runtime/train/BufferMoves.h"
#include "runtime/train/ColumnScale.h"
#include "runtime/train/ElementwiseChain.h"
#include "runtime/train/InPlaceReads.h"
#include "runtime/train/LossWithGradient.h"
#include "runtime/train/ParameterStore.h"
#include "runtime/train/ProgramSet.h"

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace anec::rt {

/// What an executor did since it was made.
struct ExecutorCounters {
  /// Bytes of surface ranges that the host touched; see SurfaceTraffic.
  uint64_t hostWritten = 0, hostRead = 0;
  /// Multiplications and additions of matrix products on the host.
  double hostFlops = 0;
  /// The same in programs of the device.
  double deviceFlops = 0;
  /// Seconds by kind of work; a name of its own for each host op. Those of work
  /// beside the device overlap with the others.
  std::map<std::string, double> seconds;
  /// Host ops, and loading of kernels.
  BackgroundWork background, compiling;
};

/// What --host-precision calls it.
inline const char *hostPrecisionName(GemmPrecision precision) {
  return precision == GemmPrecision::Bf16 ? "bf16" : "f32";
}

/// InvalidInput unless the bundle can train: has the programs "train_step" and
/// "stage". `purpose` ends "expects a program .. to".
std::optional<Error> requireTraining(const Bundle &bundle, const char *purpose);

/// A number for each UpdateFactor.
template <typename Real>
using UpdateFactors = std::array<Real, size_t(updateFactors)>;

/// Real is float for devices with Ane or F32 numerics, double for F64. Bundle,
/// device, store and pool must outlive the executor.
template <typename Real> class Executor {
public:
  /// Allocates everything and loads the kernels without baked weights.
  static Result<std::unique_ptr<Executor>> create(const Bundle &bundle,
                                                  Device &device,
                                                  ParameterStore<Real> &store,
                                                  ThreadPool &pool);

  /// Runs the program `name` of the plan to its end. "stage" must have run
  /// since the last change of a parameter. Errors: no such program
  /// (InvalidInput), or those of the device.
  std::optional<Error> run(const std::string &name);

  /// The program of micro-step `number`, from 0, of an update: "train_step" or,
  /// in plans that have it, "accumulate_step" for all but the first.
  std::string microStep(int64_t number) const;

  /// Makes gradients of the sums of an update's micro-steps, where the plan
  /// leaves something to do: to be called after the last of them. Parameters
  /// may change then: nothing is being compiled from them any more.
  std::optional<Error> finishGradients();

  /// The sum of squares of the gradients that stay on the device, after
  /// `finishGradients`; not finite when one of them is not. Each row comes as
  /// its largest magnitude p, and the sum s of the squares of what the row
  /// divided by p is: sum p^2 s, in double.
  double squaresOnDevice();
  /// Runs the program "update" with these factors, in the order of
  /// UpdateFactor. After an error some tensors may be updated and others not.
  std::optional<Error> updateOnDevice(const UpdateFactors<Real> &factors);
  /// One state of tensor `index` of a device parameter, in the parameter's
  /// natural order.
  std::optional<Error> readState(const RegionRef &state, int64_t index,
                                 Span<Real> into);
  std::optional<Error> writeState(const RegionRef &state, int64_t index,
                                  Span<const Real> values);
  /// Brings the gradients that stay on the device into the store.
  std::optional<Error> fetchGradients();

  /// Stages one tensor everywhere the program "stage" does, in places that take
  /// rows: returns who must be given all of them before the next run. Scales
  /// must have their new values before the rows of what they scale come; as
  /// they are vectors and scale matrices, vectors come first. A frozen matrix
  /// is staged when its scale is. `finishStaging` must follow the last tensor,
  /// and before it `stageRest` for a tensor when `*complete` is false.
  std::vector<std::unique_ptr<RowStaging>>
  stageRows(size_t parameter, int64_t index, bool *complete);
  /// Stages a tensor in the places that took no rows.
  std::optional<Error> stageRest(size_t parameter, int64_t index);
  /// Does what "stage" does besides staging. Kernels with baked weights are
  /// compiled beside the device, in the order in which train_step needs them,
  /// when work beside it is wanted: then their errors are those of the first
  /// run that needs them, or of `finishLoading`.
  std::optional<Error> finishStaging();
  /// Returns when no kernel is being compiled, with the error if one failed.
  std::optional<Error> finishLoading() { return programs.waitForAll(); }
  /// Compiles no more of what `finishStaging` began.
  void abandonLoading() { programs.abandon(); }

  /// Memory of buffer `index` of a family, in the layout of host values.
  Span<Real> reals(size_t buffer, int64_t index = 0);
  Span<int32_t> integers(size_t buffer, int64_t index = 0);
  /// The value of an output of a program, such as "loss".
  Result<Span<const Real>> output(const std::string &program,
                                  const std::string &name);

  /// The largest magnitude that the witnesses of a program report; 0 when it
  /// has none. Valid after a run.
  double witness(const std::string &program);

  /// Whether host ops that only make gradients run on a thread of their own,
  /// and kernels compile on another; at first as the device says. Results are
  /// the same bits. Between two runs.
  void workBeside(bool wanted);

  /// Whether the next runs are the last before somebody asks for the norm of
  /// the gradients: then host ops sum the squares of what they make. False at
  /// first.
  void expectNorm(bool expected) { isNormExpected = expected; }

  /// What the host op loss_scale answers; 1 at first.
  void setLossScale(double scale) { lossScale = scale; }

  /// What host ops multiply; Full at first. Between two runs; Bf16 only where
  /// Real is float. Errors: Bf16, and the plan's training has no product on the
  /// host (InvalidInput).
  std::optional<Error> setHostPrecision(GemmPrecision precision);

  const Plan &plan() const { return bundle.plan(); }
  Numerics numerics() const { return device.numerics(); }
  ParameterStore<Real> &parameters() { return store; }
  /// Between two runs.
  ExecutorCounters counters() const;

private:
  /// A step of the program "stage" and the loop index it runs with.
  struct IndexedStep {
    const Step *step;
    int64_t i;
    /// The device took the place's rows one by one.
    bool tookRows = false;
  };

  Executor(const Bundle &bundle, Device &device, ParameterStore<Real> &store,
           ThreadPool &pool)
      : bundle(bundle), device(device), store(store), pool(pool),
        programs(device) {}

  std::optional<Error> allocate();
  BakedWeight bake(const Baked &baked, int64_t instance) const;
  ProgramSet::Request loading(size_t kernel, int64_t instance, bool delta);
  void sortLoads();
  void collectStaging(const std::vector<Step> &steps, int64_t i);
  const ValueRef &stagesAfter(const Step &step) const;
  bool takeRows(const IndexedStep &each,
                std::vector<std::unique_ptr<RowStaging>> &plain,
                std::vector<std::unique_ptr<ScaledRows>> &scaled);
  void prepareDispatches(const std::vector<Step> &steps, int64_t i);
  std::optional<Error> runSteps(const std::vector<Step> &steps, int64_t i);
  std::optional<Error> runStep(const Step &step, int64_t i);
  std::optional<Error> runFor(const Step &step);
  std::optional<Error> runWrite(const Step &step, int64_t i);
  std::optional<Error> runRead(const Step &step, int64_t i);
  std::optional<Error> runCopy(const Step &step, int64_t i);
  std::optional<Error> runDispatch(const Step &step, int64_t i);
  std::optional<Error> runStage(const Step &step, int64_t i);
  std::optional<Error> runHost(const Step &step, int64_t i);
  std::optional<Error> bindOperand(const Step &step, size_t operand, int64_t i,
                                   HostCall<Real> &call,
                                   std::vector<std::unique_ptr<SurfaceMap>> &);
  std::optional<Error> runChain(const ElementwiseChain &chain, int64_t i);
  void runLossWithGradient(const Step &loss, const HostCall<Real> &call,
                           int64_t i);
  bool sumsSquares(const Step &step) const;
  void runBeside(const Step &step, int64_t i, HostCall<Real> call);
  void renew(const ValueRef &ref, int64_t i);

  std::vector<int64_t> resolve(const std::vector<int64_t> &shape) const;
  HostTensor<Real> tensor(const ValueRef &ref, int64_t i);
  HostTensor<Real> resultTensor(const ValueRef &ref, int64_t i,
                                bool sumsSquares);
  std::vector<Surface *> surfacesOf(const std::vector<SurfaceRef> &refs,
                                    int64_t i);
  std::vector<Surface *> inputsOf(const Step &dispatch, int64_t i);
  Surface &surface(const SurfaceRef &ref, int64_t i);

  const Bundle &bundle;
  Device &device;
  ParameterStore<Real> &store;
  ThreadPool &pool;
  double lossScale = 1;
  bool isNormExpected = false;
  GemmPrecision hostPrecision = GemmPrecision::Full;
  /// Steps that are not done as they are written; the first two only without
  /// overlap, since surfaces and buffers change while jobs run beside the
  /// device.
  InPlaceReads inPlace;
  std::set<const Step *> moves;
  /// Of products that follow each other, where no step runs beside others.
  RepeatedRight repeatedRight;
  /// None for devices that borrow nothing.
  BorrowedRegions borrowed;
  LossesWithGradients losses;
  ElementwiseChains chains;
  /// By buffer and index; one of the two for each buffer, none for one whose
  /// home is another.
  std::vector<std::vector<LargeVector<Real>>> realBuffers;
  std::vector<std::vector<std::vector<int32_t>>> integerBuffers;
  /// By buffer and index: the last job beside the device that reads it.
  std::vector<std::vector<uint64_t>> readers;
  /// Memory that was a buffer's until it was written anew while `reader` still
  /// read it; by number of elements, as many as there are such buffers.
  struct Spare {
    LargeVector<Real> memory;
    uint64_t reader = 0;
  };
  std::map<size_t, std::vector<Spare>> spares;
  std::vector<std::vector<std::unique_ptr<Surface>>> surfaces;
  /// Stage steps by the parameter and index after whose change they run, and
  /// all others in order.
  std::vector<std::vector<std::vector<IndexedStep>>> staging;
  std::vector<IndexedStep> afterStaging;
  /// Sums that gradients keep beside them, by parameter and index; none for
  /// most. See WeightDots.h.
  std::vector<std::vector<std::vector<double>>> weightDots;
  /// Operations of one dispatch, by kernel.
  std::vector<double> flops;
  /// A copy between surfaces, or a scaled parameter, goes through here.
  std::vector<Real> scratch;
  std::optional<SurfaceTraffic> traffic;
  ExecutorCounters count;
  /// Seconds of host ops beside the device, written by its thread.
  std::map<std::string, double> secondsBeside;
  /// Last, with what follows: their jobs use all of the above.
  ProgramSet programs;
  /// Null when nothing shall run beside the device.
  std::unique_ptr<BackgroundQueue> background;
};

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_EXECUTOR_H
