//===- Bill.h - What a bundle costs before it runs --------------*- C++ -*-===//
//
// Everything `anec --report` prints, from plan.json and the MIL signatures
// alone: what the counters of a run will show.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_BUNDLE_BILL_H
#define ANEC_RUNTIME_BUNDLE_BILL_H

#include "runtime/bundle/Bundle.h"
#include "runtime/bundle/Estimate.h"
#include "runtime/bundle/KernelCosts.h"
#include "runtime/bundle/Liveness.h"
#include "runtime/target/Profile.h"

#include <string>
#include <vector>

namespace anec::rt {

struct KernelBill {
  std::string name;
  KernelCosts costs;
  int64_t dispatches = 0; ///< Per update.
};

/// Multiplications and additions of products in one update. `dw` and
/// `classifier` (products with a vocabulary parameter that are no weight
/// gradient) are parts of the sum of `device` and `host`, `recomputed` of
/// `device`. A compactable vocabulary counts in full.
struct FlopsBill {
  double device = 0, host = 0, dw = 0, classifier = 0, recomputed = 0;
};

/// What a kernel does beyond what is known to work well; a rule of
/// runtime/target, said once for all the places in the kernel.
struct BillNote {
  std::string kernel, rule, message, evidence;
  int64_t places = 0;
};

struct Bill {
  std::string model, weights, offload, recompute, target;
  std::vector<KernelBill> kernels;
  /// Programs compiled before the first update, and again in each; those that
  /// are patched in each instead.
  int64_t compiles = 0, compilesPerUpdate = 0, reloadsPerUpdate = 0;
  /// Micro-steps of an update. Reports say what a micro-step costs on average:
  /// where gradients add up on the device, the first one differs from the
  /// others, and the host reads the sums once.
  int64_t accumulation = 1;
  int64_t dispatches = 0; ///< Per update, like the next three.
  uint64_t hostWritten = 0, hostRead = 0, device = 0;
  uint64_t stagingPerUpdate = 0;
  MemoryBill memory;
  FlopsBill flops;
  int64_t parameters = 0;
  int64_t updatedByDevice = 0;     ///< Of these.
  std::vector<Estimate> estimates; ///< By chip.
  std::vector<BillNote> notes;

  int64_t ops() const;
  int64_t layoutOps() const;
};

/// What updates of so many micro-steps cost. Surfaces hold fp16. Errors: those
/// of the MIL reader.
Result<Bill> makeBill(const Bundle &bundle, int64_t accumulation);

/// The notes of `profile` about the kernels of a bundle, and about their
/// number.
Result<std::vector<BillNote>> makeNotes(const Bundle &bundle,
                                        const target::Profile &profile);

/// One JSON object, with a final line break.
std::string billAsJson(const Bill &bill);
/// A table for people.
std::string billAsText(const Bill &bill);

} // namespace anec::rt

#endif // ANEC_RUNTIME_BUNDLE_BILL_H
