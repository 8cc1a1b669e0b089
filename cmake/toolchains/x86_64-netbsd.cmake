# SPDX-License-Identifier: MIT
# The headers that zig has are those of NetBSD 11.
set(EDDY_ZIG_TARGET x86_64-netbsd.11.0)
set(CMAKE_SYSTEM_NAME NetBSD)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
include(${CMAKE_CURRENT_LIST_DIR}/zig.cmake)
