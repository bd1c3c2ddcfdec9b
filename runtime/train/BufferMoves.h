//===- BufferMoves.h - Copies of values that are given up -------*- C++ -*-===//
//
// A value that is copied and not read again changes its buffer instead.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_BUFFERMOVES_H
#define ANEC_RUNTIME_TRAIN_BUFFERMOVES_H

#include "runtime/bundle/Plan.h"

#include <set>
#include <vector>

namespace anec::rt {

/// Host steps that multiply a buffer by 1, into another one of its size, while
/// nobody reads the first until it is written again: both may exchange their
/// memory. Neither is an input or output of a program, nor shares its memory,
/// whose buffers are in `home`. `plan` must outlive the result.
std::set<const Step *> findBufferMoves(const Plan &plan,
                                       const std::vector<size_t> &home);

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_BUFFERMOVES_H
