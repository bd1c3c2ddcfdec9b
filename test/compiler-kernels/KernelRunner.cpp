//===- KernelRunner.cpp - Lowers a kernel and executes it -----------------===//

#include "KernelRunner.h"

#include "compiler/Emit/ToMIL.h"
#include "compiler/Emit/WeightBlob.h"
#include "compiler/Pipelines.h"
#include "dialect/MIL/MIL.h"
#include "dialect/NN/NN.h"
#include "runtime/device/cpu/CpuDevice.h"
#include "runtime/mil/Printer.h"
#include "runtime/support/ThreadPool.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"

#include <stdexcept>

using namespace mlir;

namespace anec::test {

namespace {

[[noreturn]] void fail(const std::string &message) {
  throw std::runtime_error(message);
}

template <typename T> T take(rt::Result<T> result) {
  if (!result)
    fail(result.error().message);
  return std::move(*result);
}

int64_t integer(DictionaryAttr region, StringRef name) {
  return region.getAs<IntegerAttr>(name).getInt();
}

/// A region of the plan from one of the packing attributes. Everything is an
/// activation here, so that the host may map it.
rt::Region regionOf(DictionaryAttr attributes) {
  rt::Region region;
  region.name = attributes.getAs<StringAttr>("name").str();
  region.rows = integer(attributes, "rows");
  region.columns = integer(attributes, "columns");
  region.channel = integer(attributes, "channel");
  region.column = integer(attributes, "column");
  region.blockRows = integer(attributes, "block_rows");
  region.order.transposed = attributes.getAs<BoolAttr>("transposed").getValue();
  return region;
}

/// The only surface of one side.
DictionaryAttr onlySurface(mil::ProgramOp program, StringRef side) {
  auto surfaces = program->getAttrOfType<ArrayAttr>(("surfaces_" + side).str());
  return cast<DictionaryAttr>(surfaces[0]);
}

rt::SurfaceSpec surfaceOf(mil::ProgramOp program, StringRef side) {
  DictionaryAttr surface = onlySurface(program, side);
  rt::SurfaceSpec spec;
  spec.name = side.str();
  spec.channels = integer(surface, "channels");
  spec.width = integer(surface, "width");
  for (auto attributes :
       surface.getAs<ArrayAttr>("regions").getAsRange<DictionaryAttr>())
    spec.regions.push_back(regionOf(attributes));
  return spec;
}

double load(const void *data, rt::ElementType type, int64_t i) {
  switch (type) {
  case rt::ElementType::F16:
    return static_cast<const rt::half *>(data)[i];
  case rt::ElementType::F32:
    return static_cast<const float *>(data)[i];
  case rt::ElementType::F64:
    break;
  }
  return static_cast<const double *>(data)[i];
}

void store(void *data, rt::ElementType type, int64_t i, double value) {
  switch (type) {
  case rt::ElementType::F16:
    static_cast<rt::half *>(data)[i] = static_cast<rt::half>(value);
    return;
  case rt::ElementType::F32:
    static_cast<float *>(data)[i] = static_cast<float>(value);
    return;
  case rt::ElementType::F64:
    break;
  }
  static_cast<double *>(data)[i] = value;
}

/// Element [r, c] of a region's stored matrix, as an index into the surface.
int64_t place(const rt::Region &region, int64_t rowStride, int64_t r,
              int64_t c) {
  int64_t channel = region.channel + r % region.blockRows;
  int64_t column = region.column + r / region.blockRows * region.columns + c;
  return channel * rowStride + column;
}

/// Element [r, c] of a tensor in the device's natural layout: features by
/// tokens for an activation, the matrix itself, a column for a vector.
int64_t natural(const NNTensor &tensor, int64_t r, int64_t c) {
  switch (tensor.shape.size()) {
  case 1:
    return r;
  case 2:
    return r * tensor.shape[1] + c;
  default:
    return c * tensor.shape[2] + r;
  }
}

/// Calls visit(index in the tensor, index in the surface) for each element.
template <typename Visit>
void forEachElement(const NNTensor &tensor, const rt::Region &region,
                    int64_t rowStride, Visit visit) {
  for (int64_t r = 0; r < region.rows; ++r)
    for (int64_t c = 0; c < region.columns; ++c)
      visit(region.order.transposed ? natural(tensor, c, r)
                                    : natural(tensor, r, c),
            place(region, rowStride, r, c));
}

/// The compiled kernel and what it is called with.
struct Compiled {
  rt::ProgramFiles files;
  rt::SurfaceSpec input, output;
  std::vector<int64_t> arguments; ///< Of each input region.
};

Compiled compile(const std::string &model, const std::string &target) {
  DialectRegistry registry;
  registry.insert<nn::NNDialect, mil::MILDialect>();
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  std::string diagnostics;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    diagnostics += diagnostic.str() + "\n";
    return success();
  });
  auto module = parseSourceString<ModuleOp>(model, &context);
  if (!module)
    fail(diagnostics);
  PassManager passes(&context);
  CompilerOptions options;
  options.target = target;
  addKernelPasses(passes, options);
  if (failed(passes.run(*module)))
    fail(diagnostics);

