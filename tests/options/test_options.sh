#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Wrong options, of CMake and of the scripts, are refused with the right ones:
#
#     test_options.sh SOURCE GENERATOR CC
set -euo pipefail

source=$1 generator=$2 cc=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

check() { # check WHAT COMMAND…
    local what=$1
    shift
    if "$@"; then
        echo "ok: $what"
    else
        echo "FAILED: $what"
        cat "$work/out" "$work/err"
        failed=1
    fi
}

# --- CMake -------------------------------------------------------------------

cmake_with() {
    rm -rf "$work/build"
    cmake -S "${tree:-$source}" -B "$work/build" -G "$generator" \
        -DCMAKE_C_COMPILER="$cc" -DEDDY_BUILD_TESTS=OFF \
        -DEDDY_BUILD_EXAMPLES=OFF "$@" >"$work/out" 2>"$work/err"
}

cmake_refuses() { # cmake_refuses PATTERN ARGUMENT…
    local pattern=$1
    shift
    ! cmake_with "$@" && tr -s '\n ' ' ' <"$work/err" | grep -q -e "$pattern"
}

builds_in_order() { # builds_in_order NAMES ARGUMENT…
    local names=$1
    shift
    cmake_with "$@" && [ "$(grep -o '&eddy_backend_[a-z]*' \
        "$work/build/eddy_registry.c" | cut -d _ -f 3 | xargs)" = "$names" ]
}

cmake_with
all=$(sed -n 's/^-- eddy: backends built: //p' "$work/out")
check "an unknown backend" cmake_refuses \
    "\"slowpoll\", which is no backend: it can be auto or a list out of $all" \
    '-DEDDY_BACKENDS=poll;slowpoll'
check "no backend" cmake_refuses \
    "is empty: it can be auto or a list out of $all" -DEDDY_BACKENDS=
check "an unknown wakeup" cmake_refuses \
    'EDDY_WAKEUP is "bell": on this system it can be auto, ' -DEDDY_WAKEUP=bell
check "poll alone" builds_in_order poll -DEDDY_BACKENDS=poll
check "all of them, best first, each once" \
    builds_in_order "${all//;/ }" "-DEDDY_BACKENDS=poll;$all;poll"

# A tree where the system lacks what the best backend needs.
best=${all%%;*}
tree=$work/tree
mkdir "$tree"
cp -R "$source/CMakeLists.txt" "$source/LICENSE" "$source/cmake" \
    "$source/include" "$source/src" "$tree"
echo '#include <no/such/header.h>' >"$tree/src/backend-$best/probe.c"
rest=${all#*;}
check "auto leaves out what is not there" builds_in_order "${rest//;/ }"
check "a backend that is not there" cmake_refuses \
    "\"$best\", which this system lacks: it can be auto or a list out of $rest" \
    "-DEDDY_BACKENDS=$all"

# --- scripts -----------------------------------------------------------------

script_refuses() { # script_refuses PATTERN COMMAND…: one line, status 2
    local pattern=$1 status=0
    shift
    "$@" >"$work/out" 2>"$work/err" || status=$?
    [ $status -eq 2 ] && [ ! -s "$work/out" ] &&
        [ "$(wc -l <"$work/err")" -eq 1 ] && grep -q -e "$pattern" "$work/err"
}

for script in scripts/test scripts/demo; do
    check "$script --nonsense" script_refuses \
        "no such option: --nonsense; see $script --help" \
        "$source/$script" --nonsense
done
check "scripts/test --preset fast" script_refuses \
    'no such preset: fast; there are release debug' \
    "$source/scripts/test" --preset fast
check "scripts/test -R" script_refuses '-R needs a value' \
    "$source/scripts/test" -R
check "scripts/demo --port http" script_refuses \
    '--port is http; it has to be a number' \
    "$source/scripts/demo" --port http
check "scripts/demo --port" script_refuses '--port needs a value' \
    "$source/scripts/demo" --port
check ".ci/run nonsense" script_refuses 'no such gate: nonsense; there are' \
    "$source/.ci/run" nonsense
exit $failed
