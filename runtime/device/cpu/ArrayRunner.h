//===- ArrayRunner.h - Any MIL file on arrays -------------------*- C++ -*-===//
//
// What `ane-run exec` does: a MIL file with its weights, .npy arrays in, .npy
// arrays out.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_CPU_ARRAYRUNNER_H
#define ANEC_RUNTIME_DEVICE_CPU_ARRAYRUNNER_H

#include "runtime/device/cpu/CpuProgram.h"
#include "runtime/support/Npy.h"

#include <map>
#include <string>
#include <vector>

namespace anec::rt::cpu {

/// The text at `path` and every weight file it names; "@model_path" stands for
/// `folder`, or for the folder of `path` when that is empty. InvalidInput for
/// paths that leave the folder.
Result<ProgramFiles> readProgram(const std::string &path,
                                 const std::string &folder = "");

struct NamedArray {
  std::string name;
  NpyArray array;
};

/// Runs once. Inputs are converted to the stored types; every input must be
/// given, with the shape of its port, and nothing else. Outputs come in the
/// program's order: floats as they are stored, integers as int32, bool as
/// bool.
Result<std::vector<NamedArray>>
runOnArrays(const CpuProgram &program,
            const std::map<std::string, NpyArray> &inputs, ThreadPool &pool);

} // namespace anec::rt::cpu

#endif // ANEC_RUNTIME_DEVICE_CPU_ARRAYRUNNER_H
