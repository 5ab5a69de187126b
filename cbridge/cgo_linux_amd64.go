package cbridge

// The link build/linux-amd64 is made by build.sh lib.

// #cgo CFLAGS: -I${SRCDIR}/../third_party/mbedtls/build/linux-amd64/include -I${SRCDIR}/../third_party/mbedtls/build/linux-amd64/include/gombedtls
// #cgo LDFLAGS: -L${SRCDIR}/../third_party/mbedtls/build/linux-amd64/lib
// #cgo LDFLAGS: -lmbedtls -lmbedx509 -lmbedcrypto -lpthread
import "C"
