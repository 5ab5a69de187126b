# shellcheck shell=bash disable=SC2034
# What every verb needs: one-line errors, the tools table, and mbedtls-build.

say() { printf '%s\n' "$*"; }

die() {
    printf 'build.sh: %s\n' "$*" >&2
    exit 1
}

usage_error() {
    printf 'build.sh: %s (./build.sh help lists the verbs)\n' "$*" >&2
    exit 2
}

# ensure TOOL…: installs what is missing when root, otherwise says what to install. A tool is a command, or a file
# for packages that bring none.
declare -rA PACKAGE=(
    [gcc]=gcc [/usr/include/stdlib.h]=libc6-dev [curl]=curl [/etc/ssl/certs/ca-certificates.crt]=ca-certificates
    [openssl]=openssl [gnutls-cli]=gnutls-bin [shellcheck]=shellcheck
    [tshark]=tshark [coap-client-openssl]=libcoap3-bin
    [gnutls-serv]=gnutls-bin [lsof]=lsof [python3]=python3
    [redis-server]=redis-server [chromium]=chromium [debootstrap]=debootstrap
    [pkg-config]=pkg-config [git]=git [ip]=iproute2
    [qemu-arm-static]=qemu-user-static [qemu-aarch64-static]=qemu-user-static [qemu-i386-static]=qemu-user-static
    [qemu-riscv64-static]=qemu-user-static [qemu-s390x-static]=qemu-user-static [qemu-x86_64-static]=qemu-user-static
)
readonly BUILD_TOOLS=(gcc /usr/include/stdlib.h)
readonly PEER_TOOLS=(openssl gnutls-cli)
readonly SUITE_TOOLS=(openssl gnutls-cli gnutls-serv lsof python3)
readonly ALL_TOOLS=("${BUILD_TOOLS[@]}" "${PEER_TOOLS[@]}" "${SUITE_TOOLS[@]}" curl /etc/ssl/certs/ca-certificates.crt
    shellcheck tshark coap-client-openssl redis-server chromium pkg-config git)

ensure() {
    local tool missing=() packages=() log
    for tool; do
        if [[ $tool == /* ]]; then
            [[ -e $tool ]] && continue
        else
            command -v "$tool" >/dev/null && continue
        fi
        missing+=("${tool##*/}")
        packages+=("${PACKAGE[$tool]}")
    done
    ((${#missing[@]})) || return 0
    if ((EUID != 0)) || ! command -v apt-get >/dev/null; then
        die "missing ${missing[*]}: run apt-get install ${packages[*]} as root (or your system's equivalent)"
    fi
    say "setup: installing ${packages[*]}"
    # The package lists of a fresh image are absent, and those of an old one may name files that are gone.
    log=$({ install_packages "${packages[@]}" || { apt-get -q update && install_packages "${packages[@]}"; }; } 2>&1) ||
        die "apt-get install ${packages[*]} failed: $(grep '^E:' <<<"$log" | tail -n 1)"
}

install_packages() {
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
}

ensure_go() {
    local need have
    need=$(awk '$1 == "go" { print $2 }' go.mod)
    # Where Go's own instructions put it; a login shell may not look there.
    command -v go >/dev/null || PATH=$PATH:/usr/local/go/bin
    command -v go >/dev/null || die "missing go: install Go $need or newer and put it on PATH"
    # Go fetches what go.mod asks for, if it can and may.
    have=$(go env GOVERSION 2>/dev/null) || have=$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null) || have=go0
    have=${have#go}
    have=${have%% *}
    [[ $(printf '%s\n%s\n' "$need" "$have" | sort -V | head -n 1) == "$need" ]] ||
        die "Go $have is older than the $need of go.mod: install a newer one"
}

# mbedtls_build ARG…: vendoring and building are a program in Go, which needs no C compiler and is for this machine,
# whatever it builds for. Its progress goes to standard error.
mbedtls_build() {
    mkdir -p build
    # Another run may be using the program that is there.
    env -u GOOS -u GOARCH -u GOFLAGS CGO_ENABLED=0 go build -trimpath -o "build/.mbedtls-build.$$" ./cmd/mbedtls-build ||
        die "cmd/mbedtls-build does not compile"
    mv -f "build/.mbedtls-build.$$" build/mbedtls-build
    (cd -- "$CALLER" && exec "$ROOT/build/mbedtls-build" "$1" --clone "$ROOT" "${@:2}") # paths are the user's
}

# with_build OPTION… -- COMMAND…: runs it with the build that the options of mbedtls-build env choose.
with_build() {
    local options=() text
    while [[ $1 != -- ]]; do
        options+=("$1")
        shift
    done
    text=$(mbedtls_build env --flags "${options[@]}") || exit
    (
        eval "$text"
        "${@:2}"
    )
}
