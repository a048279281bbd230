# Compiler settings and the one way to declare a library of this project.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})

find_program(OCI_CCACHE ccache)
if(OCI_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # Paths relative to the source: a second checkout finds what the first one compiled.
    set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${OCI_CCACHE})
endif()

add_library(oci_compiler INTERFACE)
target_include_directories(oci_compiler INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_definitions(oci_compiler INTERFACE _GNU_SOURCE)
target_compile_options(oci_compiler INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
    -Wnon-virtual-dtor -Wnull-dereference -Wswitch-enum -fstack-protector-strong)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(oci_compiler INTERFACE -Wduplicated-cond -Wlogical-op -Wno-missing-field-initializers)
else()
    target_compile_options(oci_compiler INTERFACE -Wno-missing-field-initializers)
endif()
if(OCI_WARNINGS_AS_ERRORS)
    target_compile_options(oci_compiler INTERFACE -Werror)
endif()
if(OCI_SANITIZE)
    target_compile_options(oci_compiler INTERFACE
        -fsanitize=${OCI_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(oci_compiler INTERFACE -fsanitize=${OCI_SANITIZE})
else()
    target_compile_options(oci_compiler INTERFACE $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2>)
    target_link_options(oci_compiler INTERFACE -Wl,-z,relro,-z,now)
endif()

# oci_library(NAME [LINK ...] [EXCEPTIONS]): a static library of every .cpp file of the current
# folder. Without EXCEPTIONS it is compiled with -fno-exceptions.
function(oci_library name)
    cmake_parse_arguments(ARG "EXCEPTIONS" "" "LINK" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
    list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
    if(NOT sources)
        add_library(${name} INTERFACE)
        target_link_libraries(${name} INTERFACE oci_compiler ${ARG_LINK})
        return()
    endif()
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC oci_compiler ${ARG_LINK})
    if(NOT ARG_EXCEPTIONS)
        target_compile_options(${name} PRIVATE -fno-exceptions)
    endif()
endfunction()

# oci_unit_test(NAME LINK ...): one GoogleTest program of every *_test.cpp of the current folder.
function(oci_unit_test name)
    cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cpp)
    if(NOT sources)
        return()
    endif()
    add_executable(${name} ${sources})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    target_link_libraries(${name} PRIVATE ${ARG_LINK} oci_test_support GTest::gmock GTest::gtest_main)
    add_test(NAME unit.${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
    set_tests_properties(unit.${name} PROPERTIES LABELS unit TIMEOUT 300)
endfunction()
