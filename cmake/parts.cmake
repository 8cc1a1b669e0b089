# SPDX-License-Identifier: MIT
#
# A part is a folder of src/, compiled once into objects that both libraries
# are made of. A backend sees the public headers alone; other parts see src/.
set_property(GLOBAL PROPERTY EDDY_PARTS "")

# eddy_part(core loop.c timer.c …): the part's name and all its sources.
function(eddy_part name)
    add_library(eddy_${name} OBJECT ${ARGN})
    target_link_libraries(eddy_${name} PRIVATE eddy_build)
    if(NOT name MATCHES "^backend-")
        target_include_directories(eddy_${name}
            PRIVATE ${PROJECT_SOURCE_DIR}/src)
    endif()
    set_target_properties(eddy_${name} PROPERTIES
        POSITION_INDEPENDENT_CODE ON
        C_VISIBILITY_PRESET hidden)
    set_property(GLOBAL APPEND PROPERTY EDDY_PARTS
        $<TARGET_OBJECTS:eddy_${name}>)
endfunction()
