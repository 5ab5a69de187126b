package upstream

import (
	"encoding/binary"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/psa"
)

func init() {
	const (
		drivers   = "drivers are the library's inside, and no build has one"
		internals = "about the library's inside, which no public function shows"
	)
	notMapped(drivers, "psa_crypto_driver_wrappers", "psa_crypto_se_driver_hal", "psa_crypto_se_driver_hal_mocks")
	notMapped(internals, "psa_crypto_memory", "psa_crypto_ecp", "psa_crypto_low_hash")
	notMapped("it poisons memory while a cipher runs, to be seen by valgrind or a sanitizer", "psa_crypto_constant_time")
	register("psa_crypto_slot_management", functions{
		"transient_slot_lifecycle": func(t *suites.T, _ int, usage psa.KeyUsage, alg psa.Algorithm, typ psa.KeyType, data []byte, method int) {
			k, c := both(t, psa.Attributes{Type: typ, Usage: usage, Algorithm: alg}, data)
			defer k.Close()
			defer c.Close()
			for range 2 {
				t.Equal("type", must[psa.Attributes](t, "psa_get_key_attributes")(k.Attributes()).Type, typ)
				ok(t, "psa_purge_key", k.Purge())
			}
			invalidate(t, k, method)
			if method == byPurging {
				return // which such a key does not mind
			}
			_, err := c.Attributes()
			status(t, "psa_get_key_attributes", err, psa.ErrInvalidHandle)
		},
		"persistent_slot_lifecycle": persistentLifecycle,
		"create_existent": func(t *suites.T, life psa.Lifetime, _ int, id psa.KeyID, policy int) {
			storing(t, func() {
				a := psa.Attributes{Type: psa.TypeRawData, Usage: psa.UsageExport, Lifetime: life, ID: id}
				k := importedKey(t, a, []byte("a key"))
				if policy == 1 {
					k.Close()
				}
				other, err := psa.Import(a, []byte("b key"))
				status(t, "psa_import_key", err, psa.ErrAlreadyExists)
				truth(t, "no key", other == nil)
				k.Close()
				k = must[*psa.Key](t, "psa_open_key")(psa.Open(id))
				defer k.Close()
				a.Bits = 40
				t.Equal("attributes", must[psa.Attributes](t, "psa_get_key_attributes")(k.Attributes()), a)
				t.Equal("exported", string(must[[]byte](t, "psa_export_key")(k.Export())), "a key")
			})
		},
		"open_fail": func(t *suites.T, id psa.KeyID, want psa.Status) {
			storing(t, func() {
				k, err := psa.Open(id)
				status(t, "psa_open_key", err, want)
				truth(t, "no key", k == nil)
			})
		},
		"create_fail": func(t *suites.T, life psa.Lifetime, id psa.KeyID, want psa.Status) {
			if life.IsVolatile() && id != 0 {
				t.Skip("a volatile key with a number, which Attributes cannot say")
			}
			storing(t, func() {
				k, err := psa.Import(psa.Attributes{Type: psa.TypeRawData, Lifetime: life, ID: id}, []byte("k"))
				status(t, "psa_import_key", err, want)
				truth(t, "no key", k == nil)
			})
		},
		"copy_across_lifetimes": copyAcross,
		"copy_to_occupied":      copyToOccupied,
		"invalid_handle":        invalidHandle,
		"many_transient_keys": func(t *suites.T, n int) {
			keys := make([]*psa.Key, n)
			ids := map[psa.KeyID]bool{}
			for i := range keys {
				keys[i] = importedKey(t, psa.Attributes{Type: psa.TypeRawData, Usage: psa.UsageExport}, number8(i))
				ids[keys[i].ID()] = true
			}
			t.Equal("numbers", len(ids), n)
			for i, k := range keys {
				t.Equal("exported", must[[]byte](t, "psa_export_key")(k.Export()), number8(i))
				k.Close()
			}
		},
		"key_slot_eviction_to_import_new_key": func(t *suites.T, life psa.Lifetime) {
			storing(t, func() {
				a := psa.Attributes{Type: psa.TypeRawData, Usage: psa.UsageExport}
				var keys []*psa.Key
				for i := range psa.KeySlots {
					a.ID = psa.KeyID(i + 1)
					keys = append(keys, importedKey(t, a, number8(i)))
				}
				a.ID, a.Lifetime = psa.KeySlots+1, life
				if life.IsVolatile() {
					a.ID = 0
				}
				keys = append(keys, importedKey(t, a, number8(psa.KeySlots)))
				for i, k := range keys {
					t.Equal("exported", must[[]byte](t, "psa_export_key")(k.Export()), number8(i))
					ok(t, "psa_destroy_key", k.Destroy())
				}
			})
		},
	}, unmapped{
		"fill_key_store": "it needs a test hook",
		"non_reusable_key_slots_integrity_in_case_of_key_slot_starvation": "of the static key store, which no profile has",
	})
	register("psa_crypto_persistent_key", functions{
		"key_id_ranges": func(t *suites.T) {
			t.Equal("ranges", []psa.KeyID{psa.KeyIDNull, psa.KeyIDUserMin, psa.KeyIDUserMax, psa.KeyIDVendorMin, psa.KeyIDVendorMax},
				[]psa.KeyID{0, 1, 0x3fffffff, 0x40000000, 0x7fffffff})
		},
		"save_large_persistent_key": func(t *suites.T, size int, want psa.Status) {
			storing(t, func() {
				k, err := psa.Import(psa.Attributes{Type: psa.TypeRawData, ID: 42}, make([]byte, size))
				status(t, "psa_import_key", err, want)
				if want == 0 {
					ok(t, "psa_destroy_key", k.Destroy())
				}
			})
		},
		"persistent_key_destroy": func(t *suites.T, _ int, id psa.KeyID, restarted int, type1 psa.KeyType, data1 []byte, type2 psa.KeyType, data2 []byte) {
			storing(t, func() {
				k := importedKey(t, psa.Attributes{Type: type1, ID: id}, data1)
				if restarted != 0 {
					k.Close()
					restart(t)
					k = must[*psa.Key](t, "psa_open_key")(psa.Open(id))
				}
				present(t, id, true)
				ok(t, "psa_destroy_key", k.Destroy())
				present(t, id, false)
				restart(t)
				ok(t, "psa_destroy_key", importedKey(t, psa.Attributes{Type: type2, ID: id}, data2).Destroy())
			})
		},
		"persistent_key_import": func(t *suites.T, _ int, id psa.KeyID, typ psa.KeyType, data []byte, restarted int, want psa.Status) {
			storing(t, func() {
				k, err := psa.Import(psa.Attributes{Type: typ, ID: id, Lifetime: psa.LifetimePersistent}, data)
				status(t, "psa_import_key", err, want)
				if want != 0 {
					present(t, id, false)
					return
				}
				k = reopened(t, k, restarted != 0)
				a := must[psa.Attributes](t, "psa_get_key_attributes")(k.Attributes())
				t.Equal("attributes", a, psa.Attributes{Type: typ, Bits: a.Bits, Lifetime: psa.LifetimePersistent, ID: id})
				ok(t, "psa_destroy_key", k.Destroy())
			})
		},
		"import_export_persistent_key": func(t *suites.T, data []byte, typ psa.KeyType, bits, restarted, removed int) {
			storing(t, func() {
				a := psa.Attributes{Type: typ, Usage: psa.UsageExport, Lifetime: psa.LifetimePersistent, ID: 42}
				k := reopened(t, importedKey(t, a, data), restarted != 0)
				a.Bits = bits
				t.Equal("attributes", must[psa.Attributes](t, "psa_get_key_attributes")(k.Attributes()), a)
				present(t, 42, true)
				if removed != 0 {
					ok(t, "psa_its_remove", cbridge.ITSRemove(42))
				}
				t.Equal("exported", must[[]byte](t, "psa_export_key")(k.Export()), data)
				ok(t, "psa_destroy_key", k.Destroy())
				present(t, 42, false)
			})
		},
		"load_primed_storage": loadPrimed,
	}, unmapped{
		"format_storage_data_check": "the storage format's suite checks files",
		"parse_storage_data_check":  "the storage format's suite checks files",
		"destroy_nonexistent":       "there is no handle on a key that does not exist",
	})
	register("psa_crypto_attributes", functions{
		"attributes_set_get": func(t *suites.T, _ int, id psa.KeyID, life psa.Lifetime, usage psa.KeyUsage, alg psa.Algorithm, typ psa.KeyType, bits int) {
			a := psa.Attributes{Type: typ, Bits: bits, Usage: usage, Algorithm: alg, Lifetime: life, ID: id}
			t.Equal("attributes", a.Normalized(), a)
		},
	}, unmapped{
		"persistence_attributes": "the order of setters, which a Go struct does not have",
		"slot_number_attribute":  drivers,
	})
	register("psa_crypto_util", functions{
		"ecdsa_raw_to_der": func(t *suites.T, bits int, input, want []byte, code int) {
			out := make([]byte, len(want))
			n, err := cbridge.ECDSARawToDER(bits, input, out)
			t.Code("mbedtls_ecdsa_raw_to_der", err, code)
			if code == 0 {
				t.Equal("DER", out[:n], want)
			}
		},
		"ecdsa_raw_to_der_incremental": func(t *suites.T, bits int, input, want []byte) {
			for size := 1; size < 2*len(want); size++ {
				_, err := cbridge.ECDSARawToDER(bits, input, make([]byte, size))
				t.Equal("fits", err == nil, size >= len(want))
			}
		},
		"ecdsa_der_to_raw": func(t *suites.T, bits int, input, want []byte, code int) {
			out := make([]byte, len(want))
			for n := 1; n < len(input); n++ {
				_, err := cbridge.ECDSADERToRaw(bits, input[:n:n], out)
				truth(t, "truncated input fails", err != nil)
			}
			n, err := cbridge.ECDSADERToRaw(bits, input, out)
			t.Code("mbedtls_ecdsa_der_to_raw", err, code)
			if code == 0 {
				t.Equal("raw", out[:n], want)
			}
		},
	}, nil)
}

