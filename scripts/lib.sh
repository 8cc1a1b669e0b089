# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What scripts/test, scripts/demo and .ci/run share: finding and installing
# tools, configuring and building. To be sourced, from the top folder.

say() { printf '%s\n' "== $*"; }

fail() {
    printf '%s\n' "${0##*/}: $*" >&2
    exit 1
}

# A mistake in the command line: one line, exit 2.
usage_error() {
    printf '%s\n' "${0##*/}: $*" >&2
    exit 2
}

# --- what is there -----------------------------------------------------------

compiles() { # compiles LANGUAGE COMPILER SOURCE [FLAGS]
    local language=$1 compiler=$2 source=$3
    shift 3
    printf '%s\n' "$source" |
        "$compiler" -x "$language" -fsyntax-only "$@" - >/dev/null 2>&1
}

flags_of() { pkg-config --cflags "$1" 2>/dev/null || true; }

has() {
    case $1 in
    cc) # with the kernel's headers, which musl lacks
        compiles c cc '#include <stdio.h>' && { [ "$(uname)" != Linux ] ||
            compiles c cc '#include <linux/types.h>'; }
        ;;
    c++) compiles c++ c++ '#include <cstdio>' ;;
    builder) command -v ninja || command -v make || command -v gmake ;;
    python3) # NetBSD's have no other name than with their version
        python3 -c '' || python3.13 -c '' || python3.12 -c '' ||
            python3.11 -c ''
        ;;
    pip) python3 -m pip --version ;;
    cmocka) pkg-config --exists cmocka ;;
    libfuzzer) # and the sanitizers, which are of the same package
        [ -n "$(find -L "$(clang -print-resource-dir)" \
            -name 'libclang_rt.fuzzer*' -print -quit)" ]
        ;;
    libuv) pkg-config --exists libuv ;;
    libev) compiles c cc '#include <ev.h>' ;;
    libevent) pkg-config --exists libevent_pthreads ;;
    matplotlib)
        python3 -c 'import matplotlib' || /usr/bin/python3 -c 'import matplotlib'
        ;;
    http-parser)
        # shellcheck disable=SC2046 # the flags are words
        compiles c cc '#include <llhttp.h>' $(flags_of libllhttp) ||
            compiles c cc '#include <http_parser.h>' ||
            compiles c cc '#include <http_parser.h>' -I/usr/local/include ||
            compiles c cc '#include <llhttp.h>' -I/usr/pkg/include
        ;;
    *) command -v "$1" ;;
    esac >/dev/null 2>&1
}

# --- what it is called -------------------------------------------------------

# That of the default clang's version, also before clang is there.
clang_rt_package() {
    apt-cache depends clang |
        sed -n 's/.*Depends: clang-\([0-9]*\)$/libclang-rt-\1-dev/p'
}

apt_name() {
    case $1 in
    cc) echo gcc libc6-dev ;;
    c++) echo g++ ;;
    builder | ninja) echo ninja-build ;;
    cmocka) echo libcmocka-dev ;;
    libfuzzer) clang_rt_package ;;
    afl-fuzz) echo afl++ ;;
    llvm-profdata) echo llvm ;;
    libuv) echo libuv1-dev ;;
    libev | libevent) echo "$1-dev" ;;
    matplotlib) echo python3-matplotlib ;;
    valgrind) echo valgrind libc6-dbg ;;
    dpkg-source) echo dpkg-dev ;;
    go) echo golang-go ;;
    pip) echo python3-pip ;;
    qemu-*) echo qemu-user ;;
    http-parser)
        if apt-cache policy libllhttp-dev | grep -q 'Candidate: [0-9]'; then
            echo libllhttp-dev
        else
            echo libhttp-parser-dev
        fi
        ;;
    *) echo "$1" ;;
    esac
}

pkg_name() { # FreeBSD, DragonFly; cc and c++ are in the base system
    case $1 in
    builder) echo ninja ;;
    pkg-config) echo pkgconf ;;
    http-parser) echo llhttp ;;
    matplotlib) echo py311-matplotlib ;;
    *) echo "$1" ;;
    esac
}

pkg_add_name() { # OpenBSD; compilers and pkg-config are in its base system
    case $1 in
    builder) echo ninja ;;
    python3) echo python%3 ;;
    http-parser) echo llhttp ;;
    *) echo "$1" ;;
    esac
}

pkgin_name() { # NetBSD; compilers are in its base system
    case $1 in
    builder) echo ninja-build ;;
    pkg-config) echo pkgconf ;;
    python3) echo python312 ;;
    http-parser) echo llhttp ;;
    *) echo "$1" ;;
    esac
}

