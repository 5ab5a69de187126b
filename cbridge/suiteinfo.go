package cbridge

// #include "bridge.h"
import "C"

// Suite is what the library knows of a ciphersuite (mbedtls_ssl_ciphersuite_t).
type Suite struct {
	ID                     uint16
	Name                   string // as CiphersuiteName
	KeyExchange            int    // mbedtls_key_exchange_type_t
	Cipher                 string // AES-128-GCM; "" if the build cannot name it
	KeyBits                int
	MAC                    string // SHA256: the hash of the MAC, or with AEAD that of the PRF
	MinVersion, MaxVersion uint16
	Weak, ShortTag, NoDTLS bool
	Accel                  Accel // the family that has its cipher; 0 if none has
}

// SuiteByID describes a suite (mbedtls_ssl_ciphersuite_from_id); ok is false if the library does not know it. It may
// know more than the build has: see [Ciphersuites].
func SuiteByID(id uint16) (s Suite, ok bool) {
	return suite(C.mbedtls_ssl_ciphersuite_from_id(C.int(id)))
}

// SuiteByName describes a suite by the library's name (mbedtls_ssl_ciphersuite_from_string).
func SuiteByName(name string) (s Suite, ok bool) {
	cs := C.CString(name)
	defer free(cs)
	return suite(C.mbedtls_ssl_ciphersuite_from_string(cs))
}

func suite(info *C.mbedtls_ssl_ciphersuite_t) (Suite, bool) {
	if info == nil {
		return Suite{}, false
	}
	s := C.gm_suite_info(info)
	return Suite{
		ID:          uint16(s.id),
		Name:        C.GoString(s.name),
		KeyExchange: int(s.key_exchange),
		Cipher:      C.GoString(s.cipher),
		KeyBits:     int(s.key_bits),
		MAC:         C.GoString(s.mac),
		MinVersion:  uint16(s.min_version),
		MaxVersion:  uint16(s.max_version),
		Weak:        s.flags&C.MBEDTLS_CIPHERSUITE_WEAK != 0,
		ShortTag:    s.flags&C.MBEDTLS_CIPHERSUITE_SHORT_TAG != 0,
		NoDTLS:      s.flags&C.MBEDTLS_CIPHERSUITE_NODTLS != 0,
		Accel:       Accel(s.accel),
	}, true
}
