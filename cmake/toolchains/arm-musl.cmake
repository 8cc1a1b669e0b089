# SPDX-License-Identifier: MIT
set(EDDY_ZIG_TARGET arm-linux-musleabihf)
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR armv7l)
include(${CMAKE_CURRENT_LIST_DIR}/zig.cmake)
