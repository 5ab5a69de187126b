package upstream

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/psa"
)

func init() {
	register("psa_crypto_storage_format", functions{
		"key_storage_save": func(t *suites.T, life psa.Lifetime, typ psa.KeyType, bits int, usage psa.KeyUsage, alg, alg2 psa.Algorithm, material, want []byte) {
			storing(t, func() {
				k := importedKey(t, stored(life, typ, bits, usage, alg, alg2), material)
				defer k.Close()
				t.Equal("ID", k.ID(), psa.KeyID(1))
				t.Equal("file", entry(t, 1), want)
				ok(t, "psa_destroy_key", k.Destroy())
			})
		},
		"key_storage_read": func(t *suites.T, life psa.Lifetime, typ psa.KeyType, bits int, usage psa.KeyUsage, alg, alg2 psa.Algorithm, material, file []byte, flags int) {
			storing(t, func() { readStored(t, stored(life, typ, bits, usage, alg, alg2), material, file, flags) })
		},
	}, nil)
	register("psa_its", functions{
		"set_get_remove": func(t *suites.T, uid int, flags uint32, data []byte) {
			storing(t, func() { setGetRemove(t, uint64(uid), flags, data) })
		},
		"set_overwrite": func(t *suites.T, uid int, flags1 uint32, data1 []byte, flags2 uint32, data2 []byte) {
			storing(t, func() {
				ok(t, "psa_its_set", cbridge.ITSSet(uint64(uid), data1, flags1))
				holds(t, uint64(uid), flags1, data1)
				ok(t, "psa_its_set", cbridge.ITSSet(uint64(uid), data2, flags2))
				holds(t, uint64(uid), flags2, data2)
				ok(t, "psa_its_remove", cbridge.ITSRemove(uint64(uid)))
			})
		},
		"set_multiple": func(t *suites.T, first, count int) {
			storing(t, func() {
				for i := range uint64(count) {
					ok(t, "psa_its_set", cbridge.ITSSet(uint64(first)+i, []byte{byte(i), 'x'}, 0))
				}
				for i := range uint64(count) {
					holds(t, uint64(first)+i, 0, []byte{byte(i), 'x'})
					ok(t, "psa_its_remove", cbridge.ITSRemove(uint64(first)+i))
					_, err := cbridge.ITSGet(uint64(first)+i, 0, make([]byte, 2))
					status(t, "psa_its_get", err, psa.ErrDoesNotExist)
				}
			})
		},
		"nonexistent": func(t *suites.T, uid, createAndRemove int) {
			storing(t, func() {
				if createAndRemove != 0 {
					ok(t, "psa_its_set", cbridge.ITSSet(uint64(uid), nil, 0))
					ok(t, "psa_its_remove", cbridge.ITSRemove(uint64(uid)))
				}
				status(t, "psa_its_remove", cbridge.ITSRemove(uint64(uid)), psa.ErrDoesNotExist)
				_, _, err := cbridge.ITSInfo(uint64(uid))
				status(t, "psa_its_get_info", err, psa.ErrDoesNotExist)
				_, err = cbridge.ITSGet(uint64(uid), 0, nil)
				status(t, "psa_its_get", err, psa.ErrDoesNotExist)
			})
		},
		"get_at": func(t *suites.T, uid int, data []byte, offset, length int, want psa.Status) {
			if length < 0 {
				t.Skip("a length that no slice has")
			}
			storing(t, func() {
				ok(t, "psa_its_set", cbridge.ITSSet(uint64(uid), data, 0))
				out := bytes.Repeat([]byte{'-'}, length+32)
				n, err := cbridge.ITSGet(uint64(uid), uint32(offset), out[16:16+length])
				status(t, "psa_its_get", err, want)
				if want == 0 {
					t.Equal("length", n, length)
					t.Equal("data", out[16:16+n], data[offset:offset+n])
				}
				t.Equal("before and behind", append(out[:16:16], out[16+length:]...), bytes.Repeat([]byte{'-'}, 32))
				ok(t, "psa_its_remove", cbridge.ITSRemove(uint64(uid)))
			})
		},
		"get_fail": func(t *suites.T, uid int, data []byte, overwriteMagic, cutHeader int, want psa.Status) {
			storing(t, func() {
				ok(t, "psa_its_set", cbridge.ITSSet(uint64(uid), data, 0))
				file := filepath.Join(t.TempDir(), fmt.Sprintf("%016x.psa_its", uid))
				content, err := os.ReadFile(file)
				if err != nil {
					t.Fatalf("%v", err)
				}
				if overwriteMagic != 0 {
					content[0] = 'X'
				}
				if cutHeader != 0 {
					content = nil
				}
				if err := os.WriteFile(file, content, 0o600); err != nil {
					t.Fatalf("%v", err)
				}
				n, err := cbridge.ITSGet(uint64(uid), 0, nil)
				status(t, "psa_its_get", err, want)
				t.Equal("length", n, 0)
				ok(t, "psa_its_remove", cbridge.ITSRemove(uint64(uid)))
				if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
					t.Fatalf("the file is still there: %v", err)
				}
			})
		},
		"set_fail": func(t *suites.T, uid int, data []byte, want psa.Status) {
			storing(t, func() { status(t, "psa_its_set", cbridge.ITSSet(uint64(uid), data, 0), want) })
		},
	}, nil)
}

