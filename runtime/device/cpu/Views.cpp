//===- Views.cpp - Operators that compute nothing -------------------------===//
//
// One function per operator.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/Views.h"

#include "runtime/mil/OpTable.h"

#include <map>

namespace anec::rt::cpu {

namespace {

using MaybeViews = Result<std::optional<Views>>;

MaybeViews one(int64_t offset, Layout layout) {
  return std::optional<Views>(Views{View{offset, std::move(layout)}});
}

MaybeViews viewIdentity(const mil::Operands &, const Layout &x,
                        const std::vector<Dims> &) {
  return one(0, x);
}

/// reshape, reshape_like, flatten2d, expand_dims and squeeze.
MaybeViews viewReshape(const mil::Operands &, const Layout &x,
                       const std::vector<Dims> &shapes) {
  std::optional<Dims> strides = reshapedStrides(x, shapes[0]);
  if (!strides)
    return std::optional<Views>();
  return one(0, Layout{x.storage, shapes[0], *strides});
}

MaybeViews viewTranspose(const mil::Operands &operands, const Layout &x,
                         const std::vector<Dims> &shapes) {
  ANEC_ASSIGN(Dims perm, operands.axes("perm", x.rank()));
  Layout layout{x.storage, shapes[0], {}};
  for (int64_t axis : perm)
    layout.strides.push_back(x.strides[static_cast<size_t>(axis)]);
  return one(0, layout);
}

MaybeViews viewRanges(const std::vector<mil::SliceRange> &ranges,
                      const Layout &x) {
  Layout layout{x.storage, {}, {}};
  int64_t offset = 0;
  for (size_t i = 0; i < ranges.size(); ++i) {
    offset += ranges[i].begin * x.strides[i];
    if (ranges[i].squeezed)
      continue;
    layout.dims.push_back(ranges[i].count);
    layout.strides.push_back(ranges[i].stride * x.strides[i]);
  }
  return one(offset, layout);
}

MaybeViews viewSliceByIndex(const mil::Operands &operands, const Layout &x,
                            const std::vector<Dims> &) {
  ANEC_ASSIGN(std::vector<mil::SliceRange> ranges,
              mil::indexRanges(operands, x.dims));
  return viewRanges(ranges, x);
}

MaybeViews viewSliceBySize(const mil::Operands &operands, const Layout &x,
                           const std::vector<Dims> &) {
  ANEC_ASSIGN(std::vector<mil::SliceRange> ranges,
              mil::sizeRanges(operands, x.dims));
  return viewRanges(ranges, x);
}

MaybeViews viewSplit(const mil::Operands &operands, const Layout &x,
                     const std::vector<Dims> &shapes) {
  ANEC_ASSIGN(int64_t axis, operands.axis("axis", x.rank()));
  const size_t along = static_cast<size_t>(axis);
  Views views;
  int64_t begin = 0;
  for (const Dims &dims : shapes) {
    views.push_back(
        View{begin * x.strides[along], Layout{x.storage, dims, x.strides}});
    begin += dims[along];
  }
  return std::optional<Views>(std::move(views));
}

MaybeViews viewReverse(const mil::Operands &operands, const Layout &x,
                       const std::vector<Dims> &) {
  ANEC_ASSIGN(Dims axes, operands.axes("axes", x.rank()));
  Layout layout = x;
  int64_t offset = 0;
  for (int64_t axis : axes) {
    int64_t &stride = layout.strides[static_cast<size_t>(axis)];
    offset += (x.dims[static_cast<size_t>(axis)] - 1) * stride;
    stride = -stride;
  }
  return one(offset, layout);
}

/// Windows overlap, so their elements are read at several places.
MaybeViews viewWindows(const mil::Operands &operands, const Layout &x,
                       const std::vector<Dims> &shapes) {
  ANEC_ASSIGN(int64_t axis, operands.axis("axis", x.rank()));
  ANEC_ASSIGN(int64_t stride, operands.integer("stride", 1));
  Layout layout{x.storage, shapes[0], x.strides};
  const int64_t step = x.strides[static_cast<size_t>(axis)];
  layout.strides[static_cast<size_t>(axis)] = stride * step;
  layout.strides.insert(layout.strides.begin() + axis + 1, step);
  return one(0, layout);
}

using MakeViews = MaybeViews (*)(const mil::Operands &, const Layout &,
                                 const std::vector<Dims> &);

const std::map<std::string_view, MakeViews> viewTable = {
    {"identity", viewIdentity},
    {"reshape", viewReshape},
    {"reshape_like", viewReshape},
    {"flatten2d", viewReshape},
    {"sliding_windows", viewWindows},
    {"expand_dims", viewReshape},
    {"squeeze", viewReshape},
    {"transpose", viewTranspose},
    {"slice_by_index", viewSliceByIndex},
    {"slice_by_size", viewSliceBySize},
    {"split", viewSplit},
    {"reverse", viewReverse}};

} // namespace

Result<std::optional<Views>> makeViews(std::string_view op,
                                       const mil::Operands &operands,
                                       const Layout &x,
                                       const std::vector<Dims> &shapes) {
  auto found = viewTable.find(op);
  if (found == viewTable.end())
    return std::optional<Views>();
  return found->second(operands, x, shapes);
}

} // namespace anec::rt::cpu