// The ways to make a key unavailable, in upstream's order; from byShutdown on, PSA Crypto is started anew.
const (
	byClosing = iota
	byDestroying
	byPurging
	byShutdown
	byClosingWithShutdown
	byDestroyingWithShutdown
	byPurgingWithShutdown
)

func invalidate(t *suites.T, k *psa.Key, method int) {
	switch method {
	case byClosing, byClosingWithShutdown:
		ok(t, "psa_close_key", k.Close())
	case byDestroying, byDestroyingWithShutdown:
		ok(t, "psa_destroy_key", k.Destroy())
	case byPurging, byPurgingWithShutdown:
		ok(t, "psa_purge_key", k.Purge())
	}
	if method >= byShutdown {
		restart(t)
	}
}

func number8(i int) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(i)) }

func present(t *suites.T, id psa.KeyID, want bool) {
	_, _, err := cbridge.ITSInfo(uint64(id))
	t.Equal("present in the storage", err == nil, want)
}

func reopened(t *suites.T, k *psa.Key, restarted bool) *psa.Key {
	if !restarted {
		return k
	}
	ok(t, "psa_purge_key", k.Purge())
	id := k.ID()
	restart(t)
	return must[*psa.Key](t, "psa_open_key")(psa.Open(id))
}

func persistentLifecycle(t *suites.T, life psa.Lifetime, _ int, id psa.KeyID, usage psa.KeyUsage, alg, alg2 psa.Algorithm, typ psa.KeyType, data []byte, method int) {
	storing(t, func() {
		a := psa.Attributes{Type: typ, Usage: usage, Algorithm: alg, EnrollmentAlgorithm: alg2, Lifetime: life, ID: id}
		k := importedKey(t, a, data)
		a = a.Normalized()
		a.Bits = must[psa.Attributes](t, "psa_get_key_attributes")(k.Attributes()).Bits
		for range 2 {
			t.Equal("attributes", must[psa.Attributes](t, "psa_get_key_attributes")(k.Attributes()), a)
			k.Close()
			k = must[*psa.Key](t, "psa_open_key")(psa.Open(id))
		}
		invalidate(t, k, method)
		again, err := psa.Open(id)
		if method == byDestroying || method == byDestroyingWithShutdown {
			status(t, "psa_open_key", err, psa.ErrDoesNotExist)
			return
		}
		ok(t, "psa_open_key", err)
		defer again.Close()
		t.Equal("attributes", must[psa.Attributes](t, "psa_get_key_attributes")(again.Attributes()), a)
		exported, err := again.Export()
		if usage&psa.UsageExport == 0 {
			status(t, "psa_export_key", err, psa.ErrNotPermitted)
			return
		}
		ok(t, "psa_export_key", err)
		t.Equal("exported", exported, data)
	})
}

