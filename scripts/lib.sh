# shellcheck shell=bash disable=SC2154
# lib: the static archives, and the C programs the tests use as peers, from the unmodified tree.
#
# build/<goos>-<goarch>-<key>/  one build; the key is a hash of everything that goes into it, so a folder that exists
#                               is right and whole, and a change makes another
# build/<goos>-<goarch>         a link to the selected one, which the cgo flags in cbridge name

readonly BUILDS=$THIRD_PARTY/build
readonly PROGRAMS=(ssl/ssl_client2 ssl/ssl_server2 test/udp_proxy test/query_compile_time_config x509/cert_app)
# What upstream's suites need beyond those, and tests and demo do not.
readonly SUITE_PROGRAMS=(ssl/{ssl_server,ssl_client1,dtls_server,dtls_client,ssl_fork_server,ssl_pthread_server,ssl_context_info})
# Without the last flag, undefined behaviour is only printed.
readonly SANITIZE='-fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=all'
readonly PROFILES=(default full iot-dtls iot-dtls-draft tls13 minimal)

# Options of the verb; the other verbs set them directly.
profile=default asan='' programs='' select=yes

lib_verb() {
    local print=
    while (($#)); do
        case $1 in
        --profile)
            (($# > 1)) || usage_error "lib: --profile needs a name"
            profile=$2
            shift
            ;;
        --profile=*) profile=${1#*=} ;;
        --asan) asan=yes select='' ;;
        --programs) programs=yes ;;
        --no-select) select='' ;;
        --print)
            print=yes
            exec 3>&2
            ;;
        *) usage_error "lib: unknown option $1" ;;
        esac
        shift
    done
    lib
    [[ -z $print ]] || echo "$folder"
}

# Sets folder.
lib() {
    local target cc ar cflags header key programs_stamp
    vendor
    choose_compiler
    make_header
    cflags="-O2 -g${asan:+ $SANITIZE}${MBEDTLS_CFLAGS:+ $MBEDTLS_CFLAGS}"
    key=$({
        echo "$release_sha256 $target $cflags"
        read_version
        sha256 "$header"
    } | sha256sum | cut -c1-12)
    folder=$BUILDS/$target-$key
    [[ -d $folder ]] || locked "$BUILDS" build_archives
    if [[ -n $programs ]]; then
        programs_stamp=$(sha256 cbridge/platform_time.c)
        has_programs bin || locked "$BUILDS" build_programs bin "${PROGRAMS[@]}"
    fi
    if [[ $programs == suites ]]; then
        has_programs suites || locked "$BUILDS" build_programs suites "${SUITE_PROGRAMS[@]}"
    fi
    [[ -z $select ]] || select_build
}

# Sets target, cc and ar. The names are Go's, so GOOS and GOARCH choose a cross compiler.
choose_compiler() {
    local goos=${GOOS:-linux} goarch=${GOARCH:-} prefix=
    local -A machine=([x86_64]=amd64 [aarch64]=arm64 [armv6l]=arm [armv7l]=arm [armv8l]=arm [i686]=386)
    local -A cross=([amd64]=x86_64-linux-gnu- [arm64]=aarch64-linux-gnu- [arm]=arm-linux-gnueabihf-
        [386]=i686-linux-gnu- [riscv64]=riscv64-linux-gnu-)
    local host
    host=$(uname -m)
    host=${machine[$host]:-$host}
    target=$goos-${goarch:=$host}
    [[ $goarch == "$host" ]] || prefix=${cross[$goarch]:-}
    [[ $goarch == "$host" || -n $prefix || -n ${CC:-} ]] || die "no compiler is known for $target: set CC"
    cc=${CC:-${prefix}gcc}
    ar=${AR:-${prefix}ar}
    if [[ -z ${CC:-} && -z $prefix ]]; then
        ensure "${BUILD_TOOLS[@]}"
    else
        command -v "${cc%% *}" >/dev/null || die "the compiler for $target is missing: install ${cc%% *}, or set CC"
        ensure make flock
    fi
}

read_version() {
    local first
    # CC may hold options.
    # shellcheck disable=SC2086
    read -r first < <($cc --version 2>/dev/null) || die "cannot run $cc"
    echo "$cc $first"
}

# Sets header: the committed one for the default profile, else one made now and kept under a hash of its inputs.
make_header() {
    local inputs
    header=$ROOT/config/mbedtls_config.h
    if [[ $profile == default ]]; then
        [[ -f $header ]] || die "config/mbedtls_config.h is missing: run ./build.sh config"
        return
    fi
    [[ -f config/profiles/$profile ]] || die "unknown profile $profile: config/profiles has ${PROFILES[*]}"
    inputs=$({
        echo "$release_sha256"
        find config/profiles cmd/mbedtls-config internal/mbedconfig -type f ! -name '*_test.go' -print0 | sort -z | xargs -0 cat
    } | sha256sum | cut -c1-12)
    header=$BUILDS/.headers/$profile-$inputs.h
    [[ -f $header ]] || locked "$BUILDS" generate_header
}

generate_header() {
    local work
    ensure_go
    new_temp work "$BUILDS"
    mkdir -p "${header%/*}"
    # The generator runs here, whatever the archives are for.
    env -u GOOS -u GOARCH -u CC go run ./cmd/mbedtls-config \
        --source "$release_tree" --profile "$profile" -o "$work/header.h" ||
        die "the header of profile $profile could not be generated"
    mv "$work/header.h" "$header"
}

