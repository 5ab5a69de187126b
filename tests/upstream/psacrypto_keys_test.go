package upstream

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"math/big"
	"strings"
	"sync"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/psa"
)

// extKeys are the keys of a case that package psa did not make.
var extKeys []*cbridge.PSAKey

func init() {
	register("psa_crypto", functions{
		"static_checks": func(t *suites.T) { truth(t, "a MAC can be as long as a truncation", psa.MACMaxSize <= 1+63) },
		"import_with_policy": func(t *suites.T, typ psa.KeyType, usage psa.KeyUsage, alg psa.Algorithm, want psa.Status) {
			a := psa.Attributes{Type: typ, Usage: usage, Algorithm: alg}
			k, err := psa.Import(a, make([]byte, 16))
			status(t, "psa_import_key", err, want)
			if want == 0 {
				keptAndGone(t, k, psa.Attributes{Type: typ, Bits: 128, Usage: a.Normalized().Usage, Algorithm: alg})
			}
		},
		"import_with_data": func(t *suites.T, data []byte, typ psa.KeyType, bits int, want psa.Status) {
			k, err := psa.Import(psa.Attributes{Type: typ, Bits: bits}, data)
			if want == psa.ErrInvalidArgument {
				unusable(t, "psa_import_key", err, want)
				return
			}
			status(t, "psa_import_key", err, want)
			if want == 0 {
				got := must[psa.Attributes](t, "psa_get_key_attributes")(k.Attributes())
				if bits == 0 {
					bits = got.Bits
				}
				keptAndGone(t, k, psa.Attributes{Type: typ, Bits: bits})
			}
		},
		"import_large_key": func(t *suites.T, typ psa.KeyType, size int, want psa.Status) {
			data := bytes.Repeat([]byte{'K'}, size)
			k, err := psa.Import(psa.Attributes{Type: typ, Usage: psa.UsageExport}, data)
			status(t, "psa_import_key", err, want)
			if want == 0 {
				defer k.Close()
				a := must[psa.Attributes](t, "psa_get_key_attributes")(k.Attributes())
				t.Equal("attributes", a, psa.Attributes{Type: typ, Bits: 8 * size, Usage: psa.UsageExport, ID: k.ID()})
				t.Equal("exported", must[[]byte](t, "psa_export_key")(k.Export()), data)
			}
		},
		"import_rsa_made_up": func(t *suites.T, bits, pair int, want psa.Status) {
			typ := psa.TypeRSAPublicKey
			if pair != 0 {
				typ = psa.TypeRSAKeyPair
			}
			k, err := psa.Import(psa.Attributes{Type: typ}, fakeRSA(t, bits, pair != 0))
			status(t, "psa_import_key", err, want)
			if want == 0 {
				ok(t, "psa_destroy_key", k.Destroy())
			}
		},
		"import_export":            importExport,
		"import_export_public_key": importExportPublic,
		"import_and_exercise_key": func(t *suites.T, data []byte, typ psa.KeyType, bits int, alg psa.Algorithm) {
			usage := usageToExercise(typ, alg)
			k := importedKey(t, psa.Attributes{Type: typ, Usage: usage, Algorithm: alg}, data)
			defer k.Close()
			exercise(t, k, usage, alg)
			keptAndGone(t, k, psa.Attributes{Type: typ, Bits: bits, Usage: usage, Algorithm: alg}.Normalized())
		},
		"effective_key_attributes": func(t *suites.T, typ, wantType psa.KeyType, bits, wantBits int, usage, wantUsage psa.KeyUsage, alg, wantAlg psa.Algorithm) {
			k := must[*psa.Key](t, "psa_generate_key")(psa.Generate(psa.Attributes{Type: typ, Bits: bits, Usage: usage, Algorithm: alg}))
			keptAndGone(t, k, psa.Attributes{Type: wantType, Bits: wantBits, Usage: wantUsage, Algorithm: wantAlg})
		},
		"check_key_policy": func(t *suites.T, typ psa.KeyType, bits int, usage psa.KeyUsage, alg psa.Algorithm) {
			a := psa.Attributes{Type: typ, Bits: bits, Usage: usage, Algorithm: alg}
			keptAndGone(t, must[*psa.Key](t, "psa_generate_key")(psa.Generate(a)), a.Normalized())
		},
		"key_attributes_init": func(t *suites.T) {
			t.Equal("of nothing", psa.Attributes{}.Normalized(), psa.Attributes{Lifetime: psa.LifetimeVolatile})
		},
		"copy_success":               copySuccess,
		"copy_fail":                  copyFail,
		"concurrently_generate_keys": concurrentlyGenerate,
		"generate_key": func(t *suites.T, typ psa.KeyType, bits int, usage psa.KeyUsage, alg psa.Algorithm, want psa.Status, _ int) {
			generated(t, psa.Attributes{Type: typ, Bits: bits, Usage: usage, Algorithm: alg}, want, psa.Generate, nil)
		},
		"generate_key_custom": func(t *suites.T, typ psa.KeyType, bits int, usage psa.KeyUsage, alg psa.Algorithm, flags uint32, data []byte, want psa.Status) {
			generated(t, psa.Attributes{Type: typ, Bits: bits, Usage: usage, Algorithm: alg}, want,
				func(a psa.Attributes) (*psa.Key, error) {
					return psa.GenerateCustom(a, psa.Custom{Flags: flags, Data: data})
				}, data)
		},
		"generate_key_ext": func(t *suites.T, typ psa.KeyType, bits int, usage psa.KeyUsage, alg psa.Algorithm, flags uint32, data []byte, want psa.Status) {
			generated(t, psa.Attributes{Type: typ, Bits: bits, Usage: usage, Algorithm: alg}, want, func(a psa.Attributes) (*psa.Key, error) {
				c, err := cbridge.GeneratePSAKeyExt(bridgeAttributes(a), flags, data)
				if err != nil {
					return nil, err
				}
				extKeys = append(extKeys, c)
				return psa.Open(c.ID())
			}, data)
			for _, c := range extKeys {
				c.Close()
			}
			extKeys = nil
		},
		"generate_random": func(t *suites.T, n int) {
			changed := make([]byte, n)
			for range 10 {
				p := make([]byte, n)
				if _, err := psa.Random.Read(p); err != nil {
					t.Fatalf("%v", err)
				}
				for i := range p {
					changed[i] |= p[i]
				}
			}
			truth(t, "each byte was written", !bytes.Contains(changed, []byte{0}))
		},
		"persistent_key_load_key_from_storage": func(t *suites.T, data []byte, typ psa.KeyType, bits int, usage psa.KeyUsage, alg psa.Algorithm, method int) {
			storing(t, func() {
				loadFromStorage(t, data, psa.Attributes{Type: typ, Bits: bits, Usage: usage, Algorithm: alg, ID: 1}, method)
			})
		},
		"concurrently_use_same_persistent_key": func(t *suites.T, data []byte, typ psa.KeyType, bits int, alg psa.Algorithm, threads int) {
			a := psa.Attributes{Type: typ, Bits: bits, Usage: usageToExercise(typ, alg), Algorithm: alg, ID: 1}
			storing(t, func() { concurrentlyUse(t, data, a, threads) })
		},
		"ecc_conversion_functions": func(t *suites.T, group int, family psa.ECCFamily, bits int) {
			f, n := psa.FamilyOfGroup(group)
			t.Equal("family", f, family)
			t.Equal("bits", n, bits)
			t.Equal("group", family.Group(bits), group)
		},
		"ecc_conversion_functions_fail": func(t *suites.T) {
			for _, group := range []int{0, 14} {
				f, n := psa.FamilyOfGroup(group)
				t.Equal("family", f, psa.ECCFamily(0))
				t.Equal("bits", n, 0)
			}
			t.Equal("of no family", psa.ECCFamily(0).Group(192), 0)
			t.Equal("of no such size", psa.SECPR1.Group(512), 0)
			t.Equal("Ed25519", psa.TwistedEdwards.Group(255), 0)
			t.Equal("Ed448", psa.TwistedEdwards.Group(448), 0)
		},
	}, unmapped{
		"key_production_parameters_init": "an initializer of C",
		"psa_can_do_hash":                "it says whether PSA Crypto was initialized, which all calls of Go's see to",
	})
}

