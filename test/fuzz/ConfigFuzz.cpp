//===- ConfigFuzz.cpp - Any bytes as sizes of a Llama ---------------------===//
//
// As `anec import` reads them; what is accepted becomes a model file.
//
//===----------------------------------------------------------------------===//
#include "compiler/Import/LlamaModel.h"
#include "test/fuzz/FuzzInput.h"

using namespace anec;

/// See ModelFuzz.cpp: LLVM's libraries are not instrumented.
extern "C" const char *__asan_default_options() {
  return "allow_user_poisoning=0";
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const llvm::StringRef bytes(reinterpret_cast<const char *>(data), size);
  for (const char *name : {"model/config.json", "model.bin"}) {
    auto config = readLlamaConfig(bytes, name);
    if (!config) {
      const std::string message = llvm::toString(config.takeError());
      rt::fuzz::require(message.rfind(name, 0) == 0,
                        "an error does not begin with the file");
      continue;
    }
    rt::fuzz::require(config->heads % config->kvHeads == 0 &&
                          config->headDim % 2 == 0,
                      "sizes that no attention has");
    rt::fuzz::require(writeLlamaModel(*config, 1, 1).size() < 1 << 16,
                      "a model file without end");
  }
  return 0;
}
