# SPDX-License-Identifier: MIT
#
# What an installed eddy consists of: headers, libraries, a CMake package and
# a pkg-config file. Both of these find the rest from where they stand, so
# that an installed tree can be moved.
include(CMakePackageConfigHelpers)

install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h")
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(TARGETS ${EDDY_LIBRARIES} EXPORT eddyTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})

# find_package(eddy)
set(eddy_package ${CMAKE_INSTALL_LIBDIR}/cmake/eddy)
set(eddy_compatible SameMajorVersion)
if(PROJECT_VERSION_MAJOR EQUAL 0)
    set(eddy_compatible SameMinorVersion)
endif()
configure_package_config_file(cmake/eddyConfig.cmake.in
    ${PROJECT_BINARY_DIR}/eddyConfig.cmake
    INSTALL_DESTINATION ${eddy_package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/eddyConfigVersion.cmake
    COMPATIBILITY ${eddy_compatible})
install(FILES ${PROJECT_BINARY_DIR}/eddyConfig.cmake
              ${PROJECT_BINARY_DIR}/eddyConfigVersion.cmake
        DESTINATION ${eddy_package})
install(EXPORT eddyTargets NAMESPACE eddy:: DESTINATION ${eddy_package})

# pkg-config eddy: places relative to the file itself, but for absolute ones.
set(eddy_pc_prefix ${CMAKE_INSTALL_PREFIX})
cmake_path(IS_ABSOLUTE CMAKE_INSTALL_LIBDIR is_absolute)
if(NOT is_absolute)
    cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY
        ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig OUTPUT_VARIABLE up)
    set(eddy_pc_prefix "\${pcfiledir}/${up}")
endif()
set(eddy_pc_libdir ${CMAKE_INSTALL_LIBDIR})
set(eddy_pc_includedir ${CMAKE_INSTALL_INCLUDEDIR})
foreach(place eddy_pc_libdir eddy_pc_includedir)
    if(NOT IS_ABSOLUTE ${${place}})
        set(${place} "\${prefix}/${${place}}")
    endif()
endforeach()
configure_file(cmake/eddy.pc.in ${PROJECT_BINARY_DIR}/eddy.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/eddy.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
