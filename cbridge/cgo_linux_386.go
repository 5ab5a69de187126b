package cbridge

// The link build/linux-386 is made by build.sh lib.

// #cgo CFLAGS: -I${SRCDIR}/../third_party/mbedtls/build/linux-386/include
// #cgo CFLAGS: -I${SRCDIR}/../third_party/mbedtls/src/include -I${SRCDIR}/../third_party/mbedtls/src/library
// #cgo LDFLAGS: -L${SRCDIR}/../third_party/mbedtls/build/linux-386/lib
// #cgo LDFLAGS: -lmbedtls -lmbedx509 -lmbedcrypto -lpthread
import "C"
