//===- Reference.h - What a program should have computed --------*- C++ -*-===//
//
// The CPU device's answer to one dispatch, for the two questions that the
// engine's own status does not answer: are these zeros right, and did it use
// the new weights.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_ANE_REFERENCE_H
#define ANEC_RUNTIME_DEVICE_ANE_REFERENCE_H

#include "runtime/device/ane/ModelFolder.h"
#include "runtime/support/Half.h"

namespace anec::rt::ane {

/// Surfaces without padding, in the order of the signature.
using Arrays = std::vector<std::vector<half>>;

/// The outputs of `text` with `blobs` for `inputs`. Errors: those of the CPU
/// device.
Result<Arrays> referenceOutputs(const std::string &program,
                                const std::string &text, const Blobs &blobs,
                                const Arrays &inputs);

/// Which of two sets of weights explains a result.
enum class Match {
  New,
  Old,
  Neither,
  Unclear, ///< Both would give the same.
};

/// Compares what the engine returned with what the two sets give.
///
/// The difference between the engine and the old weights' result is projected
/// on the difference between new and old: near 1 for new weights, near 0 for
/// old ones. Errors of the engine's arithmetic are not in the direction of an
/// update, so they average out over the elements.
Match matchWeights(const Arrays &engine, const Arrays &withNew,
                   const Arrays &withOld);

/// The largest magnitude; NaN counts as infinite.
double largestMagnitude(const Arrays &arrays);

} // namespace anec::rt::ane

#endif // ANEC_RUNTIME_DEVICE_ANE_REFERENCE_H
