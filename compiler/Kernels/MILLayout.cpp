//===- MILLayout.cpp - Which of two forms each value has ------------------===//
//
// Features by tokens are the same memory as channels, [1, C, 1, T], and as a
// matrix, [1, 1, C, T]. Norms, inputs and outputs need the one, products the
// other, and what computes element by element takes both: choosing for all ops
// together leaves the fewest reshapes, by a minimum cut.
//
//===----------------------------------------------------------------------===//

#include "compiler/Kernels/MinCut.h"
#include "compiler/Kernels/TargetOption.h"
#include "compiler/Passes.h"
#include "dialect/MIL/MIL.h"
#include "dialect/TensorTypes.h"

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

/// Whether `op` computes the same in both forms; with `provenOnly`, also in
/// forms that ran on devices: there nothing is joined along axis 2, and a row
/// below a matrix is no operand.
bool isFlexible(Operation *op, bool provenOnly) {
  if (op->getNumResults() != 1 ||
      !(isElementwise(op) || isa<mil::SliceBySizeOp, mil::ConcatOp>(op)))
    return false;
  Form form = formOf(typeOf(op->getResult(0)));
  if (form == Form::Other)
    return false;
  if (provenOnly && (isa<mil::ConcatOp>(op) ||
                     llvm::any_of(op->getOperands(), [&](Value operand) {
                       RankedTensorType type = typeOf(operand);
                       return isPerToken(type) && type.getRank() == 4;
                     })))
    return false;
  return llvm::all_of(op->getOperands(), [&](Value operand) {
    if (isElementwise(op) && isPerToken(typeOf(operand)))
      return true;
    // The text and the file of a constant would change with it.
    return formOf(typeOf(operand)) == form &&
           !operand.getDefiningOp<mil::ConstOp>();
  });
}

/// What has a form: an op, by its result, or an input.
Value resultOf(Operation *op) { return op->getResult(0); }

/// The graph of one function: the source's side are channels, the sink's side
/// matrices; a value that is needed in a form it does not have costs a reshape.
/// With free surfaces inputs have the form that suits, and outputs any.
class FormChooser {
public:
  FormChooser(Block &block, bool freeSurfaces, bool provenOnly)
      : provenOnly(provenOnly) {
    if (freeSurfaces)
      for (Value argument : block.getArguments())
        if (formOf(typeOf(argument)) != Form::Other)
          nodes[argument] = nodes.size();
    for (Operation &op : block)
      if (isFlexible(&op, provenOnly))
        nodes[resultOf(&op)] = nodes.size();
    for (Operation &op : block)
      if (!isa<mil::ReshapeOp>(op) && !(freeSurfaces && isa<mil::ReturnOp>(op)))
        for (Value operand : op.getOperands())
          noteUse(operand, &op);
  }

  /// The results and inputs that become matrices; all other flexible ones are
  /// channels.
  llvm::DenseSet<Value> chooseMatrices() {
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
    llvm::DenseSet<Value> matrices;
    for (const auto &[value, node] : nodes)
      if (isMatrix[node])
        matrices.insert(value);
    return matrices;
  }

private:
  struct Use {
    Value user; ///< Null when the form is fixed.
    Form form;
  };

  void noteUse(Value operand, Operation *user) {
    Form form = formOf(typeOf(operand));
    if (form == Form::Other)
      return;
    Value result = isFlexible(user, provenOnly) ? resultOf(user) : Value();
    uses[sourceOf(operand)].push_back({result, form});
  }

  unsigned node(Value value, Form form) const {
    if (value && nodes.contains(value))
      return nodes.lookup(value);
    return form == Form::Channels ? source : sink;
  }

  /// One unit when any use is a matrix while the value is not, one when any use
  /// is channels while the value is not. A value of another form pays both.
  void addValue(MinCut &graph, Value value, ArrayRef<Use> users,
                unsigned toMatrix, unsigned toChannels) {
    Form form = formOf(typeOf(value));
    bool isOther = form == Form::Other;
    unsigned producer = node(value, form);
    graph.addEdge(isOther ? source : producer, toMatrix, 1);
    graph.addEdge(toChannels, isOther ? sink : producer, 1);
    for (const Use &use : users) {
      graph.addEdge(toMatrix, node(use.user, use.form), MinCut::unlimited);
      graph.addEdge(node(use.user, use.form), toChannels, MinCut::unlimited);
    }
  }

