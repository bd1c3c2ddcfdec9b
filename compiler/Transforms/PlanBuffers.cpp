//===- PlanBuffers.cpp - Host memory of a plan ----------------------------===//

#include "compiler/Transforms/PlanBuffers.h"

#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace anec;

StringAttr PlanBuffers::fixed(StringRef name, Type type, Location loc) {
  StringAttr &buffer = fixedBuffers[name.str()];
  if (!buffer) {
    buffer = builder.getStringAttr(name);
    plan::BufferOp::create(builder, loc, buffer, TypeAttr::get(type),
                           builder.getI64IntegerAttr(1),
                           builder.getDenseI64ArrayAttr({}));
  }
  return buffer;
}

StringAttr PlanBuffers::allocate(Type type, int64_t count,
                                 ArrayRef<int64_t> vocabulary, Location loc) {
  std::string kind;
  llvm::raw_string_ostream stream(kind);
  stream << type << " " << count;
  for (int64_t dimension : vocabulary)
    stream << " " << dimension;
  for (Buffer &buffer : buffers)
    if (!buffer.live && buffer.kind == kind) {
      buffer.live = true;
      return buffer.name;
    }
  auto name = builder.getStringAttr("h" + Twine(buffers.size()));
  plan::BufferOp::create(builder, loc, name, TypeAttr::get(type),
                         builder.getI64IntegerAttr(count),
                         builder.getDenseI64ArrayAttr(vocabulary));
  buffers.push_back({name, kind, true});
  return name;
}

void PlanBuffers::release(StringAttr name) {
  for (Buffer &buffer : buffers)
    if (buffer.name == name)
      buffer.live = false;
}

void PlanBuffers::releaseAll() {
  for (Buffer &buffer : buffers)
    buffer.live = false;
}
