//===- InputParts.cpp - Rectangles of inputs ------------------------------===//

#include "runtime/device/cpu/InputParts.h"

namespace anec::rt::cpu {

int64_t widthOf(const Layout &port) {
  return port.rank() == 4 && port.dims[0] == 1 ? port.dims[3] : 0;
}

SurfacePart boundsOf(const Layout &view, int64_t offset, const Layout &port) {
  const int64_t width = widthOf(port);
  const SurfacePart all{0, width == 0 ? 1 : port.dims[1] * port.dims[2], 0,
                        width};
  if (width == 0)
    return all;
  SurfacePart part{offset / width, 1, offset % width, 1};
  for (size_t i = 0; i < view.dims.size(); ++i) {
    const int64_t steps = view.dims[i] - 1, stride = view.strides[i];
    if (steps == 0)
      continue;
    if (stride < 0)
      return all;
    if (stride % width == 0)
      part.channels += steps * (stride / width);
    else
      part.columns += steps * stride;
  }
  return part.column + part.columns > width ? all : part;
}

} // namespace anec::rt::cpu
