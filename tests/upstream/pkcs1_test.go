package upstream

import (
	"io"
	"math/big"
	"sync"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/rsa"
)

func init() {
	register("pkcs1_v15", functions{
		"pkcs1_rsaes_v15_encrypt": func(t *suites.T, bits int, n, e string, md int, msg, random, want []byte, code int) {
			k := rsaKey(t, rsa.PKCS1v15, md, bits, rsaPublicNumbers(t, n, e))
			got, err := k.Encrypt(buffered(random), msg)
			result(t, got, err, want, code)
		},
		"pkcs1_rsaes_v15_decrypt": func(t *suites.T, bits int, p, q, n, e string, md int, want []byte, _ string, msg []byte, code int) {
			k := rsaKey(t, rsa.PKCS1v15, md, bits, rsaPrivateNumbers(t, p, q, n, e))
			got, err := k.Decrypt(&rndPseudo{}, msg, limitOf(want, 1000))
			result(t, got, err, want, code)
		},
		"pkcs1_v15_decode": decodeV15,
		"pkcs1_rsassa_v15_sign": func(t *suites.T, bits int, p, q, n, e string, digest, md int, msg, random, want []byte, code int) {
			k := rsaKey(t, rsa.PKCS1v15, md, bits, rsaPrivateNumbers(t, p, q, n, e))
			got, err := k.Sign(buffered(random), cbridge.HashOf(digest), msg)
			result(t, got, err, want, code)
		},
		"pkcs1_rsassa_v15_verify": func(t *suites.T, bits int, n, e string, digest, md int, msg []byte, _ string, sig []byte, code int) {
			k := rsaKey(t, rsa.PKCS1v15, md, bits, rsaPublicNumbers(t, n, e))
			t.Code("verify", k.Verify(cbridge.HashOf(digest), msg, sig), code)
		},
	}, unmapped{
		"rsa_decrypt_decompose_ret": "a function of the library's inside",
	})
	register("pkcs1_v21", functions{
		"pkcs1_rsaes_oaep_encrypt": func(t *suites.T, bits int, n, e []byte, md int, msg, random, want []byte, code int) {
			k := rsaKey(t, rsa.PKCS1v21, md, bits, rawPublic(n, e))
			got, err := k.Encrypt(buffered(random), msg)
			result(t, got, err, want, code)
		},
		"pkcs1_rsaes_oaep_decrypt": func(t *suites.T, bits int, p, q, n, e []byte, md int, want []byte, _ string, msg []byte, code int) {
			k := rsaKey(t, rsa.PKCS1v21, md, bits, rawPrivate(p, q, n, e))
			got, err := k.Decrypt(&rndPseudo{}, msg, limitOf(want, 64))
			result(t, got, err, want, code)
		},
		"pkcs1_rsassa_pss_sign":       signPSS,
		"pkcs1_rsassa_pss_verify":     verifyPSS,
		"pkcs1_rsassa_pss_verify_ext": verifyPSSExt,
	}, nil)
}

func buffered(random []byte) io.Reader { return &rndBuffer{random, rndStd{}} }

// limitOf is the room for a plaintext: none for an empty one.
func limitOf(want []byte, room int) int {
	if len(want) == 0 {
		return 0
	}
	return room
}

func rawPublic(n, e []byte) rsa.Numbers {
	return rsa.Numbers{N: new(big.Int).SetBytes(n), E: new(big.Int).SetBytes(e)}
}

func rawPrivate(p, q, n, e []byte) rsa.Numbers {
	numbers := rawPublic(n, e)
	numbers.P, numbers.Q = new(big.Int).SetBytes(p), new(big.Int).SetBytes(q)
	return numbers
}

// key1024 is a key in DER, for what needs any of that size.
var key1024 = sync.OnceValues(func() ([]byte, error) {
	k, err := rsa.Generate(nil, 1024, 3)
	if err != nil {
		return nil, err
	}
	defer k.Close()
	return k.MarshalPKCS1PrivateKey()
})

// decodeV15 encrypts what is padded, rightly or not, with the raw operation. Where the padding is wrong or the room too
// small, all that could be output is zero, and as long as it can be.
func decodeV15(t *suites.T, padded []byte, length, size, code int) {
	der, err := key1024()
	t.Code("generate", err, 0)
	k, err := rsa.ParsePKCS1PrivateKey(der)
	t.Code("parse", err, 0)
	defer k.Close()
	original := append(append([]byte(nil), padded...), make([]byte, k.Size()-len(padded))...)
	for i := len(padded); i < len(original); i++ {
		original[i] = 'd'
	}
	sealed, err := k.Public(original)
	t.Code("public", err, 0)
	out := make([]byte, k.Size())
	for i := range out {
		out[i] = 0xa5
	}
	n, err := k.Bridge().Decrypt(&rndPseudo{}, cbridge.RSAOfContext, nil, sealed, out[:min(size, len(out))])
	t.Code("decrypt", err, code)
	switch cbridge.Code(code) {
	case 0:
		t.Equal("length", n, length)
		t.Equal("plaintext", out[:n], original[len(original)-n:])
	case cbridge.ErrRSAInvalidPadding, cbridge.ErrRSAOutputTooLarge:
		room := min(size, k.Size()-11)
		t.Equal("length", n, room)
		t.Equal("output", out[:room], make([]byte, room))
	}
}

func signPSS(t *suites.T, bits int, p, q, n, e []byte, digest, md int, hash, random, want []byte, salt, code int) {
	k := rsaKey(t, rsa.PKCS1v21, md, bits, rawPrivate(p, q, n, e))
	if salt == rsa.AnySalt {
		got, err := k.Sign(buffered(random), cbridge.HashOf(digest), hash)
		result(t, got, err, want, code)
	}
	got, err := k.SignPSSSalt(buffered(random), cbridge.HashOf(digest), hash, salt)
	result(t, got, err, want, code)
}

func verifyPSS(t *suites.T, bits int, n, e []byte, digest, md int, hash []byte, _ string, sig []byte, code int) {
	k := rsaKey(t, rsa.PKCS1v21, md, bits, rawPublic(n, e))
	t.Code("verify", k.Verify(cbridge.HashOf(digest), hash, sig), code)
}

func verifyPSSExt(t *suites.T, bits int, n, e []byte, digest, md, mgf, salt int, hash, sig []byte, simple, full int) {
	k := rsaKey(t, rsa.PKCS1v21, md, bits, rawPublic(n, e))
	t.Code("verify", k.Verify(cbridge.HashOf(digest), hash, sig), simple)
	t.Code("verify with options", k.VerifyPSSSalt(cbridge.HashOf(digest), hash, cbridge.HashOf(mgf), salt, sig), full)
}