// keptAndGone destroys a key that has the attributes that are wanted.
func keptAndGone(t *suites.T, k *psa.Key, want psa.Attributes) {
	defer k.Close()
	c := bridged(t, k)
	defer c.Close()
	want.ID = k.ID()
	t.Equal("attributes", must[psa.Attributes](t, "psa_get_key_attributes")(k.Attributes()), want)
	ok(t, "psa_destroy_key", k.Destroy())
	gone(t, c)
}

func bridgeAttributes(a psa.Attributes) cbridge.PSAAttributes {
	return cbridge.PSAAttributes{
		Type: uint16(a.Type), Bits: a.Bits, Algorithm: uint32(a.Algorithm), EnrollmentAlgorithm: uint32(a.EnrollmentAlgorithm),
		Usage: uint32(a.Usage), Lifetime: uint32(a.Lifetime), ID: a.ID,
	}
}

// fakeRSA looks like a key of RSA, of numbers that have the right sizes.
func fakeRSA(t *suites.T, bits int, pair bool) []byte {
	number := func(bits int, x int64) *big.Int {
		n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
		return n.Add(n, big.NewInt(x))
	}
	half := (bits + 1) / 2
	n, e := number(bits, 1), number(17, 1)
	var key any = struct{ N, E *big.Int }{n, e}
	if pair {
		key = struct {
			Version                int
			N, E, D, P, Q, A, B, C *big.Int
		}{0, n, e, n, number(half, 3), number(half, 1), number(half, 1), number(half, 1), number(half, 1)}
	}
	der, err := asn1.Marshal(key)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return der
}

