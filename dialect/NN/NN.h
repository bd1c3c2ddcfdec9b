//===- NN.h - The nn dialect ------------------------------------*- C++ -*-===//
//
// The one public header of the dialect: its types, attributes, traits and ops.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_DIALECT_NN_NN_H
#define ANEC_DIALECT_NN_NN_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/RegionKindInterface.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace anec::nn {

/// convert-nn-to-mil has a lowering.
template <typename Op>
struct DeviceCapable : mlir::OpTrait::TraitBase<Op, DeviceCapable> {};
/// The runtime has a host op of the same name.
template <typename Op>
struct HostCapable : mlir::OpTrait::TraitBase<Op, HostCapable> {};
/// Cheaper to compute again than to keep.
template <typename Op> struct Cheap : mlir::OpTrait::TraitBase<Op, Cheap> {};
/// Multiplies matrices: what a dispatch is worth making for, and where sums can
/// leave the range of fp16.
template <typename Op>
struct Product : mlir::OpTrait::TraitBase<Op, Product> {};
/// Reduces a prediction and its targets to one number.
template <typename Op> struct Loss : mlir::OpTrait::TraitBase<Op, Loss> {};

} // namespace anec::nn

#include "dialect/NN/NNDialect.h.inc"
#include "dialect/NN/NNEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialect/NN/NNAttributes.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dialect/NN/NNTypes.h.inc"

#include "dialect/NN/NNInterfaces.h.inc"

namespace anec::nn {

/// The numbers of nn.gelu: sqrt(2 / pi) and the factor of x^3.
constexpr double geluSlope = 0.7978845608028654, geluCubic = 0.044715;
/// Rows of the factors of nn.adamw.
constexpr int64_t adamwFactors = 7;

/// The `(normal, 0.02)` of `nn.param`.
mlir::ParseResult parseInit(mlir::OpAsmParser &parser, InitAttr &init);
void printInit(mlir::OpAsmPrinter &printer, mlir::Operation *op, InitAttr init);

} // namespace anec::nn

#define GET_OP_CLASSES
#include "dialect/NN/NNOps.h.inc"

#endif // ANEC_DIALECT_NN_NN_H