  Compiled compiled;
  module->walk([&](mil::ProgramOp program) {
    auto kernel = toMIL(program);
    if (failed(kernel))
      fail(diagnostics);
    compiled.files.name = program.getSymName().str();
    compiled.files.text = rt::mil::print(kernel->program);
    for (const BlobConstant &blob : kernel->blobs) {
      std::string path = "@model_path/" + blob.file;
      compiled.files.blobs[path] = writeWeightBlob(blob.value);
      if (blob.exact)
        compiled.files.exactBlobs[path] = writeWeightBlob(blob.exact);
    }
    for (const auto &[name, values] : kernel->exactValues)
      compiled.files.exactValues[name].assign(values.begin(), values.end());
    compiled.input = surfaceOf(program, "in");
    compiled.output = surfaceOf(program, "out");
    for (auto region : onlySurface(program, "in")
                           .getAs<ArrayAttr>("regions")
                           .getAsRange<DictionaryAttr>())
      compiled.arguments.push_back(integer(region, "arg"));
  });
  return compiled;
}

} // namespace

std::vector<NNTensor>
runKernel(const std::string &model, const std::vector<NNTensor> &inputs,
          const std::vector<std::vector<int64_t>> &resultShapes,
          rt::Numerics numerics, const std::string &target) {
  Compiled compiled = compile(model, target);
  rt::ThreadPool pool(1);
  std::unique_ptr<rt::Device> device = rt::makeCpuDevice(numerics, pool);
  auto program = take(device->load(compiled.files));
  auto input = take(device->allocate(compiled.input));
  auto output = take(device->allocate(compiled.output));

  for (size_t i = 0; i < compiled.input.regions.size(); ++i) {
    auto map = take(device->map(*input, i, rt::Access::Write));
    const NNTensor &tensor = inputs.at(compiled.arguments[i]);
    forEachElement(tensor, map->region(), map->rowStride(),
                   [&](int64_t from, int64_t to) {
                     store(map->data(), map->type(), to, tensor.values[from]);
                   });
  }
  if (auto error = device->run(*program, {input.get()}, {output.get()}))
    fail(error->message);

  std::vector<NNTensor> results;
  for (size_t i = 0; i < compiled.output.regions.size(); ++i) {
    NNTensor tensor{resultShapes.at(i), {}};
    tensor.values.resize(tensor.shape[0] * tensor.shape[1] * tensor.shape[2]);
    auto map = take(device->map(*output, i, rt::Access::Read));
    forEachElement(tensor, map->region(), map->rowStride(),
                   [&](int64_t to, int64_t from) {
                     tensor.values[to] = load(map->data(), map->type(), from);
                   });
    results.push_back(std::move(tensor));
  }
  return results;
}

} // namespace anec::test
