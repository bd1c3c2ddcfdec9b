//===- NNStructureOps.td - Models, blocks, parameters ------*- tablegen -*-===//
//
// What holds the layers together: the model, its functions, its parameters and
// the scans over blocks.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_DIALECT_NN_STRUCTURE
#define ANEC_DIALECT_NN_STRUCTURE

include "dialect/NN/NNOpBase.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"

def NN_ModelOp : NN_Op<"model",
    [IsolatedFromAbove, SymbolTable, NoTerminator, SingleBlock, Symbol,
     NoRegionArguments]> {
  let summary = "a model: blocks, one loss function, later its parameters";
  let description = [{
    ```mlir
    nn.model @toy {
      nn.func @loss(%x: tensor<2x4x8xf32> {nn.role = "data"}) -> tensor<f32> { ... }
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name attr-dict-with-keyword $body";
}

def NN_FuncOp : NN_Op<"func",
    [AffineScope, AutomaticAllocationScope, IsolatedFromAbove,
     FunctionOpInterface, HasParent<"ModelOp">, SingleBlock]> {
  let summary = "a block, a kernel, or an entry point of a model";
  let description = [{
    A private function is a block. The one public function is the loss; its
    arguments carry `nn.role`: "tokens", "targets" or "data".

    - (C1) the body is one block that ends with `nn.return`.
    - (C2) a role is one of the three.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
                       TypeAttrOf<FunctionType>:$function_type,
                       OptionalAttr<StrAttr>:$sym_visibility,
                       OptionalAttr<DictArrayAttr>:$arg_attrs,
                       OptionalAttr<DictArrayAttr>:$res_attrs);
  let regions = (region AnyRegion:$body);
  let builders = [OpBuilder<(ins "::llvm::StringRef":$name,
                                 "::mlir::FunctionType":$type)>];
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::llvm::ArrayRef<::mlir::Type> getArgumentTypes() {
      return getFunctionType().getInputs();
    }
    ::llvm::ArrayRef<::mlir::Type> getResultTypes() {
      return getFunctionType().getResults();
    }
    ::mlir::Region *getCallableRegion() { return &getBody(); }
    /// Whether ane-partition made this function: it becomes one MIL program.
    bool isKernel() { return (*this)->hasAttr("kernel"); }
    ReturnOp getReturn();
  }];
}
def NN_ReturnOp : NN_Op<"return", [Pure, HasParent<"FuncOp">, Terminator]> {
  let summary = "results of a function";
  let arguments = (ins Variadic<NN_AnyValue>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
  let hasVerifier = 1;
}

// What an author writes ------------------------------------------------------

def NN_ParamOp : NN_Op<"param", [Pure]> {
  let summary = "a parameter, declared where it is used";
  let description = [{
    `name` is the checkpoint name inside the block; the name of the enclosing
    repeat and the index go in front. The same name twice is the same tensor.
    Frozen with `trainable = false`.

    ```mlir
    %w = nn.param "wq.weight" init(normal, 0.02) : tensor<8x8xf32>
    ```
  }];
  let arguments = (ins StrAttr:$name, OptionalAttr<NN_InitAttr>:$init,
                       DefaultValuedAttr<BoolAttr, "true">:$trainable);
  let results = (outs AnyTypeOf<[NN_Matrix, NN_Vector]>:$value);
  let assemblyFormat =
      "$name (`init` `` custom<Init>($init)^)? attr-dict `:` type($value)";
}
def NN_RepeatOp : NN_Op<"repeat",
    [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>,
     AllTypesMatch<["inits", "results"]>]> {
  let summary = "applies a block `count` times, each with its own parameters";
  let description = [{
    - (C1) the block exists, takes the inits and returns values of their types.
    - (C2) `count > 0`.

    ```mlir
    %y = nn.repeat @layer, 2 (%x) {name = "layers"} : tensor<2x4x8xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$callee, I64Attr:$count,
                       Variadic<NN_Tensor>:$inits, StrAttr:$name);
  let results = (outs Variadic<NN_Tensor>:$results);
  let assemblyFormat =
      "$callee `,` $count ` ` `(` $inits `)` attr-dict `:` type($inits)";
}

// After nn-lift-params -------------------------------------------------------

def NN_ParameterOp : NN_Op<"parameter", [Symbol, HasParent<"ModelOp">]> {
  let summary = "a family of parameter tensors";
  let description = [{
    A '*' in the name stands for the index of the block.

    - (C1) the type is a tensor of static shape.
    - (C2) `count > 0`.

    ```mlir
    nn.parameter @"layers.*.wq.weight" : tensor<8x8xf32> {count = 2 : i64, init = #nn.init<normal, 2.0e-2>, trainable = true}
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttr:$type, I64Attr:$count,
                       NN_InitAttr:$init, BoolAttr:$trainable);
  let assemblyFormat = "$sym_name `:` $type attr-dict";
  let hasVerifier = 1;
}
def NN_GetOp : NN_Op<"get",
    [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the values of a parameter family";
  let description = [{
    - (C1) the type is the parameter's tensor, or a stack of `count` of it for
      a family of repeated blocks.

    ```mlir
    %ws = nn.get @"layers.*.wq.weight" : !nn.stack<2 x tensor<8x8xf32>>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$parameter);
  let results = (outs NN_AnyValue:$value);
  let assemblyFormat = "$parameter attr-dict `:` type($value)";
}
def NN_AccumulateOp : NN_Op<"accumulate"> {
  let summary = "adds to the gradient of a parameter family";
  let description = [{
    The only op with an effect: it keeps weight gradients alive and sums the
    uses of a tied parameter. With `in_place` the gradient is the sum itself, of
    all micro-steps of an update so far: it stays on the device, where
    `nn.accumulated` finds it in the next micro-step, until the update ends.

    ```mlir
    nn.accumulate @"layers.*.wq.weight", %dws : !nn.stack<2 x tensor<8x8xf32>>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$parameter, NN_AnyValue:$gradient,
                       UnitAttr:$in_place);
  let assemblyFormat = [{
    $parameter `,` $gradient (`in_place` $in_place^)? attr-dict
    `:` type($gradient)
  }];
}
def NN_AccumulatedOp : NN_Op<"accumulated"> {
  let summary = "what `nn.accumulate in_place` kept of earlier micro-steps";
  let description = [{
    Of the same parameter; only in `@accumulate_step`, so never of the first
    micro-step of an update.

    ```mlir
    %sums = nn.accumulated @"layers.*.wq.weight" : !nn.stack<2 x tensor<8x8xf32>>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$parameter);
  let results = (outs NN_AnyValue:$sum);
  let assemblyFormat = "$parameter attr-dict `:` type($sum)";
}

class NN_ScanBase<string mnemonic, list<Trait> traits = []>
    : NN_Op<mnemonic,
            [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>] # traits>;

def NN_ScanOp : NN_ScanBase<"scan", [AttrSizedOperandSegments]> {
  let summary = "applies a block along the elements of stacks";
  let description = [{
    Calls the block `count` times with the carries and element i of each stack;
    its first results are the next carries, the others element i of the result
    stacks. `reverse` runs i from count - 1 down.

    - (C1) the block exists and takes the carries, then an element of each.
    - (C2) its first results are the carries; every other one has a stack.

    ```mlir
    %y, %taps = nn.scan @layer, 2 carry(%x) each(%ws) : (tensor<2x4x8xf32>, !nn.stack<2 x tensor<8x8xf32>>) -> (tensor<2x4x8xf32>, !nn.stack<2 x tensor<2x4x8xf32>>)
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$callee, I64Attr:$count,
                       UnitAttr:$reverse, Variadic<NN_Tensor>:$carries,
                       Variadic<NN_StackType>:$each);
  let results = (outs Variadic<NN_AnyValue>:$results);
  let assemblyFormat = [{
    $callee `,` $count (`reverse` $reverse^)?
    `carry` `(` $carries `)` `each` `(` $each `)` attr-dict
    `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    ::mlir::ResultRange getCarryResults() {
      return getResults().take_front(getCarries().size());
    }
    ::mlir::ResultRange getStackResults() {
      return getResults().drop_front(getCarries().size());
    }
  }];
}

// Between nn-autodiff and nn-split-joint -------------------------------------

def NN_ScanForwardOp : NN_ScanBase<"scan_forward", [AttrSizedOperandSegments]> {
  let summary = "the forward half of a joint block, repeated";
  let description = [{
    The callee's body holds forward and backward; nn-split-joint cuts it.

    ```mlir
    %y, %tape = nn.scan_forward @layer_joint, 2 carry(%x) each(%ws) : (tensor<2x4x8xf32>, !nn.stack<2 x tensor<8x8xf32>>) -> (tensor<2x4x8xf32>, !nn.tape)
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$callee, I64Attr:$count,
                       Variadic<NN_Tensor>:$carries,
                       Variadic<NN_StackType>:$each);
  let results = (outs Variadic<NN_Tensor>:$results, NN_TapeType:$tape);
  let assemblyFormat = [{
    $callee `,` $count `carry` `(` $carries `)` `each` `(` $each `)`
    attr-dict `:` functional-type(operands, results)
  }];
}
def NN_ScanBackwardOp : NN_ScanBase<"scan_backward"> {
  let summary = "the backward half of a joint block, repeated in reverse";
  let description = [{
    Takes the gradients of the carry results; returns those of the carries,
    then a stack of gradients for each differentiated element.

    ```mlir
    %dx, %dws = nn.scan_backward @layer_joint, 2 tape(%tape) carry(%dy) : (tensor<2x4x8xf32>) -> (tensor<2x4x8xf32>, !nn.stack<2 x tensor<8x8xf32>>)
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$callee, I64Attr:$count,
                       NN_TapeType:$tape, Variadic<NN_Tensor>:$carries);
  let results = (outs Variadic<NN_AnyValue>:$results);
  let assemblyFormat = [{
    $callee `,` $count `tape` `(` $tape `)` `carry` `(` $carries `)`
    attr-dict `:` functional-type($carries, $results)
  }];
}

// After ane-partition --------------------------------------------------------

def NN_DispatchOp : NN_Op<"dispatch",
    [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "one execution of a kernel on the device";
  let description = [{
    - (C1) the kernel exists and has this type.

    ```mlir
    %y = nn.dispatch @layer_fwd(%x, %w) : (tensor<2x4x8xf32>, tensor<8x8xf32>) -> tensor<2x4x8xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<NN_Tensor>:$operands);
  let results = (outs Variadic<NN_Tensor>:$results);
  let assemblyFormat = [{
    $kernel `(` $operands `)` attr-dict `:` functional-type($operands, $results)
  }];
}

def NN_UndefinedOp : NN_Op<"undefined", [Pure]> {
  let summary = "any value";
  let description = [{
    What a dispatch passes for an input that none of the results it uses depend
    on. Nobody writes it.

    ```mlir
    %u = nn.undefined : tensor<2x4x8xf32>
    ```
  }];
  let results = (outs NN_Tensor:$value);
  let assemblyFormat = "attr-dict `:` type($value)";
}

#endif // ANEC_DIALECT_NN_STRUCTURE
