package pkcs12

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math"
	"os/exec"
	"strings"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls/cipher"
	"github.com/gombedtls/gombedtls/mbedtls/md"
)

func mustBe(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

func second[T any](_ T, err error) error { return err }

// built skips the test in a build without PKCS #12.
func built(t *testing.T) {
	t.Helper()
	t.Parallel()
	if !cbridge.Feature("MBEDTLS_PKCS12_C") {
		mustBe(t, "Derive", second(Derive(md.SHA256, Key, nil, nil, 1, 1)), errors.ErrUnsupported)
		t.Skip("not in this build")
	}
}

func TestBMPString(t *testing.T) {
	t.Parallel()
	if got := fmt.Sprintf("%x", BMPString("aé€")); got != "006100e920ac0000" {
		t.Error(got)
	}
}

// OpenSSL derives the same.
func TestDerive(t *testing.T) {
	built(t)
	password, salt := BMPString("password"), []byte("saltsalt")
	for typ, name := range map[md.Type]string{md.SHA1: "SHA1", md.SHA256: "SHA256", md.SHA384: "SHA384", md.SHA512: "SHA512"} {
		if !typ.Available() {
			continue
		}
		for _, purpose := range []Purpose{Key, IV, MACKey} {
			for _, n := range []int{1, 24, 100} {
				want, err := exec.CommandContext(t.Context(), "openssl", "kdf", "-keylen", fmt.Sprint(n), "-kdfopt", "digest:"+name,
					"-kdfopt", fmt.Sprintf("hexpass:%x", password), "-kdfopt", fmt.Sprintf("hexsalt:%x", salt), "-kdfopt", "iter:7",
					"-kdfopt", fmt.Sprintf("id:%d", purpose), "-binary", "PKCS12KDF").Output()
				if err != nil {
					t.Fatal(err)
				}
				if got, err := Derive(typ, purpose, password, salt, 7, n); err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s, %d, %d bytes: %x, %v, want %x", name, purpose, n, got, err, want)
				}
			}
		}
	}
	for name, err := range map[string]error{
		"length":     second(Derive(md.SHA256, Key, password, salt, 1, 129)),
		"huge":       second(Derive(md.SHA256, Key, password, salt, 1, math.MaxInt)),
		"negative":   second(Derive(md.SHA256, Key, password, salt, 1, -1)),
		"iterations": second(Derive(md.SHA256, Key, password, salt, -1, 1)),
		"password":   second(Derive(md.SHA256, Key, make([]byte, 65), salt, 1, 1)),
		"salt":       second(Derive(md.SHA256, Key, password, make([]byte, 65), 1, 1)),
	} {
		mustBe(t, name, err, cbridge.ErrPKCS12BadInputData)
	}
	if err := second(Derive(md.Type(99), Key, password, salt, 1, 1)); err == nil {
		t.Error("a hash function that is none")
	}
}

func scheme(t *testing.T, name string, hash md.Type) Scheme {
	t.Helper()
	i, err := cipher.ByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return Scheme{i.Type, hash}
}

func TestEncrypt(t *testing.T) {
	built(t)
	params, err := MarshalParams([]byte("saltsalt"), 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range cipher.List() {
		info, err := typ.Info()
		if err != nil {
			t.Fatal(err)
		}
		s := Scheme{typ, md.SHA256}
		crypted, err := Encrypt(s, params, []byte("password"), []byte("message"))
		if info.Mode != cipher.ModeCBC { // among them AES-XTS, whose key would not fit
			if err == nil {
				t.Errorf("%s encrypts", info.Name)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", info.Name, err)
		}
		if got, err := Decrypt(s, params, []byte("password"), crypted); err != nil || string(got) != "message" {
			t.Errorf("%s: %x, %v", info.Name, got, err)
		}
	}
	s := scheme(t, "AES-128-CBC", md.SHA256)
	mustBe(t, "password", second(Encrypt(s, params, []byte(strings.Repeat("p", 32)), nil)), cbridge.ErrPKCS12BadInputData)
	mustBe(t, "cipher", second(Encrypt(Scheme{250, md.SHA256}, params, nil, nil)), cbridge.ErrPKCS12FeatureUnavailable)
	for name, bad := range map[string][]byte{"none": nil, "text": []byte("text"), "null": asn1.NullBytes, "cut off": params[:5]} {
		mustBe(t, name, second(Decrypt(s, bad, nil, make([]byte, 16))), cbridge.ErrPKCS12PbeInvalidFormat)
	}
	for i := range params { // never a crash
		bad := bytes.Clone(params)
		bad[i] ^= 0x81
		if i < 12 { // what follows is the number of iterations
			Decrypt(s, bad, nil, make([]byte, 16))
		}
	}
}

// OpenSSL's keys of old are encrypted with Triple DES and SHA-1.
func TestOpenSSLAgrees(t *testing.T) {
	built(t)
	if !cbridge.Feature("MBEDTLS_DES_C") || !md.SHA1.Available() {
		t.Skip("not in this build")
	}
	key, err := exec.CommandContext(t.Context(), "openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
		"-outform", "DER").Output()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "openssl", "pkcs8", "-topk8", "-inform", "DER", "-outform", "DER", "-v1", "PBE-SHA1-3DES",
		"-passout", "pass:secret")
	cmd.Stdin = bytes.NewReader(key)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var encrypted struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}
	if _, err := asn1.Unmarshal(out, &encrypted); err != nil {
		t.Fatal(err)
	}
	s, params := scheme(t, "DES-EDE3-CBC", md.SHA1), encrypted.Algorithm.Parameters.FullBytes
	plain, err := Decrypt(s, params, []byte("secret"), encrypted.Data)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Encrypt(s, params, []byte("secret"), plain); err != nil || !bytes.Equal(again, encrypted.Data) {
		t.Errorf("%x, %v, want %x", again, err, encrypted.Data)
	}
	if got, err := Decrypt(s, params, []byte("other"), encrypted.Data); err == nil && bytes.Equal(got, plain) {
		t.Error("a wrong password decrypts")
	}
}
