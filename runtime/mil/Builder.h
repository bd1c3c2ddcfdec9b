//===- Builder.h - Making MIL nodes -----------------------------*- C++ -*-===//
//
// What an emitter says: constants, ops with named arguments, a program with
// the header that the device accepts. Scalars are spelled as scalar types.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_MIL_BUILDER_H
#define ANEC_RUNTIME_MIL_BUILDER_H

#include "runtime/mil/Ast.h"

namespace anec::rt::mil {

/// Rounds once to `type`, to nearest even; overflow gives infinity.
double roundToType(double value, ScalarType type);

Value makeString(std::string text);
Value makeBool(bool value);
Value makeInteger(ScalarType type, int64_t value);
Value makeInt32(int64_t value);
/// A float scalar, rounded once to `type`.
Value makeFloat(ScalarType type, double value);
Value makeFP16(double value);

/// `tensor<int32, [n]>`, `tensor<bool, [n]>`.
Value makeInt32s(std::vector<int64_t> values);
Value makeBools(const std::vector<bool> &values);
/// A float tensor from its elements in row-major order, each rounded once.
Value makeFloats(ScalarType type, std::vector<int64_t> dims,
                 std::vector<double> values);
/// A tensor whose data is in a file.
Value makeBlob(Type type, std::string path, uint64_t offset);

/// `name = value`, `name = (value, ...)`.
Argument makeArgument(std::string name, std::string value);
Argument makeTupleArgument(std::string name,
                           const std::vector<std::string> &values);

/// `TYPE name = const()[name = string("name"), val = value];`
Statement makeConst(std::string name, Value value);
/// `TYPE name = op(arguments)[name = string("name")];`
Statement makeOp(Type type, std::string name, std::string op,
                 std::vector<Argument> arguments);

/// `func main<ios18>` without parameters, statements and outputs.
Function makeMain();
/// `program(1.3)` with the build information that generators proven on the
/// device write.
Program makeProgram();

/// The same program in the form that the first engines take: version 1.0, opset
/// ios16, scalars as tensors of rank 0, one build entry.
Program toOldForm(Program program);

} // namespace anec::rt::mil

#endif // ANEC_RUNTIME_MIL_BUILDER_H
