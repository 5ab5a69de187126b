package cbridge

// The link build/linux-arm is made by build.sh lib.

// #cgo CFLAGS: -I${SRCDIR}/../third_party/mbedtls/build/linux-arm/include -I${SRCDIR}/../third_party/mbedtls/build/linux-arm/include/gombedtls
// #cgo LDFLAGS: -L${SRCDIR}/../third_party/mbedtls/build/linux-arm/lib
// #cgo LDFLAGS: -lmbedtls -lmbedx509 -lmbedcrypto -lpthread
import "C"
