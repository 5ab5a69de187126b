package cbridge

// #include "bridge.h"
import "C"

// ECJPAKESuite is TLS-ECJPAKE-WITH-AES-128-CCM-8, the only suite for EC J-PAKE.
const ECJPAKESuite = C.MBEDTLS_TLS_ECJPAKE_WITH_AES_128_CCM_8

const optionECJPAKE = "MBEDTLS_KEY_EXCHANGE_ECJPAKE_ENABLED"

// MaxECJPAKEPasswordLen bounds passwords, which the library reads as a number, in bytes.
const MaxECJPAKEPasswordLen = C.MBEDTLS_MPI_MAX_SIZE

// SetECJPAKEPassword sets the password of the next handshake, which the library copies, and turns EC J-PAKE on for it.
// [SSL.SessionReset] forgets it (mbedtls_ssl_set_hs_ecjpake_password).
func (s *SSL) SetECJPAKEPassword(password []byte) error {
	return s.during("mbedtls_ssl_set_hs_ecjpake_password", optionECJPAKE, func(c *C.gm_ssl) C.int {
		return C.gm_ssl_set_hs_ecjpake_password(c, cbytes(password), C.size_t(len(password)))
	})
}

// SetECJPAKEPasswordOpaque is SetECJPAKEPassword for a password in PSA's key store, which must stay there until the
// handshake is over (mbedtls_ssl_set_hs_ecjpake_password_opaque).
func (s *SSL) SetECJPAKEPasswordOpaque(key KeyID) error {
	option := optionOpaque
	if !Feature(optionECJPAKE) {
		option = optionECJPAKE
	}
	return s.during("mbedtls_ssl_set_hs_ecjpake_password_opaque", option, func(c *C.gm_ssl) C.int {
		return C.gm_ssl_set_hs_ecjpake_password_opaque(c, C.uint32_t(key))
	})
}
