# SPDX-License-Identifier: MIT
#
# How a test is built and registered. A test is a C file with a main() that
# returns 0 (passed), 77 (cannot be run here) or anything else (failed); it is
# linked to the static library, may include what is private in src/, and runs
# once for each backend.
find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
    pkg_check_modules(CMOCKA QUIET IMPORTED_TARGET cmocka)
endif()
if(CMOCKA_FOUND)
    add_library(eddy_cmocka ALIAS PkgConfig::CMOCKA)
else()
    find_package(cmocka CONFIG QUIET)
    if(NOT cmocka_FOUND)
        message(FATAL_ERROR "the tests need cmocka: install it (libcmocka-dev "
            "on Debian), or configure with -DEDDY_BUILD_TESTS=OFF")
    endif()
    add_library(eddy_cmocka INTERFACE)
    if(TARGET cmocka::cmocka)
        target_link_libraries(eddy_cmocka INTERFACE cmocka::cmocka)
    else()
        target_link_libraries(eddy_cmocka INTERFACE ${CMOCKA_LIBRARIES})
        target_include_directories(eddy_cmocka
            INTERFACE ${CMOCKA_INCLUDE_DIR})
    endif()
endif()

add_library(eddy_test_build INTERFACE)
target_link_libraries(eddy_test_build
    INTERFACE eddy_build eddy_static eddy_cmocka)
target_include_directories(eddy_test_build
    INTERFACE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)

# eddy_test_support(world.c …): the sources of tests/support.
function(eddy_test_support)
    if(ARGC EQUAL 0)
        add_library(test-support INTERFACE)
        target_link_libraries(test-support INTERFACE eddy_test_build)
    else()
        add_library(test-support STATIC ${ARGN})
        target_link_libraries(test-support PUBLIC eddy_test_build)
    endif()
endfunction()

# eddy_test(core/test_timer.c [ONCE] [SERIAL] [TIMEOUT seconds])
#
# Registers core/timer@BACKEND for each backend; with ONCE, core/timer alone,
# which does not depend on the backend. SERIAL: no other test runs meanwhile.
function(eddy_test source)
    cmake_parse_arguments(arg "ONCE;SERIAL" "TIMEOUT" "" ${ARGN})
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "eddy_test(${source}): no such option: "
            "${arg_UNPARSED_ARGUMENTS}; there are ONCE, SERIAL and TIMEOUT")
    endif()
    cmake_path(GET source PARENT_PATH folder)
    cmake_path(GET source STEM file)
    string(REGEX REPLACE "^test_" "" noun ${file})
    set(target test-${folder}-${noun})

    add_executable(${target} ${source})
    target_link_libraries(${target} PRIVATE test-support eddy_test_build)
    set_target_properties(${target} PROPERTIES
        OUTPUT_NAME ${file}
        RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/${folder})

    if(arg_ONCE)
        eddy_register_test(${folder}/${noun} ${target} "")
        return()
    endif()
    foreach(backend IN LISTS EDDY_BACKENDS_USED)
        eddy_register_test(${folder}/${noun}@${backend} ${target}
                           EDDY_BACKEND=${backend})
    endforeach()
endfunction()

# Uses the caller's folder, arg_TIMEOUT and arg_SERIAL.
function(eddy_register_test name target environment)
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 120)
    endif()
    if(EDDY_TEST_RUNNER)
        math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * 5")
    endif()
    add_test(NAME ${name}
             COMMAND ${EDDY_TEST_RUNNER} $<TARGET_FILE:${target}>)
    set_tests_properties(${name} PROPERTIES
        ENVIRONMENT "${environment}"
        LABELS ${folder}
        TIMEOUT ${arg_TIMEOUT}
        RUN_SERIAL ${arg_SERIAL}
        SKIP_RETURN_CODE 77)
endfunction()

# eddy_wrap(core os_failing close open): the test's __wrap_close is called in
# place of close, by all that is linked into it.
function(eddy_wrap folder noun)
    list(TRANSFORM ARGN PREPEND -Wl,--wrap=)
    target_link_options(test-${folder}-${noun} PRIVATE ${ARGN})
endfunction()
