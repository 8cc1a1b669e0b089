# SPDX-License-Identifier: MIT
#
# All backends, best first: src/backend-NAME holds NAME.c, which defines
# eddy_backend_NAME, probe.c, the smallest program that needs that kernel
# interface, and a CMakeLists.txt. A new backend is one folder and one line.
include(${CMAKE_CURRENT_LIST_DIR}/registry.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/kqueue-double.cmake)

eddy_backend(epoll)
eddy_backend(kqueue)
eddy_backend(poll)

eddy_registry()
