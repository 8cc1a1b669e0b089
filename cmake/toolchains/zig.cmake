# SPDX-License-Identifier: MIT
#
# What all toolchain files of this folder share: `zig cc`, which brings the
# headers and libraries of many systems along. The file that includes this one
# has set CMAKE_SYSTEM_NAME, CMAKE_SYSTEM_PROCESSOR, and EDDY_ZIG_TARGET to
# what zig calls the target.
#
#     EDDY_ZIG             the zig program, if it is not in the PATH
#     EDDY_ZIG_CACHE       where it keeps what it built of a target's libraries
#     CMAKE_FIND_ROOT_PATH where libraries for the target are, if anywhere
#
# CMake wants compilers and archivers that are one program each: small scripts
# that call zig are written into the build folder. A folder made for one of
# CMake's own checks uses those of the build that it belongs to.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES
     EDDY_ZIG EDDY_ZIG_CACHE EDDY_ZIG_TOOLS CMAKE_FIND_ROOT_PATH)

find_program(EDDY_ZIG zig NO_CMAKE_FIND_ROOT_PATH REQUIRED)
if(NOT EDDY_ZIG_CACHE)
    set(EDDY_ZIG_CACHE ${CMAKE_BINARY_DIR}/zig-cache)
endif()
if(NOT EDDY_ZIG_TOOLS)
    set(EDDY_ZIG_TOOLS ${CMAKE_BINARY_DIR}/zig)
endif()

function(eddy_zig_tool name)
    if(EXISTS ${EDDY_ZIG_TOOLS}/${name})
        return()
    endif()
    list(JOIN ARGN " " arguments)
    file(WRITE ${EDDY_ZIG_TOOLS}/${name} "#!/bin/sh\n"
        "export ZIG_GLOBAL_CACHE_DIR='${EDDY_ZIG_CACHE}'\n"
        "export ZIG_LOCAL_CACHE_DIR='${EDDY_ZIG_CACHE}'\n"
        "exec '${EDDY_ZIG}' ${arguments} \"$@\"\n")
    file(CHMOD ${EDDY_ZIG_TOOLS}/${name} PERMISSIONS
        OWNER_READ OWNER_WRITE OWNER_EXECUTE)
endfunction()

# zig turns the undefined-behaviour sanitizer on where nothing is said.
eddy_zig_tool(cc cc -target ${EDDY_ZIG_TARGET} -fno-sanitize=undefined)
eddy_zig_tool(c++ c++ -target ${EDDY_ZIG_TARGET} -fno-sanitize=undefined)
eddy_zig_tool(ar ar)
eddy_zig_tool(ranlib ranlib)

set(CMAKE_C_COMPILER ${EDDY_ZIG_TOOLS}/cc)
set(CMAKE_CXX_COMPILER ${EDDY_ZIG_TOOLS}/c++)
set(CMAKE_AR ${EDDY_ZIG_TOOLS}/ar)
set(CMAKE_RANLIB ${EDDY_ZIG_TOOLS}/ranlib)

# Nothing of this machine's may be taken for the target's.
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
list(TRANSFORM CMAKE_FIND_ROOT_PATH APPEND /lib/pkgconfig
     OUTPUT_VARIABLE EDDY_ZIG_PKG_CONFIG)
list(JOIN EDDY_ZIG_PKG_CONFIG ":" EDDY_ZIG_PKG_CONFIG)
set(ENV{PKG_CONFIG_LIBDIR} "${EDDY_ZIG_PKG_CONFIG}")

# For macOS, CMake would ask tools that only a Mac has.
if(CMAKE_SYSTEM_NAME STREQUAL "Darwin")
    set(CMAKE_OSX_SYSROOT "")
    set(CMAKE_OSX_ARCHITECTURES "")
    set(CMAKE_OSX_DEPLOYMENT_TARGET "")
    set(CMAKE_INSTALL_NAME_TOOL /bin/true)
endif()
