# SPDX-License-Identifier: MIT
#
# Everything that can be chosen. Inside another project only the library is
# built; standing alone, its tests and examples too.
string(COMPARE EQUAL "${CMAKE_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}" EDDY_IS_TOP)

set(EDDY_BACKENDS auto CACHE STRING
    "Backends to build: auto, or a list such as \"epoll;poll\"")
set(EDDY_WAKEUP auto CACHE STRING
    "How other threads wake a loop: auto, eventfd or pipe")
set_property(CACHE EDDY_WAKEUP PROPERTY STRINGS auto eventfd pipe)

option(EDDY_BUILD_SHARED "Build the shared library beside the static one" ON)
option(EDDY_BUILD_TESTS "Build the tests (needs cmocka)" ${EDDY_IS_TOP})
option(EDDY_BUILD_EXAMPLES "Build the examples" ${EDDY_IS_TOP})
option(EDDY_BUILD_BENCH "Build the benchmarks" OFF)
option(EDDY_INSTALL "Make rules for installing" ${EDDY_IS_TOP})
option(EDDY_STRESS "Grow tables by one and take one event a batch" OFF)
option(EDDY_WERROR "Treat warnings as errors" OFF)

set(EDDY_KQUEUE_DOUBLE OFF CACHE STRING
    "Test the kqueue backend on Linux with a double: OFF, ON or netbsd9")
set_property(CACHE EDDY_KQUEUE_DOUBLE PROPERTY STRINGS OFF ON netbsd9)

set(EDDY_FUZZ "" CACHE STRING
    "What calls the harnesses of tests/fuzz: nothing (a driver), or libfuzzer")
set_property(CACHE EDDY_FUZZ PROPERTY STRINGS "" libfuzzer)

set(EDDY_TEST_RUNNER "" CACHE STRING
    "A command that test programs run under: valgrind;--error-exitcode=1")

if(EDDY_IS_TOP AND NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Kind of build" FORCE)
endif()
