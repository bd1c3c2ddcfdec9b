//===- Signature.cpp - What a kernel reads and writes ---------------------===//

#include "runtime/device/ane/Signature.h"

#include "runtime/device/RegionMemory.h"
#include "runtime/mil/Reader.h"
#include "runtime/mil/TypeCheck.h"

#include <map>

namespace anec::rt::ane {

namespace {

Result<Port> portOf(const std::string &program, const std::string &name,
                    const mil::Type &type) {
  const std::optional<SurfaceShape> shape = surfaceShape(type.dims);
  if (type.kind != mil::Type::Kind::Tensor ||
      type.element != mil::ScalarType::FP16 || !shape)
    return makeError(ErrorCode::InvalidInput,
                     "{}: expected '{}' to be a surface tensor<fp16, [1, A, B, "
                     "W]>, found {}",
                     program, name, mil::toString(type));
  return Port{name, shape->channels, shape->width, type.dims[2]};
}

} // namespace

Result<Signature> Signature::read(const std::string &text,
                                  const std::string &name) {
  ANEC_ASSIGN(mil::Program program, mil::read(text, name));
  ANEC_TRY(mil::check(program, name));
  const mil::Function *main = nullptr;
  for (const mil::Function &function : program.functions)
    if (program.functions.size() == 1 || function.name == "main")
      main = &function;
  if (!main)
    return makeError(ErrorCode::InvalidInput, "{}: expected a function 'main'",
                     name);
  Signature signature;
  std::map<std::string, const mil::Type *> types;
  for (const mil::TypedName &parameter : main->parameters) {
    types[parameter.name] = &parameter.type;
    ANEC_ASSIGN(Port port, portOf(name, parameter.name, parameter.type));
    signature.inputs.push_back(std::move(port));
  }
  for (const mil::Statement &statement : main->statements)
    for (const mil::TypedName &result : statement.results)
      types[result.name] = &result.type;
  for (const mil::Reference &output : main->outputs) {
    ANEC_ASSIGN(Port port, portOf(name, output.name, *types.at(output.name)));
    signature.outputs.push_back(std::move(port));
  }
  return signature;
}

uint64_t Signature::bytes() const {
  uint64_t sum = 0;
  for (const std::vector<Port> *ports : {&inputs, &outputs})
    for (const Port &port : *ports)
      sum += static_cast<uint64_t>(port.channels * port.width * 2);
  return sum;
}

} // namespace anec::rt::ane
