//go:build (amd64 || arm64) && !mbedtls_noaccel

package cbridge

// The functions of the library that accelerated ones stand before. The linker gives a call to X from another file
// __wrap_X, and one to __real_X the library's own.

// #cgo LDFLAGS: -Wl,--wrap=mbedtls_gcm_setkey -Wl,--wrap=mbedtls_gcm_free
// #cgo LDFLAGS: -Wl,--wrap=mbedtls_gcm_crypt_and_tag -Wl,--wrap=mbedtls_gcm_auth_decrypt
// #cgo LDFLAGS: -Wl,--wrap=mbedtls_chachapoly_setkey -Wl,--wrap=mbedtls_chachapoly_free
// #cgo LDFLAGS: -Wl,--wrap=mbedtls_chachapoly_encrypt_and_tag -Wl,--wrap=mbedtls_chachapoly_auth_decrypt
// #cgo LDFLAGS: -Wl,--wrap=mbedtls_ecp_mul -Wl,--wrap=mbedtls_ecp_mul_restartable
// #cgo LDFLAGS: -Wl,--wrap=mbedtls_ecp_gen_keypair_base -Wl,--wrap=mbedtls_ecp_gen_keypair
// #cgo LDFLAGS: -Wl,--wrap=mbedtls_ecp_muladd
// #cgo LDFLAGS: -Wl,--wrap=mbedtls_ecdsa_verify -Wl,--wrap=mbedtls_ecdsa_read_signature
// #cgo LDFLAGS: -Wl,--wrap=mbedtls_ecdsa_write_signature -Wl,--wrap=mbedtls_ecdsa_sign_det_ext
// #cgo LDFLAGS: -Wl,--wrap=mbedtls_mpi_exp_mod -Wl,--wrap=mbedtls_mpi_exp_mod_unsafe
// #cgo LDFLAGS: -Wl,--wrap=mbedtls_rsa_pkcs1_sign -Wl,--wrap=mbedtls_rsa_rsassa_pss_sign
// #cgo LDFLAGS: -Wl,--wrap=mbedtls_rsa_rsassa_pss_sign_ext -Wl,--wrap=mbedtls_rsa_rsassa_pss_sign_no_mode_check
// #cgo LDFLAGS: -Wl,--wrap=mbedtls_sha1_update
// #cgo LDFLAGS: -Wl,--wrap=mbedtls_sha256_update -Wl,--wrap=mbedtls_sha256
// #cgo amd64 LDFLAGS: -Wl,--wrap=mbedtls_sha256_finish
// #cgo LDFLAGS: -Wl,--wrap=mbedtls_sha512_update -Wl,--wrap=mbedtls_sha512
import "C"

// accelBuilt is what this build can accelerate.
const accelBuilt = accelAEADs | AccelECC | AccelX25519 | AccelRSA | AccelHash
