//===- ExecCommand.cpp - ane-run exec -------------------------------------===//
//
// Runs one function of any MIL text or Core ML package: arrays in, arrays out.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/ArrayRunner.h"
#include "runtime/device/cpu/ProgramReader.h"
#include "runtime/mil/BlobPath.h"
#include "runtime/mil/Printer.h"
#include "runtime/package/Package.h"
#include "tools/ane-run/Commands.h"
#include "tools/ane-run/DeviceOptions.h"
#include "tools/ane-run/ExecDevice.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <set>

namespace anec::rt {
namespace {

namespace fs = std::filesystem;

struct ExecFlags {
  std::string file, output, function, weights;
  std::vector<std::string> inputs, dumps;
  bool strictBlobs = false;
  int64_t times = 0;
  DeviceOptions device;
};

/// `--input` takes everything up to the next flag; what has no '=' is FILE.
std::optional<Error> takeFile(ExecFlags &flags) {
  auto isFile = [](const std::string &text) {
    return text.find('=') == std::string::npos;
  };
  auto found = std::find_if(flags.inputs.begin(), flags.inputs.end(), isFile);
  if (flags.file.empty() && found != flags.inputs.end()) {
    flags.file = *found;
    flags.inputs.erase(found);
  }
  if (flags.file.empty())
    return makeError(ErrorCode::InvalidInput, "expects FILE.mil or a package");
  // A compiled Core ML model is a folder with the text in it.
  std::error_code ignored;
  if (fs::is_directory(flags.file, ignored) &&
      !package::isPackage(flags.file)) {
    const std::string inside = flags.file + "/model.mil";
    if (!fs::exists(inside, ignored))
      return makeError(ErrorCode::InvalidInput,
                       "expects a MIL text, a Core ML package, or a folder "
                       "with 'model.mil', but got the folder '{}'",
                       flags.file);
    flags.file = inside;
  }
  return std::nullopt;
}

/// The program of a package goes on as the text that says the same; places in
/// errors are lines of that text.
Result<cpu::SourceProgram> readSource(const ExecFlags &flags) {
  if (!package::isPackage(flags.file))
    return cpu::readProgram(flags.file, flags.weights, flags.function);
  ANEC_ASSIGN(package::Package package, package::readPackage(flags.file));
  return cpu::sourceOf(
      mil::print(package.program), package.modelFile + " as MIL",
      flags.weights.empty() ? mil::folderOf(package.modelFile) : flags.weights,
      flags.function.empty() ? package.defaultFunction : flags.function);
}

Result<cpu::NamedArrays> readInputs(const std::vector<std::string> &inputs) {
  cpu::NamedArrays arrays;
  for (const std::string &input : inputs) {
    const size_t equals = input.find('=');
    if (equals == std::string::npos || equals == 0)
      return makeError(ErrorCode::InvalidInput,
                       "expects --input NAME=FILE.npy, but got '{}'", input);
    const std::string name = input.substr(0, equals);
    if (arrays.count(name))
      return makeError(ErrorCode::InvalidInput, "--input gives '{}' twice",
                       name);
    ANEC_ASSIGN(arrays[name], readNpy(input.substr(equals + 1)));
  }
  return Result<cpu::NamedArrays>(std::move(arrays));
}

/// The dumped values that are not outputs anyway. They must have elements.
Result<std::vector<std::string>> innerValues(const mil::Function &function,
                                             const ExecFlags &flags) {
  std::map<std::string, const mil::Type *> types;
  for (const mil::TypedName &parameter : function.parameters)
    types[parameter.name] = &parameter.type;
  for (const mil::Statement &statement : function.statements)
    for (const mil::TypedName &result : statement.results)
      types[result.name] = &result.type;
  std::set<std::string> known;
  for (const mil::Reference &output : function.outputs)
    known.insert(output.name);
  std::vector<std::string> names;
  for (const std::string &name : flags.dumps) {
    auto type = types.find(name);
    if (type == types.end())
      return makeError(ErrorCode::InvalidInput,
                       "{}: function '{}' has no value '{}' to dump",
                       flags.file, function.name, name);
    if (!type->second->isTensorLike() ||
        type->second->element == mil::ScalarType::String)
      return makeError(ErrorCode::InvalidInput,
                       "{}: cannot dump '{}', a value of type {}", flags.file,
                       name, mil::toString(*type->second));
    if (known.insert(name).second)
      names.push_back(name);
  }
  return names;
}

/// All files or none, as far as the system allows: they are written beside
/// their places before the first is put there.
std::optional<Error> write(const std::vector<cpu::NamedArray> &arrays,
                           const std::string &folder) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed)
    return makeError(ErrorCode::Io, "cannot create folder '{}': {}", folder,
                     failed.message());
  std::map<std::string, AtomicFile> files;
  for (const cpu::NamedArray &item : arrays) {
    const std::string path = folder + "/" + item.name + ".npy";
    if (files.count(path))
      continue; // A value that is returned twice.
    ANEC_ASSIGN(
        AtomicFile file,
        prepareNpy(path, item.array.type, item.array.shape, item.array.bytes));
    files.emplace(path, std::move(file));
  }
  for (auto &[path, file] : files)
    ANEC_TRY(file.commit());
  for (const cpu::NamedArray &item : arrays)
    fmt::print("{}/{}.npy  {}\n", folder, item.name, cpu::describe(item.array));
  return std::nullopt;
}