func importExport(t *suites.T, data []byte, typ psa.KeyType, usage psa.KeyUsage, alg psa.Algorithm, life psa.Lifetime, bits, delta int, want psa.Status, canonical int) {
	a := psa.Attributes{Type: typ, Usage: usage, Algorithm: alg, Lifetime: life}
	k, c := both(t, a, data)
	defer k.Close()
	defer c.Close()
	size := len(data) + delta
	if typ.IsDH() && want == psa.ErrBufferTooSmall {
		size--
	}
	exported := make([]byte, size)
	n, err := c.Export(exported)
	status(t, "psa_export_key", err, want)
	t.Equal("behind the export", exported[n:], make([]byte, size-n))
	if want == 0 {
		exercise(t, k, usage, psa.AlgNone)
		if canonical != 0 {
			t.Equal("exported", exported[:n], data)
		} else {
			k2 := importedKey(t, a, exported[:n])
			defer k2.Close()
			t.Equal("exported again", must[[]byte](t, "psa_export_key")(k2.Export()), exported[:n])
			ok(t, "psa_destroy_key", k2.Destroy())
		}
		truth(t, "ExportKeyOutputSize", n <= psa.ExportKeyOutputSize(typ, bits))
		truth(t, "ExportKeyPairMaxSize", !typ.IsKeyPair() || n <= psa.ExportKeyPairMaxSize)
		truth(t, "ExportPublicKeyMaxSize", !typ.IsPublicKey() || n <= psa.ExportPublicKeyMaxSize)
	}
	a = a.Normalized()
	a.Bits = bits
	keptAndGone(t, k, a)
}

func importExportPublic(t *suites.T, data []byte, typ psa.KeyType, alg psa.Algorithm, life psa.Lifetime, delta int, want psa.Status, public []byte) {
	k, c := both(t, psa.Attributes{Type: typ, Usage: psa.UsageExport, Algorithm: alg, Lifetime: life}, data)
	defer k.Close()
	defer c.Close()
	exported := make([]byte, len(public)+delta)
	n, err := c.ExportPublic(exported)
	status(t, "psa_export_public_key", err, want)
	if want == 0 {
		t.Equal("exported", exported[:n], public)
		n := bits(t, c)
		truth(t, "ExportKeyOutputSize", len(public) <= psa.ExportKeyOutputSize(typ.PublicKey(), n))
		truth(t, "ExportPublicKeyOutputSize", len(public) <= psa.ExportPublicKeyOutputSize(typ.PublicKey(), n))
		truth(t, "ExportPublicKeyMaxSize", len(public) <= psa.ExportPublicKeyMaxSize)
	}
}

