//===- ProgramReader.cpp - A MIL text and its weights ---------------------===//
//
// Every BLOBFILE of a function is looked up once, below one folder.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/ProgramReader.h"

#include "runtime/mil/BlobPath.h"
#include "runtime/mil/Reader.h"
#include "runtime/support/AtomicFile.h"

namespace anec::rt::cpu {

/// Reads the file of one constant, unless another constant had it.
static std::optional<Error> addBlob(const mil::Value &value,
                                    const std::string &folder,
                                    ProgramFiles &files) {
  const std::string &path = value.blob()->path;
  if (files.blobs.count(path))
    return std::nullopt;
  auto located = [&](const Error &error) {
    return makeError(error.code, "{}:{}:{}: {}", files.name,
                     value.location.line, value.location.column, error.message);
  };
  Result<std::string> file = mil::resolveBlob(path, folder);
  if (!file)
    return located(file.error());
  Result<std::string> bytes = readFile(*file);
  if (!bytes)
    return located(bytes.error());
  files.blobs[path].assign(bytes->begin(), bytes->end());
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

std::vector<mil::TypedName> outputsOf(const mil::Function &function) {
  std::vector<mil::TypedName> outputs;
  for (const mil::Reference &output : function.outputs) {
    mil::TypedName named{{}, output.name, output.location};
    for (const mil::TypedName &parameter : function.parameters)
      if (parameter.name == output.name)
        named.type = parameter.type;
    for (const mil::Statement &statement : function.statements)
      for (const mil::TypedName &result : statement.results)
        if (result.name == output.name)
          named.type = result.type;
    outputs.push_back(std::move(named));
  }
  return outputs;
}

Result<SourceProgram> readProgram(const std::string &path,
                                  const std::string &folder,
                                  const std::string &function) {
  ANEC_ASSIGN(std::string text, readFile(path));
  return sourceOf(std::move(text), path,
                  folder.empty() ? mil::folderOf(path) : folder, function);
}

Result<SourceProgram> sourceOf(std::string text, const std::string &name,
                               const std::string &folder,
                               const std::string &function) {
  SourceProgram source;
  source.files.name = name;
  source.files.text = std::move(text);
  ANEC_ASSIGN(mil::Program program, mil::read(source.files.text, name));
  ANEC_ASSIGN(const mil::Function *chosen,
              chooseFunction(program, name, function));
  source.function = *chosen;
  for (const mil::Value *value : mil::fileConstants(source.function))
    ANEC_TRY(addBlob(*value, folder, source.files));
  return Result<SourceProgram>(std::move(source));
}

} // namespace anec::rt::cpu
