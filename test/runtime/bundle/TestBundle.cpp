//===- TestBundle.cpp - Bundles made by tests -----------------------------===//
//
// Plans as the compiler would write them, by hand.
//
//===----------------------------------------------------------------------===//
#include "test/runtime/bundle/TestBundle.h"

#include "runtime/support/Sha256.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace anec::rt {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

json buffer(const std::string &name) { return {{"buffer", name}}; }
json parameter(const std::string &name) { return {{"parameter", name}}; }
json gradient(const std::string &name) { return {{"gradient", name}}; }

json host(const std::string &name, json operands, json results,
          json attributes = json::object()) {
  return {{"op", "host"},
          {"name", name},
          {"operands", std::move(operands)},
          {"results", std::move(results)},
          {"attributes", std::move(attributes)}};
}

json real(const std::string &name, json shape) {
  return {{"name", name}, {"type", "real"}, {"shape", shape}, {"count", 1}};
}

json integers(const std::string &name, json shape) {
  return {{"name", name}, {"type", "int32"}, {"shape", shape}, {"count", 1}};
}

json head(const std::string &model, int vocabulary) {
  return {{"format", 2},
          {"minimum_reader", 2},
          {"model", model},
          {"weights", "packed"},
          {"offload", "none"},
          {"recompute", "auto"},
          {"target", "strict"},
          {"batch", 2},
          {"sequence", 4},
          {"vocabulary", vocabulary},
          {"compactable", vocabulary > 0},
          {"orders", json::object()},
          {"surfaces", json::array()},
          {"kernels", json::array()}};
}

json family(const std::string &name, json shape, json init, bool decay,
            bool vocabularyRows) {
  return {{"name", name},
          {"shape", shape},
          {"count", 1},
          {"init", init},
          {"trainable", true},
          {"decay", decay},
          {"vocabulary_rows", vocabularyRows}};
}

std::string parametersFile(json families) {
  return json{{"format", 1}, {"parameters", std::move(families)}}.dump(1);
}

json concatenated(json first, const json &second) {
  for (const json &step : second)
    first.push_back(step);
  return first;
}

} // namespace

TemporaryFolder::TemporaryFolder() {
  std::string pattern =
      (fs::temp_directory_path() / "anec-test-XXXXXX").string();
  path = mkdtemp(pattern.data());
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code code;
  fs::remove_all(path, code);
}

