# SPDX-License-Identifier: MIT
#
# Tests of the tree as a whole: its order, its options, what it installs.
include(CheckLanguage)
find_package(Python3 REQUIRED COMPONENTS Interpreter)
check_language(CXX)
if(NOT CMAKE_CXX_COMPILER)
    message(FATAL_ERROR "the tests need a C++ compiler: install one, "
        "or configure with -DEDDY_BUILD_TESTS=OFF")
endif()
set(tests ${PROJECT_SOURCE_DIR}/tests)

# A sanitizer adds symbols of its own to a library, as counting coverage does,
# and every program that links such a library needs the sanitizer too: neither
# check makes sense then.
set(tidy_libraries --static $<TARGET_FILE:eddy_static>)
if(TARGET eddy_shared)
    list(APPEND tidy_libraries --shared $<TARGET_FILE:eddy_shared>)
endif()
if(CMAKE_C_FLAGS MATCHES "-fsanitize=|--coverage")
    set(tidy_libraries "")
elseif(EDDY_INSTALL)
    add_test(NAME package COMMAND ${tests}/package/test_package.sh
        ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR} ${PROJECT_VERSION}
        ${CMAKE_GENERATOR} ${CMAKE_C_COMPILER} ${CMAKE_CXX_COMPILER})
    set_tests_properties(package PROPERTIES LABELS tree TIMEOUT 600)
endif()

add_test(NAME tidy COMMAND ${Python3_EXECUTABLE} ${tests}/tidy/tidy.py
    ${PROJECT_SOURCE_DIR} --nm ${CMAKE_NM} ${tidy_libraries})
add_test(NAME tidy-refuses COMMAND ${Python3_EXECUTABLE}
    ${tests}/tidy/test_tidy.py)
set_tests_properties(tidy tidy-refuses PROPERTIES LABELS tree TIMEOUT 60
    ENVIRONMENT CC=${CMAKE_C_COMPILER})

add_test(NAME guarantees COMMAND ${Python3_EXECUTABLE}
    ${tests}/guarantees/guarantees.py ${PROJECT_SOURCE_DIR})
add_test(NAME guarantees-refuses COMMAND ${Python3_EXECUTABLE}
    ${tests}/guarantees/test_guarantees.py)
set_tests_properties(guarantees guarantees-refuses PROPERTIES
    LABELS tree TIMEOUT 60)

add_test(NAME options COMMAND ${tests}/options/test_options.sh
    ${PROJECT_SOURCE_DIR} ${CMAKE_GENERATOR} ${CMAKE_C_COMPILER})
set_tests_properties(options PROPERTIES LABELS tree TIMEOUT 300)
