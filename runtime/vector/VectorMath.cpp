//===- VectorMath.cpp - Functions of rows ---------------------------------===//
//
// Compiled once per instruction set; functions that vectors do not know are
// in ScalarMath.cpp.
//
//===----------------------------------------------------------------------===//
#include "runtime/vector/VectorMath.h"

#define HWY_DISABLED_TARGETS                                                   \
  (HWY_SSSE3 | HWY_SSE4 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 |    \
   HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/vector/VectorMath.cpp"
// clang-format off
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include "runtime/support/VectorLoads-inl.h"
#include "runtime/vector/Exponential-inl.h"
#include "runtime/vector/Folds-inl.h"
#include "runtime/vector/NativeHalves.h"
#include "runtime/vector/ScalarMath.h"

#include <algorithm>
#include <cmath>
#include <limits>

HWY_BEFORE_NAMESPACE();
namespace anec::rt::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// ---- Functions of one vector ----

template <class D, class V = hn::Vec<D>> HWY_INLINE V sigmoidOf(D d, V x) {
  const V one = hn::Set(d, hn::TFromD<D>(1));
  const V small = expOf(d, hn::Neg(hn::Abs(x)));
  const V numerator = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), small, one);
  return hn::Div(numerator, hn::Add(one, small));
}

template <class D, class V = hn::Vec<D>> HWY_INLINE V tanhOf(D d, V x) {
  const V y = hn::Tanh(d, x);
  return hn::IfThenElse(hn::Eq(x, x), y, x);
}

#define ANEC_UNARY(Name, expression)                                           \
  struct Name {                                                                \
    template <class D, class V>                                                \
    static HWY_INLINE V apply(D d, V x, V alpha, V beta) {                     \
      (void)d, (void)alpha, (void)beta;                                        \
      return expression;                                                       \
    }                                                                          \
  };
#define ANEC_NUMBER(value) hn::Set(d, static_cast<hn::TFromD<D>>(value))

ANEC_UNARY(Exp, expOf(d, x))
ANEC_UNARY(ShiftedExp, expOf(d, hn::Sub(x, alpha)))
ANEC_UNARY(Sigmoid, sigmoidOf(d, x))
ANEC_UNARY(Silu, hn::Mul(x, sigmoidOf(d, x)))
ANEC_UNARY(Tanh, tanhOf(d, x))
ANEC_UNARY(ScaledTanh, hn::Mul(alpha, tanhOf(d, hn::Mul(beta, x))))
ANEC_UNARY(Sqrt, hn::Sqrt(x))
ANEC_UNARY(Rsqrt, hn::Div(ANEC_NUMBER(1), hn::Sqrt(hn::Add(x, alpha))))
ANEC_UNARY(Inverse, hn::Div(ANEC_NUMBER(1), hn::Add(x, alpha)))
ANEC_UNARY(Square, hn::Mul(x, x))
ANEC_UNARY(Abs, hn::Abs(x))
ANEC_UNARY(Ceil, hn::Ceil(x))
ANEC_UNARY(Floor, hn::Floor(x))
ANEC_UNARY(Round, hn::Round(x))
// Written as choices so that NaN stays NaN.
ANEC_UNARY(Relu, hn::IfThenZeroElse(hn::Lt(x, hn::Zero(d)), x))
ANEC_UNARY(Clip, hn::IfThenElse(hn::Lt(x, alpha), alpha,
                                hn::IfThenElse(hn::Gt(x, beta), beta, x)))
ANEC_UNARY(LinearActivation, hn::Add(hn::Mul(alpha, x), beta))
ANEC_UNARY(LeakyRelu,
           hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Mul(alpha, x), x))
ANEC_UNARY(Softsign, hn::Div(x, hn::Add(ANEC_NUMBER(1), hn::Abs(x))))
ANEC_UNARY(GeluSigmoid,
           hn::Mul(x, sigmoidOf(d, hn::Mul(ANEC_NUMBER(1.702), x))))

/// x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3)))
struct GeluTanh {
  template <class D, class V> static HWY_INLINE V apply(D d, V x, V, V) {
    const V cube = hn::Mul(hn::Mul(x, x), x);
    const V inner = hn::Mul(ANEC_NUMBER(0.79788456080286535588),
                            hn::Add(x, hn::Mul(ANEC_NUMBER(0.044715), cube)));
    const V half = hn::Mul(ANEC_NUMBER(0.5), x);
    return hn::Mul(half, hn::Add(ANEC_NUMBER(1), tanhOf(d, inner)));
  }
};

