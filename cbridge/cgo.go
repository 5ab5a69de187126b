//go:build !mbedtls_system

package cbridge

// Where the headers and archives are that ./build.sh lib selects: a row for each target that there is a build for. cgo has
// no variable for the target, and looks at all rows of a file.

// #cgo linux,386 CFLAGS: -I${SRCDIR}/../third_party/mbedtls/build/linux-386/include -I${SRCDIR}/../third_party/mbedtls/build/linux-386/include/gombedtls
// #cgo linux,amd64 CFLAGS: -I${SRCDIR}/../third_party/mbedtls/build/linux-amd64/include -I${SRCDIR}/../third_party/mbedtls/build/linux-amd64/include/gombedtls
// #cgo linux,arm CFLAGS: -I${SRCDIR}/../third_party/mbedtls/build/linux-arm/include -I${SRCDIR}/../third_party/mbedtls/build/linux-arm/include/gombedtls
// #cgo linux,arm64 CFLAGS: -I${SRCDIR}/../third_party/mbedtls/build/linux-arm64/include -I${SRCDIR}/../third_party/mbedtls/build/linux-arm64/include/gombedtls
// #cgo linux,riscv64 CFLAGS: -I${SRCDIR}/../third_party/mbedtls/build/linux-riscv64/include -I${SRCDIR}/../third_party/mbedtls/build/linux-riscv64/include/gombedtls
// #cgo linux,s390x CFLAGS: -I${SRCDIR}/../third_party/mbedtls/build/linux-s390x/include -I${SRCDIR}/../third_party/mbedtls/build/linux-s390x/include/gombedtls
//
// #cgo linux,386 LDFLAGS: -L${SRCDIR}/../third_party/mbedtls/build/linux-386/lib
// #cgo linux,amd64 LDFLAGS: -L${SRCDIR}/../third_party/mbedtls/build/linux-amd64/lib
// #cgo linux,arm LDFLAGS: -L${SRCDIR}/../third_party/mbedtls/build/linux-arm/lib
// #cgo linux,arm64 LDFLAGS: -L${SRCDIR}/../third_party/mbedtls/build/linux-arm64/lib
// #cgo linux,riscv64 LDFLAGS: -L${SRCDIR}/../third_party/mbedtls/build/linux-riscv64/lib
// #cgo linux,s390x LDFLAGS: -L${SRCDIR}/../third_party/mbedtls/build/linux-s390x/lib
// #cgo LDFLAGS: -lmbedtls -lmbedx509 -lmbedcrypto -lpthread
//
// #cgo linux,!386,!amd64,!arm,!arm64,!riscv64,!s390x CFLAGS: -DGOMBEDTLS_NO_BUILD
import "C"
