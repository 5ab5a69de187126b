package cbridge

// #include "psa.h"
import "C"

import "runtime"

// PSAAttributes is what a key of PSA's store has and may be used for (psa_key_attributes_t). Numbers are those of the
// headers.
type PSAAttributes struct {
	Type                uint16
	Bits                int
	Algorithm           uint32
	EnrollmentAlgorithm uint32
	Usage               uint32
	Lifetime            uint32
	ID                  KeyID // of a key that is to be persistent; with a volatile lifetime it makes that persistent
}

func (a *PSAAttributes) toC() (c C.psa_key_attributes_t) {
	bits := C.size_t(a.Bits)
	if a.Bits < 0 {
		bits = C.SIZE_MAX // which the library finds too large
	}
	C.gm_psa_set_attributes(&c, &C.gm_psa_attributes{
		_type: C.uint32_t(a.Type), bits: bits, alg: C.uint32_t(a.Algorithm), alg2: C.uint32_t(a.EnrollmentAlgorithm),
		usage: C.uint32_t(a.Usage), lifetime: C.uint32_t(a.Lifetime), id: C.uint32_t(a.ID),
	})
	return c
}

func fromC(c *C.psa_key_attributes_t) PSAAttributes {
	var a C.gm_psa_attributes
	C.gm_psa_get_attributes(&a, c)
	return PSAAttributes{
		Type: uint16(a._type), Bits: int(a.bits), Algorithm: uint32(a.alg), EnrollmentAlgorithm: uint32(a.alg2),
		Usage: uint32(a.usage), Lifetime: uint32(a.lifetime), ID: KeyID(a.id),
	}
}

// Normalized is what the library makes of the attributes, before it looks at them: implied usages are added, and an
// identifier makes a volatile key persistent (psa_set_key_id, psa_set_key_usage_flags, …).
func (a PSAAttributes) Normalized() PSAAttributes {
	c := a.toC()
	return fromC(&c)
}

func isVolatile(c *C.psa_key_attributes_t) bool {
	return PSAMacro("PSA_KEY_LIFETIME_IS_VOLATILE", uint(fromC(c).Lifetime)) != 0
}

// PSAKey is a key of PSA's store. Any number of goroutines may use it at once. One that was made volatile leaves the store
// when it is closed and nothing uses it any more; any other stays.
type PSAKey struct {
	res   *resource
	id    C.mbedtls_svc_key_id_t
	era   uint64
	owned bool // volatile, and made by us
}

// adoptPSAKey makes the object for a key that somebody made, or found.
func adoptPSAKey(id C.mbedtls_svc_key_id_t, volatile, made bool) *PSAKey {
	k := &PSAKey{id: id, era: psaEra.Load(), owned: volatile && made}
	era, owned := k.era, k.owned
	k.res = own(k, func() {
		switch {
		case psaEra.Load() != era: // it is gone, and another one may have the number
		case owned:
			C.psa_destroy_key(id)
		case !volatile:
			C.psa_close_key(id)
		}
	})
	return k
}

// createPSAKey runs a call that makes a key.
func createPSAKey(a PSAAttributes, op string, call func(a *C.psa_key_attributes_t, id *C.mbedtls_svc_key_id_t) C.psa_status_t) (*PSAKey, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	c := a.toC()
	var id C.mbedtls_svc_key_id_t
	if err := checkPSA(call(&c, &id), op); err != nil {
		return nil, err
	}
	return adoptPSAKey(id, isVolatile(&c), true), nil
}

// ImportPSAKey makes a key of its bytes (psa_import_key).
func ImportPSAKey(a PSAAttributes, data []byte) (*PSAKey, error) {
	return createPSAKey(a, "psa_import_key", func(a *C.psa_key_attributes_t, id *C.mbedtls_svc_key_id_t) C.psa_status_t {
		return C.psa_import_key(a, cbytes(data), C.size_t(len(data)), id)
	})
}

// GeneratePSAKey makes a random key (psa_generate_key).
func GeneratePSAKey(a PSAAttributes) (*PSAKey, error) {
	return createPSAKey(a, "psa_generate_key", func(a *C.psa_key_attributes_t, id *C.mbedtls_svc_key_id_t) C.psa_status_t {
		return C.psa_generate_key(a, id)
	})
}

// GeneratePSAKeyCustom is [GeneratePSAKey] with parameters for the type: flags, which are 0, and data, which is the public
// exponent of an RSA key, big-endian (psa_generate_key_custom).
func GeneratePSAKeyCustom(a PSAAttributes, flags uint32, data []byte) (*PSAKey, error) {
	return createPSAKey(a, "psa_generate_key_custom", func(a *C.psa_key_attributes_t, id *C.mbedtls_svc_key_id_t) C.psa_status_t {
		custom := C.psa_custom_key_parameters_t{flags: C.uint32_t(flags)}
		return C.psa_generate_key_custom(a, &custom, cbytes(data), C.size_t(len(data)), id)
	})
}