#define ANEC_BINARY(Name, expression)                                          \
  struct Name {                                                                \
    template <class D, class V> static HWY_INLINE V apply(D d, V x, V y) {     \
      (void)d;                                                                 \
      return expression;                                                       \
    }                                                                          \
  };
#define ANEC_TRUTH(mask) hn::IfThenElseZero(mask, hn::Set(d, hn::TFromD<D>(1)))

using Add = Sum;
using Maximum = Largest;
ANEC_BINARY(Sub, hn::Sub(x, y))
ANEC_BINARY(Mul, hn::Mul(x, y))
ANEC_BINARY(Div, hn::Div(x, y))
ANEC_BINARY(Minimum,
            hn::IfThenElse(hn::Le(x, y), x, hn::IfThenElse(hn::Eq(x, x), y, x)))
ANEC_BINARY(Equal, ANEC_TRUTH(hn::Eq(x, y)))
// hn::Ne is false for NaN.
ANEC_BINARY(NotEqual, hn::IfThenZeroElse(hn::Eq(x, y), ANEC_NUMBER(1)))
ANEC_BINARY(Greater, ANEC_TRUTH(hn::Gt(x, y)))
ANEC_BINARY(GreaterEqual, ANEC_TRUTH(hn::Ge(x, y)))
ANEC_BINARY(Less, ANEC_TRUTH(hn::Lt(x, y)))
ANEC_BINARY(LessEqual, ANEC_TRUTH(hn::Le(x, y)))

// ---- Rows ----

template <typename T, class Function>
void unaryRow(const T *x, T *y, int64_t count, Wide<T> alpha, Wide<T> beta) {
  const hn::ScalableTag<Wide<T>> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto a = hn::Set(d, alpha), b = hn::Set(d, beta);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    store(d, Function::apply(d, load(d, x + i), a, b), y + i);
  if (i == count)
    return;
  HWY_ALIGN T rest[HWY_MAX_BYTES / sizeof(T)] = {};
  std::copy_n(x + i, count - i, rest);
  store(d, Function::apply(d, load(d, rest), a, b), rest);
  std::copy_n(rest, count - i, y + i);
}

template <typename T, class Function>
void binaryRow(const T *x, const T *y, T *z, int64_t count) {
  const hn::ScalableTag<Wide<T>> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    store(d, Function::apply(d, load(d, x + i), load(d, y + i)), z + i);
  if (i == count)
    return;
  HWY_ALIGN T left[HWY_MAX_BYTES / sizeof(T)] = {};
  HWY_ALIGN T right[HWY_MAX_BYTES / sizeof(T)] = {};
  std::copy_n(x + i, count - i, left);
  std::copy_n(y + i, count - i, right);
  store(d, Function::apply(d, load(d, left), load(d, right)), left);
  std::copy_n(left, count - i, z + i);
}

template <typename T> UnaryRow<T> unaryNamed(std::string_view name) {
  struct Row {
    std::string_view name;
    UnaryRow<T> function;
  };
  static constexpr Row rows[] = {
      {"exp", &unaryRow<T, Exp>},
      {"shifted_exp", &unaryRow<T, ShiftedExp>},
      {"sigmoid", &unaryRow<T, Sigmoid>},
      {"silu", &unaryRow<T, Silu>},
      {"tanh", &unaryRow<T, Tanh>},
      {"scaled_tanh", &unaryRow<T, ScaledTanh>},
      {"sqrt", &unaryRow<T, Sqrt>},
      {"rsqrt", &unaryRow<T, Rsqrt>},
      {"inverse", &unaryRow<T, Inverse>},
      {"square", &unaryRow<T, Square>},
      {"abs", &unaryRow<T, Abs>},
      {"ceil", &unaryRow<T, Ceil>},
      {"floor", &unaryRow<T, Floor>},
      {"round", &unaryRow<T, Round>},
      {"relu", &unaryRow<T, Relu>},
      {"clip", &unaryRow<T, Clip>},
      {"linear_activation", &unaryRow<T, LinearActivation>},
      {"leaky_relu", &unaryRow<T, LeakyRelu>},
      {"softsign", &unaryRow<T, Softsign>},
      {"gelu_tanh", &unaryRow<T, GeluTanh>},
      {"gelu_sigmoid", &unaryRow<T, GeluSigmoid>}};
  for (const Row &row : rows)
    if (row.name == name)
      return row.function;
  return nullptr;
}

