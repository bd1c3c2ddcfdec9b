//===- RandomValue.cpp - Constants of every kind --------------------------===//
//
// The ends of every type's range come often; strings hold what must be
// escaped.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/Builder.h"
#include "test/runtime/mil/random/RandomProgram.h"

#include <cmath>
#include <limits>

namespace anec::rt::mil::random {

namespace {

double randomFloat(Dice &dice, ScalarType type) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const double number =
      dice.chance(0.3)
          ? dice.pick({0.0, -0.0, 1.0, infinity, -infinity, double(NAN),
                       0x1p-24, 65504.0, -0x1.ff8p-15})
          : std::ldexp(dice.uniform(-1, 1),
                       static_cast<int>(dice.between(-20, 15)));
  return roundToType(number, type);
}

int64_t randomInteger(Dice &dice, ScalarType type) {
  const int64_t bits = scalarTypeBits(type);
  const bool isSigned = type <= ScalarType::Int64;
  if (bits == 64) // for uint64 the bit pattern
    return dice.pick({std::numeric_limits<int64_t>::min(),
                      std::numeric_limits<int64_t>::max(), int64_t(0),
                      int64_t(-1), int64_t(11785408)});
  const int64_t span = int64_t(1) << bits;
  const int64_t lowest = isSigned ? -span / 2 : 0;
  return dice.chance(0.3) ? dice.pick({lowest, lowest + span - 1})
                          : lowest + dice.below(span);
}

std::string randomString(Dice &dice) {
  std::string text;
  for (int64_t i = dice.between(0, 8); i > 0; --i)
    text += dice.chance(0.8) ? static_cast<char>(dice.between('a', 'z'))
                             : dice.pick({'"', '\\', '\n', '\r', '\t', '\x01',
                                          '\x7f', ' ', '/', '*', '\xc3'});
  return text;
}

Type randomTensorType(Dice &dice) {
  const auto element = static_cast<ScalarType>(
      dice.below(static_cast<int64_t>(ScalarType::String) + 1));
  if (dice.chance(0.3))
    return Type::scalar(element);
  std::vector<int64_t> dims;
  for (int64_t i = dice.below(6); i > 0; --i)
    dims.push_back(dice.chance(0.05) ? 0 : dice.between(1, 3));
  return Type::tensor(element, dims);
}

Value tensorValue(Dice &dice, const Type &type) {
  Value value;
  value.type = type;
  const size_t count = static_cast<size_t>(type.elementCount());
  if (type.element == ScalarType::String) {
    Value::Strings strings(count);
    for (std::string &string : strings)
      string = randomString(dice);
    value.data = strings;
  } else if (isFloat(type.element)) {
    Value::Floats floats(count);
    for (double &number : floats)
      number = randomFloat(dice, type.element);
    value.data = floats;
  } else {
    Value::Integers integers(count);
    for (int64_t &number : integers)
      number = type.element == ScalarType::Bool
                   ? dice.below(2)
                   : randomInteger(dice, type.element);
    value.data = integers;
  }
  return value;
}

/// Containers of lists, tuples and dictionaries of one type.
Value valueOf(Dice &dice, const Type &type) {
  if (type.kind == Type::Kind::Scalar || type.kind == Type::Kind::Tensor)
    return tensorValue(dice, type);
  Value value;
  value.type = type;
  Value::Members members;
  if (type.kind == Type::Kind::Tuple)
    for (const Type &member : type.arguments)
      members.push_back(valueOf(dice, member));
  else if (type.kind == Type::Kind::Dict)
    for (int64_t i = dice.below(3); i > 0; --i)
      for (const Type &member : type.arguments)
        members.push_back(valueOf(dice, member));
  else
    for (int64_t i = type.length == dynamicSize ? dice.below(4) : type.length;
         i > 0; --i)
      members.push_back(valueOf(dice, type.arguments[0]));
  value.data = std::move(members);
  return value;
}

Type randomType(Dice &dice, int64_t depth) {
  switch (depth == 0 ? 9 : dice.below(10)) {
  case 0:
    return Type::list(randomType(dice, depth - 1),
                      dice.chance(0.5) ? dynamicSize : dice.below(4));
  case 1: {
    std::vector<Type> members;
    for (int64_t i = dice.below(4); i > 0; --i)
      members.push_back(randomType(dice, depth - 1));
    return Type::tuple(members);
  }
  case 2: {
    Type key = randomType(dice, 0);
    return Type::dict(key, randomType(dice, depth - 1));
  }
  default:
    return randomTensorType(dice);
  }
}

} // namespace

Value randomValue(Dice &dice, int64_t depth) {
  const Type type = randomType(dice, depth);
  const bool isTensor =
      type.kind == Type::Kind::Scalar || type.kind == Type::Kind::Tensor;
  if (isTensor && dice.chance(0.1))
    return makeBlob(
        type, "@model_path/" + randomString(dice),
        static_cast<uint64_t>(randomInteger(dice, ScalarType::UInt64)));
  return valueOf(dice, type);
}

} // namespace anec::rt::mil::random
