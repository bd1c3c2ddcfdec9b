//===- PartitionerTest.cpp - The search against all partitions ------------===//
//
// Small random graphs under limits that bite: what the search finds costs as
// little as the best of all ways to cut the graph into kernels. Needs and
// prices are computed here anew, for sizes that leave no padding: every value
// is 64 features of 64 tokens, every weight 64 x 64.
//
//===----------------------------------------------------------------------===//
#include "compiler/Transforms/Partitioner.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/SetVector.h"

#include <gtest/gtest.h>

#include <random>

using namespace mlir;
using namespace anec;
using rt::target::Level;
using rt::target::Profile;
using rt::target::Rule;

namespace {

constexpr int64_t size = 64, valueBytes = size * size * 2;
constexpr const char *value = "tensor<1x64x64xf32>",
                     *scores = "tensor<1x1x64x64xf32>";

/// A function of `steps` random operators over three activations and four
/// weights; returns what nothing reads, and a few values more.
std::string randomFunction(unsigned seed, unsigned steps) {
  std::mt19937 dice(seed);
  auto pick = [&](size_t count) { return dice() % count; };
  std::vector<std::string> values = {"%x0", "%x1", "%x2"};
  std::string body;
  std::set<std::string> unread;
  auto read = [&] {
    std::string name = values[pick(values.size())];
    unread.erase(name);
    return name;
  };
  for (unsigned i = 0; i < steps; ++i) {
    const std::string name = "%v" + std::to_string(i), x = read();
    const std::string types = std::string(" : ") + value + ", ";
    switch (pick(5)) {
    case 0:
    case 1:
      body += name + " = nn.linear " + x + ", %w" + std::to_string(pick(4)) +
              types + "tensor<64x64xf32>\n";
      break;
    case 2:
      body += name + " = nn.add " + x + ", " + read() + types + value + "\n";
      break;
    case 3:
      body += name + " = nn.silu " + x + " : " + value + "\n";
      break;
    case 4: { // What only a kernel of its own can hold.
      const std::string s = "%s" + std::to_string(i),
                        p = "%p" + std::to_string(i);
      body += s + " = nn.head_scores " + x + ", " + read() +
              ", heads = 1, kv_heads = 1" + types + value + "\n" + p +
              " = nn.softmax " + s + " : " + scores + "\n" + name +
              " = nn.head_mix " + p + ", " + read() +
              ", heads = 1, kv_heads = 1 : " + scores + ", " + value + "\n";
      break;
    }
    }
    values.push_back(name);
    unread.insert(name);
  }
  for (int more = 0; more < 2; ++more)
    unread.insert("%v" + std::to_string(pick(steps)));
  std::string names, types;
  for (const std::string &name : unread) {
    names += (names.empty() ? "" : ", ") + name;
    types += std::string(types.empty() ? "" : ", ") + value;
  }
  std::string text = "nn.model @m {\nnn.func private @f(";
  for (int i = 0; i < 3; ++i)
    text += "%x" + std::to_string(i) + ": " + value + ", ";
  for (int i = 0; i < 4; ++i)
    text += std::string(i ? ", " : "") + "%w" + std::to_string(i) +
            ": tensor<64x64xf32>";
  return text + ") -> (" + types + ") {\n" + body + "nn.return " + names +
         " : " + types + "\n}\n}\n";
}

/// What the partitioner must not exceed, as the test understands it.
struct Limits {
  /// Of one surface for all inputs and one for all outputs; 0 for targets where
  /// each has its own.
  int64_t columns = 0;
  int64_t slots = 0;

  Profile profile() const {
    Profile profile = *rt::target::findProfile(columns ? "strict" : "m4");
    profile.set(Rule::IoMinBytes, {Level::Refuse, 2048});
    if (columns)
      profile.set(Rule::Dim16384, {Level::Refuse, columns});
    else
      profile.set(Rule::IoSlotsMax, {Level::Refuse, slots});
    return profile;
  }
};

/// All partitions of a function's ops.
class Exhaustive {
public:
  Exhaustive(ArrayRef<Operation *> ops, Limits limits)
      : ops(ops), limits(limits) {
    for (auto [i, op] : llvm::enumerate(ops))
      number[op] = i;
  }

  /// The least price of kernels for what is not in `done`; none if impossible.
  std::optional<int64_t> best(unsigned done = 0) {
    const unsigned all = (1U << ops.size()) - 1;
    if (done == all)
      return 0;
    if (auto known = memo.find(done); known != memo.end())
      return known->second;
    std::optional<int64_t> least;
    const unsigned rest = all & ~done;
    for (unsigned kernel = rest; kernel != 0; kernel = (kernel - 1) & rest) {
      std::optional<int64_t> mine = price(kernel, done);
      std::optional<int64_t> others =
          mine ? best(done | kernel) : std::optional<int64_t>();
      if (others && (!least || *mine + *others < *least))
        least = *mine + *others;
    }
    return memo[done] = least;
  }

