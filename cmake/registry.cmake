# SPDX-License-Identifier: MIT
#
# Which backends this system has, which of them are wanted, and the table of
# them that the core reads (eddy_registry.c, written into the build folder).
set(EDDY_BACKENDS_KNOWN "")
set(EDDY_BACKENDS_HERE "")

# Finds out whether the backend's probe.c compiles and links here.
macro(eddy_backend name)
    list(APPEND EDDY_BACKENDS_KNOWN ${name})
    eddy_probe(${name})
    if(EDDY_PROBE_${name})
        list(APPEND EDDY_BACKENDS_HERE ${name})
    endif()
endmacro()

function(eddy_probe name)
    if(DEFINED EDDY_PROBE_${name})
        return()
    endif()
    list(TRANSFORM EDDY_SYSTEM_DEFINITIONS PREPEND -D OUTPUT_VARIABLE defines)
    try_compile(EDDY_PROBE_${name} ${PROJECT_BINARY_DIR}/probe/${name}
        SOURCES ${PROJECT_SOURCE_DIR}/src/backend-${name}/probe.c
        COMPILE_DEFINITIONS ${defines} ${EDDY_PROBE_FLAGS_${name}})
    message(STATUS "eddy: backend ${name}: ${EDDY_PROBE_${name}}")
endfunction()

# Sets `result` to the backends to build, best first.
function(eddy_choose_backends result)
    list(JOIN EDDY_BACKENDS_HERE ";" names)
    if(EDDY_BACKENDS STREQUAL "auto")
        set(${result} ${EDDY_BACKENDS_HERE} PARENT_SCOPE)
        return()
    endif()
    foreach(name IN LISTS EDDY_BACKENDS)
        if(NOT name IN_LIST EDDY_BACKENDS_KNOWN)
            message(FATAL_ERROR "EDDY_BACKENDS names \"${name}\", which is "
                "no backend: it can be auto or a list out of ${names}")
        elseif(NOT name IN_LIST EDDY_BACKENDS_HERE)
            message(FATAL_ERROR "EDDY_BACKENDS names \"${name}\", which this "
                "system lacks: it can be auto or a list out of ${names}")
        endif()
    endforeach()
    set(chosen "")
    foreach(name IN LISTS EDDY_BACKENDS_HERE)
        if(name IN_LIST EDDY_BACKENDS)
            list(APPEND chosen ${name})
        endif()
    endforeach()
    if(NOT chosen)
        message(FATAL_ERROR "EDDY_BACKENDS is empty: "
            "it can be auto or a list out of ${names}")
    endif()
    set(${result} ${chosen} PARENT_SCOPE)
endfunction()

# Builds the chosen backends and the table of them.
macro(eddy_registry)
    eddy_choose_backends(EDDY_BACKENDS_USED)
    message(STATUS "eddy: backends built: ${EDDY_BACKENDS_USED}")
    set(declarations "")
    set(entries "")
    foreach(name IN LISTS EDDY_BACKENDS_USED)
        add_subdirectory(src/backend-${name})
        string(APPEND declarations
            "extern const eddy_backend_ops eddy_backend_${name};\n")
        string(APPEND entries "    &eddy_backend_${name},\n")
    endforeach()
    configure_file(${PROJECT_SOURCE_DIR}/cmake/eddy_registry.c.in
                   ${PROJECT_BINARY_DIR}/eddy_registry.c @ONLY)
    eddy_part(registry ${PROJECT_BINARY_DIR}/eddy_registry.c)
endmacro()
