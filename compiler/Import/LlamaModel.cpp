//===- LlamaModel.cpp - A model file from sizes ---------------------------===//
//
// As a person would write it: aliases for the shapes, one block, one loss.
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/LlamaModel.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <cstdio>

using namespace llvm;

namespace anec {

namespace {

/// The names of one family of checkpoints.
struct Names {
  const char *layers, *attentionNorm, *wq, *wk, *wv, *wo, *feedForwardNorm, *w1,
      *w3, *w2, *embedding, *norm, *classifier;
};

constexpr Names huggingFace = {"model.layers",
                               "input_layernorm.weight",
                               "self_attn.q_proj.weight",
                               "self_attn.k_proj.weight",
                               "self_attn.v_proj.weight",
                               "self_attn.o_proj.weight",
                               "post_attention_layernorm.weight",
                               "mlp.gate_proj.weight",
                               "mlp.up_proj.weight",
                               "mlp.down_proj.weight",
                               "model.embed_tokens.weight",
                               "model.norm.weight",
                               "lm_head.weight"};
constexpr Names llama2c = {"layers",
                           "attention_norm.weight",
                           "attention.wq.weight",
                           "attention.wk.weight",
                           "attention.wv.weight",
                           "attention.wo.weight",
                           "ffn_norm.weight",
                           "feed_forward.w1.weight",
                           "feed_forward.w3.weight",
                           "feed_forward.w2.weight",
                           "tok_embeddings.weight",
                           "norm.weight",
                           "output.weight"};

/// A number as MLIR reads it: with a point, and exactly.
std::string number(double value) {
  char text[40];
  std::snprintf(text, sizeof(text), "%.17g", value);
  // Shorter, where that is the same number.
  for (int digits = 1; digits < 17; ++digits) {
    char shorter[40];
    std::snprintf(shorter, sizeof(shorter), "%.*g", digits, value);
    if (std::strtod(shorter, nullptr) == value) {
      std::snprintf(text, sizeof(text), "%s", shorter);
      break;
    }
  }
  std::string result = text;
  if (result.find('.') == std::string::npos)
    result.insert(std::min(result.find('e'), result.size()), ".0");
  return result;
}

class Writer {
public:
  Writer(const LlamaConfig &config, int64_t batch, int64_t sequence)
      : config(config),
        names(config.family == LlamaConfig::Family::HuggingFace ? huggingFace
                                                                : llama2c),
        batch(batch), sequence(sequence),
        queries(config.heads * config.headDim),
        keys(config.kvHeads * config.headDim), stream(text) {}

  std::string write() {
    writeTypes();
    stream << "\nnn.model @" << config.name << " {\n";
    writeLayer();
    writeLoss();
    stream << "}\n";
    return text;
  }

private:
  void writeTypes() {
    stream << formatv("// {0} layers, dim {1}, {2} heads and {3} for keys and "
                      "values; made by `anec import`.\n",
                      config.layers, config.dim, config.heads, config.kvHeads);
    stream << formatv("!tokens = tensor<{0}x{1}xi32>\n", batch, sequence);
    writeType("x", activation(config.dim), "residual stream");
    writeType("q", activation(queries), "queries");
    writeType("kv", activation(keys), "keys, values");
    writeType("h", activation(config.hidden), "feed-forward");
    writeType("logits", activation(config.vocabulary), "");
    writeType("table", matrix(config.vocabulary, config.dim), "");
    writeType("wq", matrix(queries, config.dim), "");
    writeType("wkv", matrix(keys, config.dim), "");
    writeType("wo", matrix(config.dim, queries), "");
    writeType("up", matrix(config.hidden, config.dim), "");
    writeType("down", matrix(config.dim, config.hidden), "");
    writeType("gain", formatv("tensor<{0}xf32>", config.dim).str(), "");
  }
  std::string activation(int64_t features) const {
    return formatv("tensor<{0}x{1}x{2}xf32>", batch, sequence, features).str();
  }
  static std::string matrix(int64_t rows, int64_t columns) {
    return formatv("tensor<{0}x{1}xf32>", rows, columns).str();
  }
  void writeType(StringRef name, const std::string &type, StringRef comment) {
    stream << "!" << name << " = " << type;
    if (!comment.empty())
      stream << "       // " << comment;
    stream << "\n";
  }