func stored(life psa.Lifetime, typ psa.KeyType, bits int, usage psa.KeyUsage, alg, alg2 psa.Algorithm) psa.Attributes {
	return psa.Attributes{
		Type: typ, Bits: bits, Usage: usage, Algorithm: alg, EnrollmentAlgorithm: alg2, Lifetime: life, ID: 1,
	}
}

// entry is what the storage has for a number.
func entry(t *suites.T, uid uint64) []byte {
	size, _, err := cbridge.ITSInfo(uid)
	ok(t, "psa_its_get_info", err)
	data := make([]byte, size)
	n, err := cbridge.ITSGet(uid, 0, data)
	ok(t, "psa_its_get", err)
	return data[:n]
}

func holds(t *suites.T, uid uint64, flags uint32, data []byte) {
	_, got, err := cbridge.ITSInfo(uid)
	ok(t, "psa_its_get_info", err)
	t.Equal("flags", got, flags)
	t.Equal("data", entry(t, uid), data)
}

func setGetRemove(t *suites.T, uid uint64, flags uint32, data []byte) {
	ok(t, "psa_its_set", cbridge.ITSSet(uid, data, flags))
	holds(t, uid, flags, data)
	ok(t, "psa_its_remove", cbridge.ITSRemove(uid))
	_, _, err := cbridge.ITSInfo(uid)
	status(t, "psa_its_get_info", err, psa.ErrDoesNotExist)
}

// formatted is the library's format of a key.
func formatted(a psa.Attributes, data []byte) []byte {
	b := append([]byte("PSA\x00KEY\x00"), 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, uint32(a.Lifetime))
	b = binary.LittleEndian.AppendUint16(b, uint16(a.Type))
	b = binary.LittleEndian.AppendUint16(b, uint16(a.Bits))
	b = binary.LittleEndian.AppendUint32(b, uint32(a.Usage))
	b = binary.LittleEndian.AppendUint32(b, uint32(a.Algorithm))
	b = binary.LittleEndian.AppendUint32(b, uint32(a.EnrollmentAlgorithm))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	return append(b, data...)
}

func readStored(t *suites.T, a psa.Attributes, material, file []byte, flags int) {
	const exercised, readOnly, oversized = 1, 2, 4
	if flags&oversized != 0 {
		a = a.Normalized()
		ok(t, "psa_its_set", cbridge.ITSSet(1, formatted(a, bytes.Repeat([]byte{0xAA}, (a.Bits+7)/8)), 0))
		_, err := psa.Open(1)
		status(t, "psa_open_key", err, psa.ErrDataInvalid)
		ok(t, "psa_its_remove", cbridge.ITSRemove(1))
		return
	}
	ok(t, "psa_its_set", cbridge.ITSSet(1, file, 0))
	k := must[*psa.Key](t, "psa_open_key")(psa.Open(1))
	defer k.Close()
	got := must[psa.Attributes](t, "psa_get_key_attributes")(k.Attributes())
	t.Equal("attributes", got, a.Normalized())
	if a.Usage&psa.UsageExport != 0 || a.Type.IsPublicKey() {
		t.Equal("exported", must[[]byte](t, "psa_export_key")(k.Export()), material)
	}
	if flags&exercised != 0 {
		exercise(t, k, got.Usage, a.Algorithm)
	}
	if flags&readOnly != 0 {
		status(t, "psa_destroy_key", k.Destroy(), psa.ErrNotPermitted)
		ok(t, "psa_its_remove", cbridge.ITSRemove(1))
		return
	}
	ok(t, "psa_destroy_key", k.Destroy())
	_, _, err := cbridge.ITSInfo(1)
	status(t, "psa_its_get_info", err, psa.ErrDoesNotExist)
}
