//===- RandomProgram.h - Programs to read and print -------------*- C++ -*-===//
//
// Well-typed programs that use the whole language: several functions, every
// element type, constants of every kind, all spellings that an AST can hold.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TEST_RUNTIME_MIL_RANDOM_RANDOMPROGRAM_H
#define ANEC_TEST_RUNTIME_MIL_RANDOM_RANDOMPROGRAM_H

#include "runtime/mil/Ast.h"
#include "test/runtime/mil/random/Dice.h"

namespace anec::rt::mil::random {

/// The program of a seed.
Program randomProgram(uint64_t seed);

/// A constant of any type but state; containers down to `depth` levels.
Value randomValue(Dice &dice, int64_t depth);

/// The same tokens with other white space and comments between them, each
/// place left without any where the grammar allows.
std::string respaced(const std::string &text, uint64_t seed);

} // namespace anec::rt::mil::random

#endif // ANEC_TEST_RUNTIME_MIL_RANDOM_RANDOMPROGRAM_H
