package upstream

import (
	"bytes"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/md"
)

// Why functions of several suites are not mapped.
const (
	selfTest     = "the library's self-test calls no API"
	nullPointers = "hands NULL to functions whose Go counterparts take no pointers"
	insideOf     = "about the inside of a context, which no public function shows"
	invalidMode  = "numbers that are no mode: Go's operations have no others than two"
	psaDispatch  = "about what happens before PSA is initialized, which the bridge does first"
)

// digests checks a hash in one piece, in two, and one that is cloned in the middle.
func digests(t *suites.T, typ md.Type, src, want []byte) {
	got, err := md.Sum(typ, src)
	t.Code("Sum", err, 0)
	t.Equal("digest", got, want)

	h, err := md.New(typ)
	t.Code("New", err, 0)
	defer h.Close()
	t.Equal("type", h.Type(), typ)
	halfway := len(src) / 2
	h.Write(src[:halfway])
	clone, err := h.Clone()
	t.Code("Clone", err, 0)
	defer clone.(*md.Hash).Close()
	for _, h := range []*md.Hash{h, clone.(*md.Hash)} {
		h.Write(src[halfway:])
		got, err := h.Digest()
		t.Code("Digest", err, 0)
		t.Equal("digest in pieces", got, want)
	}
}

// whole checks a hash that has a suite of its own.
func whole(typ md.Type) func(t *suites.T, src, want []byte) {
	return func(t *suites.T, src, want []byte) {
		got, err := md.Sum(typ, src)
		t.Code("Sum", err, 0)
		t.Equal("digest", got, want)
	}
}

// sha3Types are the SHA-3 functions by the number that sha3.h gives them, and by their size.
var sha3Types = map[int]md.Type{
	1: md.SHA3_224, 2: md.SHA3_256, 3: md.SHA3_384, 4: md.SHA3_512,
	28: md.SHA3_224, 32: md.SHA3_256, 48: md.SHA3_384, 64: md.SHA3_512,
}

func hmacs(t *suites.T, typ md.Type, size int, key, src, want []byte) {
	got, err := md.HMAC(typ, key, src)
	t.Code("HMAC", err, 0)
	t.Equal("MAC", got[:size], want)

	h, err := md.NewHMAC(typ, key)
	t.Code("NewHMAC", err, 0)
	defer h.Close()
	for range 2 {
		h.Write(src[:len(src)/2])
		h.Write(src[len(src)/2:])
		t.Equal("MAC in pieces", h.Sum(nil)[:size], want)
		h.Reset()
	}
}

