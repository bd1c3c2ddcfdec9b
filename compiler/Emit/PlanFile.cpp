//===- PlanFile.cpp - plan.json and params.json ---------------------------===//
//
// One JSON object for each op of the plan. Keys are printed in alphabetical
// order and lists in the order of the IR, so the same plan gives the same
// bytes.
//
//===----------------------------------------------------------------------===//

#include "compiler/Emit/PlanFile.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/SHA256.h"

using namespace mlir;
using namespace anec;
namespace json = llvm::json;

namespace {

/// Text of a JSON file, with a final newline.
std::string printed(json::Value value) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << llvm::formatv("{0:2}", value) << "\n";
  return text;
}

class PlanPrinter {
public:
  PlanPrinter(plan::ModuleOp plan, const BundleFiles &files,
              const BundleDetails &details)
      : plan(plan), files(files), details(details) {}

  json::Value print();

private:
  json::Value index(bool loop) {
    return loop ? json::Value("i") : json::Value(0);
  }
  json::Value value(plan::ValueAttr ref) {
    return json::Object{
        {plan::stringifyValueKind(ref.getKind()), ref.getName().getValue()},
        {"index", index(ref.getLoop())}};
  }
  json::Value values(ArrayAttr refs) {
    json::Array list;
    for (auto ref : refs.getAsRange<plan::ValueAttr>())
      list.push_back(value(ref));
    return list;
  }
  json::Object surface(plan::SurfaceAttr ref) {
    json::Object object{{"surface", ref.getName().getValue()}};
    int64_t offset = ref.getOffset();
    if (ref.getLoop())
      object["index"] = offset ? "i+" + std::to_string(offset) : "i";
    else
      object["index"] = offset;
    return object;
  }
  json::Value surfaces(ArrayAttr refs) {
    json::Array list;
    for (auto ref : refs.getAsRange<plan::SurfaceAttr>())
      list.push_back(surface(ref));
    return list;
  }
  json::Value region(plan::RegionAttr ref) {
    json::Object object = surface(ref.getSurface());
    object["region"] = ref.getRegion().getValue();
    return object;
  }

  json::Array fileList();
  json::Value buffer(plan::BufferOp op);
  json::Value surface(plan::SurfaceOp op);
  json::Value kernel(plan::KernelOp op);
  json::Value program(plan::ProgramOp op);
  json::Value deviceParameter(plan::DeviceParameterOp op);
  json::Array steps(Block &block);
  json::Value step(Operation &op);
  json::Value attribute(Attribute attribute);
  json::Value entries(ArrayAttr list);
  void addOrders(DictionaryAttr from, json::Object &to);
  std::string orderName(DenseI64ArrayAttr order);

  plan::ModuleOp plan;
  const BundleFiles &files;
  const BundleDetails &details;
  std::vector<DenseI64ArrayAttr> orders;
};

json::Array PlanPrinter::fileList() {
  json::Array list;
  for (const auto &[path, content] : files) {
    llvm::SHA256 hash;
    hash.update(content);
    list.push_back(json::Object{
        {"path", path},
        {"bytes", int64_t(content.size())},
        {"sha256", llvm::toHex(hash.final(), /*LowerCase=*/true)}});
  }
  return list;
}

json::Value PlanPrinter::buffer(plan::BufferOp op) {
  auto type = cast<RankedTensorType>(op.getType());
  json::Array shape;
  for (auto [dimension, size] : llvm::enumerate(type.getShape()))
    if (llvm::is_contained(op.getVocabulary(), int64_t(dimension)))
      shape.push_back("vocabulary");
    else
      shape.push_back(size);
  return json::Object{
      {"name", op.getName()},
      {"type", type.getElementType().isInteger(32) ? "int32" : "real"},
      {"shape", std::move(shape)},
      {"count", int64_t(op.getCount())}};
}

std::string PlanPrinter::orderName(DenseI64ArrayAttr order) {
  auto found = llvm::find(orders, order);
  size_t number = found - orders.begin();
  if (found == orders.end())
    orders.push_back(order);
  return "order" + std::to_string(number);
}

void PlanPrinter::addOrders(DictionaryAttr from, json::Object &to) {
  for (StringRef name : {"row_order", "column_order"})
    if (auto order = from.getAs<DenseI64ArrayAttr>(name))
      to[name] = orderName(order);
}

json::Value PlanPrinter::surface(plan::SurfaceOp op) {
  json::Array regions;
  for (auto region : op.getRegions().getAsRange<DictionaryAttr>()) {
    json::Object entry;
    for (StringRef name : {"name", "kind"})
      entry[name] = region.getAs<StringAttr>(name).getValue();
    for (StringRef name :
         {"rows", "columns", "channel", "column", "block_rows"})
      entry[name] = region.getAs<IntegerAttr>(name).getInt();
    if (region.getAs<BoolAttr>("transposed").getValue())
      entry["transposed"] = true;
    addOrders(region, entry);
    regions.push_back(std::move(entry));
  }
  return json::Object{{"name", op.getName()},
                      {"channels", int64_t(op.getChannels())},
                      {"width", int64_t(op.getWidth())},
                      {"count", int64_t(op.getCount())},
                      {"regions", std::move(regions)}};
}