  /// The lines of an op, indented.
  void line(const Twine &op) { stream << "    " << op << "\n"; }
  void norm(StringRef gain, StringRef name, StringRef to, StringRef from) {
    line("%" + gain + " = nn.param \"" + name + "\" init(ones) : !gain");
    line("%" + to + " = nn.rms_norm %" + from + ", %" + gain +
         " {eps = " + number(config.eps) + "} : !x, !gain");
  }
  void weight(StringRef value, StringRef name, double deviation,
              StringRef type) {
    line("%" + value + " = nn.param \"" + name + "\" init(normal, " +
         number(deviation) + ") : !" + type);
  }
  void linear(StringRef to, StringRef from, StringRef weight,
              StringRef fromType, StringRef weightType) {
    line("%" + to + " = nn.linear %" + from + ", %" + weight + " : !" +
         fromType + ", !" + weightType);
  }
  void rope(StringRef to, StringRef from, StringRef type) {
    line("%" + to + " = nn.rope %" + from +
         " {head_dim = " + Twine(config.headDim) +
         ", theta = " + number(config.theta) + ", style = #nn.rope<" +
         (config.interleaved ? "interleaved" : "halves") + ">} : !" + type);
  }

  void writeLayer() {
    // As llama2.c and GPT-2: what is added to the residual stream is smaller.
    double small = config.deviation / std::sqrt(2.0 * double(config.layers));
    stream << "  nn.func private @layer(%x: !x) -> !x {\n";
    norm("g1", names.attentionNorm, "n1", "x");
    weight("wq", names.wq, config.deviation, "wq");
    weight("wk", names.wk, config.deviation, "wkv");
    weight("wv", names.wv, config.deviation, "wkv");
    linear("q0", "n1", "wq", "x", "wq");
    linear("k0", "n1", "wk", "x", "wkv");
    linear("v", "n1", "wv", "x", "wkv");
    rope("q", "q0", "q");
    rope("k", "k0", "kv");
    line("%a = nn.attention %q, %k, %v {heads = " + Twine(config.heads) +
         ", kv_heads = " + Twine(config.kvHeads) + ", causal} : !q, !kv");
    weight("wo", names.wo, small, "wo");
    linear("o", "a", "wo", "q", "wo");
    line("%x1 = nn.add %x, %o : !x, !x");
    norm("g2", names.feedForwardNorm, "n2", "x1");
    weight("w1", names.w1, config.deviation, "up");
    weight("w3", names.w3, config.deviation, "up");
    linear("h1", "n2", "w1", "x", "up");
    linear("h3", "n2", "w3", "x", "up");
    line("%s = nn.silu %h1 : !h");
    line("%gate = nn.mul %s, %h3 : !h, !h");
    weight("w2", names.w2, small, "down");
    linear("f", "gate", "w2", "h", "down");
    line("%y = nn.add %x1, %f : !x, !x");
    line("nn.return %y : !x");
    stream << "  }\n";
  }

  void writeLoss() {
    stream << "\n  nn.func @loss(%tokens: !tokens {nn.role = \"tokens\"},\n"
              "                %targets: !tokens {nn.role = \"targets\"}) -> "
              "tensor<f32> {\n";
    weight("table", names.embedding, config.deviation, "table");
    line("%x0 = nn.embedding %tokens, %table : !tokens, !table");
    line("%y = nn.repeat @layer, " + Twine(config.layers) +
         " (%x0) {name = \"" + names.layers + "\"} : !x");
    norm("g", names.norm, "n", "y");
    if (!config.tied)
      weight("classifier", names.classifier, config.deviation, "table");
    linear("logits", "n", config.tied ? "table" : "classifier", "x", "table");
    line("%l = nn.cross_entropy %logits, %targets : !logits, !tokens");
    line("nn.return %l : tensor<f32>");
    stream << "  }\n";
  }

  const LlamaConfig &config;
  const Names &names;
  int64_t batch, sequence, queries, keys;
  std::string text;
  raw_string_ostream stream;
};

} // namespace

std::string writeLlamaModel(const LlamaConfig &config, int64_t batch,
                            int64_t sequence) {
  return Writer(config, batch, sequence).write();
}

} // namespace anec
