# Build settings and the few functions that every folder uses.

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")
if(ANEC_FUZZ)
  # Compiles in half the time, and places in reports are all that is missing.
  set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -gline-tables-only")
endif()

find_program(ANEC_CCACHE ccache)
if(ANEC_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${ANEC_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${ANEC_CCACHE})
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

# Every object can be part of a fuzz target and of a sanitized unit test.
if(ANEC_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined
    -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
  # All that reads files of others, and what moves memory by hand.
  set(ANEC_SANITIZED_TESTS bundle-test conformance-test device-random-test
    device-test gemm-test host-test mil-test sim-test support-test target-test
    text-test train-test)
endif()

find_package(Threads REQUIRED)

# One runtime library: anec_add_runtime_library(anecMil SOURCES a.cpp DEPS anecSupport)
function(anec_add_runtime_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC ${ARG_DEPS})
  # Shared libraries are made of them too. Hidden, so that calls are direct.
  set_target_properties(${name} PROPERTIES
    POSITION_INDEPENDENT_CODE ON
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON)
endfunction()

# One gtest program, registered with ctest:
#   anec_add_unit_test(mil-test SOURCES ReaderTest.cpp DEPS anecMil)
function(anec_add_unit_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE
    ANEC_TEST_DIR="${PROJECT_SOURCE_DIR}/test"
    ANEC_MODELS_DIR="${PROJECT_SOURCE_DIR}/models"
    ANEC_BIN_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  add_test(NAME ${name} COMMAND ${name})
  if(name IN_LIST ANEC_SANITIZED_TESTS)
    set_tests_properties(${name} PROPERTIES LABELS sanitized)
  endif()
endfunction()
