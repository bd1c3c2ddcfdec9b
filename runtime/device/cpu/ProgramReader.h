//===- ProgramReader.h - A MIL text and its weights -------------*- C++ -*-===//
//
// What `ane-run exec` is given: a text of anybody's, and files beside it.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_CPU_PROGRAMREADER_H
#define ANEC_RUNTIME_DEVICE_CPU_PROGRAMREADER_H

#include "runtime/device/Device.h"
#include "runtime/mil/Ast.h"

#include <string>
#include <vector>

namespace anec::rt::cpu {

/// One function and everything it needs.
struct SourceProgram {
  /// The text and the weight files that `function` names.
  ProgramFiles files;
  mil::Function function;
};

/// "main", the only function, or the one called `name`. InvalidInput, with
/// the names there are, otherwise.
Result<const mil::Function *> chooseFunction(const mil::Program &program,
                                             const std::string &file,
                                             const std::string &name);

/// The outputs of a function with their types.
std::vector<mil::TypedName> outputsOf(const mil::Function &function);

/// Reads the text at `path`, chooses a function and reads the weight files it
/// names. "@model_path" stands for `folder`, or for the folder of the text when
/// that is empty.
Result<SourceProgram> readProgram(const std::string &path,
                                  const std::string &folder = "",
                                  const std::string &function = "");

/// The same for a text that is no file of its own; errors call it `name`, and
/// "@model_path" stands for `folder`.
Result<SourceProgram> sourceOf(std::string text, const std::string &name,
                               const std::string &folder,
                               const std::string &function = "");

} // namespace anec::rt::cpu

#endif // ANEC_RUNTIME_DEVICE_CPU_PROGRAMREADER_H
