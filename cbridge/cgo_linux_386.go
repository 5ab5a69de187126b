package cbridge

// The link build/linux-386 is made by build.sh lib.

// #cgo CFLAGS: -I${SRCDIR}/../third_party/mbedtls/build/linux-386/include -I${SRCDIR}/../third_party/mbedtls/build/linux-386/include/gombedtls
// #cgo LDFLAGS: -L${SRCDIR}/../third_party/mbedtls/build/linux-386/lib
// #cgo LDFLAGS: -lmbedtls -lmbedx509 -lmbedcrypto -lpthread
import "C"