  /// The price of a kernel that runs when `done` has run.
  std::optional<int64_t> price(unsigned kernel, unsigned done) const {
    std::set<std::pair<bool, const void *>> inputs;
    int64_t weights = 0, activations = 0, outputs = 0;
    bool hasProduct = false;
    for (auto [i, op] : llvm::enumerate(ops)) {
      if (!(kernel >> i & 1))
        continue;
      hasProduct |= !isa<nn::AddOp, nn::SiluOp, nn::SoftmaxOp>(op);
      for (Value operand : op->getOperands()) {
        const Operation *producer = operand.getDefiningOp();
        const unsigned from = producer ? number.lookup(producer) : 0;
        if (producer && (kernel >> from & 1))
          continue;
        if (producer && !(done >> from & 1))
          return std::nullopt;
        if (!crosses(operand))
          return std::nullopt;
        const bool isWeight =
            cast<RankedTensorType>(operand.getType()).getRank() == 2;
        if (inputs.insert({isWeight, operand.getAsOpaquePointer()}).second)
          (isWeight ? weights : activations) += 1;
      }
      for (Value result : op->getResults())
        if (llvm::any_of(result.getUsers(), [&](Operation *user) {
              return isa<nn::ReturnOp>(user) ||
                     !(kernel >> number.lookup(user) & 1);
            })) {
          if (!crosses(result))
            return std::nullopt;
          outputs += 1;
        }
    }
    const bool isSingle = (kernel & (kernel - 1)) == 0;
    if (!isSingle && !fits(weights, activations, outputs, hasProduct))
      return std::nullopt;
    return (weights + activations + outputs) * valueBytes + dispatchBytes;
  }

  /// The price of a partition, or nothing when it is none.
  std::optional<int64_t> price(ArrayRef<KernelOps> kernels) const {
    int64_t total = 0;
    unsigned done = 0;
    for (const KernelOps &kernel : kernels) {
      unsigned chosen = 0;
      for (auto [i, op] : llvm::enumerate(ops))
        chosen |= unsigned(llvm::is_contained(kernel, op)) << i;
      std::optional<int64_t> mine = price(chosen, done);
      if (!mine || (done & chosen))
        return std::nullopt;
      done |= chosen;
      total += *mine;
    }
    if (done != (1U << ops.size()) - 1)
      return std::nullopt;
    return total;
  }

private:
  static bool crosses(Value value) {
    return cast<RankedTensorType>(value.getType()).getRank() < 4;
  }

  /// A product may bring a witness: 32 rows, or one output more.
  bool fits(int64_t weights, int64_t activations, int64_t outputs,
            bool hasProduct) const {
    if (limits.columns)
      return (weights + activations) * size <= limits.columns &&
             outputs * size + 32 * hasProduct <= limits.columns;
    return activations + (weights > 0) <= limits.slots &&
           outputs + hasProduct <= limits.slots;
  }

  ArrayRef<Operation *> ops;
  Limits limits;
  llvm::DenseMap<const Operation *, unsigned> number;
  std::map<unsigned, std::optional<int64_t>> memo;
};

class PartitionerOf : public testing::TestWithParam<Limits> {
protected:
  PartitionerOf() : context(MLIRContext::Threading::DISABLED) {
    context.loadDialect<nn::NNDialect>();
    context.getDiagEngine().registerHandler(
        [](Diagnostic &) { return success(); });
  }

  SmallVector<Operation *> parse(const std::string &text) {
    module = parseSourceString<ModuleOp>(text, &context);
    SmallVector<Operation *> ops;
    if (module)
      module->walk([&](nn::FuncOp func) {
        for (Operation &op : func.getBody().front().without_terminator())
          ops.push_back(&op);
      });
    return ops;
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
};

TEST_P(PartitionerOf, randomGraphsFindsTheBestOfAll) {
  int split = 0, impossible = 0, worse = 0;
  for (unsigned seed = 0; seed < 150; ++seed) {
    const std::string text = randomFunction(seed, 3 + seed % 5);
    SmallVector<Operation *> ops = parse(text);
    ASSERT_FALSE(ops.empty()) << text;
    if (ops.size() > 10)
      continue;
    Exhaustive all(ops, GetParam());
    const std::optional<int64_t> expected = all.best();

    const Profile profile = GetParam().profile();
    auto strategy = [](Value of) -> StringRef {
      return cast<RankedTensorType>(of.getType()).getRank() == 2 ? "packed"
                                                                 : "";
    };
    KernelNeeds needs(profile, strategy);
    auto kernels = Partitioner(needs).split(ops);
    ASSERT_EQ(succeeded(kernels), expected.has_value()) << text;
    if (!expected) {
      ++impossible;
      continue;
    }
    split += kernels->size() > 1;
    EXPECT_EQ(all.price(*kernels), expected) << text;
    // Without effort, one order of the ops has to do.
    auto inOrder = Partitioner(needs, /*effort=*/0).split(ops);
    worse += succeeded(inOrder) && all.price(*inOrder) > expected;
  }
  // The limits bite, and the best cut is not always one of program order.
  EXPECT_GT(split, 30);
  EXPECT_GT(worse, 0);
  EXPECT_EQ(impossible > 0,
            GetParam().columns == 2 * size || GetParam().slots == 2);
}

INSTANTIATE_TEST_SUITE_P(Limits, PartitionerOf,
                         testing::Values(Limits{2 * size, 0},
                                         Limits{3 * size, 0},
                                         Limits{5 * size, 0}, Limits{0, 2},
                                         Limits{0, 3}, Limits{0, 4}));

} // namespace
