package cbridge

// #include "bridge.h"
import "C"

// ImportOpaque copies the key into PSA's key store, and makes a key of type Opaque that stands for the copy; closing that
// takes the copy out of the store. What it may be used for is a policy of up to two algorithms, by the names of upstream's
// test programs: rsa-sign-pkcs1, rsa-sign-pss, rsa-sign-pss-sha256, …-sha384, …-sha512, rsa-decrypt, ecdsa-sign, ecdh, or
// none. With none for the first, RSA keys get rsa-sign-pkcs1 and rsa-sign-pss, EC keys ecdsa-sign and ecdh. TLS 1.2 needs
// rsa-sign-pkcs1 or rsa-decrypt, TLS 1.3 rsa-sign-pss, and both ecdsa-sign. A name that is none of these, and a key that
// is public or neither RSA nor EC, is ErrPKBadInputData or ErrPKTypeMismatch (mbedtls_pk_get_psa_attributes,
// mbedtls_pk_import_into_psa, mbedtls_pk_setup_opaque).
func (k *PK) ImportOpaque(algorithm, enrollment string) (*PK, error) {
	if err := k.res.acquire(); err != nil {
		return nil, err
	}
	defer k.res.release()
	if k.signer != nil {
		return nil, newError("mbedtls_pk_import_into_psa", int(ErrPKTypeMismatch), nil) // its private half is elsewhere
	}
	use, use2 := C.CString(algorithm), C.CString(enrollment)
	defer free(use)
	defer free(use2)
	var c *C.mbedtls_pk_context
	if err := check(C.gm_pk_import_opaque(k.c, use, use2, &c), "mbedtls_pk_import_into_psa", optionOpaque); err != nil {
		return nil, err
	}
	opaque := &PK{c: c}
	opaque.res = own(opaque, func() { C.gm_pk_delete_opaque(c) })
	return opaque, nil
}
