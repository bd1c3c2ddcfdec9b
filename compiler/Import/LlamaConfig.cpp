//===- LlamaConfig.cpp - The sizes of a published Llama -------------------===//
//
// Defaults are those of Hugging Face's LlamaConfig. What a Llama of this
// compiler cannot compute is refused by the name of its field, not ignored.
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/LlamaConfig.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <optional>

using namespace llvm;

namespace anec {

namespace {

/// Sizes above these are no model but a mistake.
constexpr int64_t largestWidth = 1 << 17, largestTable = 1 << 24;

Error problem(const Twine &message) { return createStringError(message.str()); }

std::string printed(const json::Value *value) {
  if (!value)
    return "none";
  std::string text;
  raw_string_ostream(text) << *value;
  return text.size() > 60 ? text.substr(0, 60) + "..." : text;
}

/// A name for a model, from the name of a checkpoint.
std::string nameFrom(StringRef text) {
  std::string name;
  for (char letter : text)
    name += isAlnum(letter) ? toLower(letter) : '_';
  if (name.empty() || isDigit(name[0]))
    name = "model_" + name;
  return name.substr(0, 80);
}

/// What must hold for either kind of file.
Error check(const LlamaConfig &config, StringRef file) {
  auto wrong = [&](const Twine &what) { return problem(file + ": " + what); };
  if (config.heads % config.kvHeads)
    return wrong("expects key and value heads to divide " +
                 Twine(config.heads) + " heads, but got " +
                 Twine(config.kvHeads));
  if (config.headDim % 2)
    return wrong("expects an even size of heads, but got " +
                 Twine(config.headDim));
  return Error::success();
}

//===----------------------------------------------------------------------===//
// config.json
//===----------------------------------------------------------------------===//

/// Reads fields and keeps the first complaint.
class Fields {
public:
  Fields(const json::Object &object, StringRef file)
      : object(object), file(file) {}

  int64_t size(StringRef name, int64_t largest,
               std::optional<int64_t> fallback = std::nullopt) {
    const json::Value *value = find(name);
    if (!value && fallback)
      return *fallback;
    // Not as an integer: LLVM converts numbers near 2^63 as C++ does not.
    std::optional<double> number = value ? value->getAsNumber() : std::nullopt;
    if (!number || !(*number >= 1 && *number <= double(largest)) ||
        *number != std::floor(*number)) {
      complain(name, "an integer from 1 to " + Twine(largest), value);
      return 1;
    }
    return static_cast<int64_t>(*number);
  }

  double positive(StringRef name, double fallback) {
    const json::Value *value = find(name);
    if (!value)
      return fallback;
    std::optional<double> number = value->getAsNumber();
    if (number && *number > 0 && std::isfinite(*number))
      return *number;
    complain(name, "a number above 0", value);
    return fallback;
  }

  bool flag(StringRef name, bool fallback) {
    const json::Value *value = find(name);
    if (!value)
      return fallback;
    if (std::optional<bool> word = value->getAsBoolean())
      return *word;
    complain(name, "true or false", value);
    return fallback;
  }

  std::string text(StringRef name, StringRef fallback) {
    const json::Value *value = find(name);
    if (!value)
      return fallback.str();
    if (std::optional<StringRef> word = value->getAsString())
      return word->str();
    complain(name, "a string", value);
    return fallback.str();
  }

  /// The field must be absent, null or one of `allowed`, else `why`.
  void only(StringRef name, ArrayRef<json::Value> allowed, StringRef why) {
    const json::Value *value = find(name);
    if (value && !is_contained(allowed, *value))
      complain(name, printed(&allowed[0]) + ", since " + why, value);
  }

  /// Null counts as absent.
  const json::Value *find(StringRef name) const {
    const json::Value *value = object.get(name);
    return value && value->getAsNull() ? nullptr : value;
  }

  void complain(StringRef name, const Twine &expected,
                const json::Value *value) {
    if (message.empty())
      message = (file + ": expects '" + name + "' to be " + expected +
                 ", but got " + printed(value))
                    .str();
  }