func init() {
	register("md", functions{
		"mbedtls_md_list": func(t *suites.T) {
			for _, typ := range md.List() {
				_, err := md.Sum(typ, nil)
				t.Code(typ.String(), err, 0)
			}
		},
		"md_info": func(t *suites.T, typ md.Type, name string, size int) {
			found, err := md.ByName(name)
			t.Code("ByName", err, 0)
			t.Equal("type", found, typ)
			t.Equal("name", typ.String(), name)
			t.Equal("size", typ.Size(), size)
			n := 0
			for _, listed := range md.List() {
				if listed == typ {
					n++
				}
			}
			t.Equal("times in the list", n, 1)
		},
		"md_text":         func(t *suites.T, typ md.Type, src string, want []byte) { digests(t, typ, []byte(src), want) },
		"md_text_multi":   func(t *suites.T, typ md.Type, src string, want []byte) { digests(t, typ, []byte(src), want) },
		"md_hex":          digests,
		"md_hex_multi":    digests,
		"mbedtls_md_hmac": hmacs,
		"md_hmac_multi":   hmacs,
		"mbedtls_md_file": func(t *suites.T, typ md.Type, name string, want []byte) {
			got, err := md.SumFile(typ, name)
			t.Code("SumFile", err, 0)
			t.Equal("digest", got, want)
		},
	}, unmapped{
		"md_to_from_psa":          "the numbers of PSA are not those of package md",
		"md_null_args":            nullPointers,
		"md_psa_dynamic_dispatch": psaDispatch,
	})
	register("shax", functions{
		"mbedtls_sha1":   whole(md.SHA1),
		"sha224":         whole(md.SHA224),
		"mbedtls_sha256": whole(md.SHA256),
		"sha384":         whole(md.SHA384),
		"mbedtls_sha512": whole(md.SHA512),
		"mbedtls_sha3":   func(t *suites.T, family int, src, want []byte) { whole(sha3Types[family])(t, src, want) },
		"mbedtls_sha3_multi": func(t *suites.T, family int, src, want []byte) {
			h, err := md.New(sha3Types[family])
			t.Code("New", err, 0)
			defer h.Close()
			for len(src) > 0 {
				n := min(len(src), 256)
				h.Write(src[:n])
				src = src[n:]
			}
			t.Equal("digest", h.Sum(nil), want)
		},
		"sha3_streaming": func(t *suites.T, family int, src []byte) {
			h, err := md.New(sha3Types[family])
			t.Code("New", err, 0)
			defer h.Close()
			want, err := md.Sum(sha3Types[family], src)
			t.Code("Sum", err, 0)
			for size := 1; size < len(src); size++ {
				for rest := src; len(rest) > 0; {
					n := min(len(rest), size)
					h.Write(rest[:n])
					rest = rest[n:]
				}
				t.Equal("digest", h.Sum(nil), want)
				h.Reset()
			}
		},
		"sha3_reuse": func(t *suites.T, in1, want1, in2, want2 []byte) {
			for _, c := range []struct{ in, want []byte }{{in1, want1}, {in2, want2}, {in1, want1}} {
				whole(sha3Types[len(c.want)])(t, c.in, c.want)
			}
			h, err := md.New(sha3Types[len(want1)])
			t.Code("New", err, 0)
			defer h.Close()
			for range 2 {
				h.Write(in1)
				t.Equal("digest", h.Sum(nil), want1)
				h.Reset()
			}
		},
	}, unmapped{
		"sha256_invalid_param": "numbers that are neither SHA-224 nor SHA-256",
		"sha512_invalid_param": "numbers that are neither SHA-384 nor SHA-512",
		"sha3_invalid_param":   "digests of a length that is not the function's",
		"sha1_selftest":        selfTest,
		"sha224_selftest":      selfTest,
		"sha256_selftest":      selfTest,
		"sha384_selftest":      selfTest,
		"sha512_selftest":      selfTest,
		"sha3_selftest":        selfTest,
	})
	register("mdx", functions{
		"md5_text":       func(t *suites.T, src string, want []byte) { digests(t, md.MD5, []byte(src), want) },
		"ripemd160_text": func(t *suites.T, src string, want []byte) { digests(t, md.RIPEMD160, []byte(src), want) },
	}, unmapped{"md5_selftest": selfTest, "ripemd160_selftest": selfTest})
	register("hkdf", functions{
		"test_hkdf": func(t *suites.T, typ md.Type, ikm, salt, info, want []byte) {
			got, err := md.HKDF(typ, ikm, salt, info, len(want))
			t.Code("HKDF", err, 0)
			t.Equal("key", got, want)
		},
		"test_hkdf_extract": func(t *suites.T, typ md.Type, ikm, salt, want []byte) {
			got, err := md.Extract(typ, ikm, salt)
			t.Code("Extract", err, 0)
			t.Equal("pseudo-random key", got, want)
		},
		"test_hkdf_expand": func(t *suites.T, typ md.Type, info, prk, want []byte) {
			got, err := md.Expand(typ, prk, info, 1024)
			t.Code("Expand", err, 0)
			t.Equal("key", got[:len(want)], want)
		},
	}, unmapped{
		"test_hkdf_extract_ret": "a hash function that is made up: Go has those of the library",
		"test_hkdf_expand_ret":  "a hash function that is made up: Go has those of the library",
	})
	register("cmac", functions{
		"mbedtls_cmac_setkey": func(t *suites.T, typ cbridge.CipherType, bits, want int) {
			_, err := cbridge.CMACOf(typ, bytes.Repeat([]byte{0x2a}, bits/8), bytes.Repeat([]byte{0x2a}, 16))
			t.Code("CMACOf", err, want)
		},
		"mbedtls_cmac_multiple_blocks": func(t *suites.T, typ cbridge.CipherType, key []byte, bits, size int,
			b1 []byte, n1 int, b2 []byte, n2 int, b3 []byte, n3 int, b4 []byte, n4 int, want []byte) {
			c := newCMAC(t, typ, key, bits)
			defer c.Close()
			cmacBlocks(t, c, []piece{{b1, n1}, {b2, n2}, {b3, n3}, {b4, n4}}, want[:size])
		},
		"mbedtls_cmac_multiple_operations_same_key": func(t *suites.T, typ cbridge.CipherType, key []byte, bits, size int,
			a1 []byte, n1 int, a2 []byte, n2 int, a3 []byte, n3 int, wantA []byte,
			b1 []byte, m1 int, b2 []byte, m2 int, b3 []byte, m3 int, wantB []byte) {
			c := newCMAC(t, typ, key, bits)
			defer c.Close()
			cmacBlocks(t, c, []piece{{a1, n1}, {a2, n2}, {a3, n3}}, wantA[:size])
			t.Code("Reset", c.Reset(), 0)
			cmacBlocks(t, c, []piece{{b1, m1}, {b2, m2}, {b3, m3}}, wantB[:size])
		},
	}, unmapped{"mbedtls_cmac_self_test": selfTest, "mbedtls_cmac_null_args": nullPointers})
}

func newCMAC(t *suites.T, typ cbridge.CipherType, key []byte, bits int) *cbridge.CMAC {
	c, err := cbridge.NewCMAC(typ, key[:bits/8])
	t.Code("NewCMAC", err, 0)
	return c
}

// piece is n bytes of data; a negative n is none.
type piece struct {
	data []byte
	n    int
}

func cmacBlocks(t *suites.T, c *cbridge.CMAC, pieces []piece, want []byte) {
	for _, p := range pieces {
		if p.n >= 0 {
			_, err := c.Write(p.data[:p.n])
			t.Code("Write", err, 0)
		}
	}
	sum, err := c.Sum()
	t.Code("Sum", err, 0)
	t.Equal("MAC", sum, want)
	mac, err := c.Finish()
	t.Code("Finish", err, 0)
	t.Equal("MAC", mac, want)
}
