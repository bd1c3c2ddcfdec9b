//===- Bundle.cpp - The folder that anec writes ---------------------------===//

#include "compiler/Emit/Bundle.h"
#include "compiler/Emit/ToMIL.h"
#include "compiler/Emit/WeightBlob.h"
#include "runtime/mil/Printer.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace anec;
namespace fs = llvm::sys::fs;

/// "weights/rope.bin" -> "weights/rope_f32.bin".
static std::string exactFile(StringRef path) {
  path.consume_back(".bin");
  return (path + "_f32.bin").str();
}

/// Adds the file of a constant; several kernels may share it.
static LogicalResult addBlob(mil::ProgramOp program, const std::string &path,
                             DenseElementsAttr value, BundleFiles &files) {
  std::vector<uint8_t> bytes = writeWeightBlob(value);
  std::string content(bytes.begin(), bytes.end());
  auto [entry, inserted] = files.insert({path, content});
  if (!inserted && entry->second != content)
    return program.emitOpError("needs a file '")
           << path << "' with another content than other kernels";
  return success();
}

/// The text and the constants of one kernel.
static LogicalResult addKernel(mil::ProgramOp program, StringRef name,
                               BundleFiles &files, KernelDetails &details) {
  FailureOr<EmittedKernel> kernel = toMIL(program);
  if (failed(kernel))
    return failure();
  files[("kernels/" + name + ".mil").str()] = rt::mil::print(kernel->program);
  details.exactValues = std::move(kernel->exactValues);
  details.recomputedFlops = kernel->recomputedFlops;
  details.gradientFlops = kernel->gradientFlops;
  for (const BlobConstant &constant : kernel->blobs) {
    details.blobs.push_back(constant.file);
    if (failed(addBlob(program, constant.file, constant.value, files)))
      return failure();
    if (!constant.exact)
      continue;
    std::string exact = exactFile(constant.file);
    details.exactBlobs[constant.file] = exact;
    if (failed(addBlob(program, exact, constant.exact, files)))
      return failure();
  }
  return success();
}

FailureOr<BundleFiles> anec::makeBundle(ModuleOp module) {
  BundleFiles files;
  BundleDetails details;
  auto model = *module.getOps<nn::ModelOp>().begin();
  auto plan = *module.getOps<plan::ModuleOp>().begin();
  SymbolTable symbols(model);
  for (auto kernel : plan.getOps<plan::KernelOp>())
    if (failed(addKernel(symbols.lookup<mil::ProgramOp>(kernel.getProgram()),
                         kernel.getName(), files,
                         details[kernel.getName().str()])))
      return failure();
  files["params.json"] = paramsFile(model);
  std::string text = planFile(plan, files, details);
  files["plan.json"] = std::move(text);
  return files;
}

static llvm::Error failedTo(const Twine &what, StringRef path,
                            std::error_code code) {
  return llvm::createStringError(code, "cannot " + what + " '" + path +
                                           "': " + code.message());
}

/// Whether `folder` may be replaced: it is not there, empty, or a bundle.
static llvm::Error checkFolder(StringRef folder) {
  if (!fs::exists(folder))
    return llvm::Error::success();
  if (!fs::is_directory(folder))
    return llvm::createStringError("'" + folder + "' is not a folder");
  std::error_code code;
  fs::directory_iterator first(folder, code);
  if (code)
    return failedTo("read", folder, code);
  if (first == fs::directory_iterator() || fs::exists(folder + "/plan.json"))
    return llvm::Error::success();
  return llvm::createStringError("'" + folder +
                                 "' holds something else than a bundle; give "
                                 "another folder");
}

static llvm::Error writeFiles(const BundleFiles &files, StringRef folder) {
  for (const auto &[path, content] : files) {
    std::string full = (folder + "/" + path).str();
    if (std::error_code code =
            fs::create_directories(llvm::sys::path::parent_path(full)))
      return failedTo("make the folder of", full, code);
    std::error_code code;
    llvm::raw_fd_ostream stream(full, code);
    if (code)
      return failedTo("write", full, code);
    stream << content;
    stream.close();
    if (stream.has_error()) {
      code = stream.error();
      stream.clear_error();
      return failedTo("write", full, code);
    }
  }
  return llvm::Error::success();
}

llvm::Error anec::writeBundle(const BundleFiles &files, StringRef folder) {
  folder = folder.rtrim('/');
  if (llvm::Error error = checkFolder(folder))
    return error;
  // Names nobody uses: what stands beside the bundle is the user's.
  llvm::SmallString<128> fresh, old;
  fs::createUniquePath(folder + ".new-%%%%%%%%", fresh, /*MakeAbsolute=*/false);
  fs::createUniquePath(folder + ".old-%%%%%%%%", old, /*MakeAbsolute=*/false);
  if (llvm::Error error = writeFiles(files, fresh)) {
    fs::remove_directories(fresh);
    return error;
  }
  bool replaces = fs::exists(folder);
  std::error_code code;
  if (replaces)
    code = fs::rename(folder, old);
  if (!code && (code = fs::rename(fresh, folder)) && replaces)
    (void)fs::rename(old, folder); // As it was.
  if (code) {
    fs::remove_directories(fresh);
    return failedTo("write", folder, code);
  }
  if (replaces)
    fs::remove_directories(old);
  return llvm::Error::success();
}
