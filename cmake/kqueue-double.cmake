# SPDX-License-Identifier: MIT
#
# EDDY_KQUEUE_DOUBLE: on a system without kqueue, tests/kqueue-double stands in
# for it, so that the kqueue backend is built and tested. Such a build is for
# testing only and cannot be installed.
if(NOT EDDY_KQUEUE_DOUBLE)
    return()
endif()
if(NOT CMAKE_SYSTEM_NAME STREQUAL "Linux" OR NOT EDDY_BUILD_TESTS)
    message(FATAL_ERROR "EDDY_KQUEUE_DOUBLE is for the tests, on Linux")
endif()
set(EDDY_BUILD_SHARED OFF)
set(EDDY_INSTALL OFF)

set(EDDY_KQUEUE_DOUBLE_DEFINES "")
if(EDDY_KQUEUE_DOUBLE STREQUAL "netbsd9")
    set(EDDY_KQUEUE_DOUBLE_DEFINES KQUEUE_DOUBLE_NETBSD9)
endif()

# What is looked for in headers is looked for in the double's, too. Its
# functions are not built yet: for these, compiling has to be enough.
set(kqueue_double ${PROJECT_SOURCE_DIR}/tests/kqueue-double)
set(CMAKE_REQUIRED_INCLUDES ${kqueue_double}/include)
list(APPEND EDDY_SYSTEM_DEFINITIONS ${EDDY_KQUEUE_DOUBLE_DEFINES})
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(EDDY_PROBE_FLAGS_kqueue -I${kqueue_double}/include)
