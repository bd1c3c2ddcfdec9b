//===- DeviceAdamW.h - AdamW by programs of the device ----------*- C++ -*-===//
//
// What the host does for parameters that the device trains: the numbers that
// change with every update, and the way of weights and moments between the
// device and checkpoints.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_DEVICEADAMW_H
#define ANEC_RUNTIME_TRAIN_DEVICEADAMW_H

#include "runtime/train/Executor.h"
#include "runtime/train/Optimizer.h"

namespace anec::rt {

/// What moments on the device are multiplied by: a power of two, so that
/// gradients, of which none is larger than `clip`, are at most 2^14 there. Then
/// what AdamW's epsilon of 1e-8 hides, 1.6e-4 at clip 1, is where fp16 becomes
/// coarse (6.1e-5) or vanishes (6.0e-8).
double momentUnit(double clip);

/// Whether fp16 can do it. InvalidInput without clipping, which bounds what
/// moments have to hold; for a beta above 0.99, where what moments change in
/// one update, at most (1 - beta2) / 2 of the root, is near 2^-11, the distance
/// of fp16 numbers; for a rate whose steps would leave fp16. Nothing for plans
/// whose parameters the host trains.
std::optional<Error> checkDeviceAdamW(const Plan &plan,
                                      const AdamWOptions &options, double clip,
                                      double rate);

/// The factors of update `step`, 1 for the first, of gradients that are to be
/// multiplied by `scale`; see adamW. With u = `unit`, in the order of
/// operations of nn.adamw:
///
///   g = u * scale * gradient
///   mean += (1 - beta1) (g - mean)
///   root = sqrt(root^2 + (1 - beta2) (g^2 - root^2))
///   value -= rate / (1 - beta1^t) * sqrt(1 - beta2^t)
///            * mean / (root + u epsilon sqrt(1 - beta2^t))
///            + rate * decay * weight
///
/// u epsilon is at least 2^-14, the smallest normal number: chips flush those
/// below, and 0/0 would follow.
UpdateFactors<float> updateFactorsOf(const AdamWOptions &options, double rate,
                                     int64_t step, double scale, double unit);

/// Gives the device weights, rests and moments: those that were loaded, or the
/// store's values and no moments. After the program "stage".
std::optional<Error> putStates(Executor<float> &executor,
                               const Optimizer &optimizer, double unit);

/// Brings them into the store and the optimizer. Values are weight plus rest,
/// rounded to f32; under F32 the weight alone. `putStates` of what is there
/// then, loaded, gives the device the same bits.
std::optional<Error> takeStates(Executor<float> &executor,
                                const Optimizer &optimizer, double unit);

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_DEVICEADAMW_H
