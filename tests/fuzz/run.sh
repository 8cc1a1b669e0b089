#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Builds the harnesses of this folder and has libFuzzer, or AFL++, look for
# inputs that they disagree with. See --help.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

known="address backend loop"
most_kept=300 # inputs of a harness

usage() {
    cat <<EOT
Usage: tests/fuzz/run.sh [option…] [harness…]

  --seconds N   so long each (20)
  --seed N      repeatable, where that is possible (1)
  --afl         with AFL++ instead of libFuzzer
  --keep        add to the corpus what libFuzzer found to be new, minimised
  --coverage    also print which lines of src/ the corpus reaches
  --help        this

Harnesses: $known (all). They start from tests/fuzz/corpus. What they find is
left in build/fuzz/found or build/fuzz/afl; replay it with
build/fuzz/tests/fuzz/fuzz-HARNESS FILE, with FUZZ_TRACE=1 in the environment to
see what fuzz-loop did.
EOT
}

seconds=20
seed=1
afl=
keep=
coverage=
harnesses=

number_of() { # number_of OPTION VALUE
    case $2 in
    '' | *[!0-9]*) usage_error "$1 needs a number; see --help" ;;
    *) echo "$2" ;;
    esac
}

while [ $# -gt 0 ]; do
    case $1 in
    --seconds)
        seconds=$(number_of "$1" "${2-}")
        shift
        ;;
    --seed)
        seed=$(number_of "$1" "${2-}")
        shift
        ;;
    --afl) afl=yes ;;
    --keep) keep=yes ;;
    --coverage) coverage=yes ;;
    --help | -h)
        usage
        exit 0
        ;;
    -*) usage_error "no such option: $1; see --help" ;;
    *)
        case " $known " in
        *" $1 "*) harnesses="$harnesses $1" ;;
        *) usage_error "no such harness: $1; there are $known" ;;
        esac
        ;;
    esac
    shift
done
[ -n "$harnesses" ] || harnesses=$known

# --- building ----------------------------------------------------------------

# The comparisons of these harnesses hold no magic values, so tracing them
# would only be slow.
sanitize="-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined"
sanitize="$sanitize -fno-sanitize-recover=all"
traced="-fsanitize=fuzzer-no-link -fno-sanitize-coverage=trace-cmp"

build_in() { # build_in FOLDER COMPILER FLAGS OPTION…
    local folder=$1 compiler=$2 flags=$3 name targets=()
    shift 3
    configure "$folder" -DCMAKE_C_COMPILER="$compiler" \
        -DCMAKE_C_FLAGS="$flags" -DCMAKE_BUILD_TYPE=Debug \
        -DEDDY_BUILD_SHARED=OFF -DEDDY_BUILD_EXAMPLES=OFF "$@"
    for name in $harnesses; do targets+=("fuzz-$name"); done
    say "building $folder"
    cmake --build "$folder" --parallel "$(jobs_here)" \
        --target "${targets[@]}" >"$folder/build.log" 2>&1 || {
        cat "$folder/build.log" >&2
        fail "$folder does not build"
    }
}

# The longest input: long enough for a program that reaches everything.
length_of() {
    case $1 in
    address) echo 64 ;;
    backend) echo 128 ;;
    *) echo 400 ;;
    esac
}

# --- libFuzzer ---------------------------------------------------------------

fuzz() { # fuzz HARNESS
    local name=$1 log=build/fuzz/$1.log
    mkdir -p build/fuzz/found "build/fuzz/corpus/$name"
    say "fuzzing $name for $seconds s"
    if ! build/fuzz/tests/fuzz/"fuzz-$name" -entropic=0 -seed="$seed" \
        -max_total_time="$seconds" -max_len="$(length_of "$name")" \
        -rss_limit_mb=1024 -timeout=20 -print_final_stats=1 -verbosity=1 \
        -artifact_prefix="build/fuzz/found/$name-" \
        "build/fuzz/corpus/$name" "tests/fuzz/corpus/$name" >"$log" 2>&1; then
        grep -v -e '^#' -e '^INFO' "$log" >&2
        fail "$name found something: see build/fuzz/found"
    fi
    awk -v name="$name" '
        /^#[0-9]+[ \t]+(INITED|NEW|REDUCE|pulse|DONE)/ {
            for (i = 1; i < NF; i++) {
                if ($i == "cov:") edges = $(i + 1)
                if ($i == "ft:") features = $(i + 1)
            }
        }
        /number_of_executed_units/ { runs = $2 }
        /average_exec_per_sec/ { rate = $2 }
        END {
            printf "%s: %d executions, %d a second, %d edges, %d features\n",
                name, runs, rate, edges, features
            exit !(runs > 0 && edges > 0)
        }' "$log"
}

