//===- NNGroupHeads.cpp - nn-group-heads ----------------------------------===//
//
// A permutation of features costs a gather on the device and nothing at all
// when the weights are staged in another order. Permutations move up into the
// producers and down into the users until they stand at the kernel's border or
// meet their inverses. What cannot move stays, as slices of the device.
//
//===----------------------------------------------------------------------===//

#include "compiler/Passes.h"

#include "mlir/IR/Builders.h"

#include <deque>

namespace anec {
#define GEN_PASS_DEF_NNGROUPHEADSPASS
#include "compiler/Passes.h.inc"
} // namespace anec

using namespace mlir;
using namespace anec;
using namespace anec::nn;

namespace {

using Order = SmallVector<int64_t>;

Order inverse(ArrayRef<int64_t> order) {
  Order result(order.size());
  for (auto [to, from] : llvm::enumerate(order))
    result[from] = to;
  return result;
}
/// (first, then second): position p shows what first puts at second[p].
Order compose(ArrayRef<int64_t> first, ArrayRef<int64_t> second) {
  Order result;
  for (int64_t index : second)
    result.push_back(first[index]);
  return result;
}
bool isIdentity(ArrayRef<int64_t> order) {
  return llvm::all_of(llvm::enumerate(order), [](auto pair) {
    return int64_t(pair.index()) == pair.value();
  });
}
/// Whether `order` moves whole heads.
bool keepsHeads(ArrayRef<int64_t> order, int64_t headDim) {
  for (auto [to, from] : llvm::enumerate(order))
    if (from % headDim != int64_t(to) % headDim ||
        from / headDim != order[to / headDim * headDim] / headDim)
      return false;
  return true;
}

/// Works on one kernel until no permutation is left or none can move.
class Mover {
public:
  explicit Mover(FuncOp kernel) : kernel(kernel), builder(kernel) {}

  void run() {
    for (auto op : kernel.getOps<PermuteFeaturesOp>())
      work.push_back({op, Direction::Any});
    // Every step leaves a correct kernel. Weights that several products share
    // could pass a permutation around for ever.
    constexpr size_t stepsPerOp = 8;
    size_t steps = stepsPerOp * kernel.getBody().front().getOperations().size();
    for (; !work.empty() && steps > 0; --steps) {
      auto [op, direction] = work.front();
      work.pop_front();
      if (op.use_empty())
        op.erase();
      else if (!merge(op) &&
               !(direction != Direction::Down && moveUp(op, direction)) &&
               direction != Direction::Up)
        (void)moveDown(op);
    }
    for (Operation &op :
         llvm::make_early_inc_range(llvm::reverse(kernel.getBody().front())))
      if (isa<PermuteFeaturesOp>(op) && op.use_empty())
        op.erase();
  }

private:
  /// What has moved one way must not come back the same way: an inverse that it
  /// left behind only goes on.
  enum class Direction { Any, Up, Down };

  PermuteFeaturesOp permute(Value x, ArrayRef<int64_t> order,
                            Direction direction) {
    auto op = PermuteFeaturesOp::create(builder, x.getLoc(), x.getType(), x,
                                        builder.getDenseI64ArrayAttr(order));
    work.push_back({op, direction});
    return op;
  }

  /// Records that a kernel argument arrives in another order.
  void reorder(BlockArgument argument, StringRef name,
               ArrayRef<int64_t> order) {
    unsigned number = argument.getArgNumber();
    Order total(order);
    if (auto old = kernel.getArgAttrOfType<DenseI64ArrayAttr>(number, name))
      total = compose(old.asArrayRef(), order);
    kernel.setArgAttr(number, name, builder.getDenseI64ArrayAttr(total));
  }
  /// The weight argument that nothing but products use, or null.
  static BlockArgument weightOf(Value weight) {
    auto isFactor = [](OpOperand &use) {
      auto matmul = dyn_cast<MatmulOp>(use.getOwner());
      return use.getOperandNumber() == 1 &&
             (isa<LinearOp>(use.getOwner()) ||
              (matmul && !matmul.getTransposeA()));
    };
    auto argument = dyn_cast<BlockArgument>(weight);
    return argument && llvm::all_of(argument.getUses(), isFactor)
               ? argument
               : BlockArgument();
  }