apk_name() { # Alpine
    case $1 in
    cc) echo gcc musl-dev linux-headers ;;
    c++) echo g++ ;;
    builder) echo samurai ;;
    pkg-config) echo pkgconf ;;
    cmocka) echo cmocka-dev ;;
    http-parser) echo llhttp-dev ;;
    *) echo "$1" ;;
    esac
}

brew_name() { # macOS
    case $1 in
    cc | c++) fail "a compiler is missing: run xcode-select --install" ;;
    builder) echo ninja ;;
    http-parser) echo llhttp ;;
    matplotlib) echo python-matplotlib ;;
    *) echo "$1" ;;
    esac
}

# --- installing --------------------------------------------------------------

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    elif command -v doas >/dev/null; then
        doas "$@"
    else
        fail "missing: ${missing[*]}; installing them needs root or sudo"
    fi
}

names_of() { # names_of FUNCTION: the packages of all that is missing
    local tool
    for tool in "${missing[@]}"; do "$1" "$tool"; done | tr '\n' ' '
}

install_by() { # install_by FUNCTION COMMAND…: it takes the packages' names
    local names
    names=$(names_of "$1")
    shift
    say "missing: ${missing[*]}; $* $names"
    # shellcheck disable=SC2086 # the names are words
    "$@" $names
}

install_missing() {
    local names apt=(apt-get -qq -o DPkg::Lock::Timeout=300)

    if command -v apt-get >/dev/null; then
        say "missing: ${missing[*]}; asking apt-get to install them"
        as_root "${apt[@]}" update
        names=$(names_of apt_name)
        say "apt-get install $names"
        # shellcheck disable=SC2086 # the names are words
        as_root env DEBIAN_FRONTEND=noninteractive \
            "${apt[@]}" install -y --no-install-recommends $names
    elif [ "$(uname)" = FreeBSD ] || [ "$(uname)" = DragonFly ]; then
        install_by pkg_name as_root pkg install -y
    elif [ "$(uname)" = OpenBSD ]; then
        install_by pkg_add_name as_root pkg_add -I
    elif [ "$(uname)" = NetBSD ]; then
        install_by pkgin_name as_root pkgin -y install
    elif command -v apk >/dev/null; then
        install_by apk_name as_root apk add
    elif command -v brew >/dev/null; then
        install_by brew_name brew install
    else
        fail "missing: ${missing[*]}; install them and try again"
    fi
}

# Sees to it that all the tools are there.
need() {
    local tool
    missing=()
    for tool in "$@"; do
        has "$tool" || missing+=("$tool")
    done
    [ ${#missing[@]} -eq 0 ] && return
    install_missing >&2
    for tool in "${missing[@]}"; do
        has "$tool" || fail "$tool is missing still, though it was installed"
    done
}

# --- building ----------------------------------------------------------------

jobs_here() { getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2; }

# configure FOLDER ARGUMENT…: runs cmake, with ninja where there is ninja.
configure() {
    local folder=$1 log
    shift
    log=$(mktemp)
    if [ ! -f "$folder/CMakeCache.txt" ] && command -v ninja >/dev/null; then
        set -- -G Ninja "$@"
    fi
    say "configuring $folder"
    if ! cmake -S . -B "$folder" "$@" >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        fail "cmake could not configure $folder"
    fi
    grep -e '^-- eddy:' "$log" || true
    rm -f "$log"
}

# build FOLDER ARGUMENT…: quiet, but for what is wrong.
build() {
    local folder=$1 log
    shift
    log=$(mktemp)
    say "building $folder"
    if ! cmake --build "$folder" --parallel "$(jobs_here)" "$@" \
        >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        fail "$folder does not build"
    fi
    grep -A 6 -e 'warning:' "$log" >&2 || true
    rm -f "$log"
}

# run_built FOLDER COMMAND…: runs what was built in the folder. The thread
# sanitizer's shadow memory needs the usual address layout.
run_built() {
    local folder=$1
    shift
    if grep -qs -e '-fsanitize=thread' "$folder/CMakeCache.txt" &&
        [ "$(cat /proc/sys/vm/mmap_rnd_bits 2>/dev/null || echo 0)" -gt 28 ] &&
        setarch -R true 2>/dev/null; then
        set -- setarch -R "$@"
    fi
    "$@"
}

# run_tests FOLDER ARGUMENT…: ctest, which says what failed and why.
run_tests() {
    local folder=$1
    shift
    say "testing $folder"
    run_built "$folder" ctest --test-dir "$folder" \
        --output-on-failure --no-tests=error --parallel "$(jobs_here)" "$@"
}