# Those written by hand, which have names, and few others that reach as much as
# all do together: of many the longest.
keep_corpus() { # keep_corpus HARNESS
    local name=$1 kept="tests/fuzz/corpus/$1" merged
    merged=$(mktemp -d)
    find "$kept" -name '*[!0-9a-f]*' -type f -exec cp {} "$merged" ';'
    build/fuzz/tests/fuzz/"fuzz-$name" -set_cover_merge=1 \
        -max_len="$(length_of "$name")" "$merged" "$kept" \
        "build/fuzz/corpus/$name" >"build/fuzz/$name.merge.log" 2>&1 ||
        fail "$name: the corpus cannot be merged: see build/fuzz"
    find "$merged" -type f ! -name '*[!0-9a-f]*' -printf '%s %p\n' |
        sort -rn | tail -n +$((most_kept + 1)) | cut -d ' ' -f 2 |
        xargs -r rm
    find "$kept" -type f -delete
    cp "$merged"/* "$kept"
    rm -r "$merged"
    say "$name: $(find "$kept" -type f | wc -l) inputs kept"
}

run_libfuzzer() {
    local name
    need cc c++ cmake builder pkg-config cmocka python3 clang libfuzzer
    build_in build/fuzz clang "$sanitize $traced" -DEDDY_FUZZ=libfuzzer
    for name in $harnesses; do
        fuzz "$name"
        [ -z "$keep" ] || keep_corpus "$name"
    done
}

# --- AFL++ -------------------------------------------------------------------

afl_fuzz() { # afl_fuzz HARNESS
    local name=$1 out=build/fuzz-afl/out/$1
    say "fuzzing $name for $seconds s with AFL++"
    rm -rf "$out"
    AFL_NO_UI=1 AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 AFL_QUIET=1 \
        AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_FAST_CAL=1 \
        timeout $((seconds + 60)) afl-fuzz -V "$seconds" -s "$seed" -t 2000+ \
        -i "tests/fuzz/corpus/$name" -o "$out" \
        -- build/fuzz-afl/tests/fuzz/"fuzz-$name" >"$out.log" 2>&1 || {
        tail -20 "$out.log" >&2
        fail "AFL++ did not run"
    }
    awk -F ' *: *' -v name="$name" '
        { value[$1] = $2 }
        END {
            printf "%s: %d executions, %d a second, %d edges, %d crashes\n",
                name, value["execs_done"], value["execs_per_sec"],
                value["edges_found"], value["saved_crashes"]
            exit !(value["execs_done"] > 0 && value["saved_crashes"] == 0)
        }' "$out/default/fuzzer_stats" ||
        fail "$name found something: see $out/default/crashes"
}

run_afl() {
    local name
    need cc c++ cmake builder pkg-config cmocka python3 clang afl-fuzz
    AFL_QUIET=1 AFL_USE_ASAN=1 AFL_USE_UBSAN=1 \
        build_in build/fuzz-afl afl-clang-fast "-O1 -g"
    mkdir -p build/fuzz-afl/out
    for name in $harnesses; do afl_fuzz "$name"; done
}

# --- what the corpus reaches -------------------------------------------------

run_coverage() {
    local name folder=build/fuzz-coverage objects=()
    need clang llvm-profdata
    build_in "$folder" clang "-O1 -fprofile-instr-generate -fcoverage-mapping"
    rm -f "$folder"/*.profraw
    for name in $harnesses; do
        LLVM_PROFILE_FILE="$folder/$name-%p.profraw" \
            "$folder/tests/fuzz/fuzz-$name" "tests/fuzz/corpus/$name"
        objects+=(-object "$folder/tests/fuzz/fuzz-$name")
    done
    llvm-profdata merge -o "$folder/all.profdata" "$folder"/*.profraw
    llvm-cov report "${objects[@]:1}" -instr-profile "$folder/all.profdata" \
        "$PWD/src" |
        awk 'NF > 10 { printf "%-32s lines %7s branches %7s\n", $1, $10, $13 }'
}

if [ -n "$afl" ]; then run_afl; else run_libfuzzer; fi
[ -z "$coverage" ] || run_coverage
