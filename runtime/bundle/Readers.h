//===- Readers.h - From JSON to the members of a Plan -----------*- C++ -*-===//
//
// Internal to runtime/bundle: the steps in which plan.json and params.json
// become a Plan. Each checks its part completely against what is read before.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_BUNDLE_READERS_H
#define ANEC_RUNTIME_BUNDLE_READERS_H

#include "runtime/bundle/Plan.h"
#include "runtime/support/JsonPlace.h"

#include <cstdint>
#include <map>
#include <set>
#include <utility>

namespace anec::rt {

/// Sizes that are written; larger ones are mistakes and would overflow.
constexpr int64_t maximumSide = int64_t(1) << 30;

/// Named permutations of plan.json: order[p] = logical row stored at p.
using Orders = std::map<std::string, std::vector<int64_t>>;

/// params.json. Shapes of parameters with vocabulary rows keep the full
/// vocabulary; their dimension 0 must equal `vocabulary`.
Result<std::vector<Parameter>> readParameters(const JsonPlace &root,
                                              int64_t vocabulary);

/// The "orders" of plan.json; each is a permutation of 0..n-1.
Result<Orders> readOrders(const JsonPlace &plan);

/// "transposed", "row_order" and "column_order" of `place`, which must fit a
/// stored matrix of `rows` x `columns`.
Result<MatrixOrder> readMatrixOrder(const JsonPlace &place,
                                    const Orders &orders, int64_t rows,
                                    int64_t columns);

/// Whether the columns of `matrix` can be multiplied by `scale`: a vector of as
/// many elements, of fixed size. The error is at `place`, where it is named.
std::optional<Error> checkColumnScale(const JsonPlace &place, const Plan &plan,
                                      const Parameter &matrix,
                                      const Parameter &scale);

/// The "surfaces" of plan.json; every region lies inside its surface.
Result<std::vector<PlanSurface>> readSurfaces(const JsonPlace &plan,
                                              const Orders &orders);

/// The steps of one program, against everything else in `plan`.
Result<std::vector<Step>> readSteps(const JsonPlace &steps, const Plan &plan);

/// Rows and columns of a real value as regions hold it: [B,S,D] is [D, B*S],
/// a matrix is itself, a vector is a column. -1 stays.
std::pair<int64_t, int64_t> matrixOf(const std::vector<int64_t> &shape);

/// Rows and columns of the logical matrix of a region.
std::pair<int64_t, int64_t> matrixOf(const Region &region);

/// The "device_parameters" of plan.json, and whether the programs of `plan`
/// are those that they need.
Result<std::vector<DeviceParameter>> readDeviceParameters(const JsonPlace &root,
                                                          const Plan &plan);

/// All of plan.json but its versions and files, and all of params.json. Every
/// path the plan names must be in `files`.
Result<Plan> readPlan(const JsonPlace &root, const JsonPlace &parameters,
                      const std::set<std::string> &files);

} // namespace anec::rt

#endif // ANEC_RUNTIME_BUNDLE_READERS_H
