# Build settings and the few functions that every folder uses.

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")
if(ANEC_FUZZ)
  # Compiles in half the time, and places in reports are all that is missing.
  set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -gline-tables-only")
endif()

# Sources with precompiled headers are cached only with this permission.
find_program(ANEC_CCACHE ccache)
if(ANEC_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${ANEC_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()

find_program(ANEC_LLD NAMES ld.lld-22 ld.lld)
if(ANEC_LLD AND NOT APPLE)
  # g++ finds a linker by its plain name in the folders given with -B.
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/linker)
  file(CREATE_LINK ${ANEC_LLD} ${CMAKE_BINARY_DIR}/linker/ld.lld SYMBOLIC)
  add_link_options(-fuse-ld=lld -B${CMAKE_BINARY_DIR}/linker)
endif()

include_directories(${PROJECT_SOURCE_DIR})
add_compile_options(-Wall -Wextra -Werror=return-type -ffp-contract=off)
if(ANEC_SANITIZE)
  add_compile_options(-fsanitize=${ANEC_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${ANEC_SANITIZE})
endif()

# Every object can be part of a fuzz target and of a sanitized unit test. Pointers
# that are null, leave their arrays or name what is gone are found where they are
# used, by the address sanitizer; to look at each of them besides, wherever it is
# computed, takes half as long again to compile.
if(ANEC_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined
    -fno-sanitize=pointer-overflow,null,object-size,vptr -fno-sanitize-recover=undefined
    -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
  # All that reads files of others, and what moves memory by hand.
  set(ANEC_SANITIZED_TESTS bundle-test conformance-test device-random-test
    device-test gemm-test host-test mil-test sim-test support-test target-test
    text-test train-test)
endif()

find_package(Threads REQUIRED)
find_package(nlohmann_json REQUIRED)

# Compiles headers that take seconds once for all targets of the same flags:
#   anec_precompile(target anecKindHeaders HEADERS <a.h> LIBS a::a
#     INCLUDES FOLDER OPTIONS -O1 DEFINITIONS A=1 PROPERTIES NAME value)
# Sources with flags of their own have to skip them.
function(anec_precompile name kind)
  cmake_parse_arguments(ARG "" "" "HEADERS;LIBS;INCLUDES;OPTIONS;DEFINITIONS;PROPERTIES" ${ARGN})
  if(NOT TARGET ${kind})
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/${kind}.cpp CONTENT "")
    add_library(${kind} STATIC ${CMAKE_BINARY_DIR}/${kind}.cpp)
    target_link_libraries(${kind} PRIVATE ${ARG_LIBS})
    target_include_directories(${kind} SYSTEM PRIVATE ${ARG_INCLUDES})
    target_compile_options(${kind} PRIVATE ${ARG_OPTIONS})
    target_compile_definitions(${kind} PRIVATE ${ARG_DEFINITIONS})
    if(ARG_PROPERTIES)
      set_target_properties(${kind} PROPERTIES ${ARG_PROPERTIES})
    endif()
    target_precompile_headers(${kind} PRIVATE ${ARG_HEADERS})
  endif()
  target_precompile_headers(${name} REUSE_FROM ${kind})
endfunction()

# One runtime library: anec_add_runtime_library(anecMil SOURCES a.cpp DEPS anecSupport)
# JSON is for those that include its headers and have no flags of their own.
function(anec_add_runtime_library name)
  cmake_parse_arguments(ARG "JSON" "" "SOURCES;DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC ${ARG_DEPS})
  # Shared libraries are made of them too. Hidden, so that calls are direct.
  set(flags
    POSITION_INDEPENDENT_CODE ON
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON)
  set_target_properties(${name} PROPERTIES ${flags})
  if(ARG_JSON)
    target_link_libraries(${name} PUBLIC nlohmann_json::nlohmann_json)
    anec_precompile(${name} anecRuntimeHeaders
      HEADERS <fmt/format.h> <nlohmann/json.hpp>
      LIBS fmt::fmt nlohmann_json::nlohmann_json
      PROPERTIES ${flags})
  endif()
endfunction()

# One gtest program, registered with ctest:
#   anec_add_unit_test(mil-test SOURCES ReaderTest.cpp DEPS anecMil)
# MLIR is for tests with its headers or definitions.
function(anec_add_unit_test name)
  cmake_parse_arguments(ARG "MLIR" "" "SOURCES;DEPS" ${ARGN})
  set(definitions
    ANEC_TEST_DIR="${PROJECT_SOURCE_DIR}/test"
    ANEC_MODELS_DIR="${PROJECT_SOURCE_DIR}/models"
    ANEC_BIN_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE ${definitions})
  # Compiled more often than run for long; the libraries are what is checked.
  set(options $<$<NOT:$<CONFIG:Debug>>:-O1> $<$<BOOL:${ANEC_FUZZ}>:-fno-sanitize=undefined>)
  target_compile_options(${name} PRIVATE ${options})
  if(ARG_MLIR)
    anec_use_mlir(${name})
  else()
    anec_precompile(${name} anecTestHeaders
      HEADERS <gmock/gmock.h> <gtest/gtest.h> <nlohmann/json.hpp>
      LIBS GTest::gmock nlohmann_json::nlohmann_json
      OPTIONS ${options}
      DEFINITIONS ${definitions})
  endif()
  add_test(NAME ${name} COMMAND ${name})
  if(name IN_LIST ANEC_SANITIZED_TESTS)
    set_tests_properties(${name} PROPERTIES LABELS sanitized)
  endif()
endfunction()
