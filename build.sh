#!/usr/bin/env bash
# The one entry point: ./build.sh help lists the verbs.
set -euo pipefail

# A relative MBEDTLS_TARBALL is relative to where the user stands.
readonly CALLER=$PWD
if [[ -n ${MBEDTLS_TARBALL:-} && $MBEDTLS_TARBALL != /* ]]; then MBEDTLS_TARBALL=$PWD/$MBEDTLS_TARBALL; fi
ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
readonly ROOT
cd "$ROOT"

# shellcheck source=scripts/common.sh
source scripts/common.sh

help() {
    cat <<'EOF'
usage: ./build.sh VERB [OPTION…]

  demo [ARG…]       set everything up and run the demonstration
  test [--short] [--asan] [ARG…]
                    set everything up and run all checks and tests; --asan: the sanitizer run alone;
                    with ARGs: only go test -race ARG…
  test --target T [--short] [ARG…]
                    build the tests for another machine and run them under qemu, if this one cannot; go test ARG…, or
                    what is about that machine
  upstream SUITE [OPTION…]
                    run Mbed TLS's own suite ssl-opt, compat or context-info with the Go programs in the place of the C
                    ones, and compare the results; --profile P (default full); --help tells the other options
  upstream unit [--suites REGEXP] [--reasons] [--json FILE] [--profile P]
                    run Mbed TLS's unit tests with the Go packages in the place of the C functions (P: default), and print
                    for each suite how many cases ran and passed; --reasons also why others did not
  bench [--quick] [--run REGEXP] [--mode accelerated|stock|both] [--json FILE] [--cpuprofile FILE]
                    measure this binding against the C library alone, crypto/tls and pion/dtls; --help tells the other
                    options; micro benchmarks are for go test -bench
  setup             install missing tools through apt (root), or say what is missing
  vendor            fetch, check and unpack the pinned Mbed TLS
  config [ARG…]     write config/mbedtls_config.h from config/profiles/default; ARGs go to cmd/mbedtls-config,
                    such as --check
  lib [OPTION…]     build the static archives, select them for go build, and print their folder
      --profile P   default, full, iot-dtls, iot-dtls-draft, tls13 or minimal, or the path of a file of your own
      --target T    for another machine
      --programs    also build the upstream C programs that the tests use as peers
      --asan        with address and undefined-behaviour sanitizers (never selected)
      --no-select   leave go build as it is
  cross [OPTION…] TARGET…
                    build the archives, all programs and all tests for each target, or for all, into build/cross
      --profile P   as above
      --no-tests    only the archives and the programs; equal sources give equal bytes
  targets           list the targets
  install --prefix DIR [OPTION…]
                    build the archives, and copy headers, archives and pkg-config's files below DIR, for go build -tags
                    mbedtls_system; --profile P, --target T
  debian-check      build and run a module of somebody else's with the Mbed TLS of Debian trixie, in a root of its own (root
                    only)
  docker-check [OPTION…]
                    lint the Dockerfile, build it without Docker in a clean Debian root (root only), and run the image's
                    program and HEALTHCHECK; --lint, --no-test and --target STAGE do less; --help tells the other options
  sbom [-o FILE] [--profile P]
                    write a software bill of materials (CycloneDX), on stdout unless told otherwise
  clean [--all]     remove what was built; --all: also the unpacked and the downloaded Mbed TLS
  help              this text

environment: MBEDTLS_TARBALL (a local release tarball), MBEDTLS_VERSION (a row of third_party/mbedtls/sources.txt),
  CC, AR and MBEDTLS_CFLAGS (for the archives), GOOS and GOARCH (their target), MBEDTLS_ACCEL=off (at run time: all
  primitives in C; go doc ./mbedtls SetAcceleration)
EOF
}

setup() {
    ensure "$@"
    ensure_go
}

# Sets folder. Options are those of mbedtls-build lib.
lib() { folder=$(mbedtls_build lib "$@") || exit; }

lib_verb() {
    local options=() select=--select
    while (($#)); do
        case $1 in
        --profile | --target)
            (($# > 1)) || usage_error "lib: $1 needs a name"
            options+=("$1" "$2")
            shift
            ;;
        --profile=* | --target=*) options+=("$1") ;;
        --asan) options+=(--asan) select='' ;;
        --programs) options+=(--programs=bin) ;;
        --no-select) select='' ;;
        *) usage_error "lib: unknown option $1" ;;
        esac
        shift
    done
    ensure_go
    lib "${options[@]}" $select
    echo "$folder"
}

vendor() {
    ensure_go
    mbedtls_build vendor
}

config() {
    setup "${BUILD_TOOLS[@]}"
    vendor >/dev/null
    if (($#)); then
        go run ./cmd/mbedtls-config "$@"
    else
        go run ./cmd/mbedtls-config --profile default -o config/mbedtls_config.h
    fi
}

demo() {
    setup "${BUILD_TOOLS[@]}" "${PEER_TOOLS[@]}"
    lib --programs=bin --select
    export GOMBEDTLS_PROGRAMS=$folder/bin
    exec go run ./cmd/mbedtls-demo "$@"
}

bench() {
    setup "${BUILD_TOOLS[@]}"
    lib --select
    mkdir -p build
    go build -o build/mbedtls-bench ./cmd/mbedtls-bench || die "cmd/mbedtls-bench does not compile"
    exec build/mbedtls-bench "$@"
}

cross() {
    local options=() targets=() tests=yes target text began out
    while (($#)); do
        case $1 in
        --no-tests) tests= ;;
        --profile)
            (($# > 1)) || usage_error "cross: $1 needs a name"
            options+=("$1" "$2")
            shift
            ;;
        --profile=*) options+=("$1") ;;
        -*) usage_error "cross: unknown option $1" ;;
        *) targets+=("$1") ;;
        esac
        shift
    done
    ((${#targets[@]})) || usage_error "cross: name a target, or all; ./build.sh targets lists them"
    ensure_go
    if [[ ${targets[*]} == all ]]; then
        text=$(mbedtls_build targets) || exit
        mapfile -t targets < <(awk 'NR > 1 { print $1 }' <<<"$text")
    fi
    for target in "${targets[@]}"; do
        began=$SECONDS
        out=build/cross/${target//\//-}
        with_build --target "$target" --reproducible "${options[@]}" -- cross_build "$out" || die "cross: $target failed"
        say "cross: $target: programs${tests:+ and tests} are in $out ($((SECONDS - began)) s)"
    done
}

cross_build() {
    local out=$1
    rm -rf "$out"
    mkdir -p "$out/tests"
    go build -o "$out/" ./cmd/... || return
    [[ -z $tests ]] || target_packages | xargs go test -c -o "$out/tests/"
}

# stage NAME COMMAND…: one line with the duration, or the end of the run.
stage() {
    local name=$1 began=$SECONDS
    shift
    "$@" || die "test: $name failed after $((SECONDS - began)) s"
    say "test: $name: $((SECONDS - began)) s"
}

test_verb() {
    local short='' only_asan='' target='' packages=() text name
    while (($#)); do
        case $1 in
        --short) short=-short ;;
        --asan) only_asan=yes ;;
        --target)
            (($# > 1)) || usage_error "test: --target needs a name"
            target=$2
            shift
            ;;
        --target=*) target=${1#*=} ;;
        *) break ;;
        esac
        shift
    done
    setup "${ALL_TOOLS[@]}"
    lib --programs=bin --select
    export GOMBEDTLS_PROGRAMS=$folder/bin
    # A second, by default, for each process that ends: of those that tests start, there are hundreds.
    export GORACE="atexit_sleep_ms=50 ${GORACE:-}"
    if [[ -n $target ]]; then
        if ((!$#)); then
            text=$(target_packages) || exit
            mapfile -t packages <<<"$text"
        fi
        test_target "$target" ${short:+"$short"} "$@" "${packages[@]}"
    elif [[ -n $only_asan ]]; then
        (($#)) || set -- ./cbridge/... ./mbedtls/...
        stage "sanitizers" test_asan ${short:+"$short"} "$@"
    elif (($#)); then
        go test -race ${short:+"$short"} "$@"
    else
        stage "gofmt" check_gofmt
        stage "vet" go vet ./...
        stage "staticcheck" go tool staticcheck ./...
        stage "shellcheck" shellcheck -x build.sh scripts/*.sh .ci/run
        stage "config" go run ./cmd/mbedtls-config --check
        stage "go test -race" test_race ${short:+"$short"}
        stage "Mbed TLS's unit tests" go test -v ./tests/upstream
        stage "the standard library's answers" go test ${short:+"$short"} ./tests/differential
        stage "builds" go test -timeout 30m -p 1 ${short:+"$short"} ./tests/{build,cross}
        stage "a module of somebody else's" go test -timeout 30m ${short:+"$short"} ./tests/consumertest -args -sample
        text=$(target_packages) || exit
        mapfile -t packages <<<"$text"
        stage "go test, primitives in C" env MBEDTLS_ACCEL=off go test ${short:+"$short"} "${packages[@]}" ./tests/fleet
        stage "smoke, built without acceleration" go test -tags mbedtls_noaccel ./tests/smoke ./tests/transcript
        for name in "${PROFILES[@]}"; do stage "profile $name" test_profile "$name"; done
        stage "tools" test_tools
        for name in "${TARGETS[@]}"; do test_target "$name" -short ./tests/smoke ./tests/transcript; done
        [[ -n $short ]] || stage "upstream sample" test_upstream
        stage "sanitizers" test_asan ${short:+"$short"} ./cbridge/...
    fi
}

# All packages, but those that build the others in many ways, which takes both processors, and those that only compare
# numbers: upstream's tests, tens of thousands, one after the other, and the standard library's.
test_race() {
    local text packages
    text=$(go list ./... | grep -vE '/tests/(build|cross|consumertest|differential|upstream)$') || return
    mapfile -t packages <<<"$text"
    go test -race "$@" "${packages[@]}"
}

# What depends on the machine that programs run on. Other packages are about this one's tools.
target_packages() {
    go list ./cbridge/... ./mbedtls/... ./internal/... ./cmd/... ./tests/{smoke,transcript,samples,interop} |
        grep -vE '/(mbedbuild|mbedtls-build)$'
}

# test_target TARGET ARG…
test_target() {
    stage "$1" with_build --target "$1" --here -- test_here "${@:2}"
}

test_here() {
    if [[ -n ${GOMBEDTLS_EXEC:-} ]]; then
        ensure "${GOMBEDTLS_EXEC%% *}"
        set -- -exec "$GOMBEDTLS_EXEC" "$@"
    fi
    go test "$@"
}

# What has dependencies of its own, which users of the binding should not get.
test_tools() {
    local staticcheck
    staticcheck=$(go tool -n staticcheck) && (cd tools && go vet ./... && "$staticcheck" ./... && go test ./...) && (docker_check --lint)
}

# A subshell each, as the verb ends in another program.
test_upstream() {
    (upstream ssl-opt --sample --programs go) && (upstream compat --sample --programs go)
}

check_gofmt() {
    local files
    files=$(find . -name '*.go' -not -path './third_party/mbedtls/*/*' -not -path './build/*' -not -path './.*' -exec gofmt -l {} +)
    [[ -z $files ]] || { printf 'not as gofmt writes it: %s\n' "$files" >&2; return 1; }
}

# The default is what the other stages test, and iot-dtls-draft has one value that iot-dtls has otherwise.
readonly PROFILES=(full iot-dtls tls13 minimal)

# Of all targets, one with 32 bits (which runs here by itself), one that is big-endian, one with another C library; the rest
# is for test --target.
readonly TARGETS=(linux/386 linux/s390x linux/amd64-musl)

# Whatever can be built, these try; the tests of the packages themselves are for builds that have it all.
test_profile() {
    local profile=$1 packages=(./tests/smoke ./tests/transcript ./cmd/mbedtls-bench)
    [[ $profile != full ]] || packages+=(./cbridge ./mbedtls)
    with_build --profile "$profile" -- go test -short "${packages[@]}"
}

test_asan() {
    # go test leaves out what the reports name functions and lines with, unless told otherwise.
    ASAN_OPTIONS=detect_leaks=1 with_build --asan -- go test -asan -ldflags='-w=0 -s=0' "$@"
}

upstream() {
    if [[ ${1:-} == unit ]]; then
        upstream_unit "${@:2}"
        return
    fi
    local profile=full arguments=()
    while (($#)); do
        case $1 in
        --profile)
            (($# > 1)) || usage_error "upstream: --profile needs a name"
            profile=$2
            shift
            ;;
        --profile=*) profile=${1#*=} ;;
        *) arguments+=("$1") ;;
        esac
        shift
    done
    setup "${BUILD_TOOLS[@]}" "${SUITE_TOOLS[@]}"
    lib --profile "$profile" --programs=bin,suites
    mkdir -p build/upstream
    go build -o build/upstream/ ./cmd/mbedtls-interop || die "cmd/mbedtls-interop does not compile"
    # The environment is for the Go programs that it builds.
    with_build --profile "$profile" -- build/upstream/mbedtls-interop "${arguments[@]}" \
        --profile "$profile" --source "$(mbedtls_build vendor)" --build "$folder"
}

upstream_unit() {
    local profile=default arguments=()
    while (($#)); do
        case $1 in
        --profile | --suites | --json)
            (($# > 1)) || usage_error "upstream unit: $1 needs a value"
            set -- "$1=$2" "${@:3}"
            continue
            ;;
        --profile=*) profile=${1#*=} ;;
        --json=/*) arguments+=("$1") ;;
        --json=*) arguments+=("--json=$CALLER/${1#*=}") ;;
        --suites=* | --reasons) arguments+=("$1") ;;
        *) usage_error "upstream unit: there is no option $1" ;;
        esac
        shift
    done
    setup "${BUILD_TOOLS[@]}"
    # Without -v, go test keeps what a test prints to itself.
    with_build --profile "$profile" -- go test ./tests/upstream -count=1 -v -run 'TestEachFunction|TestCases' -args "${arguments[@]}"
}

# tool NAME [ARG…]: runs a program of the module tools, which has dependencies of its own. Paths are the user's.
tool() {
    local name=$1
    ensure_go
    mkdir -p build/tools
    (cd tools && go build -o "$ROOT/build/tools/" "./$name") || die "tools/$name does not compile"
    cd -- "$CALLER"
    exec "$ROOT/build/tools/$name" "${@:2}"
}

debian_check() {
    ((EUID == 0)) || die "debian-check needs root, for debootstrap and chroot"
    setup "${BUILD_TOOLS[@]}" debootstrap ip
    vendor >/dev/null
    GOMBEDTLS_DEBIAN=1 exec go test -count=1 -timeout 30m -v -run TestDebianLibrary ./tests/consumertest
}

docker_check() {
    case " $* " in
    *' --lint '* | *' -lint '* | *' --help '* | *' -help '* | *' -h '*) ;;
    *) ((EUID != 0)) || ensure debootstrap ;;
    esac
    tool docker-check -file "$ROOT/Dockerfile" -work "$ROOT/build/docker-check" "$@"
}

sbom() {
    unset MBEDTLS_VERSION # it is about the default release
    vendor >/dev/null
    tool sbom -root "$ROOT" "$@"
}

clean() {
    local remove=(build third_party/mbedtls/build cbridge/selected_build.h)
    case $* in
    '') ;;
    --all) remove+=(third_party/mbedtls/{src,src-*,headers-*,sysroot,download,.lock,.tmp.*}) ;;
    *) usage_error "clean: unknown option $*" ;;
    esac
    rm -rf "${remove[@]}"
}

no_options() { (($# == 1)) || usage_error "$1: unknown option $2"; }

verb=${1:-help}
(($# == 0)) || shift
case $verb in
help | -h | --help) help ;;
setup) no_options setup "$@"; setup "${ALL_TOOLS[@]}" ;;
vendor) no_options vendor "$@"; vendor ;;
config) config "$@" ;;
cross) cross "$@" ;;
targets)
    no_options targets "$@"
    ensure_go
    mbedtls_build targets
    ;;
debian-check) no_options debian-check "$@"; debian_check ;;
docker-check) docker_check "$@" ;;
sbom) sbom "$@" ;;
install)
    ensure_go
    mbedtls_build install "$@"
    ;;
lib) lib_verb "$@" ;;
demo) demo "$@" ;;
test) test_verb "$@" ;;
upstream) upstream "$@" ;;
bench) bench "$@" ;;
clean) clean "$@" ;;
*) usage_error "unknown verb $verb" ;;
esac
