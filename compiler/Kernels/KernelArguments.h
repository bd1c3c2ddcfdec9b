//===- KernelArguments.h - What the arguments of a kernel mean --*- C++ -*-===//
//
// The argument attributes that ane-partition, nn-fold-gains and nn-group-heads
// leave on kernels: which parameter an argument is, where its values live, by
// what they are multiplied, and in which order they are stored.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_COMPILER_KERNELS_KERNELARGUMENTS_H
#define ANEC_COMPILER_KERNELS_KERNELARGUMENTS_H

#include "dialect/MIL/MIL.h"

namespace anec {

/// Of an argument: the number of the result that is this argument and something
/// added to it, and lies in the same surface.
constexpr llvm::StringLiteral sumOfAttribute = "nn.sum_of";

/// Of an argument: it lies in its surface as a result of its size does, because
/// programs write it there.
constexpr llvm::StringLiteral asResultAttribute = "nn.as_result";

/// The family of parameters that argument `i` is, or null for an activation.
inline mlir::FlatSymbolRefAttr parameterOf(mil::FuncOp func, unsigned i) {
  return func.getArgAttrOfType<mlir::FlatSymbolRefAttr>(i, "nn.parameter");
}

/// How the values of argument `i` reach the device; empty for an activation.
inline llvm::StringRef strategyOf(mil::FuncOp func, unsigned i) {
  auto strategy = func.getArgAttrOfType<mlir::StringAttr>(i, "nn.weights");
  return strategy ? strategy.getValue() : llvm::StringRef();
}

/// Whether the values of argument `i` are compiled into the kernel, or patched
/// into it.
inline bool isBaked(mil::FuncOp func, unsigned i) {
  return strategyOf(func, i) == "baked" || strategyOf(func, i) == "delta";
}

/// Whether the parameter of argument `i` is an input of its own.
inline bool isOwnInput(mil::FuncOp func, unsigned i) {
  return strategyOf(func, i) == "param";
}

/// Adds `nn.row_order`, `nn.column_order` and `nn.column_scale`, where present,
/// without prefix.
inline void appendStaging(mlir::DictionaryAttr attributes,
                          llvm::SmallVectorImpl<mlir::NamedAttribute> &fields) {
  for (llvm::StringRef name : {"row_order", "column_order", "column_scale"})
    if (mlir::Attribute order =
            attributes ? attributes.get(("nn." + name).str()) : nullptr)
      fields.emplace_back(mlir::StringAttr::get(attributes.getContext(), name),
                          order);
}

} // namespace anec

#endif // ANEC_COMPILER_KERNELS_KERNELARGUMENTS_H