# prepare_tree WORK: a copy of the release made of links. Upstream's makefiles then know what belongs to what, their
# output stays out of src, and __FILE__ is the bare name that upstream's debug output shows.
prepare_tree() {
    cp -as "$release_tree/." "$1/tree" # the dot: src may be a link itself
    flags="$cflags -DMBEDTLS_CONFIG_FILE='<gombedtls_config.h>' -I'$2/include'"
    flags+=" '-ffile-prefix-map=$1/tree=${release_tree#"$ROOT"/}' '-ffile-prefix-map=$2=${folder#"$ROOT"/}'"
}

# make_quiet WORK LABEL SUBFOLDER TARGET…: upstream prints one "CC" line per object. A release holds its generated
# files: GEN_FILES says so, and with PYTHON upstream's makefile of tests does without the lists of them it asks for.
make_quiet() {
    local work=$1 label=$2 total
    local arguments=(-C "$work/tree/$3" CC="$cc" AR="$ar" CFLAGS="$flags" LDFLAGS="$ldflags" GEN_FILES='' PYTHON=true "${@:4}")
    unset MAKEFLAGS MAKELEVEL MFLAGS
    total=$(make -n "${arguments[@]}" | grep -c '^echo "  CC') || true
    make -j"$(nproc)" "${arguments[@]}" 2>"$work/errors" |
        awk '/^  (CC|Gen) / { print $2; fflush() }' | follow "$label" "$total" ||
        die "$label failed: $(grep -m 1 -E 'error:|\*\*\*|undefined reference' "$work/errors" || tail -n 1 "$work/errors")"
}

build_archives() {
    local work out flags ldflags='' began=$SECONDS
    [[ ! -d $folder ]] || return 0 # by the run we waited for
    new_temp work "$BUILDS"
    out=$work/out
    mkdir -p "$out"/{include,lib}
    cp "$header" "$out/include/gombedtls_config.h"
    cat >"$out/include/gombedtls_build.h" <<EOF
/* Written by build.sh lib: which build these headers and archives are. */
#define GOMBEDTLS_BUILD_KEY "$key"
#define GOMBEDTLS_BUILD_PROFILE "$profile"
#define GOMBEDTLS_BUILD_RELEASE "$release"
EOF
    # With these, the folder's include is all that a compiler needs, for any release.
    ln -s "../../../${release_tree##*/}/include/"{mbedtls,psa} "$out/include"
    prepare_tree "$work" "$out"
    say "lib: $target, profile $profile${asan:+, asan}, Mbed TLS $release: compiling"
    make_quiet "$work" "lib" library libmbedcrypto.a libmbedx509.a libmbedtls.a
    cp "$work"/tree/library/libmbed{crypto,x509,tls}.a "$out/lib"
    mv "$out" "$folder"
    rm -rf "$work"
    say "lib: ${folder#"$ROOT"/} built in $((SECONDS - began)) s"
}

# The programs link our mbedtls_ms_time, so they are as new as it is.
has_programs() { [[ $(cat "$folder/$1/.stamp" 2>/dev/null) == "$programs_stamp" ]]; }

# build_programs SUBFOLDER PROGRAM…
build_programs() {
    local subfolder=$1 work flags ldflags program began=$SECONDS
    shift
    ! has_programs "$subfolder" || return 0
    new_temp work "$BUILDS"
    prepare_tree "$work" "$folder"
    ln -s "$folder"/lib/*.a "$work/tree/library"
    ldflags="'$work/platform_time.o'"
    # The word splitting is the point: both may hold several words.
    # shellcheck disable=SC2086
    $cc $cflags -DMBEDTLS_CONFIG_FILE='<gombedtls_config.h>' -I"$folder/include" \
        -c cbridge/platform_time.c -o "$work/platform_time.o" || die "cbridge/platform_time.c does not compile"
    say "lib: C programs: compiling"
    make_quiet "$work" "lib: C programs" programs "$@"
    mkdir "$work/bin"
    for program; do cp "$work/tree/programs/$program" "$work/bin"; done
    echo "$programs_stamp" >"$work/bin/.stamp"
    [[ ! -e $folder/$subfolder ]] || mv "$folder/$subfolder" "$work/old"
    mv "$work/bin" "$folder/$subfolder"
    rm -rf "$work"
    say "lib: C programs built in $((SECONDS - began)) s"
}

# Points the cgo flags at folder. The link is read once for all, so no compiler sees half a change.
select_build() {
    local link=$BUILDS/$target text name
    if [[ $(readlink "$link") != "${folder##*/}" ]]; then
        ln -s "${folder##*/}" "$link.$$"
        mv -T "$link.$$" "$link"
        say "lib: $target uses ${folder##*/}"
    fi
    text="/* Written by build.sh lib. Go hashes the headers in this folder, not those it includes from elsewhere:
   a changed selection must change this file, or Go would not compile the package again. */"
    for link in "$BUILDS"/*; do
        [[ -L $link && -e $link ]] || continue
        name=${link##*/}
        text+=$'\n'"#define GOMBEDTLS_SELECTED_${name//[!a-z0-9]/_} \"$(readlink "$link")\""
    done
    [[ $(cat cbridge/selected_build.h 2>/dev/null) != "$text" ]] || return 0
    echo "$text" >"cbridge/selected_build.h.$$"
    mv "cbridge/selected_build.h.$$" cbridge/selected_build.h
}
