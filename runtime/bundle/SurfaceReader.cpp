//===- SurfaceReader.cpp - Surfaces, regions and their orders -------------===//
//
// A region that passed here can be read and written without another bound
// check.
//
//===----------------------------------------------------------------------===//
#include "runtime/bundle/Readers.h"

#include <algorithm>

namespace anec::rt {
namespace {

constexpr int64_t maximumSurfaceElements = int64_t(1) << 34;

Result<std::vector<int64_t>> readOrder(const JsonPlace &place,
                                       const std::string &key,
                                       const Orders &orders, int64_t size) {
  if (!place.has(key))
    return std::vector<int64_t>{};
  ANEC_ASSIGN(JsonPlace member, place.member(key));
  ANEC_ASSIGN(std::string name, member.string());
  auto found = orders.find(name);
  if (found == orders.end())
    return member.expects("the name of an entry of /orders");
  if (int64_t(found->second.size()) != size)
    return member.error(fmt::format("expects an order of {} elements, but '{}' "
                                    "has {}",
                                    size, name, found->second.size()));
  return found->second;
}

/// The rectangle of surface elements a region may touch.
struct Extent {
  int64_t channel, channels, column, columns;
};

Extent extentOf(const Region &region) {
  int64_t blocks = (region.rows + region.blockRows - 1) / region.blockRows;
  return {region.channel, std::min(region.rows, region.blockRows),
          region.column, blocks * region.columns};
}

Result<Region> readRegion(const JsonPlace &place, const Orders &orders,
                          const SurfaceSpec &surface) {
  Region region;
  ANEC_ASSIGN(region.name, place.string("name"));
  ANEC_ASSIGN(JsonPlace kind, place.member("kind"));
  ANEC_ASSIGN(std::string kindName, kind.string());
  if (kindName != "weight" && kindName != "activation")
    return kind.expects("\"weight\" or \"activation\"");
  region.kind =
      kindName == "weight" ? RegionKind::Weight : RegionKind::Activation;
  ANEC_ASSIGN(region.rows, place.integer("rows", 1, maximumSide));
  ANEC_ASSIGN(region.columns, place.integer("columns", 1, maximumSide));
  ANEC_ASSIGN(region.channel, place.integer("channel", 0, maximumSide));
  ANEC_ASSIGN(region.column, place.integer("column", 0, maximumSide));
  ANEC_ASSIGN(region.blockRows,
              place.integer("block_rows", 1, surface.channels));
  ANEC_ASSIGN(region.order,
              readMatrixOrder(place, orders, region.rows, region.columns));

  Extent extent = extentOf(region);
  if (extent.channel + extent.channels > surface.channels)
    return place.error(fmt::format(
        "expects region '{}' to end at channel {} of surface '{}' at the "
        "latest, but it ends at {}",
        region.name, surface.channels, surface.name,
        extent.channel + extent.channels));
  if (extent.column + extent.columns > surface.width)
    return place.error(fmt::format(
        "expects region '{}' to end at column {} of surface '{}' at the "
        "latest, but it ends at {}",
        region.name, surface.width, surface.name,
        extent.column + extent.columns));
  return region;
}

Result<PlanSurface> readSurface(const JsonPlace &place, const Orders &orders) {
  PlanSurface result;
  SurfaceSpec &spec = result.spec;
  ANEC_ASSIGN(spec.name, place.string("name"));
  ANEC_ASSIGN(spec.channels, place.integer("channels", 1, maximumSide));
  ANEC_ASSIGN(spec.width, place.integer("width", 1, maximumSide));
  ANEC_ASSIGN(result.count, place.integer("count", 1, 65536));
  if (spec.channels > maximumSurfaceElements / spec.width)
    return place.error(fmt::format("expects at most {} elements, but got {}x{}",
                                   maximumSurfaceElements, spec.channels,
                                   spec.width));
  ANEC_ASSIGN(JsonPlace list, place.member("regions"));
  ANEC_ASSIGN(std::vector<JsonPlace> regions, list.elements(4096));
  for (const JsonPlace &regionPlace : regions) {
    ANEC_ASSIGN(Region region, readRegion(regionPlace, orders, spec));
    for (const Region &other : spec.regions) {
      if (other.name == region.name)
        return regionPlace.error(fmt::format(
            "expects unique region names, but '{}' comes twice", region.name));
      bool weights =
          other.kind == RegionKind::Weight || region.kind == RegionKind::Weight;
      if (weights && rt::overlap(other, region))
        return regionPlace.error(
            fmt::format("expects weight regions to lie apart, but '{}' and "
                        "'{}' overlap",
                        other.name, region.name));
    }
    spec.regions.push_back(std::move(region));
  }
  return result;
}

} // namespace

bool overlap(const Region &a, const Region &b) {
  Extent x = extentOf(a), y = extentOf(b);
  return x.channel < y.channel + y.channels &&
         y.channel < x.channel + x.channels &&
         x.column < y.column + y.columns && y.column < x.column + x.columns;
}

Result<Orders> readOrders(const JsonPlace &plan) {
  Orders result;
  if (!plan.has("orders"))
    return result;
  ANEC_ASSIGN(JsonPlace list, plan.member("orders"));
  ANEC_ASSIGN(auto members, list.members(4096));
  for (const auto &[name, place] : members) {
    ANEC_ASSIGN(std::vector<JsonPlace> elements, place.elements(1 << 20));
    std::vector<bool> seen(elements.size(), false);
    std::vector<int64_t> order;
    for (const JsonPlace &element : elements) {
      ANEC_ASSIGN(int64_t row,
                  element.integer(0, int64_t(elements.size()) - 1));
      if (seen[size_t(row)])
        return element.error(fmt::format(
            "expects a permutation, but {} comes twice in '{}'", row, name));
      seen[size_t(row)] = true;
      order.push_back(row);
    }
    result.emplace(name, std::move(order));
  }
  return result;
}

Result<MatrixOrder> readMatrixOrder(const JsonPlace &place,
                                    const Orders &orders, int64_t rows,
                                    int64_t columns) {
  MatrixOrder result;
  ANEC_ASSIGN(result.transposed, place.booleanOr("transposed", false));
  if (result.transposed)
    std::swap(rows, columns);
  ANEC_ASSIGN(result.rowOrder, readOrder(place, "row_order", orders, rows));
  ANEC_ASSIGN(result.columnOrder,
              readOrder(place, "column_order", orders, columns));
  return result;
}

Result<std::vector<PlanSurface>> readSurfaces(const JsonPlace &plan,
                                              const Orders &orders) {
  ANEC_ASSIGN(JsonPlace list, plan.member("surfaces"));
  ANEC_ASSIGN(std::vector<JsonPlace> places, list.elements(65536));
  std::vector<PlanSurface> result;
  std::set<std::string> names;
  for (const JsonPlace &place : places) {
    ANEC_ASSIGN(PlanSurface surface, readSurface(place, orders));
    if (!names.insert(surface.spec.name).second)
      return place.error(fmt::format("expects unique surface names, but '{}' "
                                     "comes twice",
                                     surface.spec.name));
    result.push_back(std::move(surface));
  }
  return result;
}

} // namespace anec::rt
