# MLIR, used through its shared library only: mixing libMLIR.so with the static
# libraries registers every option twice.

find_package(MLIR 22.1 REQUIRED CONFIG HINTS /usr/lib/llvm-22/lib/cmake/mlir
             /opt/homebrew/opt/llvm/lib/cmake/mlir)
set(MLIR_LINK_MLIR_DYLIB ON)
set(LLVM_LINK_LLVM_DYLIB ON)
list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
# tablegen reads its include path from the folder.
include_directories(SYSTEM ${MLIR_INCLUDE_DIRS} ${LLVM_INCLUDE_DIRS})
include(TableGen)
include(AddLLVM)
include(AddMLIR)
separate_arguments(ANEC_LLVM_DEFINITIONS NATIVE_COMMAND "${LLVM_DEFINITIONS}")

# A library that includes MLIR headers:
#   anec_add_compiler_library(anecNN SOURCES NNOps.cpp DEPS anecMil TABLEGEN ANECNNIncGen)
# Optimisation is low on purpose: these libraries are bound by MLIR, not by us.
function(anec_add_compiler_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;TABLEGEN" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  anec_use_mlir(${name})
  target_link_libraries(${name} PUBLIC ${ARG_DEPS})
  if(ARG_TABLEGEN)
    add_dependencies(${name} ${ARG_TABLEGEN})
  endif()
endfunction()

# Headers, flags and the shared library for a target of ours.
function(anec_use_mlir name)
  target_include_directories(${name} SYSTEM PUBLIC ${MLIR_INCLUDE_DIRS} ${LLVM_INCLUDE_DIRS})
  target_include_directories(${name} PUBLIC ${PROJECT_BINARY_DIR})
  target_compile_definitions(${name} PUBLIC ${ANEC_LLVM_DEFINITIONS})
  set(options -O1 -g1 -fno-rtti -Wno-unused-parameter)
  target_compile_options(${name} PRIVATE ${options})
  target_link_libraries(${name} PUBLIC MLIR LLVM)
  anec_precompile(${name} anecMLIRHeaders
    HEADERS
      <mlir/IR/Builders.h> <mlir/IR/BuiltinOps.h> <mlir/IR/BuiltinTypes.h>
      <mlir/IR/Matchers.h> <mlir/IR/PatternMatch.h> <mlir/IR/SymbolTable.h>
      <mlir/Pass/Pass.h> <mlir/Transforms/DialectConversion.h>
    INCLUDES ${MLIR_INCLUDE_DIRS} ${LLVM_INCLUDE_DIRS}
    OPTIONS ${options}
    DEFINITIONS ${ANEC_LLVM_DEFINITIONS})
endfunction()
