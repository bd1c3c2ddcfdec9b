//===- Import.cpp - What `anec import CONFIG` does ------------------------===//

#include "tools/anec/Import.h"
#include "tools/anec/ExitStatus.h"

#include "compiler/Import/LlamaModel.h"
#include "runtime/support/AtomicFile.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace anec;

namespace cl = llvm::cl;

namespace {

struct ImportCommand {
  std::string config, output;
  int64_t batch = 1;
  int64_t sequence = 0; ///< 0: as long as the model allows, at most usual.
};

/// Positions of a micro-step unless --seq says otherwise: what published
/// training on the device uses.
constexpr int64_t usualSequence = 256;

/// The start of a file: a checkpoint may be large, a header is not.
llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>>
readStart(const std::string &path) {
  constexpr uint64_t enough = 1 << 20;
  uint64_t size = 0;
  if (std::error_code error = llvm::sys::fs::file_size(path, size))
    return error;
  return llvm::MemoryBuffer::getFileSlice(path, std::min(size, enough), 0);
}

} // namespace

static int importModel(const ImportCommand &command) {
  if (command.output.empty())
    return fail("expects -o MODEL.ir");
  if (llvm::sys::fs::exists(command.output))
    return fail("expects -o to name a new file, but '" + command.output +
                "' exists");
  auto bytes = readStart(command.config);
  if (!bytes)
    return fail("cannot open '" + command.config +
                "': " + bytes.getError().message());
  auto config = readLlamaConfig((*bytes)->getBuffer(), command.config);
  if (!config)
    return fail(llvm::toString(config.takeError()));
  int64_t sequence = command.sequence
                         ? command.sequence
                         : std::min(config->longest, usualSequence);
  if (sequence > config->longest)
    return fail("expects --seq of at most " + llvm::Twine(config->longest) +
                ", the longest sequence of the model, but got " +
                llvm::Twine(sequence));
  if (auto error = rt::writeFileAtomically(
          command.output, writeLlamaModel(*config, command.batch, sequence)))
    return fail(error->message);
  return done;
}

int anec::importMain(int argc, char **argv) {
  cl::OptionCategory category("anec import");
  ImportCommand command;
  cl::opt<std::string, true> config(
      cl::Positional, cl::location(command.config), cl::desc("CONFIG"),
      cl::Required, cl::cat(category));
  cl::opt<std::string, true> output("o", cl::location(command.output),
                                    cl::desc("model file to write"),
                                    cl::cat(category));
  cl::opt<int64_t, true> sequence(
      "seq", cl::location(command.sequence),
      cl::desc(
          "tokens of a sequence (default: 256, or fewer if the model has)"),
      cl::cat(category));
  cl::opt<int64_t, true> batch("batch", cl::location(command.batch),
                               cl::init(1), cl::desc("sequences (default: 1)"),
                               cl::cat(category));
  cl::HideUnrelatedOptions(category);
  std::string errors;
  llvm::raw_string_ostream stream(errors);
  if (!cl::ParseCommandLineOptions(
          argc, argv,
          "writes a model file from a Hugging Face config.json (Llama) or a "
          "llama2.c checkpoint\n",
          &stream)) {
    llvm::errs() << errors;
    return badInput;
  }
  constexpr int64_t largest = 65536;
  if (command.batch < 1 || command.batch > largest ||
      (sequence.getNumOccurrences() && command.sequence < 1))
    return fail("expects --seq and --batch above 0, and a batch of at most " +
                llvm::Twine(largest));
  return importModel(command);
}
