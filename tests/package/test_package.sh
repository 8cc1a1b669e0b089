#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Installs a built eddy, moves it, and builds outside programs against it:
#
#     test_package.sh SOURCE BUILD VERSION GENERATOR CC CXX
set -euo pipefail

source=$1 build=$2 version=$3 generator=$4 cc=$5 cxx=$6
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
warnings=(-Wall -Wextra -Wpedantic -Werror)

step() { printf '%s\n' "-- $*"; }
fail() {
    printf '%s\n' "test_package.sh: $*" >&2
    exit 1
}

# The names of libeddy's that a program needs when it runs.
needed() {
    case $(uname) in
    Darwin) otool -L "$1" ;;
    *) readelf -d "$1" ;;
    esac | grep -o 'libeddy[.0-9a-z]*' || true
}

# runs PROGRAM KIND: it says ok, and was linked the way it was asked for.
runs() {
    local said library
    library=$(needed "$1")
    case $2 in
    shared) [ -n "$library" ] || fail "$1 is not linked to the shared library" ;;
    static) [ -z "$library" ] || fail "$1 needs $library, yet is to be static" ;;
    esac
    said=$("$1") || fail "$1 ended with status $?"
    [ "$said" = ok ] || fail "$1 said: $said"
}

# --- the installed tree ------------------------------------------------------

step "install, and move what was installed"
cmake --install "$build" --prefix "$work/first" >/dev/null
mv "$work/first" "$work/prefix"
prefix=$work/prefix
pc=$(find "$prefix" -name eddy.pc)
[ -n "$pc" ] || fail "eddy.pc was not installed"
export PKG_CONFIG_PATH=${pc%/*}
libraries=${PKG_CONFIG_PATH%/*}
[ -f "$libraries/libeddy.a" ] || fail "libeddy.a was not installed"
[ -n "$(find "$prefix" -name LICENSE)" ] || fail "LICENSE was not installed"
shared=$(find "$libraries" -name 'libeddy.so' -o -name 'libeddy.dylib')
kinds="static${shared:+ shared}"

step "every header alone, in C and in C++"
headers=$(cd "$prefix/include" && find . -name '*.h' | cut -c 3- | sort)
for header in $headers; do
    line="#include <$header>"
    [ -f "$source/include/$header" ] || fail "$header is not in the source"
    printf '%s\n' "$line" "$line" | "$cc" -x c -std=c11 "${warnings[@]}" \
        -Wconversion -Wshadow -Wstrict-prototypes -Wundef \
        -I"$prefix/include" -fsyntax-only - || fail "$header in C"
    printf '%s\n' "$line" "$line" | "$cxx" -x c++ -std=c++17 \
        "${warnings[@]}" -I"$prefix/include" -fsyntax-only - ||
        fail "$header in C++"
done

# --- pkg-config --------------------------------------------------------------

# by_pkg_config KIND NAME COMPILER FLAG…
by_pkg_config() {
    local kind=$1 program=$work/$2-$1 compiler=$3 flags=() link=()
    shift 3
    read -ra flags <<<"$(pkg-config --cflags eddy)"
    if [ "$kind" = static ]; then
        read -ra link <<<"$(pkg-config --static --libs eddy)"
        # A Linux program is static as a whole; elsewhere eddy alone is.
        if [ "$(uname)" = Linux ]; then
            link+=(-static)
        else
            link=("$libraries/libeddy.a" "${link[@]/-leddy/}")
        fi
    else
        read -ra link <<<"$(pkg-config --libs eddy)"
        link+=("-Wl,-rpath,$libraries")
    fi
    "$compiler" "$@" "${warnings[@]}" "${flags[@]}" "$here/program.c" \
        -x none -o "$program" "${link[@]}"
    runs "$program" "$kind"
}

pkg-config --exact-version="$version" eddy ||
    fail "pkg-config says version $(pkg-config --modversion eddy)"
for kind in $kinds; do
    step "pkg-config, $kind, in C and in C++"
    by_pkg_config "$kind" c "$cc" -std=c11
    by_pkg_config "$kind" cxx "$cxx" -x c++ -std=c++17
done

step "the readme's example"
awk '/^```c$/ { on = 1; next } /^```$/ { on = 0 } on' "$source/README.md" \
    >"$work/readme.c"
read -ra flags <<<"$(pkg-config --cflags eddy)"
"$cc" -std=c11 "${warnings[@]}" "${flags[@]}" "$work/readme.c" \
    "$libraries/libeddy.a" -pthread -o "$work/readme" ||
    fail "the readme's example does not compile"
"$work/readme" >/dev/null || fail "the readme's example ended with status $?"

# --- CMake -------------------------------------------------------------------

# by_cmake KIND ARGUMENT…: builds and runs tests/package in both languages.
by_cmake() {
    local kind=$1 folder=$work/cmake
    shift
    rm -rf "$folder"
    if ! { cmake -S "$here" -B "$folder" -G "$generator" \
        -DCMAKE_C_COMPILER="$cc" -DCMAKE_CXX_COMPILER="$cxx" \
        -DCMAKE_PREFIX_PATH="$prefix" "$@" &&
        cmake --build "$folder"; } >"$work/log" 2>&1; then
        cat "$work/log" >&2
        fail "no outside program with $*"
    fi
    runs "$folder/in-c" "$kind"
    runs "$folder/in-cxx" "$kind"
}

default=static
[ -z "$shared" ] || default=shared
step "find_package"
by_cmake $default -DEDDY_TARGET=eddy::eddy -DEDDY_WANTED="$version"
by_cmake static -DEDDY_TARGET=eddy::eddy -DEDDY_USE_STATIC=ON
by_cmake static -DEDDY_TARGET=eddy::eddy_static
[ -z "$shared" ] || by_cmake shared -DEDDY_TARGET=eddy::eddy_shared

step "find_package refuses another version"
if (by_cmake static -DEDDY_TARGET=eddy::eddy -DEDDY_WANTED=99.0) 2>/dev/null
then
    fail "version 99.0 was found"
fi

step "add_subdirectory"
by_cmake shared -DEDDY_TARGET=eddy::eddy -DEDDY_SOURCE="$source"
by_cmake static -DEDDY_TARGET=eddy::eddy -DEDDY_SOURCE="$source" \
    -DEDDY_USE_STATIC=ON
step "ok"
