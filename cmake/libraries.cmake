# SPDX-License-Identifier: MIT
#
# The static and the shared library, both made of the same objects, and
# eddy::eddy, which is the shared one unless EDDY_USE_STATIC is set.
get_property(eddy_objects GLOBAL PROPERTY EDDY_PARTS)

# While the major version is 0, a minor version may change a public struct.
set(EDDY_SOVERSION ${PROJECT_VERSION_MAJOR})
if(PROJECT_VERSION_MAJOR EQUAL 0)
    set(EDDY_SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
endif()

function(eddy_library target kind)
    add_library(${target} ${kind} ${eddy_objects})
    add_library(eddy::${target} ALIAS ${target})
    set_target_properties(${target} PROPERTIES
        OUTPUT_NAME eddy
        LINKER_LANGUAGE C
        VERSION ${PROJECT_VERSION}
        SOVERSION ${EDDY_SOVERSION})
    target_include_directories(${target} PUBLIC
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
        $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_link_libraries(${target} PRIVATE Threads::Threads)
endfunction()

include(GNUInstallDirs)
set(EDDY_LIBRARIES eddy_static)
eddy_library(eddy_static STATIC)
if(EDDY_BUILD_SHARED)
    list(APPEND EDDY_LIBRARIES eddy_shared)
    eddy_library(eddy_shared SHARED)
endif()

if(EDDY_USE_STATIC OR NOT EDDY_BUILD_SHARED)
    add_library(eddy::eddy ALIAS eddy_static)
else()
    add_library(eddy::eddy ALIAS eddy_shared)
endif()