  std::string message;

private:
  const json::Object &object;
  StringRef file;
};

/// What makes a model another one than a Llama.
void refuseOthers(Fields &fields) {
  fields.only("model_type", {"llama"},
              "other architectures have biases, norms or layers of their own");
  fields.only("hidden_act", {"silu"}, "its feed-forward is SwiGLU");
  fields.only("attention_bias", {false}, "linear maps have no bias here");
  fields.only("mlp_bias", {false}, "linear maps have no bias here");
  fields.only("attention_dropout", {0.0, 0}, "there is no dropout here");
  fields.only("partial_rotary_factor", {1.0, 1},
              "rope turns every feature of a head");
}

/// theta is a field, or stands with the scaling that only "default" has.
double readRope(Fields &fields, StringRef file) {
  double theta = fields.positive("rope_theta", 10000);
  for (StringRef name : {"rope_scaling", "rope_parameters"}) {
    const json::Value *value = fields.find(name);
    if (!value)
      continue;
    const json::Object *object = value->getAsObject();
    std::optional<StringRef> type;
    if (object)
      type = object->getString("rope_type");
    if (object && !type)
      type = object->getString("type");
    if (!type || *type != "default") {
      fields.complain(name, "null or of rope_type \"default\"", value);
      continue;
    }
    Fields inner(*object, file);
    theta = inner.positive("rope_theta", theta);
    if (fields.message.empty())
      fields.message = inner.message;
  }
  return theta;
}

/// The last part of the checkpoint's name, or the folder of the file.
std::string modelName(Fields &fields, StringRef file) {
  std::string path = fields.text("_name_or_path", "");
  StringRef name = sys::path::filename(StringRef(path).rtrim('/'));
  if (name.empty())
    name = sys::path::filename(sys::path::parent_path(file));
  if (name.empty() || name == "." || name == "..")
    name = "llama";
  return nameFrom(name);
}

Expected<LlamaConfig> readJson(StringRef bytes, StringRef file) {
  Expected<json::Value> document = json::parse(bytes);
  if (!document)
    return problem(file + ": expects JSON or a llama2.c header: " +
                   toString(document.takeError()));
  const json::Object *object = document->getAsObject();
  if (!object)
    return problem(file + ": expects a JSON object, but got " +
                   printed(&*document));
  Fields fields(*object, file);
  if (!fields.find("model_type"))
    fields.complain("model_type", "\"llama\"", nullptr);
  refuseOthers(fields);
  LlamaConfig config;
  config.dim = fields.size("hidden_size", largestWidth);
  config.hidden = fields.size("intermediate_size", largestTable);
  config.layers = fields.size("num_hidden_layers", 4096);
  config.heads = fields.size("num_attention_heads", largestWidth);
  config.kvHeads =
      fields.size("num_key_value_heads", largestWidth, config.heads);
  if (!fields.find("head_dim") && config.dim % config.heads)
    fields.complain("num_attention_heads",
                    "a divisor of hidden_size " + Twine(config.dim),
                    fields.find("num_attention_heads"));
  config.headDim =
      fields.size("head_dim", largestWidth, config.dim / config.heads);
  config.vocabulary = fields.size("vocab_size", largestTable);
  config.longest = fields.size("max_position_embeddings", largestTable, 2048);
  config.eps = fields.positive("rms_norm_eps", 1e-6);
  config.deviation = fields.positive("initializer_range", 0.02);
  config.theta = readRope(fields, file);
  config.tied = fields.flag("tie_word_embeddings", false);
  config.interleaved = fields.flag("rope_interleaved", false);
  config.name = modelName(fields, file);
  if (!fields.message.empty())
    return problem(fields.message);
  if (Error error = check(config, file))
    return Expected<LlamaConfig>(std::move(error));
  return config;
}

//===----------------------------------------------------------------------===//
// llama2.c
//===----------------------------------------------------------------------===//

constexpr uint32_t magic = 0x616b3432; // "ak42", of versions from 1 on

/// Seven sizes, behind magic and version where these are.
Expected<LlamaConfig> readHeader(StringRef bytes, StringRef file) {
  auto word = [&](size_t i) {
    return static_cast<int32_t>(
        support::endian::read32le(bytes.data() + 4 * i));
  };
  bool versioned = support::endian::read32le(bytes.data()) == magic;
  size_t needed = versioned ? 37 : 28;
  if (bytes.size() < needed)
    return problem(file + ": expects a llama2.c header of " + Twine(needed) +
                   " bytes, but got " + Twine(bytes.size()));
  if (versioned && (word(1) < 1 || word(1) > 2))
    return problem(file +
                   ": expects version 1 or 2 of llama2.c's format, but "
                   "got " +
                   Twine(word(1)));
  size_t first = versioned ? 2 : 0;
  LlamaConfig config;
  config.family = LlamaConfig::Family::Llama2c;
  config.interleaved = true;
  struct {
    const char *name;
    int64_t *value;
    int64_t largest;
  } fields[] = {{"dim", &config.dim, largestWidth},
                {"hidden_dim", &config.hidden, largestTable},
                {"n_layers", &config.layers, 4096},
                {"n_heads", &config.heads, largestWidth},
                {"n_kv_heads", &config.kvHeads, largestWidth},
                {"vocab_size", &config.vocabulary, largestTable},
                {"max_seq_len", &config.longest, largestTable}};
  for (auto [i, field] : enumerate(fields))
    *field.value = word(first + i);
  // The old header has no room for it: a negative vocabulary says "not tied".
  config.tied = versioned ? bytes[36] != 0 : config.vocabulary > 0;
  if (!versioned)
    config.vocabulary = std::abs(config.vocabulary);
  for (const auto &field : fields)
    if (*field.value < 1 || *field.value > field.largest)
      return problem(file + ": expects " + field.name +
                     " of llama2.c's header to be from 1 to " +
                     Twine(field.largest) + ", but got " + Twine(*field.value));
  if (config.dim % config.heads)
    return problem(file + ": expects n_heads to divide dim " +
                   Twine(config.dim) + ", but got " + Twine(config.heads));
  config.headDim = config.dim / config.heads;
  config.name = nameFrom(sys::path::stem(file));
  if (Error error = check(config, file))
    return Expected<LlamaConfig>(std::move(error));
  return config;
}

} // namespace

Expected<LlamaConfig> readLlamaConfig(StringRef bytes, StringRef file) {
  StringRef text = bytes.ltrim();
  bool isText = text.starts_with("{") || text.starts_with("[") ||
                bytes.size() < 4 || sys::path::extension(file) == ".json";
  return isText ? readJson(bytes, file) : readHeader(bytes, file);
}

} // namespace anec
