//===- HostOpSignatures.cpp - What host ops take and give -----------------===//
//
// Shape rules are few and shared; the table at the end is the whole contract.
//
//===----------------------------------------------------------------------===//
#include "runtime/bundle/HostOpChecks.h"
#include "runtime/bundle/ShapeOpSignatures.h"

namespace anec::rt {
namespace {

using namespace signature;

Complaint checkEmbedding(Types in, Types out, const nlohmann::json &) {
  ANEC_CHECK(expectRank(in, 0, 2, /*integer=*/true));
  ANEC_CHECK(expectRank(in, 1, 2));
  return expectResult(out, {in[0].shape[0], in[0].shape[1], in[1].shape[1]});
}

Complaint checkEmbeddingGrad(Types in, Types out, const nlohmann::json &) {
  ANEC_CHECK(expectRank(in, 0, 2, /*integer=*/true));
  ANEC_CHECK(expectRank(in, 1, 3));
  ANEC_CHECK(
      expectOperand(in, 1, {in[0].shape[0], in[0].shape[1], in[1].shape[2]}));
  if (out[0].integer || out[0].shape.size() != 2)
    return fmt::format("expects result 0 to be real of rank 2, but got {}",
                       rt::toString(out[0]));
  return expectResult(out, {out[0].shape[0], in[1].shape[2]});
}

Complaint checkLinear(Types in, Types out, const nlohmann::json &) {
  ANEC_CHECK(expectRank(in, 0, 3));
  ANEC_CHECK(expectRank(in, 1, 2));
  ANEC_CHECK(expectOperand(in, 1, {in[1].shape[0], in[0].shape[2]}));
  return expectResult(out, withFeatures(in[0].shape, in[1].shape[0]));
}

Complaint checkMatmul(Types in, Types out, const nlohmann::json &attributes) {
  ANEC_CHECK(expectRank(in, 0, 3));
  const std::vector<int64_t> &a = in[0].shape, &b = in[1].shape;
  if (attributes["transpose_a"].get<bool>()) {
    ANEC_CHECK(expectRank(in, 1, 3));
    ANEC_CHECK(expectOperand(in, 1, withFeatures(a, b[2])));
    return expectResult(out, {a[2], b[2]});
  }
  ANEC_CHECK(expectRank(in, 1, 2));
  ANEC_CHECK(expectOperand(in, 1, {a[2], b[1]}));
  return expectResult(out, withFeatures(a, b[1]));
}

Complaint checkBinary(Types in, Types out, const nlohmann::json &) {
  ANEC_CHECK(expectReal(in, 0));
  const std::vector<int64_t> &x = in[0].shape;
  bool broadcast = x.size() == 3 && in[1].shape.size() == 1;
  ANEC_CHECK(
      expectOperand(in, 1, broadcast ? std::vector<int64_t>{x.back()} : x));
  return expectResult(out, x);
}

Complaint checkUnary(Types in, Types out, const nlohmann::json &) {
  ANEC_CHECK(expectReal(in, 0));
  return expectResult(out, in[0].shape);
}

/// (x, dy) -> dx, all of one shape.
Complaint checkUnaryGrad(Types in, Types out, const nlohmann::json &) {
  ANEC_CHECK(expectReal(in, 0));
  ANEC_CHECK(expectOperand(in, 1, in[0].shape));
  return expectResult(out, in[0].shape);
}

Complaint checkMaxMagnitude(Types in, Types out, const nlohmann::json &) {
  ANEC_CHECK(expectRank(in, 0, 3));
  return expectResult(out, {});
}

Complaint checkSumTokens(Types in, Types out, const nlohmann::json &) {
  ANEC_CHECK(expectRank(in, 0, 3));
  return expectResult(out, {in[0].shape[2]});
}

Complaint checkRmsNorm(Types in, Types out, const nlohmann::json &) {
  ANEC_CHECK(expectRank(in, 0, 3));
  ANEC_CHECK(expectOperand(in, 1, {in[0].shape[2]}));
  return expectResult(out, in[0].shape);
}

Complaint checkRmsNormGrad(Types in, Types out, const nlohmann::json &) {
  ANEC_CHECK(expectRank(in, 0, 3));
  ANEC_CHECK(expectOperand(in, 1, {in[0].shape[2]}));
  ANEC_CHECK(expectOperand(in, 2, in[0].shape));
  return expectResult(out, in[0].shape);
}

Complaint checkRmsNormGainGrad(Types in, Types out, const nlohmann::json &) {
  ANEC_CHECK(expectRank(in, 0, 3));
  ANEC_CHECK(expectOperand(in, 1, in[0].shape));
  return expectResult(out, {in[0].shape[2]});
}

/// (weight, gain) -> their gradients, both updated.
Complaint checkDeriveGainGrad(Types in, Types out, const nlohmann::json &) {
  ANEC_CHECK(expectRank(in, 0, 2));
  ANEC_CHECK(expectOperand(in, 1, {in[0].shape[1]}));
  ANEC_CHECK(expectResult(out, in[0].shape));
  return expectType("result", 1, out[1], false, in[1].shape);
}

Complaint checkCenter(Types in, Types out, const nlohmann::json &) {
  ANEC_CHECK(expectRank(in, 0, 3));
  return expectResult(out, in[0].shape);
}

Complaint checkRope(Types in, Types out, const nlohmann::json &attributes) {
  ANEC_CHECK(expectRank(in, 0, 3));
  int64_t features = in[0].shape[2];
  int64_t head = attributes["head_dim"].get<int64_t>();
  if (head % 2 != 0 || features % head != 0)
    return fmt::format("expects an even head_dim that divides {} features, but "
                       "got {}",
                       features, head);
  return expectResult(out, in[0].shape);
}

Complaint checkSoftmax(Types in, Types out, const nlohmann::json &) {
  ANEC_CHECK(expectRank(in, 0, 3));
  return expectResult(out, in[0].shape);
}

Complaint checkTargets(Types in) {
  ANEC_CHECK(expectRank(in, 0, 3));
  return expectOperand(in, 1, {in[0].shape[0], in[0].shape[1]},
                       /*integer=*/true);
}

Complaint checkCrossEntropy(Types in, Types out, const nlohmann::json &) {
  ANEC_CHECK(checkTargets(in));
  return expectResult(out, {});
}

Complaint checkCrossEntropyGrad(Types in, Types out, const nlohmann::json &) {
  ANEC_CHECK(checkTargets(in));
  ANEC_CHECK(expectOperand(in, 2, {}));
  return expectResult(out, in[0].shape);
}

Complaint checkTargetWeights(Types in, Types out, const nlohmann::json &) {
  ANEC_CHECK(expectRank(in, 0, 2, /*integer=*/true));
  ANEC_CHECK(expectOperand(in, 1, {}));
  if (out[0].integer || out[0].shape.size() != 3)
    return fmt::format("expects result 0 to be real of rank 3, but got {}",
                       rt::toString(out[0]));
  return expectResult(out, {in[0].shape[0], in[0].shape[1], out[0].shape[2]});
}

Complaint checkPeakLogLoss(Types in, Types out, const nlohmann::json &) {
  ANEC_CHECK(expectRank(in, 0, 3));
  const std::vector<int64_t> &x = in[0].shape;
  ANEC_CHECK(expectRank(in, 1, 2));
  ANEC_CHECK(expectOperand(in, 1, {in[1].shape[0], x[2]}));
  ANEC_CHECK(expectOperand(in, 2, {x[0], x[1]}, /*integer=*/true));
  ANEC_CHECK(expectOperand(in, 3, withFeatures(x, 1)));
  ANEC_CHECK(expectOperand(in, 4, withFeatures(x, 1)));
  return expectResult(out, {});
}

Complaint checkTokenWeights(Types in, Types out, const nlohmann::json &) {
  ANEC_CHECK(expectOperand(in, 0, {}));
  if (out[0].integer || out[0].shape.size() != 3 || out[0].shape[2] != 1)
    return fmt::format("expects result 0 to be real [batch, sequence, 1], but "
                       "got {}",
                       rt::toString(out[0]));
  return std::nullopt;
}

Complaint checkScaleTokens(Types in, Types out, const nlohmann::json &) {
  ANEC_CHECK(expectRank(in, 0, 3));
  ANEC_CHECK(expectOperand(in, 1, withFeatures(in[0].shape, 1)));
  return expectResult(out, in[0].shape);
}

Complaint checkMse(Types in, Types out, const nlohmann::json &) {
  ANEC_CHECK(expectReal(in, 0));
  ANEC_CHECK(expectOperand(in, 1, in[0].shape));
  return expectResult(out, {});
}

Complaint checkMseGrad(Types in, Types out, const nlohmann::json &) {
  ANEC_CHECK(expectReal(in, 0));
  ANEC_CHECK(expectOperand(in, 1, in[0].shape));
  ANEC_CHECK(expectOperand(in, 2, {}));
  return expectResult(out, in[0].shape);
}

Complaint checkLossScale(Types, Types out, const nlohmann::json &) {
  return expectResult(out, {});
}

Complaint checkAttribute(const HostAttribute &attribute,
                         const nlohmann::json &attributes) {
  auto found = attributes.is_object() ? attributes.find(attribute.name)
                                      : attributes.end();
  const char *expected = "";
  bool good = found != attributes.end();
  switch (attribute.kind) {
  case HostAttribute::Kind::Number:
    expected = "a number";
    good = good && found->is_number();
    break;
  case HostAttribute::Kind::PositiveInteger:
    expected = "an integer from 1 to 65536";
    good = good && found->is_number_integer() && found->get<int64_t>() >= 1 &&
           found->get<int64_t>() <= 65536;
    break;
  case HostAttribute::Kind::Size:
    expected = "an integer from 0 to 2^30";
    good = good && found->is_number_integer() && found->get<int64_t>() >= 0 &&
           found->get<int64_t>() <= int64_t(1) << 30;
    break;
  case HostAttribute::Kind::PoolKind:
    expected = "\"max\" or \"average\"";
    good = good && (*found == "max" || *found == "average");
    break;
  case HostAttribute::Kind::Boolean:
    expected = "true or false";
    good = good && found->is_boolean();
    break;
  case HostAttribute::Kind::RopeStyle:
    expected = "\"interleaved\" or \"halves\"";
    good = good && (*found == "interleaved" || *found == "halves");
    break;
  }
  if (good)
    return std::nullopt;
  return fmt::format(
      "expects attribute '{}' to be {}, but got {}", attribute.name, expected,
      attributes.is_object() && attributes.contains(attribute.name)
          ? attributes[attribute.name].dump()
          : std::string("none"));
}

} // namespace

std::string toString(const HostType &type) {
  return (type.integer ? "int32 " : "real ") + signature::toString(type.shape);
}

const std::vector<HostOpSignature> &hostOpSignatures() {
  using Kind = HostAttribute::Kind;
  static const std::vector<HostOpSignature> table = withShapeOps({
      {"add", 2, 1, {}, checkBinary},
      {"center", 1, 1, {}, checkCenter},
      {"cross_entropy", 2, 1, {}, checkCrossEntropy},
      {"cross_entropy_grad", 3, 1, {}, checkCrossEntropyGrad},
      {"derive_gain_grad", 2, 2, {}, checkDeriveGainGrad},
      {"embedding", 2, 1, {}, checkEmbedding},
      {"embedding_grad", 2, 1, {}, checkEmbeddingGrad},
      {"exp", 1, 1, {}, checkUnary},
      {"gelu", 1, 1, {}, checkUnary},
      {"layer_norm", 2, 1, {{Kind::Number, "eps"}}, checkRmsNorm},
      {"linear", 2, 1, {}, checkLinear},
      {"log_loss", 2, 1, {}, checkCrossEntropy},
      {"log_loss_logits_grad", 3, 1, {}, checkCrossEntropyGrad},
      {"log_probability", 1, 1, {}, checkUnary},
      {"loss_scale", 0, 1, {}, checkLossScale},
      {"matmul", 2, 1, {{Kind::Boolean, "transpose_a"}}, checkMatmul},
      {"max_magnitude", 1, 1, {}, checkMaxMagnitude},
      {"mse", 2, 1, {}, checkMse},
      {"mse_grad", 3, 1, {}, checkMseGrad},
      {"mul", 2, 1, {}, checkBinary},
      {"peak_log_loss", 5, 1, {}, checkPeakLogLoss},
      {"relu", 1, 1, {}, checkUnary},
      {"relu_grad", 2, 1, {}, checkUnaryGrad},
      {"rms_norm", 2, 1, {{Kind::Number, "eps"}}, checkRmsNorm},
      {"rms_norm_gain_grad",
       2,
       1,
       {{Kind::Number, "eps"}},
       checkRmsNormGainGrad},
      {"rms_norm_grad", 3, 1, {{Kind::Number, "eps"}}, checkRmsNormGrad},
      {"rms_norm_nonzero", 2, 1, {{Kind::Number, "eps"}}, checkRmsNorm},
      {"rope",
       1,
       1,
       {{Kind::PositiveInteger, "head_dim"},
        {Kind::Number, "theta"},
        {Kind::RopeStyle, "style"},
        {Kind::Boolean, "inverse"}},
       checkRope},
      {"scale", 1, 1, {{Kind::Number, "factor"}}, checkUnary},
      {"scale_tokens", 2, 1, {}, checkScaleTokens},
      {"sigmoid", 1, 1, {}, checkUnary},
      {"silu", 1, 1, {}, checkUnary},
      {"softmax", 1, 1, {}, checkSoftmax},
      {"softmax_grad", 2, 1, {}, checkUnaryGrad},
      {"sub", 2, 1, {}, checkBinary},
      {"sum_tokens", 1, 1, {}, checkSumTokens},
      {"tanh", 1, 1, {}, checkUnary},
      {"target_weights", 2, 1, {}, checkTargetWeights},
      {"token_weights", 1, 1, {}, checkTokenWeights},
  });
  return table;
}

const HostOpSignature *findHostOp(const std::string &name) {
  for (const HostOpSignature &signature : hostOpSignatures())
    if (name == signature.name)
      return &signature;
  return nullptr;
}

std::optional<std::string> checkHostOp(const HostOpSignature &signature,
                                       Span<const HostType> operands,
                                       Span<const HostType> results,
                                       const nlohmann::json &attributes) {
  if (operands.size() != signature.operands)
    return fmt::format("expects {} operands for '{}', but got {}",
                       signature.operands, signature.name, operands.size());
  if (results.size() != signature.results)
    return fmt::format("expects {} results for '{}', but got {}",
                       signature.results, signature.name, results.size());
  for (const HostAttribute &attribute : signature.attributes)
    if (Complaint complaint = checkAttribute(attribute, attributes))
      return complaint;
  return signature.check(operands, results, attributes);
}

} // namespace anec::rt