func copySuccess(t *suites.T, usage psa.KeyUsage, alg, alg2 psa.Algorithm, life psa.Lifetime, typ psa.KeyType, material []byte, copyAttributes int,
	targetUsage, targetAlg, targetAlg2 int, targetLife psa.Lifetime, wantUsage psa.KeyUsage, wantAlg, wantAlg2 psa.Algorithm) {
	source := importedKey(t, psa.Attributes{Type: typ, Usage: usage, Algorithm: alg, EnrollmentAlgorithm: alg2, Lifetime: life}, material)
	defer source.Close()
	from := must[psa.Attributes](t, "psa_get_key_attributes")(source.Attributes())
	a := psa.Attributes{Lifetime: targetLife}
	if copyAttributes != 0 {
		a = from
		a.Lifetime, a.ID = targetLife, 0
	}
	if targetUsage != -1 {
		a.Usage = psa.KeyUsage(targetUsage)
	}
	if targetAlg != -1 {
		a.Algorithm = psa.Algorithm(targetAlg)
	}
	if targetAlg2 != -1 {
		a.EnrollmentAlgorithm = psa.Algorithm(targetAlg2)
	}
	target := must[*psa.Key](t, "psa_copy_key")(source.Copy(a))
	defer target.Close()
	ok(t, "psa_destroy_key", source.Destroy())
	got := must[psa.Attributes](t, "psa_get_key_attributes")(target.Attributes())
	t.Equal("attributes", got, psa.Attributes{
		Type: from.Type, Bits: from.Bits, Usage: wantUsage, Algorithm: wantAlg, EnrollmentAlgorithm: wantAlg2, Lifetime: targetLife, ID: target.ID(),
	})
	if wantUsage&psa.UsageExport != 0 {
		t.Equal("exported", must[[]byte](t, "psa_export_key")(target.Export()), material)
	}
	exercise(t, target, wantUsage, wantAlg)
	exercise(t, target, wantUsage, wantAlg2)
	ok(t, "psa_destroy_key", target.Destroy())
}

func copyFail(t *suites.T, usage psa.KeyUsage, alg, alg2 psa.Algorithm, life psa.Lifetime, typ psa.KeyType, material []byte,
	targetType psa.KeyType, targetBits int, targetUsage psa.KeyUsage, targetAlg, targetAlg2 psa.Algorithm, id psa.KeyID, targetLife psa.Lifetime, want psa.Status) {
	source := importedKey(t, psa.Attributes{Type: typ, Usage: usage, Algorithm: alg, EnrollmentAlgorithm: alg2, Lifetime: life}, material)
	defer source.Close()
	if targetLife.IsVolatile() {
		id = 0 // which a volatile lifetime takes
	}
	k, err := source.Copy(psa.Attributes{
		Type: targetType, Bits: targetBits, Usage: targetUsage, Algorithm: targetAlg, EnrollmentAlgorithm: targetAlg2, ID: id, Lifetime: targetLife,
	})
	status(t, "psa_copy_key", err, want)
	truth(t, "no key", k == nil)
}

func generated(t *suites.T, a psa.Attributes, want psa.Status, generate func(psa.Attributes) (*psa.Key, error), exponent []byte) {
	k, err := generate(a)
	if statusOf(t, "psa_generate_key", err) == psa.ErrInsufficientMemory && want != psa.ErrInsufficientMemory {
		t.Skip("there is not enough memory")
	}
	status(t, "psa_generate_key", err, want)
	if want != 0 {
		return
	}
	defer k.Close()
	if a.Type == psa.TypeRSAKeyPair {
		public, err := x509.ParsePKCS1PublicKey(must[[]byte](t, "psa_export_public_key")(k.ExportPublic()))
		if err != nil {
			t.Fatalf("%v", err)
		}
		e := big.NewInt(65537)
		if len(exponent) > 0 {
			e.SetBytes(exponent)
		}
		t.Equal("exponent", int64(public.E), e.Int64())
	}
	exercise(t, k, a.Usage, a.Algorithm)
	keptAndGone(t, k, a.Normalized())
}

// together runs f in goroutines, and fails the case if one of them does.
func together(t *suites.T, n int, f func(t *suites.T)) {
	var all sync.WaitGroup
	failed := make(chan any, n)
	for range n {
		all.Go(func() {
			defer func() {
				if v := recover(); v != nil {
					failed <- v
				}
			}()
			f(t)
		})
	}
	all.Wait()
	close(failed)
	if v, is := <-failed; is {
		panic(v)
	}
}

