//===- Constants.h - Constants of a program in memory -----------*- C++ -*-===//
//
// Literals, entries of blob files and baked weights become elements of the
// storage that the numerics ask for.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_CPU_CONSTANTS_H
#define ANEC_RUNTIME_DEVICE_CPU_CONSTANTS_H

#include "runtime/device/cpu/Tensor.h"
#include "runtime/mil/Blob.h"
#include "runtime/support/AlignedBuffer.h"

#include <string>
#include <vector>

namespace anec::rt::cpu {

/// Replaces the values of constants in the text by what they were before fp16
/// rounded them. InvalidInput when a name or a count does not fit.
std::optional<Error> useExactValues(mil::Function &function,
                                    const ProgramFiles &files);

/// The elements of `value` as `storage`, row-major. InvalidInput when a file
/// or a baked weight is missing or has the wrong size.
Result<AlignedBuffer<uint8_t>> loadConstant(const mil::Value &value,
                                            Storage storage,
                                            const ProgramFiles &files,
                                            mil::BlobChecks checks,
                                            std::vector<std::string> *warnings);

} // namespace anec::rt::cpu

#endif // ANEC_RUNTIME_DEVICE_CPU_CONSTANTS_H
