package pkcs5

import (
	"bytes"
	"crypto"
	"crypto/pbkdf2"
	_ "crypto/sha1"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"hash"
	"math"
	"os/exec"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls/md"
)

func mustBe(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

func second[T any](_ T, err error) error { return err }

var hashes = map[md.Type]crypto.Hash{md.SHA1: crypto.SHA1, md.SHA224: crypto.SHA224, md.SHA256: crypto.SHA256,
	md.SHA384: crypto.SHA384, md.SHA512: crypto.SHA512}

func TestPBKDF2(t *testing.T) {
	t.Parallel()
	for typ, h := range hashes {
		if !typ.Available() {
			continue
		}
		for _, n := range []int{1, 20, 64, 200} {
			for _, iterations := range []int{1, 2, 100} {
				want, err := pbkdf2.Key(func() hash.Hash { return h.New() }, "password", []byte("salt"), iterations, n)
				got, err2 := PBKDF2(typ, []byte("password"), []byte("salt"), iterations, n)
				if err != nil || err2 != nil || !bytes.Equal(got, want) {
					t.Errorf("%v, %d times, %d bytes: %x, %v, want %x, %v", typ, iterations, n, got, err2, want, err)
				}
			}
		}
	}
	for _, n := range []int{0, -1} {
		mustBe(t, "iterations", second(PBKDF2(md.SHA256, nil, nil, n, 1)), cbridge.ErrPKCS5BadInputData)
	}
	mustBe(t, "length", second(PBKDF2(md.SHA256, nil, nil, 1, -1)), cbridge.ErrPKCS5BadInputData)
	if math.MaxInt > math.MaxUint32 {
		mustBe(t, "a length that C has not", second(PBKDF2(md.SHA256, nil, nil, 1, math.MaxInt)), cbridge.ErrPKCS5BadInputData)
	}
	if key, err := PBKDF2(md.SHA256, nil, nil, 1, 0); err != nil || len(key) != 0 {
		t.Errorf("no bytes: %x, %v", key, err)
	}
	if err := second(PBKDF2(md.Type(99), nil, nil, 1, 1)); err == nil {
		t.Error("a hash function that is none")
	}
}

// ciphers are OpenSSL's names, and what the build must have.
var ciphers = map[Cipher]struct {
	name, option string
	block        int
}{
	AES128CBC:  {"aes-128-cbc", "MBEDTLS_AES_C", 16},
	AES192CBC:  {"aes-192-cbc", "MBEDTLS_AES_C", 16},
	AES256CBC:  {"aes-256-cbc", "MBEDTLS_AES_C", 16},
	DESEDE3CBC: {"des-ede3-cbc", "MBEDTLS_DES_C", 8},
	DESCBC:     {"des-cbc", "MBEDTLS_DES_C", 8},
}

func TestPBES2(t *testing.T) {
	t.Parallel()
	for c, info := range ciphers {
		for prf := range hashes {
			params, err := Params{Salt: []byte("saltsalt"), Iterations: 10, PRF: prf, Cipher: c, IV: make([]byte, info.block)}.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			for _, message := range [][]byte{nil, []byte("message"), make([]byte, 16), make([]byte, 1000)} {
				crypted, err := Encrypt(params, []byte("password"), message)
				if !cbridge.Feature(info.option) || !prf.Available() {
					mustBe(t, info.name, err, cbridge.ErrPKCS5FeatureUnavailable)
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				if got, err := Decrypt(params, []byte("password"), crypted); err != nil || !bytes.Equal(got, message) {
					t.Errorf("%s, %v: %x, %v, want %x", info.name, prf, got, err, message)
				}
				if got, err := Decrypt(params, []byte("other"), crypted); err == nil && bytes.Equal(got, message) {
					t.Error("a wrong password decrypts")
				}
				mustBe(t, "part of a block", second(Decrypt(params, []byte("password"), crypted[1:])), cbridge.ErrPKCS5PasswordMismatch)
			}
		}
	}
}

// OpenSSL's encrypted keys are PBES2.
func TestOpenSSLAgrees(t *testing.T) {
	t.Parallel()
	key, err := exec.CommandContext(t.Context(), "openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
		"-outform", "DER").Output()
	if err != nil {
		t.Fatal(err)
	}
	for c, info := range ciphers {
		if !cbridge.Feature(info.option) || c == DESCBC { // of which OpenSSL makes no keys any more
			continue
		}
		for _, prf := range []string{"hmacWithSHA256", "hmacWithSHA512"} {
			cmd := exec.CommandContext(t.Context(), "openssl", "pkcs8", "-topk8", "-inform", "DER", "-outform", "DER", "-v2", info.name,
				"-v2prf", prf, "-passout", "pass:secret")
			cmd.Stdin = bytes.NewReader(key)
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v: %v", cmd.Args, err)
			}
			var encrypted struct {
				Algorithm pkix.AlgorithmIdentifier
				Data      []byte
			}
			if _, err := asn1.Unmarshal(out, &encrypted); err != nil {
				t.Fatal(err)
			}
			params := encrypted.Algorithm.Parameters.FullBytes
			plain, err := Decrypt(params, []byte("secret"), encrypted.Data)
			if err != nil {
				t.Errorf("%s, %s: %v", info.name, prf, err)
				continue
			}
			if again, err := Encrypt(params, []byte("secret"), plain); err != nil || !bytes.Equal(again, encrypted.Data) {
				t.Errorf("%s, %s: %x, %v, want %x", info.name, prf, again, err, encrypted.Data)
			}
		}
	}
}

func TestBadParams(t *testing.T) {
	t.Parallel()
	good, err := Params{Salt: []byte("salt"), Iterations: 1, PRF: md.SHA256, Cipher: AES128CBC, IV: make([]byte, 16)}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	short, err := Params{Salt: []byte("salt"), Iterations: 1, PRF: md.SHA256, Cipher: AES128CBC, IV: make([]byte, 15)}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	for name, params := range map[string][]byte{"none": nil, "text": []byte("text"), "null": asn1.NullBytes, "short IV": short,
		"cut off": good[:len(good)-1], "more": append(bytes.Clone(good), 0)} {
		mustBe(t, name, second(Decrypt(params, nil, make([]byte, 16))), cbridge.ErrPKCS5InvalidFormat)
	}
	for i := range good { // never a crash
		bad := bytes.Clone(good)
		bad[i] ^= 0xff
		Decrypt(bad, nil, make([]byte, 16))
	}
	for _, p := range []Params{{PRF: md.MD5, Cipher: AES128CBC}, {PRF: md.SHA256}, {PRF: md.SHA256, Cipher: 99}} {
		mustBe(t, "Marshal", second(p.Marshal()), cbridge.ErrPKCS5FeatureUnavailable)
	}
}