/// Median of `times` runs in milliseconds, after the one that warms up.
template <typename Run> Result<double> medianTime(int64_t times, Run run) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> all;
  for (int64_t i = 0; i < times; ++i) {
    const Clock::time_point start = Clock::now();
    ANEC_TRY(run());
    all.push_back(
        std::chrono::duration<double, std::milli>(Clock::now() - start)
            .count());
  }
  std::sort(all.begin(), all.end());
  const size_t half = all.size() / 2;
  return all.size() % 2 == 1 ? all[half] : (all[half - 1] + all[half]) / 2;
}

/// On a device other than the cpu, which takes any program.
Result<int> runOnDevice(const ExecFlags &flags,
                        const cpu::SourceProgram &source,
                        const cpu::NamedArrays &inputs) {
  if (!flags.dumps.empty() || !flags.function.empty() || flags.strictBlobs)
    return makeError(ErrorCode::InvalidInput,
                     "expects --dump, --function and --strict-blobs with "
                     "--device cpu only, but got '{}'",
                     flags.device.device);
  ThreadPool pool(flags.device.threads);
  ANEC_ASSIGN(std::unique_ptr<Device> device, flags.device.open(pool));
  ANEC_ASSIGN(DeviceRun loaded, DeviceRun::prepare(*device, source, inputs));
  ANEC_TRY(loaded.run());
  ANEC_ASSIGN(std::vector<cpu::NamedArray> outputs, loaded.outputs());
  ANEC_TRY(write(outputs, flags.output));
  if (double seconds = device->counters().estimatedSeconds; seconds > 0)
    fmt::print("estimated, not measured: {:.4f} ms on the chip\n",
               seconds * 1000);
  if (flags.times > 0) {
    ANEC_ASSIGN(double median,
                medianTime(flags.times, [&] { return loaded.run(); }));
    fmt::print("median {:.4f} ms of {} runs on this machine\n", median,
               flags.times);
  }
  return 0;
}

Result<int> run(ExecFlags flags) {
  ANEC_TRY(flags.device.check());
  ANEC_TRY(takeFile(flags));
  std::error_code ignored;
  if (fs::exists(flags.output, ignored) &&
      !fs::is_directory(flags.output, ignored))
    return makeError(ErrorCode::InvalidInput,
                     "expects a folder as --output, but got the file '{}'",
                     flags.output);
  ANEC_ASSIGN(cpu::SourceProgram source, readSource(flags));
  ANEC_ASSIGN(cpu::NamedArrays inputs, readInputs(flags.inputs));
  cpu::CompileOptions options;
  options.numerics = flags.device.arithmetic();
  options.blobChecks =
      flags.strictBlobs ? mil::BlobChecks::Strict : mil::BlobChecks::Lenient;
  options.function = source.function.name;
  ANEC_ASSIGN(options.extraOutputs, innerValues(source.function, flags));
  ANEC_TRY(cpu::checkInputs(source.function, inputs));
  if (flags.device.device != "cpu")
    return runOnDevice(flags, source, inputs);

  ThreadPool pool(flags.device.threads);
  std::vector<std::string> warnings;
  ANEC_ASSIGN(std::unique_ptr<cpu::CpuProgram> program,
              cpu::compileFor(source.files, options, inputs, pool, &warnings));
  ANEC_ASSIGN(cpu::ArrayRun arrays,
              cpu::ArrayRun::prepare(*program, inputs, &warnings));
  std::set<std::string> said;
  for (const std::string &warning : warnings)
    if (said.insert(warning).second)
      fmt::print(stderr, "ane-run: warning: {}\n", warning);
  ANEC_TRY(arrays.run(pool));
  ANEC_TRY(write(arrays.outputs(), flags.output));
  if (flags.times > 0) {
    ANEC_ASSIGN(double median,
                medianTime(flags.times, [&] { return arrays.run(pool); }));
    fmt::print("median {:.4f} ms of {} runs\n", median, flags.times);
  }
  return 0;
}

} // namespace

void addExecCommand(CLI::App &app, Action &action) {
  auto flags = std::make_shared<ExecFlags>();
  CLI::App *command = app.add_subcommand("exec", "run any MIL program once");
  command->add_option("FILE", flags->file,
                      "MIL text, Core ML package (.mlpackage), or a folder "
                      "with model.mil");
  command->add_option("--input", flags->inputs, "NAME=FILE.npy, one per input");
  command
      ->add_option("--output", flags->output,
                   "folder for NAME.npy per output; made if missing")
      ->required();
  command->add_option("--function", flags->function,
                      "default: main, or the only one");
  command->add_option("--weights", flags->weights,
                      "what @model_path is (default: the folder of FILE, or "
                      "of the package's model file)");
  command->add_flag("--strict-blobs", flags->strictBlobs,
                    "refuse weight files that Apple's writer would not write");
  command
      ->add_option("--time", flags->times,
                   "run N more times and print the median")
      ->check(CLI::Range(int64_t(1), int64_t(1000000)));
  command
      ->add_option("--dump", flags->dumps,
                   "write this inner value too; may be repeated")
      ->allow_extra_args(false);
  flags->device.addTo(*command, {"ane", "f32"});
  command->callback(
      [flags, &action] { action = [flags] { return run(*flags); }; });
}

} // namespace anec::rt
