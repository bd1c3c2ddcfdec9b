//===- MILLayout.cpp - Which of two forms each value has ------------------===//
//
// Features by tokens are the same memory as channels, [1, C, 1, T], and as a
// matrix, [1, 1, C, T]. Norms, inputs and outputs need the one, products the
// other, and what computes element by element takes both: choosing for all ops
// together leaves the fewest reshapes, by a minimum cut.
//
//===----------------------------------------------------------------------===//

#include "compiler/Kernels/MinCut.h"
#include "compiler/Passes.h"
#include "dialect/MIL/MIL.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/MapVector.h"

namespace anec {
#define GEN_PASS_DEF_MILLAYOUTPASS
#include "compiler/Passes.h.inc"
} // namespace anec

using namespace mlir;

namespace anec {

namespace {

enum class Form { Channels, Matrix, Other };

RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

Form formOf(RankedTensorType type) {
  ArrayRef<int64_t> dims = type.getShape();
  if (dims.size() != 4 || dims[0] != 1 || (dims[1] == 1) == (dims[2] == 1))
    return Form::Other;
  return dims[2] == 1 ? Form::Channels : Form::Matrix;
}

RankedTensorType inForm(RankedTensorType type, Form form) {
  if (formOf(type) == form || formOf(type) == Form::Other)
    return type;
  SmallVector<int64_t> dims(type.getShape());
  std::swap(dims[1], dims[2]);
  return type.clone(dims);
}

/// What a value was before reshapes.
Value sourceOf(Value value) {
  while (auto reshape = value.getDefiningOp<mil::ReshapeOp>())
    value = reshape.getX();
  return value;
}

bool isElementwise(Operation *op) {
  return isa<mil::AddOp, mil::SubOp, mil::MulOp, mil::RealDivOp, mil::MaximumOp,
             mil::PowOp, mil::SigmoidOp, mil::TanhOp, mil::ReluOp, mil::AbsOp>(
      op);
}

/// Whether a value broadcasts along the channels of both forms alike.
bool isPerToken(RankedTensorType type) {
  ArrayRef<int64_t> dims = type.getShape();
  return dims.empty() || (dims.size() == 4 && dims[1] == 1 && dims[2] == 1);
}

/// Whether `op` computes the same in both forms.
bool isFlexible(Operation *op) {
  if (op->getNumResults() != 1 ||
      !(isElementwise(op) || isa<mil::SliceBySizeOp, mil::ConcatOp>(op)))
    return false;
  Form form = formOf(typeOf(op->getResult(0)));
  if (form == Form::Other)
    return false;
  return llvm::all_of(op->getOperands(), [&](Value operand) {
    if (isElementwise(op) && isPerToken(typeOf(operand)))
      return true;
    // The text and the file of a constant would change with it.
    return formOf(typeOf(operand)) == form &&
           !operand.getDefiningOp<mil::ConstOp>();
  });
}

/// The graph of one function: the source's side are channels, the sink's side
/// matrices; a value that is needed in a form it does not have costs a reshape.
class FormChooser {
public:
  explicit FormChooser(Block &block) {
    for (Operation &op : block)
      if (isFlexible(&op))
        nodes[&op] = nodes.size();
    for (Operation &op : block)
      if (!isa<mil::ReshapeOp>(op))
        for (Value operand : op.getOperands())
          noteUse(operand, &op);
  }

  /// The ops that become matrices; all other flexible ones are channels.
  llvm::DenseSet<Operation *> chooseMatrices() {
    unsigned count = nodes.size();
    source = count;
    sink = count + 1;
    MinCut graph(count + 2 + 2 * uses.size());
    unsigned next = count + 2;
    for (const auto &[value, users] : uses) {
      addValue(graph, value, users, next, next + 1);
      next += 2;
    }
    std::vector<bool> isMatrix = graph.sinkSide(source, sink);
    llvm::DenseSet<Operation *> matrices;
    for (const auto &[op, node] : nodes)
      if (isMatrix[node])
        matrices.insert(op);
    return matrices;
  }

private:
  struct Use {
    Operation *user; ///< Null when the form is fixed.
    Form form;
  };

  void noteUse(Value operand, Operation *user) {
    Form form = formOf(typeOf(operand));
    if (form == Form::Other)
      return;
    uses[sourceOf(operand)].push_back(
        {nodes.contains(user) ? user : nullptr, form});
  }

