//===- NaiveReductions.cpp - Along axes -----------------------------------===//
//
// Every line, the elements that differ in the reduced axes only, is gathered
// and reduced by itself.
//
//===----------------------------------------------------------------------===//
#include "test/runtime/device/naive/NaiveExecutor.h"

#include <numeric>
#include <stdexcept>

namespace anec::rt::naive {

namespace {

using Line = std::vector<Number>;

/// The largest of the ends' magnitudes, added up.
double magnitudes(const Line &line) {
  double sum = 0;
  for (const Number &number : line)
    sum += number.magnitude();
  return sum;
}

/// In any order, f32 sums are off by at most one rounding of every partial sum.
Number sum(const Line &line) {
  double value = 0, low = 0, high = 0;
  for (const Number &number : line) {
    value += number.value;
    low += number.low;
    high += number.high;
  }
  const double terms = static_cast<double>(line.size()) - 1;
  return widened(fromEnds(value, low, high), terms * unit * magnitudes(line));
}

template <typename Function> Line each(const Line &line, Function function) {
  Line result;
  for (const Number &number : line)
    result.push_back(function(number));
  return result;
}

Number squared(const Number &x) {
  Number y = monotone([](double a) { return a * a; }, x);
  if (x.low < 0 && x.high > 0)
    y.low = 0;
  return rounded(y, 1);
}

Number absolute(const Number &x) {
  Number y = monotone([](double a) { return std::abs(a); }, x);
  if (x.low < 0 && x.high > 0)
    y.low = 0;
  return y;
}

template <typename Choose> Number extremum(const Line &line, Choose choose) {
  double value = line[0].value, low = line[0].low, high = line[0].high;
  for (const Number &number : line) {
    value = choose(value, number.value);
    low = choose(low, number.low);
    high = choose(high, number.high);
  }
  return fromEnds(value, low, high);
}

Number product(const Line &line) {
  Number result(1);
  for (const Number &number : line)
    result = rounded(
        corners([](double a, double b) { return a * b; }, result, number), 1);
  return result;
}

Number logarithm(const Number &x) {
  return widened(
      rounded(monotone([](double a) { return std::log(a); }, x), functionUnits),
      4 * unit);
}

/// m + log(sum of exp(x - m)), m the largest.
Number logSumExp(const Line &line) {
  auto at = [&](double Number::*end) {
    double largest = -std::numeric_limits<double>::infinity(), sum = 0;
    for (const Number &number : line)
      largest = maximum(largest, number.*end);
    for (const Number &number : line)
      sum += std::exp(number.*end - largest);
    return largest + std::log(sum);
  };
  const Number y =
      fromEnds(at(&Number::value), at(&Number::low), at(&Number::high));
  const double terms = static_cast<double>(line.size());
  const Number m = extremum(line, maximum);
  return widened(y, unit * (terms + 2 * functionUnits + m.magnitude() * 2 +
                            y.magnitude() * 2));
}

Number reduceLine(const std::string &op, const Line &line) {
  if (op == "reduce_sum")
    return sum(line);
  if (op == "reduce_mean") {
    const double count = static_cast<double>(line.size());
    return rounded(monotone([=](double x) { return x / count; }, sum(line)), 2);
  }
  if (op == "reduce_max")
    return extremum(line, maximum);
  if (op == "reduce_min")
    return extremum(line, minimum);
  if (op == "reduce_prod")
    return product(line);
  if (op == "reduce_sum_square")
    return sum(each(line, squared));
  if (op == "reduce_l1_norm")
    return sum(each(line, absolute));
  if (op == "reduce_l2_norm")
    return rounded(
        monotone([](double x) { return std::sqrt(std::max(x, 0.0)); },
                 sum(each(line, squared))),
        1);
  if (op == "reduce_log_sum")
    return logarithm(sum(line));
  if (op == "reduce_log_sum_exp")
    return logSumExp(line);
  throw std::logic_error("unknown reduction " + op);
}

/// Calls `body` with the places of every line's elements, in row-major order
/// of the other axes.
template <typename Body>
void forEachLine(const Tensor &x, const std::vector<size_t> &axes, Body body) {
  Dims outer = x.dims, inner = x.dims;
  for (size_t i = 0; i < x.dims.size(); ++i)
    (std::find(axes.begin(), axes.end(), i) != axes.end() ? outer : inner)[i] =
        1;
  const Dims strides = x.strides();
  forEachIndex(outer, [&](const Dims &start) {
    std::vector<int64_t> places;
    forEachIndex(inner, [&](const Dims &index) {
      places.push_back(placeOf(start, strides) + placeOf(index, strides));
    });
    body(places);
  });
}

Line lineAt(const Tensor &x, const std::vector<int64_t> &places) {
  Line line;
  for (int64_t place : places)
    line.push_back(x.numbers[static_cast<size_t>(place)]);
  return line;
}

Dims reducedDims(const Tensor &x, const std::vector<size_t> &axes, bool keep) {
  Dims dims;
  for (size_t i = 0; i < x.dims.size(); ++i)
    if (std::find(axes.begin(), axes.end(), i) == axes.end())
      dims.push_back(x.dims[i]);
    else if (keep)
      dims.push_back(1);
  return dims;
}

std::vector<Tensor> reduce(const Call &call) {
  const Tensor &x = call.tensor("x");
  const std::vector<size_t> axes = call.axes("axes", x.rank());
  Tensor y = call.result(reducedDims(x, axes, call.flag("keep_dims")));
  size_t place = 0;
  forEachLine(x, axes, [&](const std::vector<int64_t> &places) {
    y.numbers[place++] = reduceLine(call.op, lineAt(x, places));
  });
  return {y};
}

// ---- Order ----

/// The first extremum; any of those that others may find.
std::vector<Tensor> argument(const Call &call) {
  const Tensor &x = call.tensor("x");
  const std::vector<size_t> axes = {call.axis("axis", -1, x.rank())};
  Tensor y = call.result(reducedDims(x, axes, call.flag("keep_dims")));
  const double sign = call.op == "reduce_argmax" ? 1 : -1;
  size_t place = 0;
  forEachLine(x, axes, [&](const std::vector<int64_t> &places) {
    Line line = lineAt(x, places);
    size_t best = 0;
    for (size_t i = 1; i < line.size(); ++i)
      if (sign * line[i].value > sign * line[best].value)
        best = i;
    Number result(static_cast<double>(best));
    for (size_t i = 0; i < line.size(); ++i) {
      const double reach = sign > 0 ? line[i].high - line[best].low
                                    : line[best].high - line[i].low;
      // Equal numbers count only where one of them is not certain.
      const bool isCertain = line[i].isPoint() && line[best].isPoint();
      if (i != best && (isCertain ? false : !(reach < 0)))
        result = fromEnds(result.value, std::min(result.low, double(i)),
                          std::max(result.high, double(i)));
    }
    y.numbers[place++] = result;
  });
  return {y};
}

/// The k first of the sorted line. Equal numbers may come in any order, and so
/// may those whose intervals overlap.
std::vector<Tensor> topk(const Call &call) {
  const Tensor &x = call.tensor("x");
  const size_t axis = call.axis("axis", -1, x.rank());
  int64_t k = call.integer("k", 1);
  if (k == -1)
    k = x.dims[axis];
  Dims dims = x.dims;
  dims[axis] = k;
  Tensor values = call.result(dims), indices(mil::ScalarType::Int32, dims);
  const double sign = call.flag("ascending") ? 1 : -1;
  const int64_t step = x.strides()[axis], resultStep = values.strides()[axis];
  forEachLine(x, {axis}, [&](const std::vector<int64_t> &places) {
    const Line line = lineAt(x, places);
    std::vector<size_t> order(line.size());
    std::iota(order.begin(), order.end(), size_t(0));
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return sign * line[a].value < sign * line[b].value;
    });
    std::vector<double> lows, highs;
    for (const Number &number : line) {
      lows.push_back(sign * (sign > 0 ? number.low : number.high));
      highs.push_back(sign * (sign > 0 ? number.high : number.low));
    }
    std::sort(lows.begin(), lows.end());
    std::sort(highs.begin(), highs.end());
    // The same place in the line of another length.
    const int64_t outer = places[0] / (step * x.dims[axis]);
    const int64_t first = outer * resultStep * k + places[0] % step;
    for (int64_t i = 0; i < k; ++i) {
      const size_t chosen = order[static_cast<size_t>(i)];
      const size_t target = static_cast<size_t>(first + i * resultStep);
      const size_t rank = static_cast<size_t>(i);
      values.numbers[target] =
          fromEnds(line[chosen].value, sign * lows[rank], sign * highs[rank]);
      bool isAlone = true;
      for (size_t j = 0; j < line.size(); ++j)
        isAlone &= j == chosen || line[j].high < line[chosen].low ||
                   line[j].low > line[chosen].high;
      const double index = static_cast<double>(chosen);
      indices.numbers[target] =
          isAlone ? Number(index)
                  : Number(index, 0, static_cast<double>(line.size() - 1));
    }
  });
  return {values, indices};
}