template <typename T> BinaryRow<T> binaryNamed(std::string_view name) {
  struct Row {
    std::string_view name;
    BinaryRow<T> function;
  };
  static constexpr Row rows[] = {{"add", &binaryRow<T, Add>},
                                 {"sub", &binaryRow<T, Sub>},
                                 {"mul", &binaryRow<T, Mul>},
                                 {"real_div", &binaryRow<T, Div>},
                                 {"maximum", &binaryRow<T, Maximum>},
                                 {"minimum", &binaryRow<T, Minimum>},
                                 {"equal", &binaryRow<T, Equal>},
                                 {"not_equal", &binaryRow<T, NotEqual>},
                                 {"greater", &binaryRow<T, Greater>},
                                 {"greater_equal", &binaryRow<T, GreaterEqual>},
                                 {"less", &binaryRow<T, Less>},
                                 {"less_equal", &binaryRow<T, LessEqual>}};
  for (const Row &row : rows)
    if (row.name == name)
      return row.function;
  return nullptr;
}

// ---- Exponentials below a maximum ----

struct ExponentialSum {
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V apply(D d, V x, V shift, V sum) {
    return hn::Add(sum, expOf(d, hn::Sub(x, shift)));
  }
};
struct ScaledExponential {
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V apply(D d, V x, V shift, V factor) {
    return hn::Mul(factor, expOf(d, hn::Sub(x, shift)));
  }
};

/// y[i] = f(x[i], a[i], b[i]); y may be any of them.
template <typename T, class Function>
void ternaryRow(const T *x, const T *a, const T *b, T *y, int64_t count) {
  const hn::ScalableTag<T> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    hn::StoreU(Function::apply(d, hn::LoadU(d, x + i), hn::LoadU(d, a + i),
                               hn::LoadU(d, b + i)),
               d, y + i);
  if (i == count)
    return;
  HWY_ALIGN T rest[3][HWY_MAX_BYTES / sizeof(T)] = {};
  std::copy_n(x + i, count - i, rest[0]);
  std::copy_n(a + i, count - i, rest[1]);
  std::copy_n(b + i, count - i, rest[2]);
  hn::Store(Function::apply(d, hn::Load(d, rest[0]), hn::Load(d, rest[1]),
                            hn::Load(d, rest[2])),
            d, rest[0]);
  std::copy_n(rest[0], count - i, y + i);
}

void floatExponentialSum(const float *x, const float *shift, float *sum,
                         int64_t count) {
  ternaryRow<float, ExponentialSum>(x, shift, sum, sum, count);
}
void doubleExponentialSum(const double *x, const double *shift, double *sum,
                          int64_t count) {
  ternaryRow<double, ExponentialSum>(x, shift, sum, sum, count);
}
void floatScaledExponential(const float *x, const float *shift,
                            const float *factor, float *y, int64_t count) {
  ternaryRow<float, ScaledExponential>(x, shift, factor, y, count);
}
void doubleScaledExponential(const double *x, const double *shift,
                             const double *factor, double *y, int64_t count) {
  ternaryRow<double, ScaledExponential>(x, shift, factor, y, count);
}

// ---- Folds ----

template <typename T> T sumOf(const T *x, int64_t count) {
  return foldRow(x, count, T(0), Sum());
}

template <typename T> T maxOf(const T *x, int64_t count) {
  return foldRow(x, count, -std::numeric_limits<T>::infinity(), Largest());
}

float floatSum(const float *x, int64_t count) { return sumOf(x, count); }
double doubleSum(const double *x, int64_t count) { return sumOf(x, count); }
float floatMax(const float *x, int64_t count) { return maxOf(x, count); }
double doubleMax(const double *x, int64_t count) { return maxOf(x, count); }

UnaryRow<float> floatUnary(std::string_view name) {
  return unaryNamed<float>(name);
}
UnaryRow<half> halfUnary(std::string_view name) {
  return unaryNamed<half>(name);
}
UnaryRow<double> doubleUnary(std::string_view name) {
  return unaryNamed<double>(name);
}
BinaryRow<float> floatBinary(std::string_view name) {
  return binaryNamed<float>(name);
}
BinaryRow<half> halfBinary(std::string_view name) {
  return binaryNamed<half>(name);
}
BinaryRow<double> doubleBinary(std::string_view name) {
  return binaryNamed<double>(name);
}

void halfSums(const half *x, float *sum, int64_t count) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    hn::StoreU(hn::Add(hn::LoadU(d, sum + i), load(d, x + i)), d, sum + i);
  for (; i < count; ++i)
    sum[i] += static_cast<float>(x[i]);
}

