//===- BlobPath.h - Which files a MIL text names ----------------*- C++ -*-===//
//
// The constants of a function that are in files, and where these files are.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_MIL_BLOBPATH_H
#define ANEC_RUNTIME_MIL_BLOBPATH_H

#include "runtime/mil/Ast.h"
#include "runtime/support/Result.h"

#include <string>
#include <vector>

namespace anec::rt::mil {

/// Every value of the statements that is a BLOBFILE, in the text's order.
std::vector<const Value *> fileConstants(const Function &function);

/// The folder that "@model_path" stands for in the text at `path`.
std::string folderOf(const std::string &path);

/// Where "@model_path/..." is below `folder`. InvalidInput when there is no
/// such file, and for paths that leave the folder, symbolic links included: a
/// program brings its own numbers and reads nobody else's.
Result<std::string> resolveBlob(const std::string &path,
                                const std::string &folder);

} // namespace anec::rt::mil

#endif // ANEC_RUNTIME_MIL_BLOBPATH_H
