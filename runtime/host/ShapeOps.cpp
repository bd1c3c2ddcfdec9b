//===- ShapeOps.cpp - Host ops of images and shapes -----------------------===//
//
// Each result element is one operand element, or a sum of them: a loop over the
// logical indices [b, s, d] says which. Stored are [D, B*S].
//
//===----------------------------------------------------------------------===//
#include "runtime/host/ShapeOps.h"

#include "runtime/host/Image.h"
#include "runtime/host/Tiles.h"

#include <map>

namespace anec::rt {
namespace {

/// Where element [b, s, d] of a value is.
template <typename Real>
size_t placeOf(const HostTensor<Real> &x, int64_t b, int64_t s, int64_t d) {
  return size_t((d * x.shape[0] + b) * x.shape[1] + s);
}

/// y[b, s, d] = element(b, s, d) for all of them.
template <typename Real, typename Element>
void fillResult(const HostCall<Real> &call, const Element &element) {
  const HostTensor<Real> &y = call.results[0];
  call.pool.parallelTiles(
      y.features(), featureTile, [&](int64_t begin, int64_t end) {
        for (int64_t d = begin; d < end; ++d)
          for (int64_t b = 0; b < y.shape[0]; ++b)
            for (int64_t s = 0; s < y.shape[1]; ++s)
              y.data[placeOf(y, b, s, d)] = element(b, s, d);
      });
}

template <typename Real>
int64_t attribute(const HostCall<Real> &call, const char *name) {
  return call.attributes[name].template get<int64_t>();
}

template <typename Real> void callTranspose(const HostCall<Real> &call) {
  const HostTensor<Real> &x = call.operands[0];
  fillResult(call, [&](int64_t b, int64_t s, int64_t d) {
    return x.data[placeOf(x, b, d, s)];
  });
}

template <typename Real> void callReshape(const HostCall<Real> &call) {
  const HostTensor<Real> &x = call.operands[0];
  int64_t features = call.results[0].features();
  fillResult(call, [&](int64_t b, int64_t s, int64_t d) {
    int64_t element = s * features + d;
    return x
        .data[placeOf(x, b, element / x.features(), element % x.features())];
  });
}

/// Element [b, s, d] of x when it is there, otherwise 0.
template <typename Real>
Real elementOrZero(const HostTensor<Real> &x, int64_t b, int64_t s, int64_t d) {
  bool inside = s >= 0 && s < x.shape[1] && d >= 0 && d < x.shape[2];
  return inside ? x.data[placeOf(x, b, s, d)] : Real(0);
}

/// y is x moved by `offset` along a dimension: nn.slice and nn.pad.
template <typename Real>
void callMoved(const HostCall<Real> &call, int64_t offset) {
  const HostTensor<Real> &x = call.operands[0];
  bool sequence = attribute(call, "dim") == 1;
  fillResult(call, [&](int64_t b, int64_t s, int64_t d) {
    return elementOrZero(x, b, s + (sequence ? offset : 0),
                         d + (sequence ? 0 : offset));
  });
}
template <typename Real> void callSlice(const HostCall<Real> &call) {
  callMoved(call, attribute(call, "begin"));
}
template <typename Real> void callPad(const HostCall<Real> &call) {
  callMoved(call, -attribute(call, "begin"));
}

template <typename Real> void callConcat(const HostCall<Real> &call) {
  const HostTensor<Real> &x = call.operands[0], &y = call.operands[1];
  bool sequence = attribute(call, "dim") == 1;
  fillResult(call, [&](int64_t b, int64_t s, int64_t d) {
    int64_t rest = sequence ? s - x.shape[1] : d - x.shape[2];
    if (rest < 0)
      return x.data[placeOf(x, b, s, d)];
    return y.data[placeOf(y, b, sequence ? rest : s, sequence ? d : rest)];
  });
}

template <typename Real> void callReduce(const HostCall<Real> &call) {
  const HostTensor<Real> &x = call.operands[0];
  bool sequence = attribute(call, "dim") == 1;
  fillResult(call, [&](int64_t b, int64_t s, int64_t d) {
    double sum = 0;
    for (int64_t i = 0; i < x.shape[sequence ? 1 : 2]; ++i)
      sum += double(x.data[placeOf(x, b, sequence ? i : s, sequence ? d : i)]);
    return Real(sum);
  });
}

template <typename Real> void callExpand(const HostCall<Real> &call) {
  const HostTensor<Real> &x = call.operands[0];
  bool sequence = attribute(call, "dim") == 1;
  fillResult(call, [&](int64_t b, int64_t s, int64_t d) {
    return x.data[placeOf(x, b, sequence ? 0 : s, sequence ? d : 0)];
  });
}

template <typename Real>
ImageGrid gridOf(const HostCall<Real> &call, const char *step) {
  return {attribute(call, "height"), attribute(call, "width"),
          attribute(call, step)};
}

template <typename Real> void callPatches(const HostCall<Real> &call) {
  const HostTensor<Real> &x = call.operands[0];
  patches(x.data, call.results[0].data, x.features(), x.shape[0],
          gridOf(call, "stride"), attribute(call, "kernel"), call.pool);
}

template <typename Real> void callPool(const HostCall<Real> &call) {
  const HostTensor<Real> &x = call.operands[0];
  auto pool =
      call.attributes["kind"] == "max" ? maxPool<Real> : averagePool<Real>;
  pool(x.data, call.results[0].data, x.features(), x.shape[0],
       gridOf(call, "window"), call.pool);
}

template <typename Real> void callMaxPoolGrad(const HostCall<Real> &call) {
  const HostTensor<Real> &x = call.operands[0];
  maxPoolGrad(x.data, call.operands[1].data, call.results[0].data, x.features(),
              x.shape[0], gridOf(call, "window"), call.pool);
}

template <typename Real> void callAveragePoolGrad(const HostCall<Real> &call) {
  const HostTensor<Real> &dy = call.operands[0];
  averagePoolGrad(dy.data, call.results[0].data, dy.features(), dy.shape[0],
                  gridOf(call, "window"), call.pool);
}

} // namespace

template <typename Real>
HostOp<Real> findShapeFunction(const std::string &name) {
  static const std::map<std::string, HostOp<Real>> table = {
      {"average_pool_grad", callAveragePoolGrad<Real>},
      {"concat", callConcat<Real>},
      {"expand", callExpand<Real>},
      {"max_pool_grad", callMaxPoolGrad<Real>},
      {"pad", callPad<Real>},
      {"patches", callPatches<Real>},
      {"pool", callPool<Real>},
      {"reduce", callReduce<Real>},
      {"reshape", callReshape<Real>},
      {"slice", callSlice<Real>},
      {"transpose", callTranspose<Real>},
  };
  auto found = table.find(name);
  return found == table.end() ? nullptr : found->second;
}

template HostOp<float> findShapeFunction(const std::string &);
template HostOp<double> findShapeFunction(const std::string &);

} // namespace anec::rt
