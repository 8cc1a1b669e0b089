# SPDX-License-Identifier: MIT
set(EDDY_ZIG_TARGET s390x-linux-musl)
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR s390x)
include(${CMAKE_CURRENT_LIST_DIR}/zig.cmake)