json::Value PlanPrinter::kernel(plan::KernelOp op) {
  json::Array blobs, baked;
  json::Object exactBlobs, exactValues;
  double recomputedFlops = 0, gradientFlops = 0;
  if (auto found = details.find(op.getName().str()); found != details.end()) {
    recomputedFlops = found->second.recomputedFlops;
    gradientFlops = found->second.gradientFlops;
    for (const std::string &path : found->second.blobs)
      blobs.push_back(path);
    for (const auto &[path, file] : found->second.exactBlobs)
      exactBlobs[path] = file;
    for (const auto &[name, values] : found->second.exactValues)
      exactValues[name] = json::Array(values);
  }
  for (auto weight : op.getBaked().getAsRange<DictionaryAttr>()) {
    json::Object entry{
        {"path", weight.getAs<StringAttr>("path").getValue()},
        {"parameter", weight.getAs<FlatSymbolRefAttr>("parameter").getValue()},
        {"transposed", weight.getAs<BoolAttr>("transposed").getValue()}};
    addOrders(weight, entry);
    if (auto scale = weight.getAs<FlatSymbolRefAttr>("column_scale"))
      entry["column_scale"] = scale.getValue();
    baked.push_back(std::move(entry));
  }
  return json::Object{{"name", op.getName()},
                      {"file", ("kernels/" + op.getName() + ".mil").str()},
                      {"instances", int64_t(op.getInstances())},
                      {"blobs", std::move(blobs)},
                      {"exact_blobs", std::move(exactBlobs)},
                      {"exact_values", std::move(exactValues)},
                      {"recomputed_flops", recomputedFlops},
                      {"gradient_flops", gradientFlops},
                      {"baked", std::move(baked)}};
}

/// Attributes of a host op. Enumerations are printed by their word.
json::Value PlanPrinter::attribute(Attribute value) {
  if (auto boolean = dyn_cast<BoolAttr>(value))
    return boolean.getValue();
  if (auto integer = dyn_cast<IntegerAttr>(value))
    return integer.getInt();
  if (auto number = dyn_cast<FloatAttr>(value))
    return number.getValueAsDouble();
  if (auto style = dyn_cast<nn::RopeStyleAttr>(value))
    return nn::stringifyRopeStyle(style.getValue());
  if (auto kind = dyn_cast<nn::PoolKindAttr>(value))
    return nn::stringifyPoolKind(kind.getValue());
  return cast<StringAttr>(value).getValue();
}

json::Value PlanPrinter::step(Operation &op) {
  if (auto loop = dyn_cast<plan::ForOp>(op))
    return json::Object{{"op", "for"},
                        {"count", int64_t(loop.getCount())},
                        {"reverse", loop.getReverse()},
                        {"steps", steps(loop.getBody().front())}};
  if (auto write = dyn_cast<plan::WriteOp>(op))
    return json::Object{{"op", "write"},
                        {"value", value(write.getValue())},
                        {"to", region(write.getTo())}};
  if (auto read = dyn_cast<plan::ReadOp>(op))
    return json::Object{{"op", "read"},
                        {"from", region(read.getFrom())},
                        {"value", value(read.getValue())}};
  if (auto copy = dyn_cast<plan::CopyOp>(op))
    return json::Object{{"op", "copy"},
                        {"from", region(copy.getFrom())},
                        {"to", region(copy.getTo())}};
  if (auto dispatch = dyn_cast<plan::DispatchOp>(op))
    return json::Object{{"op", "dispatch"},
                        {"kernel", dispatch.getKernel()},
                        {"instance", index(dispatch.getLoopInstance())},
                        {"inputs", surfaces(dispatch.getInputs())},
                        {"outputs", surfaces(dispatch.getOutputs())}};
  if (auto stage = dyn_cast<plan::StageOp>(op)) {
    json::Object object{
        {"op", "stage"},
        {"parameter", stage.getParameter().getName().getValue()},
        {"index", index(stage.getParameter().getLoop())},
        {"to", region(stage.getTo())}};
    if (plan::ValueAttr scale = stage.getColumnScaleAttr())
      object["column_scale"] = value(scale);
    return object;
  }
  if (auto load = dyn_cast<plan::LoadOp>(op))
    return json::Object{{"op", "load"},
                        {"kernel", load.getKernel()},
                        {"instance", index(load.getLoop())},
                        {"delta", load.getDelta()}};
  auto host = cast<plan::HostOp>(op);
  json::Object attributes;
  for (NamedAttribute named : host.getSettings())
    attributes[named.getName().getValue()] = attribute(named.getValue());
  return json::Object{{"op", "host"},
                      {"name", host.getName()},
                      {"operands", values(host.getFrom())},
                      {"results", values(host.getTo())},
                      {"attributes", std::move(attributes)}};
}