void writeText(const std::string &path, const std::string &text) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::string readText(const std::string &path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

void TestBundle::write(const std::string &folder) const {
  json complete = plan;
  complete["files"] = json::array();
  for (const auto &[name, text] : files) {
    writeText(folder + "/" + name, text);
    complete["files"].push_back({{"path", name},
                                 {"bytes", text.size()},
                                 {"sha256", sha256(std::string_view(text))}});
  }
  writeText(folder + "/plan.json", complete.dump(1));
}

TestBundle TestBundle::linear() {
  TestBundle bundle;
  bundle.plan = head("linear", 0);
  bundle.plan["buffers"] = {
      real("x", {2, 4, 3}),        real("t", {2, 4, 2}),
      real("y0", {2, 4, 2}),       real("y", {2, 4, 2}),
      real("dy", {2, 4, 2}),       real("loss", json::array()),
      real("dloss", json::array())};
  json forward = {host("linear", {buffer("x"), parameter("w")}, {buffer("y0")}),
                  host("add", {buffer("y0"), parameter("bias")}, {buffer("y")}),
                  host("mse", {buffer("y"), buffer("t")}, {buffer("loss")})};
  json backward = {host("loss_scale", json::array(), {buffer("dloss")}),
                   host("mse_grad", {buffer("y"), buffer("t"), buffer("dloss")},
                        {buffer("dy")}),
                   host("matmul", {buffer("dy"), buffer("x")}, {gradient("w")},
                        {{"transpose_a", true}}),
                   host("sum_tokens", {buffer("dy")}, {gradient("bias")})};
  json inputs = {{{"role", "data"}, {"buffer", "x"}},
                 {{"role", "targets"}, {"buffer", "t"}}};
  json outputs = {{{"name", "loss"}, {"buffer", "loss"}}};
  bundle.plan["programs"] = {
      {"train_step",
       {{"inputs", inputs},
        {"outputs", outputs},
        {"steps", concatenated(forward, backward)}}},
      {"eval_loss",
       {{"inputs", inputs}, {"outputs", outputs}, {"steps", forward}}},
      {"stage", {{"steps", json::array()}}}};
  bundle.files["params.json"] = parametersFile(
      {family("w", {2, 3}, {{"kind", "normal"}, {"std", 0.5}}, true, false),
       family("bias", {2}, {{"kind", "zeros"}}, false, false)});
  return bundle;
}

TestBundle TestBundle::language() {
  TestBundle bundle;
  bundle.plan = head("language", 16);
  json logitsShape = {2, 4, "vocabulary"};
  bundle.plan["buffers"] = {
      integers("tokens", {2, 4}),  integers("targets", {2, 4}),
      real("x", {2, 4, 6}),        real("h", {2, 4, 6}),
      real("dh", {2, 4, 6}),       real("dx", {2, 4, 6}),
      real("logits", logitsShape), real("dlogits", logitsShape),
      real("loss", json::array()), real("dloss", json::array())};
  json eps = {{"eps", 1e-5}};
  json toLogits = {
      host("embedding", {buffer("tokens"), parameter("embedding")},
           {buffer("x")}),
      host("rms_norm", {buffer("x"), parameter("gain")}, {buffer("h")}, eps),
      host("linear", {buffer("h"), parameter("embedding")},
           {buffer("logits")})};
  json forward = concatenated(
      toLogits,
      json::array({host("cross_entropy", {buffer("logits"), buffer("targets")},
                        {buffer("loss")})}));
  json backward = {host("loss_scale", json::array(), {buffer("dloss")}),
                   host("cross_entropy_grad",
                        {buffer("logits"), buffer("targets"), buffer("dloss")},
                        {buffer("dlogits")}),
                   host("matmul", {buffer("dlogits"), buffer("h")},
                        {gradient("embedding")}, {{"transpose_a", true}}),
                   host("matmul", {buffer("dlogits"), parameter("embedding")},
                        {buffer("dh")}, {{"transpose_a", false}}),
                   host("rms_norm_gain_grad", {buffer("x"), buffer("dh")},
                        {gradient("gain")}, eps),
                   host("rms_norm_grad",
                        {buffer("x"), parameter("gain"), buffer("dh")},
                        {buffer("dx")}, eps),
                   host("embedding_grad", {buffer("tokens"), buffer("dx")},
                        {gradient("embedding")})};
  json tokens = {{"role", "tokens"}, {"buffer", "tokens"}};
  json inputs = {tokens, {{"role", "targets"}, {"buffer", "targets"}}};
  json outputs = {{{"name", "loss"}, {"buffer", "loss"}}};
  bundle.plan["programs"] = {
      {"train_step",
       {{"inputs", inputs},
        {"outputs", outputs},
        {"steps", concatenated(forward, backward)}}},
      {"eval_loss",
       {{"inputs", inputs}, {"outputs", outputs}, {"steps", forward}}},
      {"logits",
       {{"inputs", json::array({tokens})},
        {"outputs", json::array({{{"name", "logits"}, {"buffer", "logits"}}})},
        {"steps", toLogits}}},
      {"stage", {{"steps", json::array()}}}};
  bundle.files["params.json"] =
      parametersFile({family("embedding", {16, 6},
                             {{"kind", "normal"}, {"std", 0.3}}, true, true),
                      family("gain", {6}, {{"kind", "ones"}}, false, false)});
  return bundle;
}

TestBundle TestBundle::withKernel() {
  TestBundle bundle = linear();
  bundle.files["kernels/double.mil"] = "not read by the loader";
  bundle.files["weights/mask.bin"] = std::string(64, 'm');
  bundle.files["weights/mask_f32.bin"] = std::string(128, 'M');
  bundle.plan["orders"] = {{"swapped", {1, 0}}, {"three", {2, 0, 1}}};
  json region = {{"name", "y"},    {"kind", "activation"}, {"rows", 2},
                 {"columns", 8},   {"channel", 0},         {"column", 0},
                 {"block_rows", 2}};
  json weight = {{"name", "w"},
                 {"kind", "weight"},
                 {"rows", 3},
                 {"columns", 2},
                 {"channel", 0},
                 {"column", 8},
                 {"block_rows", 2},
                 {"transposed", true},
                 {"row_order", "swapped"},
                 {"column_order", "three"}};
  bundle.plan["surfaces"] = {{{"name", "in"},
                              {"channels", 2},
                              {"width", 12},
                              {"count", 2},
                              {"regions", {region, weight}}},
                             {{"name", "out"},
                              {"channels", 2},
                              {"width", 8},
                              {"count", 1},
                              {"regions", json::array({region})}}};
  bundle.plan["kernels"] = json::array(
      {{{"name", "double"},
        {"file", "kernels/double.mil"},
        {"blobs", {"weights/mask.bin"}},
        {"exact_blobs", {{"weights/mask.bin", "weights/mask_f32.bin"}}},
        {"exact_values", {{"c7", {0.5}}}},
        {"instances", 1},
        {"baked", json::array({{{"path", "@model_path/weights/w.bin"},
                                {"parameter", "w"},
                                {"transposed", true}}})}}});
  json at = {{"surface", "in"}, {"index", 0}, {"region", "y"}};
  json in = {{"surface", "in"}, {"index", "i"}};
  json body = {{{"op", "dispatch"},
                {"kernel", "double"},
                {"instance", 0},
                {"inputs", json::array({in})},
                {"outputs", json::array({{{"surface", "out"}}})}}};
  json &steps = bundle.plan["programs"]["eval_loss"]["steps"];
  steps.push_back({{"op", "write"}, {"value", buffer("y")}, {"to", at}});
  steps.push_back(
      {{"op", "for"}, {"count", 2}, {"reverse", true}, {"steps", body}});
  steps.push_back({{"op", "read"},
                   {"from", {{"surface", "out"}, {"region", "y"}}},
                   {"value", buffer("y")}});
  json toWeight = {{"surface", "in"}, {"index", 1}, {"region", "w"}};
  bundle.plan["programs"]["stage"]["steps"] = {
      {{"op", "stage"}, {"parameter", "w"}, {"index", 0}, {"to", toWeight}},
      {{"op", "load"}, {"kernel", "double"}, {"instance", 0}}};
  return bundle;
}

TestBundle TestBundle::trainedOnDevice() {
  TestBundle bundle = linear();
  json &plan = bundle.plan;
  auto surface = [](const std::string &name, int rows, int columns) {
    json region = {{"name", "value"},    {"kind", "activation"}, {"rows", rows},
                   {"columns", columns}, {"channel", 0},         {"column", 0},
                   {"block_rows", rows}};
    return json{{"name", name},
                {"channels", rows},
                {"width", columns},
                {"count", 1},
                {"regions", json::array({region})}};
  };
  auto at = [](const char *name) {
    return json{{"surface", name}, {"region", "value"}};
  };
  auto bind = [](std::vector<const char *> names) {
    json list = json::array();
    for (const char *name : names)
      list.push_back({{"surface", name}});
    return list;
  };
  json device = {{"parameter", "w"}};
  for (const char *state : {"weight", "rest", "mean", "root", "gradient"}) {
    plan["surfaces"].push_back(surface(state, 2, 3));
    device[state] = at(state);
  }
  plan["device_parameters"] = json::array({device});
  plan["surfaces"].push_back(surface("factors", 7, 3));
  plan["buffers"].push_back(real("factors", {1, 3, 7}));
  for (const char *name : {"peaks", "squares"}) {
    plan["surfaces"].push_back(surface(name, 2, 1));
    plan["buffers"].push_back(real(name, {1, 1, 2}));
  }
  for (const char *name : {"update", "rows"}) {
    const std::string file = std::string("kernels/") + name + ".mil";
    bundle.files[file] = "not read by the loader";
    plan["kernels"].push_back({{"name", name}, {"file", file}});
  }
  plan["programs"]["finish_gradients"] = {
      {"outputs",
       {{{"name", "gradient_peaks"}, {"buffer", "peaks"}},
        {{"name", "gradient_squares"}, {"buffer", "squares"}}}},
      {"steps",
       {{{"op", "dispatch"},
         {"kernel", "rows"},
         {"inputs", bind({"gradient"})},
         {"outputs", bind({"peaks", "squares"})}},
        {{"op", "read"}, {"from", at("peaks")}, {"value", buffer("peaks")}},
        {{"op", "read"},
         {"from", at("squares")},
         {"value", buffer("squares")}}}}};
  plan["programs"]["update"] = {
      {"inputs", json::array({{{"role", "factors"}, {"buffer", "factors"}}})},
      {"steps",
       {{{"op", "write"}, {"value", buffer("factors")}, {"to", at("factors")}},
        {{"op", "dispatch"},
         {"kernel", "update"},
         {"inputs",
          bind({"weight", "rest", "mean", "root", "gradient", "factors"})},
         {"outputs", bind({"weight", "rest", "mean", "root"})}}}}};
  plan["programs"]["stage"]["steps"] = json::array(
      {{{"op", "write"}, {"value", parameter("w")}, {"to", at("weight")}}});
  return bundle;
}

} // namespace anec::rt
