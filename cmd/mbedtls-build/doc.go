// Command mbedtls-build gets the pinned Mbed TLS, checks it, and builds what package mbedtls links: static archives, for
// this machine or another. It needs Go, make and a C compiler, but no clone of this repository:
//
//	eval "$(go run github.com/gombedtls/gombedtls/cmd/mbedtls-build@latest env)"
//	go build ./...
//
// The first line builds, if it has not been done, into the user's cache (os.UserCacheDir), and prints the environment with
// which go build finds the build: PKG_CONFIG_PATH, the build tag mbedtls_system, and the compiler. -o FILE writes it to a
// file. Progress goes to standard error.
//
// # Verbs
//
//	vendor    fetch, check and unpack the release; print its folder
//	lib       build the archives; print their folder
//	env       build the archives; print the environment for go build
//	install   build the archives; copy headers, archives and pkg-config's files below --prefix
//	targets   print the targets, their compilers and emulators
//
// # Flags
//
// --target T builds for another machine: linux/arm (v7, hard float), linux/arm64, linux/386, linux/riscv64, linux/s390x, and
// with musl, so that programs are static, linux/amd64-musl and linux/arm64-musl; without, for $GOOS and $GOARCH, or this
// machine. On Debian, and as root, a missing compiler is installed. For a target that this machine cannot run, env also says
// how to, in GOMBEDTLS_EXEC: go test -exec "$GOMBEDTLS_EXEC".
//
// --profile P chooses the options of the library: default, full, iot-dtls, iot-dtls-draft, tls13 or minimal, or the path of
// a file of your own, in the language of go doc ./cmd/mbedtls-config, which may include the built-in ones and must include
// include/base.
//
// --here is for env: programs are to run on this machine, which has the C library of linux/386 in a place of its own.
//
// --reproducible is for env: programs do not depend on the names of folders: equal sources, compilers and flags give equal
// bytes.
//
// --flags is for env without pkg-config: folders in CGO_CFLAGS and CGO_LDFLAGS.
//
// --system is for env: use the Mbed TLS 3.6 that pkg-config knows of, such as Debian's libmbedtls-dev. Its internal headers
// are taken from the source of the same release.
//
// --release V chooses a row of third_party/mbedtls/sources.txt. --asan builds with sanitizers.
//
// build.sh also has --clone ROOT, to keep everything in that clone, and there --programs SETS, for upstream's C programs, and
// --select, for the build that the clone's own packages link.
//
// GOFLAGS, CGO_CFLAGS and the like keep what they said. -tags or -ldflags on the command line replace those in GOFLAGS: name
// mbedtls_system in yours, too, and for musl -linkmode=external. An environment for another target is also one for go run:
// ask for the next one in a fresh shell. Go does not see when what pkg-config finds has changed: ask env --system again after
// an upgrade.
//
// What is kept in the cache may be deleted at any time.
//
// Environment: MBEDTLS_TARBALL names a local release tarball; CC and AR choose another compiler, MBEDTLS_CFLAGS adds to its
// flags. Exit codes: 0, 1 after a message of what failed, 2 for wrong usage, 130 when interrupted.
package main
