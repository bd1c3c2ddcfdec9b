//===- ShapeOpSignatures.cpp - Signatures of images and shapes ------------===//
//
// What runtime/host/ShapeOps.cpp computes needs sizes that agree: everything it
// indexes with is checked here.
//
//===----------------------------------------------------------------------===//
#include "runtime/bundle/ShapeOpSignatures.h"

#include "runtime/bundle/HostOpChecks.h"

#include <algorithm>
#include <cstring>

namespace anec::rt {
namespace {

using namespace signature;
using nlohmann::json;

int64_t sizeOf(const json &attributes, const char *name) {
  return attributes[name].get<int64_t>();
}

/// x is an activation, and `dim` names its sequence or its features.
Complaint checkAlong(Types in, const json &attributes) {
  ANEC_CHECK(expectRank(in, 0, 3));
  int64_t dim = sizeOf(attributes, "dim");
  if (dim == 1 || dim == 2)
    return std::nullopt;
  return fmt::format("expects dim 1 or 2, but got {}", dim);
}

std::vector<int64_t> resized(Types in, const json &attributes, int64_t size) {
  std::vector<int64_t> shape = in[0].shape;
  shape[size_t(sizeOf(attributes, "dim"))] = size;
  return shape;
}

int64_t along(const HostType &type, const json &attributes) {
  return type.shape[size_t(sizeOf(attributes, "dim"))];
}

Complaint checkTranspose(Types in, Types out, const json &) {
  ANEC_CHECK(expectRank(in, 0, 3));
  const std::vector<int64_t> &x = in[0].shape;
  return expectResult(out, {x[0], x[2], x[1]});
}

Complaint checkReshape(Types in, Types out, const json &attributes) {
  ANEC_CHECK(expectRank(in, 0, 3));
  const std::vector<int64_t> &x = in[0].shape;
  int64_t elements = x[1] * x[2], sequence = sizeOf(attributes, "sequence");
  if (sequence < 1 || elements % sequence != 0)
    return fmt::format("expects a sequence that divides {}, but got {}",
                       elements, sequence);
  return expectResult(out, {x[0], sequence, elements / sequence});
}

Complaint checkSlice(Types in, Types out, const json &attributes) {
  ANEC_CHECK(checkAlong(in, attributes));
  int64_t begin = sizeOf(attributes, "begin"),
          size = sizeOf(attributes, "size");
  int64_t all = along(in[0], attributes);
  if (size < 1 || begin + size > all)
    return fmt::format("expects a slice inside {}, but got {} from {} on", all,
                       size, begin);
  return expectResult(out, resized(in, attributes, size));
}

Complaint checkPad(Types in, Types out, const json &attributes) {
  ANEC_CHECK(checkAlong(in, attributes));
  int64_t begin = sizeOf(attributes, "begin"),
          size = sizeOf(attributes, "size");
  int64_t all = along(in[0], attributes);
  if (begin + all > size)
    return fmt::format("expects room for {} from {} on, but got {}", all, begin,
                       size);
  return expectResult(out, resized(in, attributes, size));
}

Complaint checkConcat(Types in, Types out, const json &attributes) {
  ANEC_CHECK(checkAlong(in, attributes));
  ANEC_CHECK(expectRank(in, 1, 3));
  int64_t more = along(in[1], attributes);
  ANEC_CHECK(expectOperand(in, 1, resized(in, attributes, more)));
  return expectResult(out,
                      resized(in, attributes, along(in[0], attributes) + more));
}

Complaint checkReduce(Types in, Types out, const json &attributes) {
  ANEC_CHECK(checkAlong(in, attributes));
  return expectResult(out, resized(in, attributes, 1));
}

Complaint checkExpand(Types in, Types out, const json &attributes) {
  ANEC_CHECK(checkAlong(in, attributes));
  ANEC_CHECK(expectOperand(in, 0, resized(in, attributes, 1)));
  return expectResult(out, resized(in, attributes, sizeOf(attributes, "size")));
}

/// The squares of an image, or what is wrong with its sizes.
Complaint checkGrid(const json &attributes, const char *step, int64_t *squares,
                    int64_t *pixels) {
  int64_t height = sizeOf(attributes, "height");
  int64_t width = sizeOf(attributes, "width");
  int64_t size = sizeOf(attributes, step);
  if (height % size != 0 || width % size != 0)
    return fmt::format("expects {} to divide {} and {}, but got {}", step,
                       height, width, size);
  *pixels = height * width;
  *squares = *pixels / (size * size);
  return std::nullopt;
}

/// [B, from, C] -> [B, to, C].
Complaint checkPixels(Types in, Types out, int64_t from, int64_t to) {
  ANEC_CHECK(expectRank(in, 0, 3));
  std::vector<int64_t> x = in[0].shape;
  ANEC_CHECK(expectOperand(in, 0, {x[0], from, x[2]}));
  return expectResult(out, {x[0], to, x[2]});
}

Complaint checkPatches(Types in, Types out, const json &attributes) {
  int64_t squares = 0, pixels = 0, kernel = sizeOf(attributes, "kernel");
  ANEC_CHECK(checkGrid(attributes, "stride", &squares, &pixels));
  ANEC_CHECK(expectRank(in, 0, 3));
  const std::vector<int64_t> &x = in[0].shape;
  ANEC_CHECK(expectOperand(in, 0, {x[0], pixels, x[2]}));
  return expectResult(out, {x[0], squares, kernel * kernel * x[2]});
}

Complaint checkPool(Types in, Types out, const json &attributes) {
  int64_t squares = 0, pixels = 0;
  ANEC_CHECK(checkGrid(attributes, "window", &squares, &pixels));
  return checkPixels(in, out, pixels, squares);
}

Complaint checkMaxPoolGrad(Types in, Types out, const json &attributes) {
  int64_t squares = 0, pixels = 0;
  ANEC_CHECK(checkGrid(attributes, "window", &squares, &pixels));
  ANEC_CHECK(checkPixels(in, out, pixels, pixels));
  return expectOperand(in, 1, {in[0].shape[0], squares, in[0].shape[2]});
}

Complaint checkAveragePoolGrad(Types in, Types out, const json &attributes) {
  int64_t squares = 0, pixels = 0;
  ANEC_CHECK(checkGrid(attributes, "window", &squares, &pixels));
  return checkPixels(in, out, squares, pixels);
}

} // namespace

std::vector<HostOpSignature> withShapeOps(std::vector<HostOpSignature> table) {
  using Kind = HostAttribute::Kind;
  const HostAttribute dim{Kind::PositiveInteger, "dim"};
  const HostAttribute begin{Kind::Size, "begin"}, size{Kind::Size, "size"};
  const HostAttribute height{Kind::PositiveInteger, "height"};
  const HostAttribute width{Kind::PositiveInteger, "width"};
  const HostAttribute window{Kind::PositiveInteger, "window"};
  const HostAttribute kernel{Kind::PositiveInteger, "kernel"};
  const HostAttribute stride{Kind::PositiveInteger, "stride"};
  const std::vector<HostOpSignature> more = {
      {"average_pool_grad",
       1,
       1,
       {height, width, window},
       checkAveragePoolGrad},
      {"concat", 2, 1, {dim}, checkConcat},
      {"expand", 1, 1, {dim, size}, checkExpand},
      {"max_pool_grad", 2, 1, {height, width, window}, checkMaxPoolGrad},
      {"pad", 1, 1, {dim, begin, size}, checkPad},
      {"patches", 1, 1, {height, width, kernel, stride}, checkPatches},
      {"pool",
       1,
       1,
       {{Kind::PoolKind, "kind"}, height, width, window},
       checkPool},
      {"reduce", 1, 1, {dim}, checkReduce},
      {"reshape", 1, 1, {{Kind::Size, "sequence"}}, checkReshape},
      {"slice", 1, 1, {dim, begin, size}, checkSlice},
      {"transpose", 1, 1, {}, checkTranspose},
  };
  table.insert(table.end(), more.begin(), more.end());
  std::sort(table.begin(), table.end(), [](const auto &a, const auto &b) {
    return std::strcmp(a.name, b.name) < 0;
  });
  return table;
}

} // namespace anec::rt
