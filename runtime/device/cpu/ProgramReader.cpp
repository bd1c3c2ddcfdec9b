//===- ProgramReader.cpp - A MIL text and its weights ---------------------===//
//
// Every BLOBFILE of a function is looked up once, below one folder.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/ProgramReader.h"

#include "runtime/mil/Reader.h"
#include "runtime/support/AtomicFile.h"

#include <algorithm>
#include <filesystem>

namespace anec::rt::cpu {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view modelPath = "@model_path/";

/// Reads the weight files of one text.
class BlobReader {
public:
  BlobReader(std::string folder, ProgramFiles &files)
      : folder(std::move(folder)), files(files) {}

  std::optional<Error> add(const mil::Statement &statement);

private:
  std::optional<Error> add(const mil::Value &value);
  Result<std::string> resolve(const std::string &path) const;

  std::string folder;
  ProgramFiles &files;
};

} // namespace

/// The file's own path, after all links, which must be below the folder.
Result<std::string> BlobReader::resolve(const std::string &path) const {
  if (path.compare(0, modelPath.size(), modelPath) != 0 ||
      ("/" + path + "/").find("/../") != std::string::npos ||
      path.find('\0') != std::string::npos)
    return makeError(ErrorCode::InvalidInput,
                     "expected a path below '@model_path', found '{}'", path);
  const std::string named = folder + "/" + path.substr(modelPath.size());
  std::error_code failed;
  const fs::path root = fs::canonical(folder, failed);
  if (failed)
    return makeError(ErrorCode::InvalidInput, "cannot open '{}': {}", folder,
                     failed.message());
  const fs::path file = fs::canonical(named, failed);
  if (failed)
    return makeError(ErrorCode::InvalidInput, "cannot open '{}': {}", named,
                     failed.message());
  const bool isInside =
      std::mismatch(root.begin(), root.end(), file.begin(), file.end()).first ==
      root.end();
  if (!isInside)
    return makeError(ErrorCode::InvalidInput,
                     "expected '{}' to be below '{}', found a link to '{}'",
                     path, root.string(), file.string());
  return file.string();
}

std::optional<Error> BlobReader::add(const mil::Value &value) {
  if (value.members())
    for (const mil::Value &member : *value.members())
      ANEC_TRY(add(member));
  const mil::BlobFile *blob = value.blob();
  if (!blob || files.blobs.count(blob->path))
    return std::nullopt;
  auto located = [&](const Error &error) {
    return makeError(error.code, "{}:{}:{}: {}", files.name,
                     value.location.line, value.location.column, error.message);
  };
  Result<std::string> path = resolve(blob->path);
  if (!path)
    return located(path.error());
  Result<std::string> bytes = readFile(*path);
  if (!bytes)
    return located(bytes.error());
  files.blobs[blob->path].assign(bytes->begin(), bytes->end());
  return std::nullopt;
}

std::optional<Error> BlobReader::add(const mil::Statement &statement) {
  for (const mil::Attribute &attribute : statement.attributes)
    ANEC_TRY(add(attribute.value));
  for (const mil::Argument &argument : statement.arguments)
    for (const mil::Operand &operand : argument.operands)
      if (const auto *value = std::get_if<mil::Value>(&operand))
        ANEC_TRY(add(*value));
  return std::nullopt;
}

Result<const mil::Function *> chooseFunction(const mil::Program &program,
                                             const std::string &file,
                                             const std::string &name) {
  if (const mil::Function *function =
          program.findFunction(name.empty() ? "main" : name))
    return function;
  if (name.empty() && program.functions.size() == 1)
    return &program.functions.front();
  std::string names;
  for (const mil::Function &function : program.functions)
    names += (names.empty() ? "" : ", ") + function.name;
  if (names.empty())
    return makeError(ErrorCode::InvalidInput,
                     "{}: expected a function, found none", file);
  if (name.empty())
    return makeError(ErrorCode::InvalidInput,
                     "{}: no function is called 'main', expected a choice "
                     "(--function) of: {}",
                     file, names);
  return makeError(ErrorCode::InvalidInput,
                   "{}: no function is called '{}', expected one of: {}", file,
                   name, names);
}

Result<SourceProgram> readProgram(const std::string &path,
                                  const std::string &folder,
                                  const std::string &function) {
  SourceProgram source;
  source.files.name = path;
  ANEC_ASSIGN(source.files.text, readFile(path));
  ANEC_ASSIGN(mil::Program program, mil::read(source.files.text, path));
  ANEC_ASSIGN(const mil::Function *chosen,
              chooseFunction(program, path, function));
  source.function = *chosen;
  const size_t slash = path.rfind('/');
  const std::string own = slash == std::string::npos ? "."
                          : slash == 0               ? "/"
                                                     : path.substr(0, slash);
  BlobReader blobs(folder.empty() ? own : folder, source.files);
  for (const mil::Statement &statement : source.function.statements)
    ANEC_TRY(blobs.add(statement));
  return Result<SourceProgram>(std::move(source));
}

} // namespace anec::rt::cpu