// ---- Lines that keep their length ----

/// Softmax of an element grows with it and falls with all others, so the ends
/// follow from the ends.
Line softmaxLine(const Line &line) {
  const Number m = extremum(line, maximum);
  auto sumOf = [&](double Number::*end) {
    double sum = 0;
    for (const Number &number : line)
      sum += std::exp(number.*end - m.high);
    return sum;
  };
  double sum = 0;
  for (const Number &number : line)
    sum += std::exp(number.value - m.value);
  const double lowSum = sumOf(&Number::low), highSum = sumOf(&Number::high);
  const double terms = static_cast<double>(line.size());
  Line result;
  for (const Number &x : line) {
    const double value = std::exp(x.value - m.value) / sum;
    if (m.isPoint() && !std::isfinite(m.value)) {
      result.push_back(Number(value));
      continue;
    }
    const double least = std::exp(x.low - m.high);
    const double most = std::exp(x.high - m.high);
    const double low = least / (least + highSum - most);
    const double high = most / (most + lowSum - least);
    const double shift =
        std::isfinite(x.value) ? std::abs(x.value - m.value) : 0;
    result.push_back(widened(
        rounded(fromEnds(value, std::min(low, 1.0), std::min(high, 1.0)),
                terms + shift + 3 * functionUnits),
        2 * tiny));
  }
  return result;
}

