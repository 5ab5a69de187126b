package cbridge

// The link build/linux-s390x is made by build.sh lib.

// #cgo CFLAGS: -I${SRCDIR}/../third_party/mbedtls/build/linux-s390x/include -I${SRCDIR}/../third_party/mbedtls/build/linux-s390x/include/gombedtls
// #cgo LDFLAGS: -L${SRCDIR}/../third_party/mbedtls/build/linux-s390x/lib
// #cgo LDFLAGS: -lmbedtls -lmbedx509 -lmbedcrypto -lpthread
import "C"