func copyAcross(t *suites.T, life psa.Lifetime, _ int, id psa.KeyID, usage psa.KeyUsage, alg, alg2 psa.Algorithm, typ psa.KeyType, material []byte,
	targetLife psa.Lifetime, _ int, targetID psa.KeyID, targetUsage psa.KeyUsage, targetAlg, targetAlg2 psa.Algorithm, wantUsage psa.KeyUsage, wantAlg, wantAlg2 psa.Algorithm) {
	if life.IsVolatile() {
		id = 0 // which a volatile lifetime takes
	}
	if targetLife.IsVolatile() {
		targetID = 0
	}
	storing(t, func() {
		source := importedKey(t, psa.Attributes{Type: typ, Usage: usage, Algorithm: alg, EnrollmentAlgorithm: alg2, Lifetime: life, ID: id}, material)
		from := must[psa.Attributes](t, "psa_get_key_attributes")(source.Attributes())
		target := must[*psa.Key](t, "psa_copy_key")(source.Copy(psa.Attributes{
			Usage: targetUsage, Algorithm: targetAlg, EnrollmentAlgorithm: targetAlg2, Lifetime: targetLife, ID: targetID,
		}))
		ok(t, "psa_destroy_key", source.Destroy())
		if !targetLife.IsVolatile() {
			target.Close()
			restart(t)
			target = must[*psa.Key](t, "psa_open_key")(psa.Open(targetID))
		} else {
			targetID = target.ID()
		}
		t.Equal("attributes", must[psa.Attributes](t, "psa_get_key_attributes")(target.Attributes()), psa.Attributes{
			Type: typ, Bits: from.Bits, Usage: wantUsage, Algorithm: wantAlg, EnrollmentAlgorithm: wantAlg2, Lifetime: targetLife, ID: targetID,
		})
		exported, err := target.Export()
		if wantUsage&psa.UsageExport == 0 {
			status(t, "psa_export_key", err, psa.ErrNotPermitted)
		} else {
			ok(t, "psa_export_key", err)
			t.Equal("exported", exported, material)
		}
		ok(t, "psa_destroy_key", target.Destroy())
	})
}