  bool provenOnly;
  llvm::MapVector<Value, unsigned> nodes;
  /// By the value before reshapes.
  llvm::MapVector<Value, SmallVector<Use>> uses;
  unsigned source = 0, sink = 0;
};

/// Gives every op its form and makes the reshapes that are left.
class FormRewriter {
public:
  FormRewriter(Block &block, const llvm::DenseSet<Value> &matrices,
               bool freeSurfaces, bool provenOnly)
      : block(block), matrices(matrices), freeSurfaces(freeSurfaces),
        provenOnly(provenOnly), builder(block.getParentOp()) {}

  void rewrite() {
    // What each op wants, before the first type changes.
    std::vector<Wish> wishes;
    for (Operation &op : block)
      if (!isa<mil::ReshapeOp>(op))
        wishes.push_back(wishOf(&op));
    for (BlockArgument argument : block.getArguments())
      if (matrices.contains(argument))
        argument.setType(inForm(typeOf(argument), Form::Matrix));
    for (const Wish &wish : wishes)
      apply(wish);
    if (freeSurfaces)
      freeOutputs();
    eraseUnused();
    if (freeSurfaces)
      freeInputs();
  }

private:
  void eraseUnused() {
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
      if (isa<mil::ReshapeOp>(op) && op.use_empty())
        op.erase();
  }

  /// Whether a surface can be of this shape: rows of its width.
  static bool isSurface(RankedTensorType type, RankedTensorType surface) {
    return type.getRank() == 4 && type.getDimSize(0) == 1 &&
           type.getDimSize(3) == surface.getDimSize(3);
  }

  /// Returns values as they were computed. What is an input, or returned
  /// already, keeps its own operator.
  void freeOutputs() {
    Operation *results = block.getTerminator();
    for (OpOperand &use : results->getOpOperands()) {
      Value source = sourceOf(use.get());
      if (!isa<BlockArgument>(source) &&
          isSurface(typeOf(source), typeOf(use.get())) &&
          !llvm::is_contained(results->getOperands(), source))
        use.set(source);
    }
  }

  /// An input that is only reshaped has the shape of one of them.
  void freeInputs() {
    for (BlockArgument argument : block.getArguments()) {
      SmallVector<Operation *> users(argument.getUsers());
      auto isFree = [&](Operation *user) {
        return isa<mil::ReshapeOp>(user) &&
               isSurface(typeOf(resultOf(user)), typeOf(argument));
      };
      if (users.empty() || !llvm::all_of(users, isFree))
        continue;
      Operation *first = users.front();
      for (Operation *user : users)
        if (user->isBeforeInBlock(first))
          first = user;
      argument.setType(typeOf(resultOf(first)));
      resultOf(first).replaceAllUsesWith(argument);
      first->erase();
    }
  }

  struct Wish {
    Operation *op;
    bool isFlexible;
    Form form;
    SmallVector<Value> sources;
    SmallVector<RankedTensorType> types;
  };

  Wish wishOf(Operation *op) const {
    Wish wish{op, isFlexible(op, provenOnly), Form::Channels, {}, {}};
    if (wish.isFlexible && matrices.contains(resultOf(op)))
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
  const llvm::DenseSet<Value> &matrices;
  bool freeSurfaces, provenOnly;
  OpBuilder builder;
  llvm::DenseMap<std::pair<Value, Type>, Value> reshapes;
};

struct MILLayoutPass : anec::impl::MILLayoutPassBase<MILLayoutPass> {
  using Base::Base;

  LogicalResult initialize(MLIRContext *context) override {
    return loadTarget(target.getValue(), context, profile);
  }

  void runOnOperation() override {
    mil::FuncOp func = getOperation().getMain();
    Block &block = func.getBody().front();
    bool freeSurfaces = !profile->checks(rt::target::Rule::IoLayout);
    bool provenOnly = profile->refuses(rt::target::Rule::ProvenOnly);
    FormRewriter(block,
                 FormChooser(block, freeSurfaces, provenOnly).chooseMatrices(),
                 freeSurfaces, provenOnly)
        .rewrite();
    func.setFunctionType(
        FunctionType::get(&getContext(), block.getArgumentTypes(),
                          block.getTerminator()->getOperandTypes()));
  }

  std::optional<rt::target::Profile> profile;
};

} // namespace
} // namespace anec
