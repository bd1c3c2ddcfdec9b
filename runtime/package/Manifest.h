//===- Manifest.h - Where a Core ML package has its model -------*- C++ -*-===//
//
// Manifest.json names the files of a package by identifiers.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_PACKAGE_MANIFEST_H
#define ANEC_RUNTIME_PACKAGE_MANIFEST_H

#include "runtime/support/Result.h"

#include <string>
#include <string_view>

namespace anec::rt::package {

/// The path of the root model below "Data", as `text` says it. InvalidInput,
/// with `name` in the message, for anything but a manifest of version 1.0.0 or
/// older with such a path; it neither is absolute nor has "..".
Result<std::string> rootModelPath(std::string_view text,
                                  const std::string &name);

} // namespace anec::rt::package

#endif // ANEC_RUNTIME_PACKAGE_MANIFEST_H
