package upstream

import (
	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/md"
	"github.com/gombedtls/gombedtls/mbedtls/pkcs12"
	"github.com/gombedtls/gombedtls/mbedtls/pkcs5"
)

// pbe checks an encryption, to a buffer of a size.
func pbe(t *suites.T, size, result int, want []byte, crypt func(out []byte) (int, error)) {
	out := make([]byte, size)
	n, err := crypt(out)
	t.Code("crypt", err, result)
	if result == 0 {
		t.Equal("output", out[:n], want)
	}
}

func pbes2(op cbridge.Operation) func(t *suites.T, tag int, params, password, data []byte, size, result int, want []byte) {
	return func(t *suites.T, tag int, params, password, data []byte, size, result int, want []byte) {
		pbe(t, size, result, want, func(out []byte) (int, error) {
			return cbridge.PBES2(cbridge.PBEParams{Tag: tag, Contents: params}, op, password, data, out)
		})
	}
}

func pkcs12PBE(op cbridge.Operation) func(t *suites.T, tag int, c cbridge.CipherType, typ cbridge.MDType, params, password, data []byte, size, result int, want []byte) {
	return func(t *suites.T, tag int, c cbridge.CipherType, typ cbridge.MDType, params, password, data []byte, size, result int, want []byte) {
		pbe(t, size, result, want, func(out []byte) (int, error) {
			return cbridge.PKCS12PBE(cbridge.PBEParams{Tag: tag, Contents: params}, op, c, typ, password, data, out)
		})
	}
}

func init() {
	register("pkcs5", functions{
		"pbkdf2_hmac": func(t *suites.T, typ md.Type, password, salt []byte, iterations, length int, want []byte) {
			key, err := pkcs5.PBKDF2(typ, password, salt, iterations, length)
			t.Code("PBKDF2", err, 0)
			t.Equal("key", key, want)
		},
		"pbes2_encrypt": pbes2(cbridge.Encrypt),
		"pbes2_decrypt": pbes2(cbridge.Decrypt),
	}, unmapped{"pkcs5_selftest": selfTest})
	register("pkcs12", functions{
		"pkcs12_derive_key": func(t *suites.T, typ md.Type, size int, password []byte, usePassword int, salt []byte, useSalt, iterations int,
			want []byte, result int) {
			if usePassword == 0 && len(password) > 0 || useSalt == 0 && len(salt) > 0 {
				t.Skip(nullPointers)
			}
			key, err := pkcs12.Derive(typ, pkcs12.Key, password, salt, iterations, size)
			t.Code("Derive", err, result)
			if result == 0 {
				t.Equal("key", key, want)
			}
		},
		"pkcs12_pbe_encrypt": pkcs12PBE(cbridge.Encrypt),
		"pkcs12_pbe_decrypt": pkcs12PBE(cbridge.Decrypt),
	}, nil)
}