  unsigned node(Operation *op, Form form) const {
    if (op && nodes.contains(op))
      return nodes.lookup(op);
    return form == Form::Channels ? source : sink;
  }

  /// One unit when any use is a matrix while the value is not, one when any use
  /// is channels while the value is not. A value of another form pays both.
  void addValue(MinCut &graph, Value value, ArrayRef<Use> users,
                unsigned toMatrix, unsigned toChannels) {
    Form form = formOf(typeOf(value));
    bool isOther = form == Form::Other;
    unsigned producer = node(value.getDefiningOp(), form);
    graph.addEdge(isOther ? source : producer, toMatrix, 1);
    graph.addEdge(toChannels, isOther ? sink : producer, 1);
    for (const Use &use : users) {
      graph.addEdge(toMatrix, node(use.user, use.form), MinCut::unlimited);
      graph.addEdge(node(use.user, use.form), toChannels, MinCut::unlimited);
    }
  }

  llvm::MapVector<Operation *, unsigned> nodes;
  /// By the value before reshapes.
  llvm::MapVector<Value, SmallVector<Use>> uses;
  unsigned source = 0, sink = 0;
};

/// Gives every op its form and makes the reshapes that are left.
class FormRewriter {
public:
  FormRewriter(Block &block, const llvm::DenseSet<Operation *> &matrices)
      : block(block), matrices(matrices), builder(block.getParentOp()) {}

  void rewrite() {
    // What each op wants, before the first type changes.
    std::vector<Wish> wishes;
    for (Operation &op : block)
      if (!isa<mil::ReshapeOp>(op))
        wishes.push_back(wishOf(&op));
    for (const Wish &wish : wishes)
      apply(wish);
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
      if (isa<mil::ReshapeOp>(op) && op.use_empty())
        op.erase();
  }

private:
  struct Wish {
    Operation *op;
    bool isFlexible;
    Form form;
    SmallVector<Value> sources;
    SmallVector<RankedTensorType> types;
  };

  Wish wishOf(Operation *op) const {
    Wish wish{op, isFlexible(op), Form::Channels, {}, {}};
    if (matrices.contains(op))
      wish.form = Form::Matrix;
    for (Value operand : op->getOperands()) {
      RankedTensorType type = typeOf(operand);
      wish.sources.push_back(sourceOf(operand));
      wish.types.push_back(wish.isFlexible ? inForm(type, wish.form) : type);
    }
    return wish;
  }

  void apply(const Wish &wish) {
    builder.setInsertionPoint(wish.op);
    for (auto [i, source] : llvm::enumerate(wish.sources))
      wish.op->setOperand(i, shaped(source, wish.types[i], wish.op->getLoc()));
    if (wish.isFlexible)
      setForm(wish.op, wish.form);
  }

  Value shaped(Value source, RankedTensorType type, Location location) {
    if (source.getType() == type)
      return source;
    Value &known = reshapes[{source, type}];
    if (!known) {
      SmallVector<int32_t> shape(type.getShape());
      known = mil::ReshapeOp::create(builder, location, source,
                                     builder.getDenseI32ArrayAttr(shape));
    }
    return known;
  }

  static void setForm(Operation *op, Form form) {
    Value result = op->getResult(0);
    RankedTensorType type = inForm(typeOf(result), form);
    if (result.getType() == type)
      return;
    result.setType(type);
    if (auto slice = dyn_cast<mil::SliceBySizeOp>(op)) {
      SmallVector<int32_t> begin(slice.getBegin()), size(slice.getSize());
      std::swap(begin[1], begin[2]);
      std::swap(size[1], size[2]);
      slice.setBegin(begin);
      slice.setSize(size);
    } else if (auto concat = dyn_cast<mil::ConcatOp>(op)) {
      uint32_t axis = concat.getAxis();
      if (axis == 1 || axis == 2)
        concat.setAxis(form == Form::Matrix ? 2 : 1);
    }
  }

  Block &block;
  const llvm::DenseSet<Operation *> &matrices;
  OpBuilder builder;
  llvm::DenseMap<std::pair<Value, Type>, Value> reshapes;
};

struct MILLayoutPass : anec::impl::MILLayoutPassBase<MILLayoutPass> {
  void runOnOperation() override {
    Block &block = getOperation().getMain().getBody().front();
    FormRewriter(block, FormChooser(block).chooseMatrices()).rewrite();
  }
};

} // namespace
} // namespace anec