func concurrentlyGenerate(t *suites.T, typ psa.KeyType, bits int, usage psa.KeyUsage, alg psa.Algorithm, want psa.Status, _, threads, reps int) {
	a := psa.Attributes{Type: typ, Bits: bits, Usage: usage, Algorithm: alg}
	if typ.IsDH() && bits > 2048 {
		reps = 1 // of keys that take minutes; the goroutines are as many
	}
	together(t, threads, func(t *suites.T) {
		for range reps {
			k, err := psa.Generate(a)
			status(t, "psa_generate_key", err, want)
			if want != 0 {
				return
			}
			exercise(t, k, usage, alg)
			got := must[psa.Attributes](t, "psa_get_key_attributes")(k.Attributes())
			t.Equal("type", got.Type, typ)
			t.Equal("bits", got.Bits, bits)
			ok(t, "psa_destroy_key", k.Destroy())
		}
	})
}

func concurrentlyUse(t *suites.T, data []byte, a psa.Attributes, threads int) {
	var mu sync.Mutex
	made, destroyed := 0, 0
	together(t, threads, func(t *suites.T) {
		_, err := psa.Import(a, data)
		switch statusOf(t, "psa_import_key", err) {
		case 0:
			mu.Lock()
			made++
			mu.Unlock()
		case psa.ErrInsufficientMemory:
			return
		case psa.ErrAlreadyExists:
		default:
			ok(t, "psa_import_key", err)
		}
		k, err := psa.Open(1)
		if statusOf(t, "psa_open_key", err) == psa.ErrInsufficientMemory {
			return
		}
		got := must[psa.Attributes](t, "psa_get_key_attributes")(k.Attributes())
		t.Equal("type", got.Type, a.Type)
		t.Equal("bits", got.Bits, a.Bits)
	})
	t.Equal("keys made", made, 1)
	together(t, threads, func(t *suites.T) {
		k, err := psa.Open(1)
		if err == nil {
			exerciseWhileThere(t, k, a)
			err = k.Destroy()
		}
		switch statusOf(t, "psa_destroy_key", err) {
		case 0:
			mu.Lock()
			destroyed++
			mu.Unlock()
		case psa.ErrInvalidHandle, psa.ErrDoesNotExist, psa.ErrInsufficientMemory:
		default:
			ok(t, "psa_destroy_key", err)
		}
	})
	t.Equal("keys destroyed", destroyed, 1)
}

// exerciseWhileThere uses a key that somebody may destroy meanwhile.
func exerciseWhileThere(t *suites.T, k *psa.Key, a psa.Attributes) {
	defer func() {
		v := recover()
		if text := fmt.Sprint(v); v != nil && !strings.Contains(text, psa.ErrInvalidHandle.Name()) &&
			!strings.Contains(text, psa.ErrDoesNotExist.Name()) {
			panic(v)
		}
	}()
	exercise(t, k, a.Usage, a.Algorithm)
}

func loadFromStorage(t *suites.T, data []byte, a psa.Attributes, method int) {
	var k *psa.Key
	switch method {
	case 0:
		k = importedKey(t, a, data)
	case 1:
		k = must[*psa.Key](t, "psa_generate_key")(psa.Generate(a))
	case 2:
		kdf := psa.HKDF(psa.SHA256)
		base := importedKey(t, psa.Attributes{Type: psa.TypeDerive, Usage: psa.UsageDerive, Algorithm: kdf}, data)
		defer base.Close()
		d := must[*psa.Derivation](t, "psa_key_derivation_setup")(psa.NewDerivation(kdf))
		defer d.Close()
		ok(t, "secret", d.InputKey(psa.StepSecret, base))
		ok(t, "info", d.InputBytes(psa.StepInfo, nil))
		k = must[*psa.Key](t, "psa_key_derivation_output_key")(d.OutputKey(a))
	}
	defer k.Close()
	var first []byte
	if a.Usage&psa.UsageExport != 0 {
		first = must[[]byte](t, "psa_export_key")(k.Export())
		if method == 0 {
			t.Equal("exported", first, data)
		}
	}
	ok(t, "psa_purge_key", k.Purge())
	t.Equal("attributes", must[psa.Attributes](t, "psa_get_key_attributes")(k.Attributes()), a.Normalized())
	if first != nil {
		t.Equal("exported again", must[[]byte](t, "psa_export_key")(k.Export()), first)
	}
	exercise(t, k, a.Usage, a.Algorithm)
	ok(t, "psa_destroy_key", k.Destroy())
}
