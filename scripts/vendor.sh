# shellcheck shell=bash
# vendor: fetch the pinned tarball, check it, unpack it. DESIGN.md, "The pin", says why.

# Sets release, release_sha256, release_size, release_file, release_suites, release_url and release_tree.
select_release() {
    local pin=$THIRD_PARTY/sources.txt default rows
    rows=$(grep -v '^#' "$pin")
    default=$(head -n 1 <<<"$rows" | cut -d' ' -f1)
    release=${MBEDTLS_VERSION:-$default}
    read -r _ release_sha256 release_size release_file release_suites release_url \
        < <(awk -v want="$release" '$1 == want' <<<"$rows") ||
        die "unknown Mbed TLS release $release: third_party/mbedtls/sources.txt has $(awk '{ print $1 }' <<<"$rows" | paste -sd' ')"
    release_tree=$THIRD_PARTY/src
    [[ $release == "$default" ]] || release_tree+=-$release
}

vendor() {
    select_release
    is_vendored || locked "$THIRD_PARTY" fetch_and_unpack
}

# The stamp is written before the tree gets its name, so a tree that has it is whole.
is_vendored() {
    [[ $(cat "$release_tree/.gombedtls-release" 2>/dev/null) == "$release $release_sha256" ]]
}

fetch_and_unpack() {
    local work tree old
    is_vendored && return # by the run we waited for
    ensure bzip2
    new_temp work "$THIRD_PARTY"
    fetch "$work"
    tree=$work/tree old=$work/old
    mkdir "$tree"
    tar -xf "$THIRD_PARTY/download/$release_file" -C "$tree" --strip-components=1 --no-same-owner ||
        die "cannot unpack third_party/mbedtls/download/$release_file"
    echo "$release $release_sha256" >"$tree/.gombedtls-release"
    [[ ! -e $release_tree ]] || mv "$release_tree" "$old"
    mv "$tree" "$release_tree"
    rm -rf "$work"
    say "vendor: Mbed TLS $release is in ${release_tree#"$ROOT"/}"
}

# fetch WORK: leaves the checked tarball in download/.
fetch() {
    local work=$1 kept=$THIRD_PARTY/download/$release_file got=$1/tarball tried=()
    mkdir -p "$THIRD_PARTY/download"
    if [[ -n ${MBEDTLS_TARBALL:-} ]]; then
        [[ -f $MBEDTLS_TARBALL && -r $MBEDTLS_TARBALL ]] ||
            die "MBEDTLS_TARBALL=$MBEDTLS_TARBALL is not a readable file: it must be $release_file with SHA-256 $release_sha256"
        cp "$MBEDTLS_TARBALL" "$got"
        check "$got" || die "MBEDTLS_TARBALL=$MBEDTLS_TARBALL has SHA-256 $(sha256 "$got"), but $release_file must have $release_sha256"
        mv "$got" "$kept"
        return
    fi
    if [[ -f $kept ]]; then
        check "$kept" && return
        rm "$kept"
    fi
    fetch_debian "$work" "$got" || fetch_official "$got" ||
        die "cannot fetch Mbed TLS $release; tried $(printf '%s; ' "${tried[@]}")get $release_file elsewhere and run MBEDTLS_TARBALL=/path/to/$release_file ./build.sh vendor"
    mv "$got" "$kept"
}

check() { [[ $(sha256 "$1") == "$release_sha256" ]]; }

# accept FILE WHERE: the one gate before a downloaded file is used.
accept() {
    check "$1" && return
    tried+=("$2 (wrong SHA-256 $(sha256 "$1"))")
    rm -f "$1"
    return 1
}

fetch_official() {
    local got=$1 why
    [[ $release_url != - ]] || return 1
    if ! command -v curl >/dev/null; then
        ((EUID == 0)) && command -v apt-get >/dev/null &&
            (ensure curl /etc/ssl/certs/ca-certificates.crt) 2>/dev/null
        command -v curl >/dev/null || { tried+=("$release_url (curl is not installed)"); return 1; }
    fi
    say "vendor: fetching $release_file from the official release"
    if ! why=$(watch_size "vendor: $release_file" "$got" "$release_size" \
        curl -fsSL --connect-timeout 20 --retry 2 -o "$got" "$release_url" 2>&1); then
        tried+=("$release_url ($(tail -n 1 <<<"$why"))")
        return 1
    fi
    accept "$got" "$release_url"
}

