package cbridge

// #include "psa.h"
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
	var id C.mbedtls_svc_key_id_t
	if err := check(C.gm_pk_import_for_use(k.c, use, use2, &id), "mbedtls_pk_import_into_psa", optionOpaque); err != nil {
		return nil, err
	}
	key := adoptPSAKey(id, true, true)
	defer key.Close() // it stays as long as what stands for it
	return key.PK()
}

// PK makes a key of type Opaque that stands for this one, which must be a pair and stay what it is: a volatile key goes when
// both are closed. The policy of the key says what it can be used for (mbedtls_pk_setup_opaque).
func (k *PSAKey) PK() (*PK, error) {
	const op = "mbedtls_pk_setup_opaque"
	id, err := k.acquire(op)
	if err != nil {
		return nil, err
	}
	c := C.gm_pk_new()
	if c == nil {
		k.res.release()
		return nil, errNoMemory
	}
	held := k.res
	pk := &PK{c: c}
	pk.res = own(pk, func() {
		C.gm_pk_delete(c)
		held.release()
	})
	if err := check(C.gm_pk_setup_opaque(c, id), op, optionOpaque); err != nil {
		pk.Close()
		return nil, err
	}
	return pk, nil
}

// PSAAttributes is what a copy of the key in PSA's store would have, for one of the uses PSAUsage… (sign, decrypt, derive, or
// their public halves); the library chooses the algorithm (mbedtls_pk_get_psa_attributes).
func (k *PK) PSAAttributes(usage uint32) (PSAAttributes, error) {
	const op = "mbedtls_pk_get_psa_attributes"
	var a PSAAttributes
	err := during(func() error {
		if k.signer != nil {
			return newError(op, int(ErrPKTypeMismatch), nil) // its private half is elsewhere
		}
		var c C.psa_key_attributes_t
		err := check(C.mbedtls_pk_get_psa_attributes(k.c, C.psa_key_usage_t(usage), &c), op, "")
		a = fromC(&c)
		return err
	}, k.res)
	return a, err
}

// ImportIntoPSA copies the key, or its public half, into PSA's store, as the attributes say (mbedtls_pk_import_into_psa).
func (k *PK) ImportIntoPSA(a PSAAttributes) (*PSAKey, error) {
	const op = "mbedtls_pk_import_into_psa"
	var key *PSAKey
	err := during(func() error {
		if k.signer != nil {
			return newError(op, int(ErrPKTypeMismatch), nil)
		}
		c := a.toC()
		var id C.mbedtls_svc_key_id_t
		if err := check(C.mbedtls_pk_import_into_psa(k.c, &c, &id), op, ""); err != nil {
			return err
		}
		key = adoptPSAKey(id, isVolatile(&c), true)
		return nil
	}, k.res)
	return key, err
}

// CopyToPK takes a key that may be exported out of the store (mbedtls_pk_copy_from_psa).
func (k *PSAKey) CopyToPK() (*PK, error) { return k.copyToPK("mbedtls_pk_copy_from_psa", false) }

// CopyPublicToPK takes the public half of a key out of the store (mbedtls_pk_copy_public_from_psa).
func (k *PSAKey) CopyPublicToPK() (*PK, error) {
	return k.copyToPK("mbedtls_pk_copy_public_from_psa", true)
}

func (k *PSAKey) copyToPK(op string, public bool) (*PK, error) {
	id, err := k.acquire(op)
	if err != nil {
		return nil, err
	}
	defer k.res.release()
	c := C.gm_pk_new()
	if c == nil {
		return nil, errNoMemory
	}
	pk := &PK{c: c}
	pk.res = own(pk, func() { C.gm_pk_delete(c) })
	if err := check(C.gm_psa_copy_to_pk(id, c, flag(public)), op, ""); err != nil {
		pk.Close()
		return nil, err
	}
	return pk, nil
}
