# SPDX-License-Identifier: MIT
#
# Where systems differ, the difference is a source file, and here is where it
# is picked. The result is EDDY_SYSTEM_SOURCES, files of src/core.
include(CheckSymbolExists)

# Sets `result` to whether all the symbols stand in the headers.
function(eddy_has result headers)
    list(TRANSFORM EDDY_SYSTEM_DEFINITIONS PREPEND -D
         OUTPUT_VARIABLE CMAKE_REQUIRED_DEFINITIONS)
    set(all TRUE)
    foreach(symbol IN LISTS ARGN)
        check_symbol_exists(${symbol} "${headers}" EDDY_HAS_${symbol})
        if(NOT EDDY_HAS_${symbol})
            set(all FALSE)
        endif()
    endforeach()
    set(${result} ${all} PARENT_SCOPE)
endfunction()

# FreeBSD and NetBSD have eventfd too, but not in all versions that are in use,
# and a pipe does everywhere.
set(wakeups pipe)
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    eddy_has(has_eventfd sys/eventfd.h eventfd EFD_CLOEXEC)
    if(has_eventfd)
        list(PREPEND wakeups eventfd)
    endif()
endif()

set(EDDY_WAKEUP_USED ${EDDY_WAKEUP})
if(EDDY_WAKEUP STREQUAL "auto")
    list(GET wakeups 0 EDDY_WAKEUP_USED)
elseif(NOT EDDY_WAKEUP IN_LIST wakeups)
    list(JOIN wakeups ", " names)
    message(FATAL_ERROR "EDDY_WAKEUP is \"${EDDY_WAKEUP}\": "
            "on this system it can be auto, ${names}")
endif()

# Descriptors that are born close-on-exec and non-blocking, or made so after.
eddy_has(has_atomic "sys/types.h;sys/socket.h;fcntl.h;unistd.h"
         accept4 SOCK_CLOEXEC SOCK_NONBLOCK pipe2)
if(has_atomic)
    set(EDDY_SOCKET_USED atomic)
else()
    set(EDDY_SOCKET_USED fcntl)
endif()

# An environment that a set-uid program may trust.
eddy_has(has_secure stdlib.h secure_getenv)
if(has_secure)
    set(EDDY_ENVIRONMENT_USED secure)
else()
    set(EDDY_ENVIRONMENT_USED issetugid)
endif()

set(EDDY_SYSTEM_SOURCES
    environment_${EDDY_ENVIRONMENT_USED}.c
    os_socket_${EDDY_SOCKET_USED}.c
    wakeup-${EDDY_WAKEUP_USED}.c)
message(STATUS "eddy: wakeup by ${EDDY_WAKEUP_USED}, "
        "descriptors by ${EDDY_SOCKET_USED}, "
        "environment by ${EDDY_ENVIRONMENT_USED}")