json::Array PlanPrinter::steps(Block &block) {
  json::Array list;
  for (Operation &op : block)
    list.push_back(step(op));
  return list;
}

/// Dictionaries of strings.
json::Value PlanPrinter::entries(ArrayAttr list) {
  json::Array found;
  for (auto entry : list.getAsRange<DictionaryAttr>()) {
    json::Object object;
    for (NamedAttribute named : entry)
      object[named.getName().getValue()] = attribute(named.getValue());
    found.push_back(std::move(object));
  }
  return found;
}

json::Value PlanPrinter::program(plan::ProgramOp op) {
  return json::Object{{"inputs", entries(op.getInputs())},
                      {"outputs", entries(op.getOutputs())},
                      {"steps", steps(op.getBody().front())}};
}

json::Value PlanPrinter::deviceParameter(plan::DeviceParameterOp op) {
  json::Object entry{{"parameter", op.getParameter()}};
  std::pair<StringRef, plan::RegionAttr> states[] = {
      {"weight", op.getWeight()},
      {"rest", op.getRest()},
      {"mean", op.getMean()},
      {"root", op.getRoot()},
      {"gradient", op.getGradient()}};
  for (auto [key, ref] : states)
    entry[key] =
        json::Object{{"surface", ref.getSurface().getName().getValue()},
                     {"region", ref.getRegion().getValue()}};
  return entry;
}

json::Value PlanPrinter::print() {
  json::Array buffers, surfaces, kernels, parameters;
  json::Object programs;
  for (Operation &op : plan.getBody().front()) {
    if (auto each = dyn_cast<plan::BufferOp>(op))
      buffers.push_back(buffer(each));
    else if (auto each = dyn_cast<plan::SurfaceOp>(op))
      surfaces.push_back(surface(each));
    else if (auto each = dyn_cast<plan::KernelOp>(op))
      kernels.push_back(kernel(each));
    else if (auto each = dyn_cast<plan::DeviceParameterOp>(op))
      parameters.push_back(deviceParameter(each));
    else if (auto each = dyn_cast<plan::ProgramOp>(op))
      programs[each.getName()] = program(each);
  }
  json::Object named;
  for (auto [number, order] : llvm::enumerate(orders))
    named["order" + std::to_string(number)] = json::Array(order.asArrayRef());
  json::Object all{{"format", 3},
                   {"minimum_reader", 3},
                   {"model", plan.getModel()},
                   {"weights", plan.getWeights()},
                   {"offload", plan.getOffload()},
                   {"recompute", plan.getRecompute()},
                   {"target", plan.getTarget()},
                   {"batch", int64_t(plan.getBatch())},
                   {"sequence", int64_t(plan.getSequence())},
                   {"vocabulary", int64_t(plan.getVocabulary())},
                   {"compactable", plan.getCompactable()},
                   {"files", fileList()},
                   {"buffers", std::move(buffers)},
                   {"surfaces", std::move(surfaces)},
                   {"orders", std::move(named)},
                   {"kernels", std::move(kernels)},
                   {"programs", std::move(programs)}};
  if (!parameters.empty())
    all["device_parameters"] = std::move(parameters);
  if (plan.getActiveRows())
    all["active_rows"] = int64_t(plan.getActiveRows());
  return all;
}

json::Value initializer(nn::InitAttr init) {
  json::Object object{{"kind", nn::stringifyInitKind(init.getKind())}};
  if (init.getKind() == nn::InitKind::normal)
    object["std"] = init.getDeviation().convertToDouble();
  return object;
}

} // namespace

std::string anec::paramsFile(nn::ModelOp model) {
  json::Array parameters;
  for (auto parameter : model.getOps<nn::ParameterOp>()) {
    auto type = cast<RankedTensorType>(parameter.getType());
    bool vocabulary = parameter->hasAttr("vocabulary_rows");
    SmallVector<int64_t> shape(type.getShape());
    // Checkpoints hold every row, however many were compiled in.
    if (auto full = model->getAttrOfType<IntegerAttr>("full_vocabulary"))
      if (vocabulary)
        shape[0] = full.getInt();
    parameters.push_back(
        json::Object{{"name", parameter.getSymName()},
                     {"shape", json::Array(shape)},
                     {"count", int64_t(parameter.getCount())},
                     {"init", initializer(parameter.getInit())},
                     {"trainable", parameter.getTrainable()},
                     {"decay", type.getRank() > 1},
                     {"vocabulary_rows", vocabulary}});
  }
  return printed(
      json::Object{{"format", 1}, {"parameters", std::move(parameters)}});
}

std::string anec::planFile(plan::ModuleOp plan, const BundleFiles &files,
                           const BundleDetails &details) {
  return printed(PlanPrinter(plan, files, details).print());
}