Line cumulated(const Call &call, const Line &line) {
  const bool isExclusive = call.flag("exclusive");
  const size_t count = line.size();
  Line result(count), before;
  for (size_t i = 0; i < count; ++i) {
    const size_t place = call.flag("reverse") ? count - 1 - i : i;
    if (!isExclusive)
      before.push_back(line[place]);
    result[place] = before.empty() ? Number(0) : sum(before);
    if (isExclusive)
      before.push_back(line[place]);
  }
  return result;
}

std::vector<Tensor> alongAxis(const Call &call) {
  const Tensor &x = call.tensor("x");
  const bool isSoftmax = call.op == "softmax";
  const size_t axis = call.axis("axis", isSoftmax ? -1 : 0, x.rank());
  Tensor y = call.result(x.dims);
  forEachLine(x, {axis}, [&](const std::vector<int64_t> &places) {
    const Line line = lineAt(x, places);
    const Line result = isSoftmax ? softmaxLine(line) : cumulated(call, line);
    for (size_t i = 0; i < places.size(); ++i)
      y.numbers[static_cast<size_t>(places[i])] = result[i];
  });
  return {y};
}

/// (x - mean) / sqrt(variance + epsilon) * gamma + beta.
std::vector<Tensor> layerNorm(const Call &call) {
  const Tensor &x = call.tensor("x");
  const double epsilon =
      stored(call.number("epsilon", 1e-5), x.element, call.numerics);
  Tensor y = call.result(x.dims);
  auto times = [](double a, double b) { return a * b; };
  auto minus = [](double a, double b) { return a - b; };
  auto plus = [](double a, double b) { return a + b; };
  forEachLine(
      x, call.axes("axes", x.rank()), [&](const std::vector<int64_t> &places) {
        const Line line = lineAt(x, places);
        const double count = static_cast<double>(line.size());
        auto average = [=](const Line &numbers) {
          return rounded(
              monotone([=](double a) { return a / count; }, sum(numbers)), 1);
        };
        const Number mean = average(line);
        const Line centred = each(line, [&](const Number &number) {
          return rounded(corners(minus, number, mean), 1);
        });
        const Number variance = average(each(centred, squared));
        const Number inverse =
            rounded(monotone(
                        [=](double v) {
                          return 1 / std::sqrt(std::max(v, 0.0) + epsilon);
                        },
                        variance),
                    4);
        for (size_t i = 0; i < places.size(); ++i) {
          Number number = rounded(corners(times, centred[i], inverse), 1);
          if (call.has("gamma"))
            number = rounded(
                corners(times, number, call.tensor("gamma").numbers[i]), 2);
          if (call.has("beta"))
            number = rounded(
                corners(plus, number, call.tensor("beta").numbers[i]), 1);
          y.numbers[static_cast<size_t>(places[i])] = widened(
              number, 4 * unit * inverse.magnitude() * mean.magnitude());
        }
      });
  return {y};
}

} // namespace

void addReductions(OperatorTable &table) {
  for (const char *op :
       {"reduce_sum", "reduce_mean", "reduce_max", "reduce_min", "reduce_prod",
        "reduce_sum_square", "reduce_l1_norm", "reduce_l2_norm",
        "reduce_log_sum", "reduce_log_sum_exp"})
    table[op] = reduce;
  table["reduce_argmax"] = argument;
  table["reduce_argmin"] = argument;
  table["topk"] = topk;
  table["softmax"] = alongAxis;
  table["cumsum"] = alongAxis;
  table["layer_norm"] = layerNorm;
}

} // namespace anec::rt::naive
