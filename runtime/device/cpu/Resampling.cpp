//===- Resampling.cpp - Images in another size ----------------------------===//
//
// Each result element has a position in the image; the rules differ in where
// positions lie.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/Elements.h"
#include "runtime/device/cpu/Kernels.h"
#include "runtime/support/ThreadPool.h"

#include <algorithm>
#include <cmath>

namespace anec::rt::cpu {

namespace {

enum class Grid {
  /// The first and last elements of both sizes coincide.
  StrictAlignCorners,
  /// The same, but a single element is the middle.
  AlignCorners,
  /// Elements are areas: positions are their centres.
  UnalignCorners,
  /// Elements are points: i * from / to.
  Default,
  /// Centres of equal parts of the distance from first to last.
  OffsetCorners,
};

/// Where the `to` elements of a result lie among `from`.
std::vector<double> positions(Grid grid, int64_t from, int64_t to) {
  const double size = static_cast<double>(from);
  const double count = static_cast<double>(to);
  std::vector<double> result;
  for (int64_t i = 0; i < to; ++i) {
    const double index = static_cast<double>(i);
    double place = 0;
    switch (grid) {
    case Grid::StrictAlignCorners:
      place = to == 1 ? 0 : index * (size - 1) / (count - 1);
      break;
    case Grid::AlignCorners:
      place = to == 1 ? (size - 1) / 2 : index * (size - 1) / (count - 1);
      break;
    case Grid::UnalignCorners:
      place = (index + 0.5) * size / count - 0.5;
      break;
    case Grid::Default:
      place = index * size / count;
      break;
    case Grid::OffsetCorners:
      place = (index + 0.5) * std::max(1.0, size - 1) / count;
      break;
    }
    result.push_back(std::clamp(place, 0.0, size - 1));
  }
  return result;
}

/// Interpolates between the four neighbours of each position, image by image.
void interpolate(const KernelArguments &arguments,
                 const std::vector<double> &rows,
                 const std::vector<double> &columns) {
  const Dims &dims = arguments.inputs[0].dims;
  const int64_t height = dims[dims.size() - 2], width = dims.back();
  const Numbers x = numbersOf(arguments.inputs[0]);
  const int64_t images = static_cast<int64_t>(x.size()) / (height * width);
  const size_t perImage = rows.size() * columns.size();
  Numbers y(static_cast<size_t>(images) * perImage);
  arguments.pool.parallelFor(images, [&](int64_t image) {
    const double *from = x.data() + image * height * width;
    double *to = y.data() + static_cast<size_t>(image) * perImage;
    for (double row : rows) {
      const auto top = static_cast<int64_t>(row);
      const int64_t bottom = std::min(top + 1, height - 1);
      const double down = row - static_cast<double>(top);
      for (double column : columns) {
        const auto left = static_cast<int64_t>(column);
        const int64_t right = std::min(left + 1, width - 1);
        const double across = column - static_cast<double>(left);
        auto between = [&](int64_t line) {
          return from[line * width + left] * (1 - across) +
                 from[line * width + right] * across;
        };
        *to++ = between(top) * (1 - down) + between(bottom) * down;
      }
    }
  });
  storeNumbers(y, arguments.results[0]);
}

Result<Kernel> bilinearKernel(Preparation &preparation, Grid grid) {
  ANEC_TRY(preparation.expectFloat("x"));
  preparation.input("x");
  return Kernel([grid](const KernelArguments &arguments) {
    const Dims &from = arguments.inputs[0].dims;
    const Dims &to = arguments.results[0].dims;
    const size_t height = from.size() - 2, width = from.size() - 1;
    interpolate(arguments, positions(grid, from[height], to[height]),
                positions(grid, from[width], to[width]));
  });
}

Result<Kernel> prepareUpsampleBilinear(Preparation &preparation) {
  const mil::Operands &operands = preparation.operands;
  ANEC_ASSIGN(bool align, operands.flag("align_corners", true));
  ANEC_ASSIGN(bool centers, operands.flag("half_pixel_centers", !align));
  return bilinearKernel(preparation, align     ? Grid::StrictAlignCorners
                                     : centers ? Grid::UnalignCorners
                                               : Grid::Default);
}

Result<Kernel> prepareResizeBilinear(Preparation &preparation) {
  struct Row {
    const char *name;
    Grid grid;
  };
  constexpr Row rows[] = {{"STRICT_ALIGN_CORNERS", Grid::StrictAlignCorners},
                          {"ALIGN_CORNERS", Grid::AlignCorners},
                          {"UNALIGN_CORNERS", Grid::UnalignCorners},
                          {"DEFAULT", Grid::Default},
                          {"OFFSET_CORNERS", Grid::OffsetCorners}};
  ANEC_ASSIGN(std::string mode,
              preparation.operands.string("sampling_mode", "DEFAULT"));
  for (const Row &row : rows)
    if (row.name == mode)
      return bilinearKernel(preparation, row.grid);
  return makeError(ErrorCode::InvalidInput,
                   "expected 'sampling_mode' STRICT_ALIGN_CORNERS, "
                   "ALIGN_CORNERS, UNALIGN_CORNERS, DEFAULT or OFFSET_CORNERS, "
                   "found '{}'",
                   mode);
}

/// Element i is that at floor(i / scale).
Result<Kernel> prepareNearest(Preparation &preparation) {
  const mil::Operands &operands = preparation.operands;
  ANEC_ASSIGN(double down, operands.number("scale_factor_height", 1));
  ANEC_ASSIGN(double across, operands.number("scale_factor_width", 1));
  preparation.input("x");
  return Kernel([=](const KernelArguments &arguments) {
    const Tensor &result = arguments.results[0];
    const Dims &dims = arguments.inputs[0].dims;
    const int64_t height = dims[dims.size() - 2], width = dims.back();
    const int64_t rows = result.dims[dims.size() - 2];
    const int64_t columns = result.dims.back();
    const Numbers x = numbersOf(arguments.inputs[0]);
    const int64_t images = static_cast<int64_t>(x.size()) / (height * width);
    auto nearest = [](int64_t i, double scale, int64_t size) {
      const double place = std::floor(static_cast<double>(i) / scale);
      return std::min(static_cast<int64_t>(place), size - 1);
    };
    Numbers y;
    y.reserve(static_cast<size_t>(images * rows * columns));
    for (int64_t image = 0; image < images; ++image)
      for (int64_t i = 0; i < rows; ++i)
        for (int64_t j = 0; j < columns; ++j)
          y.push_back(x[static_cast<size_t>(
              (image * height + nearest(i, down, height)) * width +
              nearest(j, across, width))]);
    storeNumbers(y, result);
  });
}

} // namespace

void addResamplingKernels(KernelTable &table) {
  table["upsample_nearest_neighbor"] = prepareNearest;
  table["upsample_bilinear"] = prepareUpsampleBilinear;
  table["resize_bilinear"] = prepareResizeBilinear;
}

} // namespace anec::rt::cpu
