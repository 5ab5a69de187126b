# shellcheck shell=bash disable=SC2034
# What every verb needs: one-line errors, progress, temporary folders, and the tools table.

readonly THIRD_PARTY=$ROOT/third_party/mbedtls

# Progress goes to descriptor 3, so that `lib --print` can keep stdout for the answer and an error stays the only
# line on stderr.
exec 3>&1

say() { printf '%s\n' "$*" >&3; }

die() {
    end_line
    printf 'build.sh: %s\n' "$*" >&2
    exit 1
}

usage_error() {
    printf 'build.sh: %s (./build.sh help lists the verbs)\n' "$*" >&2
    exit 2
}

# A line that is overwritten needs a newline before anything else is printed.
line_open=
live() {
    printf '\r\033[K%s' "$*" >&3
    line_open=1
}
end_line() {
    [[ -z $line_open ]] || printf '\r\033[K' >&3
    line_open=
}

# follow LABEL TOTAL: one line of input is one step. A terminal sees each step, a pipe sees the quarters.
follow() {
    local label=$1 total=$2 done=0 quarter=1 step
    while IFS= read -r step; do
        done=$((done + 1))
        if [[ -t 3 ]]; then
            live "$label: $done/$total $step"
        elif ((total > 20 && done * 4 >= total * quarter && quarter < 4)); then
            say "$label: $done/$total"
            quarter=$((quarter + 1))
        fi
    done
    end_line
}

# watch_size LABEL FOLDER TOTAL COMMAND…: shows how FOLDER grows while COMMAND runs. TOTAL 0 means unknown.
watch_size() {
    local label=$1 folder=$2 total=$3 monitor='' status=0 size
    shift 3
    if [[ -t 3 ]]; then
        while kill -0 $$ 2>/dev/null; do
            size=$(du -sb "$folder" 2>/dev/null | cut -f1) || size=0
            if ((total > 0)); then
                live "$label: $((size * 100 / total))%"
            else
                live "$label: $((size / 1000)) kB"
            fi
            sleep 0.2
        done &
        monitor=$!
        line_open=1
    fi
    "$@" || status=$?
    if [[ -n $monitor ]]; then
        kill "$monitor" 2>/dev/null || true
        wait "$monitor" 2>/dev/null || true
        end_line
    fi
    return "$status"
}

# Temporary folders live beside what they become, so that the last step is a rename.
temp_folders=()
new_temp() { # new_temp VARIABLE PARENT
    local made
    mkdir -p "$2"
    made=$(mktemp -d "$2/.tmp.XXXXXX")
    chmod 755 "$made" # mktemp's 700 would stay on what is renamed into place
    temp_folders+=("$made")
    printf -v "$1" '%s' "$made"
}
remove_temp() {
    local folder
    for folder in "${temp_folders[@]}"; do rm -rf "$folder"; done
}
trap remove_temp EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# locked FOLDER COMMAND…: one run at a time works in FOLDER. What a killed run left there goes. Children inherit the
# lock: one that outlives a killed build.sh holds it until it has ended.
locked() {
    local place=$1 fd
    shift
    mkdir -p "$place"
    exec {fd}>"$place/.lock"
    if ! flock -n "$fd"; then
        say "waiting for another build.sh in ${place#"$ROOT"/}"
        flock "$fd"
    fi
    find "$place" -maxdepth 1 -name '.tmp.*' -exec rm -rf {} +
    "$@"
    exec {fd}>&-
}

sha256() { sha256sum "$1" | cut -d' ' -f1; }

# ensure TOOL…: installs what is missing when root, otherwise says what to install. A tool is a command, or a file
# for packages that bring none.
declare -rA PACKAGE=(
    [gcc]=gcc [make]=make [ar]=binutils [/usr/include/stdlib.h]=libc6-dev
    [bzip2]=bzip2 [curl]=curl [/etc/ssl/certs/ca-certificates.crt]=ca-certificates
    [flock]=util-linux [openssl]=openssl [gnutls-cli]=gnutls-bin [shellcheck]=shellcheck
    [tshark]=tshark [coap-client-openssl]=libcoap3-bin
    [gnutls-serv]=gnutls-bin [lsof]=lsof [python3]=python3
    [redis-server]=redis-server [chromium]=chromium
)
readonly BUILD_TOOLS=(gcc make ar /usr/include/stdlib.h bzip2 flock)
readonly PEER_TOOLS=(openssl gnutls-cli)
readonly SUITE_TOOLS=(openssl gnutls-cli gnutls-serv lsof python3)
readonly ALL_TOOLS=("${BUILD_TOOLS[@]}" "${PEER_TOOLS[@]}" "${SUITE_TOOLS[@]}" curl /etc/ssl/certs/ca-certificates.crt
    shellcheck tshark coap-client-openssl redis-server chromium)

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
