# SPDX-License-Identifier: MIT
#
# How this project's own C is compiled: everything built here links the
# interface target eddy_build; nothing of it reaches a user of the library.
find_package(Threads REQUIRED)

set(EDDY_WARNINGS -Wall -Wextra -Wpedantic -Wconversion -Wshadow
    -Wstrict-prototypes)
if(EDDY_WERROR)
    list(APPEND EDDY_WARNINGS -Werror)
endif()

# What makes the system's headers show all of the system. FreeBSD and OpenBSD
# show it unasked.
set(EDDY_SYSTEM_DEFINITIONS_Linux _GNU_SOURCE)
set(EDDY_SYSTEM_DEFINITIONS_Darwin _DARWIN_C_SOURCE)
set(EDDY_SYSTEM_DEFINITIONS_NetBSD _NETBSD_SOURCE)
set(EDDY_SYSTEM_DEFINITIONS ${EDDY_SYSTEM_DEFINITIONS_${CMAKE_SYSTEM_NAME}})

add_library(eddy_build INTERFACE)
target_compile_features(eddy_build INTERFACE c_std_11)
target_compile_options(eddy_build INTERFACE ${EDDY_WARNINGS})
target_compile_definitions(eddy_build INTERFACE
    ${EDDY_SYSTEM_DEFINITIONS} $<$<BOOL:${EDDY_STRESS}>:EDDY_STRESS>)
target_include_directories(eddy_build INTERFACE ${PROJECT_SOURCE_DIR}/include)
target_link_libraries(eddy_build INTERFACE Threads::Threads)

# For every target of this folder and below: no GNU dialect.
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
