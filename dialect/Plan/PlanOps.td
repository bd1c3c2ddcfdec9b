//===- PlanOps.td - The host program -----------------------*- tablegen -*-===//
//
// What the host does around the kernels, in order: moves, dispatches, host ops
// and staging, over named buffers and surfaces. One op is one step of
// plan.json.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_DIALECT_PLAN_OPS
#define ANEC_DIALECT_PLAN_OPS

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/CommonAttrConstraints.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"

def Plan_Dialect : Dialect {
  let name = "plan";
  let cppNamespace = "::anec::plan";
  let summary = "host programs over buffers, surfaces and kernels";
  let useDefaultAttributePrinterParser = 1;
}

// References -----------------------------------------------------------------

def Plan_ValueKind : I32EnumAttr<"ValueKind", "what a host op reads or writes", [
    I32EnumAttrCase<"buffer", 0>, I32EnumAttrCase<"parameter", 1>,
    I32EnumAttrCase<"gradient", 2>]> {
  let cppNamespace = "::anec::plan";
}
def Plan_ValueAttr : AttrDef<Plan_Dialect, "Value"> {
  let mnemonic = "value";
  let summary = "an operand or result of a host op";
  let description = [{
    `#plan.value<buffer "h0">`; with `[i]`, the instance of the loop's
    iteration.
  }];
  let parameters = (ins EnumParameter<Plan_ValueKind>:$kind,
                        "::mlir::StringAttr":$name, "bool":$loop);
  let hasCustomAssemblyFormat = 1;
}
def Plan_SurfaceAttr : AttrDef<Plan_Dialect, "Surface"> {
  let mnemonic = "surface";
  let summary = "one of the surfaces of a name";
  let description = [{
    `#plan.surface<"layer_fwd.in"[i]>`: instance `offset`, counted from the
    loop's iteration with `loop`; also `[i + 1]`, `[3]`, or nothing for 0.
  }];
  let parameters = (ins "::mlir::StringAttr":$name, "bool":$loop,
                        "int64_t":$offset);
  let hasCustomAssemblyFormat = 1;
}
def Plan_RegionAttr : AttrDef<Plan_Dialect, "Region"> {
  let mnemonic = "region";
  let summary = "a region of a surface";
  let description = [{ `#plan.region<"layer_fwd.in"[i] "x">` }];
  let parameters = (ins "::anec::plan::SurfaceAttr":$surface,
                        "::mlir::StringAttr":$region);
  let hasCustomAssemblyFormat = 1;
}
def Plan_SurfaceArray
    : TypedArrayAttrBase<Plan_SurfaceAttr, "array of surfaces">;
def Plan_ValueArray : TypedArrayAttrBase<Plan_ValueAttr, "array of values">;

// Things ---------------------------------------------------------------------

class Plan_Op<string mnemonic, list<Trait> traits = []>
    : Op<Plan_Dialect, mnemonic, traits>;

def Plan_ModuleOp : Plan_Op<"module",
    [IsolatedFromAbove, NoTerminator, SingleBlock, NoRegionArguments]> {
  let summary = "everything plan.json says";
  let arguments = (ins StrAttr:$model, StrAttr:$weights, StrAttr:$offload,
                       StrAttr:$recompute, StrAttr:$target, I64Attr:$batch,
                       I64Attr:$sequence, I64Attr:$vocabulary,
                       BoolAttr:$compactable, I64Attr:$active_rows);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "attr-dict-with-keyword $body";
}
def Plan_BufferOp : Plan_Op<"buffer"> {
  let summary = "host memory for `count` tensors";
  let description = [{
    `vocabulary` lists the dimensions that are the active vocabulary.
  }];
  let arguments = (ins StrAttr:$name, TypeAttr:$type, I64Attr:$count,
                       DenseI64ArrayAttr:$vocabulary);
  let assemblyFormat = "$name `:` $type attr-dict";
}
def Plan_SurfaceOp : Plan_Op<"surface"> {
  let summary = "`count` surfaces with the same regions";
  let arguments = (ins StrAttr:$name, I64Attr:$channels, I64Attr:$width,
                       I64Attr:$count, DictArrayAttr:$regions);
  let assemblyFormat = "$name attr-dict";
}
def Plan_KernelOp : Plan_Op<"kernel"> {
  let summary = "one MIL program, compiled `instances` times";
  let arguments = (ins StrAttr:$name, FlatSymbolRefAttr:$program,
                       I64Attr:$instances, DictArrayAttr:$baked);
  let assemblyFormat = "$name attr-dict";
}