  /// `permuted` holds op's result: op's users take it, and other users of what
  /// op permuted see it through the inverse.
  void replace(PermuteFeaturesOp op, Value permuted) {
    Order order(op.getOrder());
    SmallVector<OpOperand *> others;
    for (OpOperand &use : op.getX().getUses())
      if (use.getOwner() != op)
        others.push_back(&use);
    op.replaceAllUsesWith(permuted);
    op.erase();
    if (others.empty())
      return;
    builder.setInsertionPointAfterValue(permuted);
    Value natural = permute(permuted, inverse(order), Direction::Down);
    for (OpOperand *use : others)
      use->set(natural);
  }

  void reorderWeight(BlockArgument weight, StringRef name,
                     ArrayRef<int64_t> order, Operation *user);
  bool merge(PermuteFeaturesOp op);
  bool moveUp(PermuteFeaturesOp op, Direction direction);
  bool moveAboveRope(PermuteFeaturesOp op, RopeOp rope, Direction direction);
  bool moveDown(PermuteFeaturesOp op);
  bool moveBelow(PermuteFeaturesOp op, OpOperand &use);
  bool moveIntoGradient(PermuteFeaturesOp op, OpOperand &use);

  FuncOp kernel;
  OpBuilder builder;
  std::deque<std::pair<PermuteFeaturesOp, Direction>> work;
};

struct NNGroupHeads : anec::impl::NNGroupHeadsPassBase<NNGroupHeads> {
  void runOnOperation() override;
};

/// Stores a weight in another order for the sake of `user`; its other products
/// take natural values and give natural results through permutations.
void Mover::reorderWeight(BlockArgument weight, StringRef name,
                          ArrayRef<int64_t> order, Operation *user) {
  reorder(weight, name, order);
  const bool ofRows = name == "nn.row_order";
  SmallVector<Operation *> others;
  for (Operation *other : weight.getUsers())
    if (other != user)
      others.push_back(other);
  for (Operation *other : others) {
    // Rows are what nn.linear gives and nn.matmul takes.
    if (isa<LinearOp>(other) == ofRows) {
      Value y = other->getResult(0);
      builder.setInsertionPointAfter(other);
      PermuteFeaturesOp natural = permute(y, inverse(order), Direction::Down);
      y.replaceAllUsesExcept(natural, natural);
    } else {
      builder.setInsertionPoint(other);
      other->setOperand(0, permute(other->getOperand(0), order, Direction::Up));
    }
  }
}

/// permute(permute(x)) -> one permutation, or none.
bool Mover::merge(PermuteFeaturesOp op) {
  auto before = op.getX().getDefiningOp<PermuteFeaturesOp>();
  if (!before)
    return false;
  builder.setInsertionPoint(op);
  Order total = compose(before.getOrder(), op.getOrder());
  Value source = before.getX();
  op.replaceAllUsesWith(isIdentity(total)
                            ? source
                            : permute(source, total, Direction::Down).getY());
  op.erase();
  return true;
}

/// Into whatever computes the permuted value.
bool Mover::moveUp(PermuteFeaturesOp op, Direction direction) {
  Value x = op.getX();
  Order order(op.getOrder());
  if (auto argument = dyn_cast<BlockArgument>(x)) {
    reorder(argument, "nn.row_order", order);
    replace(op, x);
    return true;
  }
  Operation *producer = x.getDefiningOp();
  if (auto rope = dyn_cast<RopeOp>(producer))
    return moveAboveRope(op, rope, direction);
  BlockArgument weight;
  StringRef attribute;
  if (auto linear = dyn_cast<LinearOp>(producer)) {
    weight = weightOf(linear.getWeight());
    attribute = "nn.row_order";
  } else if (auto matmul = dyn_cast<MatmulOp>(producer);
             matmul && !matmul.getTransposeA()) {
    weight = weightOf(matmul.getB());
    attribute = "nn.column_order";
  }
  if (!weight)
    return false;
  reorderWeight(weight, attribute, order, producer);
  replace(op, x);
  return true;
}

/// permute(rope(x)) -> rope(permute(x)), for heads are all alike to rope.
bool Mover::moveAboveRope(PermuteFeaturesOp op, RopeOp rope,
                          Direction direction) {
  if (!keepsHeads(op.getOrder(), rope.getHeadDim()))
    return false;
  builder.setInsertionPoint(rope);
  Value inner = permute(rope.getX(), op.getOrder(), direction);
  Operation *copy = builder.clone(*rope);
  copy->setOperand(0, inner);
  replace(op, copy->getResult(0));
  if (rope.use_empty())
    rope.erase();
  return true;
}

/// Into every user, where each can take it. A permutation below takes this one
/// in when its own turn comes.
bool Mover::moveDown(PermuteFeaturesOp op) {
  SmallVector<OpOperand *> uses;
  for (OpOperand &use : op->getUses())
    uses.push_back(&use);
  // One move can take others along: products that share a weight.
  for (OpOperand *use : uses)
    if (use->get() == op.getY() && !isa<PermuteFeaturesOp>(use->getOwner()) &&
        !moveBelow(op, *use))
      return false;
  return true;
}

bool Mover::moveBelow(PermuteFeaturesOp op, OpOperand &use) {
  Operation *user = use.getOwner();
  Order stored = inverse(op.getOrder());
  if (isa<ReturnOp>(user)) {
    unsigned number = use.getOperandNumber();
    if (kernel.getResultAttr(number, "nn.row_order"))
      return false;
    kernel.setResultAttr(number, "nn.row_order",
                         builder.getDenseI64ArrayAttr(stored));
    use.set(op.getX());
    return true;
  }
  if (auto rope = dyn_cast<RopeOp>(user)) {
    if (!keepsHeads(op.getOrder(), rope.getHeadDim()))
      return false;
    use.set(op.getX());
    builder.setInsertionPointAfter(user);
    Value permuted = permute(rope.getY(), op.getOrder(), Direction::Down);
    rope.getY().replaceAllUsesExcept(permuted, permuted.getDefiningOp());
    return true;
  }
  if (auto matmul = dyn_cast<MatmulOp>(user))
    if (matmul.getTransposeA())
      return moveIntoGradient(op, use);
  BlockArgument weight;
  StringRef attribute;
  if (auto linear = dyn_cast<LinearOp>(user)) {
    weight = weightOf(linear.getWeight());
    attribute = "nn.column_order";
  } else if (auto matmul = dyn_cast<MatmulOp>(user)) {
    weight = weightOf(matmul.getB());
    attribute = "nn.row_order";
  }
  if (!weight || use.getOperandNumber() != 0)
    return false;
  reorderWeight(weight, attribute, stored, user);
  use.set(op.getX());
  return true;
}

/// Into the order in which the kernel returns a weight gradient: features of a
/// are its rows, those of b its columns.
bool Mover::moveIntoGradient(PermuteFeaturesOp op, OpOperand &use) {
  StringRef attribute =
      use.getOperandNumber() == 0 ? "nn.row_order" : "nn.column_order";
  Value gradient = use.getOwner()->getResult(0);
  for (OpOperand &returned : gradient.getUses())
    if (!isa<ReturnOp>(returned.getOwner()) ||
        kernel.getResultAttr(returned.getOperandNumber(), attribute))
      return false;
  for (OpOperand &returned : gradient.getUses())
    kernel.setResultAttr(returned.getOperandNumber(), attribute,
                         builder.getDenseI64ArrayAttr(inverse(op.getOrder())));
  use.set(op.getX());
  return true;
}

void NNGroupHeads::runOnOperation() {
  for (FuncOp func : getOperation().getOps<FuncOp>())
    if (func.isKernel())
      Mover(func).run();
}

} // namespace
