package cbridge

// The link build/linux-riscv64 is made by build.sh lib.

// #cgo CFLAGS: -I${SRCDIR}/../third_party/mbedtls/build/linux-riscv64/include -I${SRCDIR}/../third_party/mbedtls/build/linux-riscv64/include/gombedtls
// #cgo LDFLAGS: -L${SRCDIR}/../third_party/mbedtls/build/linux-riscv64/lib
// #cgo LDFLAGS: -lmbedtls -lmbedx509 -lmbedcrypto -lpthread
import "C"