def Plan_DeviceParameterOp : Plan_Op<"device_parameter"> {
  let summary = "a family of matrices that the device trains";
  let description = [{
    Regions of surfaces, as many as the family has tensors; see
    rt::DeviceParameter.
  }];
  let arguments = (ins StrAttr:$parameter, Plan_RegionAttr:$weight,
                       Plan_RegionAttr:$rest, Plan_RegionAttr:$mean,
                       Plan_RegionAttr:$root, Plan_RegionAttr:$gradient);
  let assemblyFormat = [{
    $parameter $weight `,` $rest `,` $mean `,` $root `,` $gradient attr-dict
  }];
}

// Steps ----------------------------------------------------------------------

def Plan_ProgramOp : Plan_Op<"program",
    [NoTerminator, SingleBlock, NoRegionArguments]> {
  let summary = "an entry point: train_step, eval_loss, logits or stage";
  let description = [{
    `inputs` are dictionaries {role, buffer}, `outputs` {name, buffer}.
  }];
  let arguments = (ins StrAttr:$name, DictArrayAttr:$inputs,
                       DictArrayAttr:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$name attr-dict-with-keyword $body";
}
def Plan_ForOp : Plan_Op<"for",
    [NoTerminator, SingleBlock, NoRegionArguments]> {
  let summary = "its steps `count` times, with i from 0 up or down to 0";
  let arguments = (ins I64Attr:$count, UnitAttr:$reverse);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$count (`reverse` $reverse^)? attr-dict-with-keyword $body";
}
def Plan_WriteOp : Plan_Op<"write"> {
  let summary = "a host buffer, or a parameter, into a region";
  let arguments = (ins Plan_ValueAttr:$value, Plan_RegionAttr:$to);
  let assemblyFormat = "$value `to` $to attr-dict";
}
def Plan_ReadOp : Plan_Op<"read"> {
  let summary = "a region into a host buffer";
  let arguments = (ins Plan_RegionAttr:$from, Plan_ValueAttr:$value);
  let assemblyFormat = "$from `to` $value attr-dict";
}
def Plan_CopyOp : Plan_Op<"copy"> {
  let summary = "a region into a region";
  let arguments = (ins Plan_RegionAttr:$from, Plan_RegionAttr:$to);
  let assemblyFormat = "$from `to` $to attr-dict";
}
def Plan_DispatchOp : Plan_Op<"dispatch"> {
  let summary = "one execution of a kernel";
  let description = [{
    Surfaces follow the kernel's signature; `loop_instance` chooses the compiled
    instance of the iteration.
  }];
  let arguments = (ins StrAttr:$kernel, Plan_SurfaceArray:$inputs,
                       Plan_SurfaceArray:$outputs, UnitAttr:$loop_instance);
  let assemblyFormat = "$kernel $inputs `to` $outputs attr-dict";
}
def Plan_HostOp : Plan_Op<"host"> {
  let summary = "a host op by name";
  let arguments = (ins StrAttr:$name, Plan_ValueArray:$from,
                       Plan_ValueArray:$to, DictionaryAttr:$settings);
  let assemblyFormat = "$name $from `to` $to $settings attr-dict";
}
def Plan_StageOp : Plan_Op<"stage"> {
  let summary = "parameter values into a weight region";
  let description = [{
    With `scaled by`, column c of the matrix is multiplied by element c of a
    vector: what nn-fold-gains left to staging.

    ```mlir
    plan.stage <parameter "layers.*.wq.weight"[i]> scaled by <parameter "layers.*.norm.weight"[i]> to <"layer_fwd.in"[i] "wq">
    ```
  }];
  let arguments = (ins Plan_ValueAttr:$parameter,
                       OptionalAttr<Plan_ValueAttr>:$column_scale,
                       Plan_RegionAttr:$to);
  let assemblyFormat = [{
    $parameter (`scaled` `by` $column_scale^)? `to` $to attr-dict
  }];
}
def Plan_LoadOp : Plan_Op<"load"> {
  let summary = "(re)compiles a kernel with baked parameters";
  let description = [{
    With `delta`, what is compiled already is patched instead.
  }];
  let arguments = (ins StrAttr:$kernel, UnitAttr:$loop, UnitAttr:$delta);
  let assemblyFormat = "$kernel attr-dict";
}

#endif // ANEC_DIALECT_PLAN_OPS
