# SPDX-License-Identifier: MIT
set(EDDY_ZIG_TARGET x86_64-openbsd)
set(CMAKE_SYSTEM_NAME OpenBSD)
set(CMAKE_SYSTEM_PROCESSOR amd64)
include(${CMAKE_CURRENT_LIST_DIR}/zig.cmake)
