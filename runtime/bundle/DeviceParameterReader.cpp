//===- DeviceParameterReader.cpp - What the device trains -----------------===//
//
// Each state of a parameter is one logical matrix of its shape, in a surface
// for each of its tensors, and of nobody else.
//
//===----------------------------------------------------------------------===//
#include "runtime/bundle/Readers.h"

namespace anec::rt {
namespace {

class DeviceParameterReader {
public:
  explicit DeviceParameterReader(const Plan &plan) : plan(plan) {}

  Result<DeviceParameter> read(const JsonPlace &place) {
    DeviceParameter result;
    ANEC_ASSIGN(JsonPlace name, place.member("parameter"));
    ANEC_ASSIGN(result.parameter, readParameter(name));
    const std::pair<const char *, RegionRef *> states[] = {
        {"weight", &result.weight},
        {"rest", &result.rest},
        {"mean", &result.mean},
        {"root", &result.root},
        {"gradient", &result.gradient}};
    for (const auto &[key, ref] : states) {
      ANEC_ASSIGN(JsonPlace member, place.member(key));
      ANEC_ASSIGN(*ref, readState(member, result.parameter));
    }
    return result;
  }

private:
  Result<size_t> readParameter(const JsonPlace &place) {
    ANEC_ASSIGN(std::string name, place.string());
    for (size_t p = 0; p < plan.parameters.size(); ++p) {
      const Parameter &parameter = plan.parameters[p];
      if (parameter.name != name)
        continue;
      if (!parameter.trainable || !parameter.decay ||
          parameter.vocabularyRows || parameter.shape.size() != 2)
        return place.error(fmt::format("expects a trainable matrix without "
                                       "vocabulary rows, but '{}' is none",
                                       name));
      if (!parameters.insert(p).second)
        return place.error(
            fmt::format("expects '{}' once, but it comes twice", name));
      return p;
    }
    return place.expects("the name of a parameter of params.json");
  }

  Result<RegionRef> readState(const JsonPlace &place, size_t parameter) {
    RegionRef result;
    result.at.index = {/*loop=*/true, 0};
    ANEC_ASSIGN(JsonPlace surfacePlace, place.member("surface"));
    ANEC_ASSIGN(std::string name, surfacePlace.string());
    while (result.at.surface < plan.surfaces.size() &&
           plan.surfaces[result.at.surface].spec.name != name)
      ++result.at.surface;
    if (result.at.surface == plan.surfaces.size())
      return surfacePlace.expects("the name of a surface of this plan");
    if (!surfaces.insert(result.at.surface).second)
      return surfacePlace.error(fmt::format(
          "expects a surface for each state, but '{}' comes twice", name));
    const PlanSurface &surface = plan.surfaces[result.at.surface];
    ANEC_ASSIGN(JsonPlace regionPlace, place.member("region"));
    ANEC_ASSIGN(std::string regionName, regionPlace.string());
    const std::vector<Region> &regions = surface.spec.regions;
    while (result.region < regions.size() &&
           regions[result.region].name != regionName)
      ++result.region;
    if (result.region == regions.size())
      return regionPlace.expects("the name of a region of the surface");
    const Region &region = regions[result.region];
    const Parameter &described = plan.parameters[parameter];
    if (region.kind != RegionKind::Activation ||
        surface.count != described.count ||
        matrixOf(region) != matrixOf(described.shape))
      return place.error(fmt::format(
          "expects {} surfaces with an activation region of {} x {} for '{}', "
          "but '{}' has {} of {} x {}",
          described.count, described.shape[0], described.shape[1],
          described.name, name, surface.count, region.rows, region.columns));
    return result;
  }

  const Plan &plan;
  std::set<size_t> parameters, surfaces;
};

} // namespace

Result<std::vector<DeviceParameter>> readDeviceParameters(const JsonPlace &root,
                                                          const Plan &plan) {
  std::vector<DeviceParameter> result;
  const HostProgram *update = plan.program("update");
  if (!root.has("device_parameters")) {
    if (update)
      return root.error("expects 'device_parameters' beside a program "
                        "'update'");
    return result;
  }
  ANEC_ASSIGN(JsonPlace list, root.member("device_parameters"));
  ANEC_ASSIGN(std::vector<JsonPlace> places, list.elements(65536));
  DeviceParameterReader reader(plan);
  for (const JsonPlace &place : places) {
    ANEC_ASSIGN(DeviceParameter parameter, reader.read(place));
    result.push_back(parameter);
  }
  if (result.empty())
    return list.expects("at least one parameter");
  const HostProgram *last = plan.program("finish_gradients");
  if (!update || update->inputs.empty() || !last)
    return list.error("expects programs 'finish_gradients' and 'update', with "
                      "factors, beside it");
  // Pairs of outputs with a number for each row.
  bool isPaired = !last->outputs.empty() && last->outputs.size() % 2 == 0;
  for (size_t i = 0; isPaired && i < last->outputs.size(); i += 2) {
    const HostProgram::Output &peaks = last->outputs[i];
    const HostProgram::Output &squares = last->outputs[i + 1];
    const Buffer &a = plan.buffers[peaks.buffer];
    const Buffer &b = plan.buffers[squares.buffer];
    isPaired = peaks.name == "gradient_peaks" &&
               squares.name == "gradient_squares" && a.shape == b.shape &&
               a.count == b.count;
  }
  if (!isPaired)
    return list.error("expects outputs 'gradient_peaks' and "
                      "'gradient_squares' of 'finish_gradients' in pairs of "
                      "one shape");
  return result;
}

} // namespace anec::rt