/// The bits of halves that are not negative are in the order of the numbers,
/// NaN behind infinity.
void halfMagnitudes(const half *x, half *largest, int64_t count) {
  const hn::ScalableTag<uint16_t> d;
  constexpr uint16_t signless = 0x7FFF;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto *from = reinterpret_cast<const uint16_t *>(x);
  auto *to = reinterpret_cast<uint16_t *>(largest);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    hn::StoreU(hn::Max(hn::And(hn::LoadU(d, from + i), hn::Set(d, signless)),
                       hn::LoadU(d, to + i)),
               d, to + i);
  for (; i < count; ++i)
    to[i] = std::max<uint16_t>(from[i] & signless, to[i]);
}

} // namespace anec::rt::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace anec::rt {

HWY_EXPORT(halfUnary);
HWY_EXPORT(halfBinary);
HWY_EXPORT(floatUnary);
HWY_EXPORT(doubleUnary);
HWY_EXPORT(floatBinary);
HWY_EXPORT(doubleBinary);
HWY_EXPORT(floatSum);
HWY_EXPORT(doubleSum);
HWY_EXPORT(floatMax);
HWY_EXPORT(doubleMax);
HWY_EXPORT(halfMagnitudes);
HWY_EXPORT(halfSums);
HWY_EXPORT(floatExponentialSum);
HWY_EXPORT(doubleExponentialSum);
HWY_EXPORT(floatScaledExponential);
HWY_EXPORT(doubleScaledExponential);

template <>
void addExponentials(const float *x, const float *shift, float *sum,
                     int64_t count) {
  HWY_DYNAMIC_DISPATCH(floatExponentialSum)(x, shift, sum, count);
}
template <>
void addExponentials(const double *x, const double *shift, double *sum,
                     int64_t count) {
  HWY_DYNAMIC_DISPATCH(doubleExponentialSum)(x, shift, sum, count);
}
template <>
void scaleExponentials(const float *x, const float *shift, const float *factor,
                       float *y, int64_t count) {
  HWY_DYNAMIC_DISPATCH(floatScaledExponential)(x, shift, factor, y, count);
}
template <>
void scaleExponentials(const double *x, const double *shift,
                       const double *factor, double *y, int64_t count) {
  HWY_DYNAMIC_DISPATCH(doubleScaledExponential)(x, shift, factor, y, count);
}

template <> float sumRow(const float *x, int64_t count) {
  return HWY_DYNAMIC_DISPATCH(floatSum)(x, count);
}
template <> double sumRow(const double *x, int64_t count) {
  return HWY_DYNAMIC_DISPATCH(doubleSum)(x, count);
}
template <> float maxRow(const float *x, int64_t count) {
  return HWY_DYNAMIC_DISPATCH(floatMax)(x, count);
}
template <> double maxRow(const double *x, int64_t count) {
  return HWY_DYNAMIC_DISPATCH(doubleMax)(x, count);
}

void addHalves(const half *x, float *sum, int64_t count) {
  HWY_DYNAMIC_DISPATCH(halfSums)(x, sum, count);
}

void foldMagnitudes(const half *x, half *largest, int64_t count) {
  HWY_DYNAMIC_DISPATCH(halfMagnitudes)(x, largest, count);
}

template <> UnaryRow<half> findUnaryRow(std::string_view name) {
  UnaryRow<half> found = HWY_DYNAMIC_DISPATCH(halfUnary)(name);
  return found ? found : findScalarUnary<half>(name);
}
template <> BinaryRow<half> findBinaryRow(std::string_view name) {
  BinaryRow<half> found = findNativeBinaryRow(name);
  if (!found)
    found = HWY_DYNAMIC_DISPATCH(halfBinary)(name);
  return found ? found : findScalarBinary<half>(name);
}
template <> UnaryRow<float> findUnaryRow(std::string_view name) {
  UnaryRow<float> found = HWY_DYNAMIC_DISPATCH(floatUnary)(name);
  return found ? found : findScalarUnary<float>(name);
}
template <> UnaryRow<double> findUnaryRow(std::string_view name) {
  UnaryRow<double> found = HWY_DYNAMIC_DISPATCH(doubleUnary)(name);
  return found ? found : findScalarUnary<double>(name);
}
template <> BinaryRow<float> findBinaryRow(std::string_view name) {
  BinaryRow<float> found = HWY_DYNAMIC_DISPATCH(floatBinary)(name);
  return found ? found : findScalarBinary<float>(name);
}
template <> BinaryRow<double> findBinaryRow(std::string_view name) {
  BinaryRow<double> found = HWY_DYNAMIC_DISPATCH(doubleBinary)(name);
  return found ? found : findScalarBinary<double>(name);
}

} // namespace anec::rt
#endif // HWY_ONCE