// GeneratePSAKeyExt is the older form of [GeneratePSAKeyCustom] (psa_generate_key_ext).
func GeneratePSAKeyExt(a PSAAttributes, flags uint32, data []byte) (*PSAKey, error) {
	return createPSAKey(a, "psa_generate_key_ext", func(a *C.psa_key_attributes_t, id *C.mbedtls_svc_key_id_t) C.psa_status_t {
		return C.psa_status_t(C.gm_psa_generate_key_ext(a, C.uint32_t(flags), cbytes(data), C.size_t(len(data)), id))
	})
}

// OpenPSAKey finds a key by its number. Closing it leaves the key where it is (psa_open_key).
func OpenPSAKey(id KeyID) (*PSAKey, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	var handle C.psa_key_handle_t
	if err := checkPSA(C.psa_open_key(C.mbedtls_svc_key_id_t(id), &handle), "psa_open_key"); err != nil {
		return nil, err
	}
	var c C.psa_key_attributes_t
	if err := checkPSA(C.psa_get_key_attributes(handle, &c), "psa_get_key_attributes"); err != nil {
		return nil, err
	}
	return adoptPSAKey(handle, isVolatile(&c), false), nil
}

// ID is the number of the key; the library chose that of a volatile one.
func (k *PSAKey) ID() KeyID {
	if k == nil {
		return 0
	}
	return KeyID(k.id)
}

// acquire is for a call that uses the key, which ends with k.res.release.
func (k *PSAKey) acquire(op string) (C.mbedtls_svc_key_id_t, error) {
	if k == nil {
		return 0, &PSAError{Status: ErrPSAInvalidHandle, Op: op}
	}
	if err := k.res.acquire(); err != nil {
		return 0, err
	}
	if psaEra.Load() != k.era {
		k.res.release()
		return 0, &PSAError{Status: ErrPSAInvalidHandle, Op: op}
	}
	return k.id, nil
}

func (k *PSAKey) use(op string, call func(id C.mbedtls_svc_key_id_t) C.psa_status_t) error {
	id, err := k.acquire(op)
	if err != nil {
		return err
	}
	defer runtime.KeepAlive(k)
	defer k.res.release()
	return checkPSA(call(id), op)
}

// output is use for a call that writes to a buffer, and says how much.
func (k *PSAKey) output(op string, call func(id C.mbedtls_svc_key_id_t, n *C.size_t) C.psa_status_t) (int, error) {
	var n C.size_t
	err := k.use(op, func(id C.mbedtls_svc_key_id_t) C.psa_status_t { return call(id, &n) })
	if err != nil {
		return 0, err
	}
	return int(n), nil
}

// Close ends the use of the key by this object. A persistent key's copy in memory is wiped, unless somebody uses it; it is
// loaded again when it is needed (psa_destroy_key for a volatile key, psa_close_key for any other).
func (k *PSAKey) Close() error {
	if k != nil {
		k.res.close()
	}
	return nil
}

// Destroy removes the key from the store, for everybody, and closes it (psa_destroy_key). A volatile key that is still in use
// by another call, or by what stands for it, goes when they end.
func (k *PSAKey) Destroy() error {
	const op = "psa_destroy_key"
	err := k.use(op, func(id C.mbedtls_svc_key_id_t) C.psa_status_t {
		if k.owned {
			return 0
		}
		return C.psa_destroy_key(id)
	})
	if err == nil {
		k.res.close()
	}
	return err
}

// Purge wipes the copy of a persistent key in memory; it is loaded again when it is needed (psa_purge_key).
func (k *PSAKey) Purge() error {
	return k.use("psa_purge_key", func(id C.mbedtls_svc_key_id_t) C.psa_status_t { return C.psa_purge_key(id) })
}

// Attributes are the key's (psa_get_key_attributes).
func (k *PSAKey) Attributes() (PSAAttributes, error) {
	var c C.psa_key_attributes_t
	err := k.use("psa_get_key_attributes", func(id C.mbedtls_svc_key_id_t) C.psa_status_t {
		return C.psa_get_key_attributes(id, &c)
	})
	return fromC(&c), err
}

// Copy makes another key of the same bytes, with the usages that both allow (psa_copy_key).
func (k *PSAKey) Copy(a PSAAttributes) (*PSAKey, error) {
	const op = "psa_copy_key"
	source, err := k.acquire(op)
	if err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(k)
	defer k.res.release()
	return createPSAKey(a, op, func(a *C.psa_key_attributes_t, id *C.mbedtls_svc_key_id_t) C.psa_status_t {
		return C.psa_copy_key(source, a, id)
	})
}

// PSAStats is what is in the key slots (mbedtls_psa_stats_t).
type PSAStats struct{ Volatile, Persistent, External, Locked, Empty int }

// KeyStoreStats counts the key slots (mbedtls_psa_get_stats). Nothing else may use the store meanwhile.
func KeyStoreStats() (PSAStats, error) {
	if err := initialize(); err != nil {
		return PSAStats{}, err
	}
	var s C.mbedtls_psa_stats_t
	C.mbedtls_psa_get_stats(&s)
	return PSAStats{
		Volatile: int(s.private_volatile_slots), Persistent: int(s.private_persistent_slots),
		External: int(s.private_external_slots), Locked: int(s.private_locked_slots), Empty: int(s.private_empty_slots),
	}, nil
}
