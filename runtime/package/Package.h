//===- Package.h - Core ML packages -----------------------------*- C++ -*-===//
//
// A folder X.mlpackage with a manifest, a model file and weights beside it.
// Its ML program becomes the same AST that a MIL text gives.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_PACKAGE_PACKAGE_H
#define ANEC_RUNTIME_PACKAGE_PACKAGE_H

#include "runtime/mil/Ast.h"
#include "runtime/support/Result.h"

#include <string>
#include <string_view>

namespace anec::rt::package {

struct Package {
  mil::Program program;
  /// What runs when nobody chooses; empty when the package does not say.
  std::string defaultFunction;
  /// Path of the model file. "@model_path" is its folder.
  std::string modelFile;
};

/// Whether `path` is a folder that is named or made like a package.
bool isPackage(const std::string &path);

/// Reads manifest and model. InvalidInput, with the file, for anything but a
/// package whose root model is an ML program; Unsupported for nested blocks and
/// for types that a MIL text of ours cannot say. Names and types of values are
/// TypeCheck's business.
Result<Package> readPackage(const std::string &path);

/// The program in the bytes of a model file called `name`; `defaultFunction` is
/// set if there is one.
Result<mil::Program> parseModel(std::string_view bytes, const std::string &name,
                                std::string &defaultFunction);

} // namespace anec::rt::package

#endif // ANEC_RUNTIME_PACKAGE_PACKAGE_H