func copyToOccupied(t *suites.T, life psa.Lifetime, id psa.KeyID, usage psa.KeyUsage, alg psa.Algorithm, typ psa.KeyType, material []byte,
	targetLife psa.Lifetime, targetID psa.KeyID, targetUsage psa.KeyUsage, targetAlg psa.Algorithm, targetType psa.KeyType, targetMaterial []byte) {
	storing(t, func() {
		a := psa.Attributes{Type: typ, Usage: usage, Algorithm: alg, Lifetime: life}
		if !life.IsVolatile() {
			a.ID = id
		}
		source := importedKey(t, a, material)
		target := source
		if id != targetID || life.IsVolatile() {
			target = importedKey(t, psa.Attributes{Type: targetType, Usage: targetUsage, Algorithm: targetAlg, Lifetime: targetLife, ID: targetID}, targetMaterial)
		}
		before := must[psa.Attributes](t, "psa_get_key_attributes")(target.Attributes())
		a.ID, a.Lifetime = targetID, targetLife
		k, err := source.Copy(a)
		status(t, "psa_copy_key", err, psa.ErrAlreadyExists)
		truth(t, "no key", k == nil)
		t.Equal("attributes", must[psa.Attributes](t, "psa_get_key_attributes")(target.Attributes()), before)
		if targetUsage&psa.UsageExport != 0 {
			t.Equal("exported", must[[]byte](t, "psa_export_key")(target.Export()), targetMaterial)
		}
		ok(t, "psa_destroy_key", source.Destroy())
		if target != source {
			ok(t, "psa_destroy_key", target.Destroy())
		}
	})
}

func invalidHandle(t *suites.T, construction int, want psa.Status) {
	const isClosed = 2
	valid := importedKey(t, psa.Attributes{Type: psa.TypeRawData}, []byte("a"))
	defer valid.Close()
	if construction == isClosed {
		k, c := both(t, psa.Attributes{Type: psa.TypeRawData}, []byte("a"))
		ok(t, "psa_destroy_key", k.Destroy())
		gone(t, c)
		status(t, "psa_destroy_key", c.Destroy(), want)
	} else {
		id := []psa.KeyID{0, 0x7ffeffff, 0, psa.KeyIDVendorMax + 1}[construction]
		k, err := psa.Open(id)
		status(t, "psa_open_key", err, psa.ErrDoesNotExist)
		truth(t, "no key", k == nil)
	}
	a := must[psa.Attributes](t, "psa_get_key_attributes")(valid.Attributes())
	t.Equal("of the other key", a, psa.Attributes{Type: psa.TypeRawData, Bits: 8, ID: valid.ID()})
}

func loadPrimed(t *suites.T, owner, id int64, content []byte, wantAttributes, wantExport, wantDestroy psa.Status) {
	const header = 36
	storing(t, func() {
		uid := uint64(owner)<<32 | uint64(id)
		if uid == 0 {
			t.Skip("a file that cannot be")
		}
		ok(t, "psa_its_set", cbridge.ITSSet(uid, content, 0))
		k, err := psa.Open(psa.KeyID(id))
		if wantAttributes == psa.ErrInvalidHandle {
			wantAttributes = psa.ErrDoesNotExist // as psa_open_key has it
		}
		status(t, "psa_open_key", err, wantAttributes)
		if wantAttributes != 0 {
			return
		}
		a := must[psa.Attributes](t, "psa_get_key_attributes")(k.Attributes())
		t.Equal("number", a.ID, psa.KeyID(id))
		t.Equal("lifetime", a.Lifetime, psa.LifetimePersistent)
		exported, err := k.Export()
		status(t, "psa_export_key", err, wantExport)
		if wantExport == 0 {
			t.Equal("exported", exported, content[header:])
		}
		status(t, "psa_destroy_key", k.Destroy(), wantDestroy)
		present(t, psa.KeyID(id), wantDestroy != 0)
	})
}
