package cbridge

// #include "bridge.h"
import "C"

import "unsafe"

// Ciphersuites lists the IANA numbers of the suites in this build, in the library's order of preference
// (mbedtls_ssl_list_ciphersuites).
func Ciphersuites() (ids []uint16) {
	for p := C.mbedtls_ssl_list_ciphersuites(); *p != 0; p = (*C.int)(unsafe.Add(unsafe.Pointer(p), unsafe.Sizeof(*p))) {
		ids = append(ids, uint16(*p))
	}
	return ids
}

// CiphersuiteName is the library's name of a suite, TLS-ECDHE-RSA-WITH-AES-128-GCM-SHA256, or ""
// (mbedtls_ssl_get_ciphersuite_name).
func CiphersuiteName(id uint16) string {
	info := C.mbedtls_ssl_ciphersuite_from_id(C.int(id))
	if info == nil {
		return ""
	}
	return C.GoString(C.mbedtls_ssl_ciphersuite_get_name(info))
}