# Debian's source package holds the official tarball, byte for byte. apt gets a private world: the machine's own
# mirror, proxy and credentials, but other suites, and lists and caches of its own.
fetch_debian() {
    local work=$1 got=$2 keyring mirrors suite mirror outcome
    command -v apt-get >/dev/null || { tried+=("Debian source (no apt here)"); return 1; }
    for keyring in /usr/share/keyrings/debian-archive-keyring.{gpg,pgp}; do
        [[ -e $keyring ]] && break
    done
    [[ -e $keyring ]] || { tried+=("Debian source (no debian-archive-keyring here)"); return 1; }
    mirrors=$(debian_mirrors /etc/apt)
    [[ -n $mirrors ]] || { tried+=("Debian source (no Debian mirror in this machine's apt sources)"); return 1; }
    for suite in ${release_suites//,/ }; do
        outcome=
        while IFS= read -r mirror; do
            debian_suite "$work/apt" "deb-src [signed-by=$keyring] $mirror $suite main" "$suite" || continue
            mv "$debian_file" "$got"
            accept "$got" "Debian source in $suite" && return
            outcome=rejected
        done <<<"$mirrors"
        [[ -n $outcome ]] || tried+=("Debian source in $suite ($debian_why)")
    done
    return 1
}

# debian_suite FOLDER LINE SUITE: sets debian_file, or debian_why.
debian_suite() {
    local folder=$1 line=$2 suite=$3 version
    rm -rf "$folder"
    mkdir -p "$folder"/{state/lists/partial,cache/archives/partial,got}
    echo "$line" >"$folder/sources.list"
    # A list may be old, as the pin decides. The hooks cleared here would refresh system caches. As root, apt would
    # hand downloads to a user that may not write here.
    cat >"$folder/apt.conf" <<EOF
Dir::Etc::SourceList "$folder/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State "$folder/state";
Dir::State::Lists "$folder/state/lists";
Dir::State::Status "/dev/null";
Dir::Cache "$folder/cache";
Acquire::Languages "none";
Acquire::Check-Valid-Until "false";
Acquire::Check-Date "false";
Acquire::Retries "1";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
APT::Sandbox::User "$(id -un)";
APT::Update::Error-Mode "any";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
EOF
    say "vendor: asking Debian $suite for mbedtls $release"
    if ! watch_size "vendor: Debian $suite, package list" "$folder/state" 0 \
        apt-get -c "$folder/apt.conf" -q update >"$folder/log" 2>&1; then
        debian_why=$(apt_error "$folder/log")
        return 1
    fi
    version=$(apt-cache -c "$folder/apt.conf" showsrc mbedtls 2>/dev/null |
        awk -v want="$release-" '$1 == "Version:" && index($2, want) == 1 { found = $2 } END { print found }')
    [[ -n $version ]] || { debian_why="does not hold it"; return 1; }
    if ! (cd "$folder/got" && watch_size "vendor: $release_file" . "$release_size" \
        apt-get -c "$folder/apt.conf" -q source --download-only --tar-only "mbedtls=$version" >"$folder/log" 2>&1); then
        debian_why=$(apt_error "$folder/log")
        return 1
    fi
    debian_file=$(find "$folder/got" -name 'mbedtls_*.orig.tar.*')
    [[ -n $debian_file ]] || { debian_why="apt-get gave no tarball"; return 1; }
}

# The reason stands on the line after the address that failed.
apt_error() {
    awk '/^Err:/ { wanted = 1; next } wanted { sub(/^ +/, ""); print; found = 1; exit }
        { last = $0 } END { if (!found) print (last ? last : "apt-get failed") }' "$1"
}

# debian_mirrors FOLDER: the Debian archives that the apt sources in FOLDER name, one address a line: those of entries
# with a Debian suite and the component main.
debian_mirrors() {
    local apt=$1 files file
    shopt -s nullglob
    files=("$apt"/sources.list.d/*.sources)
    {
        ((${#files[@]} == 0)) || awk '
            function flush(  i, j, u, s, us, ss) {
                if (types ~ /deb/ && enabled !~ /no|false/ && (" " components " ") ~ / main /) {
                    u = split(uris, us); s = split(suites, ss)
                    for (i = 1; i <= u; i++) for (j = 1; j <= s; j++) print us[i], ss[j]
                }
                types = uris = suites = components = enabled = field = ""
            }
            FNR == 1 || /^[ \t]*$/ { flush() }
            /^#/ { next }
            /^[A-Za-z-]+:/ { field = tolower($1); sub(/^[^:]*:/, "") }
            field == "types:" { types = types " " $0 }
            field == "uris:" { uris = uris " " $0 }
            field == "suites:" { suites = suites " " $0 }
            field == "components:" { $1 = $1; components = components " " $0 }
            field == "enabled:" { enabled = tolower($0) }
            END { flush() }' "${files[@]}"
        files=("$apt"/sources.list "$apt"/sources.list.d/*.list)
        for file in "${files[@]}"; do
            [[ ! -r $file ]] || sed -nE 's/#.*//; s/^[ \t]*deb(-src)?[ \t]+(\[[^]]*\][ \t]*)?([^ \t]+)[ \t]+([^ \t]+)[ \t]+(.*[ \t])?main([ \t].*)?$/\3 \4/p' "$file"
        done
    } | awk '$2 ~ /^(oldoldstable|oldstable|stable|testing|unstable|sid|buster|bullseye|bookworm|trixie|forky|duke)(-updates|-backports)?$/ && !seen[$1]++ { print $1 }'
    shopt -u nullglob
}
