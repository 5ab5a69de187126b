package upstream

import (
	"bytes"
	"crypto"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/pk"
	"github.com/gombedtls/gombedtls/mbedtls/rsa"
)

func init() {
	register("pk", functions{
		"pk_invalid_param":            pkInvalidParam,
		"valid_parameters":            pkValidParameters,
		"valid_parameters_pkwrite":    pkWriteNothing,
		"pk_utils":                    pkUtils,
		"mbedtls_pk_check_pair":       pkCheckPair,
		"pk_rsa_verify_test_vec":      pkVerifyRSA,
		"pk_rsa_verify_ext_test_vec":  pkVerifyExtRSA,
		"pk_ec_test_vec":              pkVerifyEC,
		"pk_sign_verify_restart":      pkRestart,
		"pk_sign_verify":              pkSignVerify,
		"pk_sign_ext":                 pkSignExt,
		"pk_rsa_encrypt_decrypt_test": pkEncryptDecrypt,
		"pk_rsa_decrypt_test_vec":     pkDecrypt,
		"pk_ec_nocrypt":               pkNoCrypt,
		"pk_rsa_alt":                  pkAlt,
	}, unmapped{
		"pk_rsa_overflow": "a digest of 4 GiB, which the bridge has no memory for in tests",
	})
}

// predefined is an array of upstream's header of keys, that the C tests are compiled with.
func predefined(t *suites.T, name string) []byte {
	text := string(readFile(t, "include/test/test_keys.h"))
	m := regexp.MustCompile(name + `\[\] = \{([^}]*)\}`).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("no key %s", name)
	}
	b, err := hex.DecodeString(regexp.MustCompile(`0x|[^0-9a-f]`).ReplaceAllString(strings.ToLower(m[1]), ""))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return b
}

// predefinedCurves are names of curves in that header, by mbedtls_ecp_group_id.
var predefinedCurves = map[int]string{
	1: "secp192r1", 2: "secp224r1", 3: "secp256r1", 4: "secp384r1", 5: "secp521r1", 6: "bp256r1", 7: "bp384r1", 8: "bp512r1",
	9: "curve25519", 10: "secp192k1", 12: "secp256k1", 13: "curve448",
}

// predefinedKey is a key of a kind, of the curve, or of RSA with that many bits in a padding.
func predefinedKey(t *suites.T, kind pk.Kind, curveOrBits int, padding rsa.Padding, md int) *pk.PrivateKey {
	if kind != pk.RSA {
		k, err := pk.NewEC(kind, curveOrBits, predefined(t, "test_ec_"+predefinedCurves[curveOrBits]+"_priv"))
		t.Code("key", err, 0)
		return k
	}
	r, err := rsa.ParsePKCS1PrivateKey(predefined(t, fmt.Sprintf("test_rsa_%d_priv", curveOrBits)))
	t.Code("key", err, 0)
	t.Code("padding", r.SetPadding(padding, cbridge.HashOf(md)), 0)
	k, err := pk.FromRSA(r)
	t.Code("key", err, 0)
	return k
}

func publicOf(t *suites.T, k *pk.PrivateKey) *pk.PublicKey {
	public, err := k.PublicKey()
	t.Code("public key", err, 0)
	return public
}

// emptyPK is a key that has no numbers, as one of no kind at all.
func emptyPK(t *suites.T, kind int) *cbridge.PK {
	k, err := cbridge.SetupPK(kind)
	t.Code("setup", err, 0)
	return k
}

func pkInvalidParam(t *suites.T) {
	k, bad := emptyPK(t, cbridge.PKRSA), int(cbridge.ErrPKBadInputData)
	t.Code("verify", k.Verify(crypto.SHA256, nil, make([]byte, 6)), bad)
	t.Code("verify", k.VerifyExt(cbridge.PKRSA, nil, crypto.SHA256, nil, make([]byte, 6)), bad)
	_, err := k.SignWith(nil, crypto.SHA256, nil)
	t.Code("sign", err, bad)
	_, err = k.SignExt(nil, cbridge.PKRSA, crypto.SHA256, nil)
	t.Code("sign", err, bad)
}

func pkValidParameters(t *suites.T) {
	_, err := cbridge.SetupPK(cbridge.PKNone)
	t.Code("setup", err, int(cbridge.ErrPKBadInputData))
	_, err = pk.ParsePrivateKey(nil, nil)
	t.Code("parse", err, int(cbridge.ErrPKKeyInvalidFormat))
	_, err = pk.ParsePublicKey(nil)
	t.Code("parse", err, int(cbridge.ErrPKKeyInvalidFormat))
	k := emptyPK(t, cbridge.PKRSA)
	k.Close()
	t.Equal("bits", k.Bits(), 0)
	t.Equal("can do", k.CanDo(cbridge.PKNone), false)
}

func pkWriteNothing(t *suites.T, data []byte) {
	k, err := pk.ParsePrivateKey(data, nil)
	t.Code("parse", err, 0)
	for want, writers := range map[cbridge.Code][]func(int) ([]byte, error){
		cbridge.ErrASN1BufTooSmall:      {k.Bridge().WriteKeyDER, k.Bridge().WritePubKeyDER},
		cbridge.ErrBase64BufferTooSmall: {k.Bridge().WriteKeyPEM, k.Bridge().WritePubKeyPEM},
	} {
		for _, write := range writers {
			_, err := write(-1) // as good as 0, which stands for enough
			t.Code("write", err, int(want))
		}
	}
}

func pkUtils(t *suites.T, kind pk.Kind, curveOrBits, bits, size int, name string) {
	k := predefinedKey(t, kind, curveOrBits, rsa.PKCS1v15, 0)
	t.Equal("kind", k.Kind(), kind)
	t.Equal("can do", k.CanDo(kind), true)
	t.Equal("bits", k.Bits(), bits)
	t.Equal("bytes", (k.Bits()+7)/8, size)
	t.Equal("name", k.Type(), name)
}

func pkCheckPair(t *suites.T, publicFile, privateFile string, code int) {
	if cbridge.Feature("MBEDTLS_USE_PSA_CRYPTO") && cbridge.Code(code) == cbridge.ErrECPBadInputData {
		code = int(cbridge.ErrPKBadInputData)
	}
	public, err := pk.ReadPublicKey(publicFile)
	t.Code("public", err, 0)
	private, err := pk.ReadPrivateKey(privateFile, nil)
	t.Code("private", err, 0)
	t.Code("pair", public.CheckPair(private), code)
	if private.Kind() == pk.RSA && cbridge.Feature("MBEDTLS_PK_RSA_ALT_SUPPORT") {
		t.Code("pair, elsewhere", public.CheckPair(altOf(t, private)), code)
	}
}

// altOf is a key whose closures work with another.
func altOf(t *suites.T, k *pk.PrivateKey) *pk.PrivateKey {
	size := (k.Bits() + 7) / 8
	alt, err := cbridge.NewRSAAlt(size, cbridge.RSAAlt{
		Sign: func(hash crypto.Hash, digest []byte) ([]byte, error) {
			return k.Bridge().SignWith(rndStd{}, hash, digest)
		},
		Decrypt: func(ciphertext []byte) ([]byte, error) { return k.Bridge().DecryptWith(rndStd{}, ciphertext, size) },
	})
	t.Code("alt", err, 0)
	return pk.FromBridge(alt)
}

// publicRSA is a key of N and E, in a padding unless that is negative.
func publicRSA(t *suites.T, padding rsa.Padding, md int, n, e string) *cbridge.PK {
	r := newRSA(t)
	t.Code("import", r.Import(rsaPublicNumbers(t, n, e)), 0)
	if padding >= 0 {
		t.Code("padding", r.SetPadding(padding, cbridge.HashOf(md)), 0)
	}
	k, err := pk.PublicFromRSA(r)
	t.Code("key", err, 0)
	return k.Bridge()
}

// privateRSA is a key of all numbers.
func privateRSA(t *suites.T, padding rsa.Padding, md, bits int, p, q, n, e string) *cbridge.PK {
	r := newRSA(t)
	t.Code("import", r.Import(rsaPrivateNumbers(t, p, q, n, e)), 0)
	t.Code("complete", r.Complete(), 0)
	if padding >= 0 {
		t.Code("padding", r.SetPadding(padding, cbridge.HashOf(md)), 0)
	}
	k, err := pk.FromRSA(r)
	t.Code("key", err, 0)
	t.Equal("bits", k.Bits(), bits)
	return k.Bridge()
}

// tolerantCode is Code where upstream takes one error for another: the padding tells only some builds that it is wrong.
func tolerantCode(t *suites.T, what string, err error, code int, psa bool) {
	padding, failed := cbridge.ErrRSAInvalidPadding, cbridge.ErrRSAVerifyFailed
	if cbridge.Feature("MBEDTLS_USE_PSA_CRYPTO") == psa {
		if !psa && cbridge.Code(code) == failed && errors.Is(err, padding) || psa && cbridge.Code(code) == padding && errors.Is(err, failed) {
			return
		}
	}
	t.Code(what, err, code)
}

func pkVerifyRSA(t *suites.T, digest []byte, padding rsa.Padding, md, _ int, n, e string, sig []byte, code int) {
	k := publicRSA(t, padding, 0, n, e)
	hash := cbridge.HashOf(md)
	// Upstream has the library take the length of the hash for that of the digest.
	if size := hash; size != 0 && size.Available() && len(digest) > size.Size() {
		digest = digest[:size.Size()]
	}
	tolerantCode(t, "verify", k.Verify(hash, digest, sig[:min(len(sig), (k.Bits()+7)/8)]), code, false)
	if r, err := cbridge.NewPKRestart(); err == nil {
		defer r.Close()
		tolerantCode(t, "verify in steps", k.VerifyRestartable(hash, digest, sig[:min(len(sig), (k.Bits()+7)/8)], r), code, false)
	}
}

func pkVerifyExtRSA(t *suites.T, digest []byte, md, _ int, n, e string, sig []byte, kind, mgf, salt, size, code int) {
	k := publicRSA(t, -1, 0, n, e)
	var options *cbridge.PSSOptions
	if mgf >= 0 {
		options = &cbridge.PSSOptions{MGF1Hash: cbridge.HashOf(mgf), SaltLength: salt}
	}
	sig = append(bytes.Clone(sig), make([]byte, max(0, size-len(sig)))...)[:size]
	tolerantCode(t, "verify", k.VerifyExt(kind, options, cbridge.HashOf(md), digest, sig), code, true)
}

func pkVerifyEC(t *suites.T, kind pk.Kind, group int, point, digest, sig []byte, code int) {
	k, err := pk.NewECPublic(kind, group, point)
	t.Code("key", err, 0)
	t.Equal("can do ECDSA", k.CanDo(pk.ECDSA), true)
	t.Code("verify", k.Verify(digest, sig, crypto.Hash(0)), code)
}

func pkRestart(t *suites.T, kind pk.Kind, group int, d, x, y string, md int, digest, want []byte, maxOps uint32, least, most int) {
	private, err := pk.NewEC(kind, group, hexInt(t, d).Bytes())
	t.Code("private key", err, 0)
	public, err := pk.NewECPublic(kind, group, append([]byte{4}, append(hexInt(t, x).FillBytes(make([]byte, 32)), hexInt(t, y).FillBytes(make([]byte, 32))...)...))
	t.Code("public key", err, 0)
	t.Code("bound", cbridge.SetECPMaxOps(maxOps), 0)
	defer func() { t.Code("no bound", cbridge.SetECPMaxOps(0), 0) }()
	r, err := pk.NewRestart()
	t.Code("restart", err, 0)
	defer r.Close()
	hash := cbridge.HashOf(md)
	// steps calls f until it is done, and says how often it was not.
	steps := func(f func() error) (n int, err error) {
		for err = f(); errors.Is(err, cbridge.ErrECPInProgress); err = f() {
			n++
		}
		return n, err
	}
	var sig []byte
	n, err := steps(func() (err error) {
		sig, err = r.Sign(private, rndStd{}, digest, hash)
		return err
	})
	result(t, sig, err, want, 0)
	t.Equal("steps to sign", n >= least && n <= most, true)
	n, err = steps(func() error { return r.Verify(public, digest, sig, hash) })
	t.Code("verify", err, 0)
	t.Equal("steps to verify", n >= least && n <= most, true)
	bad := bytes.Clone(sig)
	bad[0]++
	if _, err = steps(func() error { return r.Verify(public, digest, bad, hash) }); err == nil {
		t.Fatalf("a signature that was changed is one")
	}
	if least > 0 { // what is under way can be dropped
		t.Code("first step", r.Verify(public, digest, sig, hash), int(cbridge.ErrECPInProgress))
		t.Code("close", r.Close(), 0)
		again, err := pk.NewRestart()
		t.Code("restart", err, 0)
		_, err = again.Sign(private, rndStd{}, digest, hash)
		t.Code("first step", err, int(cbridge.ErrECPInProgress))
		again.Close()
	}
}

func pkSignVerify(t *suites.T, kind pk.Kind, curveOrBits int, padding rsa.Padding, md, signCode, verifyCode int) {
	k := predefinedKey(t, kind, curveOrBits, padding, md).Bridge()
	digest := bytes.Repeat([]byte{0x2a}, 32)
	type signing struct {
		sign   func() ([]byte, error)
		verify func(digest, sig []byte) error
	}
	ways := []signing{{
		func() ([]byte, error) { return k.SignWith(rndStd{}, crypto.SHA256, digest) },
		func(digest, sig []byte) error { return k.Verify(crypto.SHA256, digest, sig) },
	}}
	if r, err := cbridge.NewPKRestart(); err == nil {
		defer r.Close()
		ways = append(ways, signing{
			func() ([]byte, error) { return k.SignRestartable(rndStd{}, crypto.SHA256, digest, r) },
			func(digest, sig []byte) error { return k.VerifyRestartable(crypto.SHA256, digest, sig, r) },
		})
	}
	for _, w := range ways {
		sig, err := w.sign()
		t.Code("sign", err, signCode)
		if signCode != 0 {
			sig = make([]byte, 1024)
		}
		t.Code("verify", w.verify(digest, sig), verifyCode)
		if verifyCode != 0 {
			continue
		}
		for _, b := range [][]byte{digest, sig} {
			b[0]++
			if w.verify(digest, sig) == nil {
				t.Fatalf("what was changed is signed")
			}
			b[0]--
		}
	}
}

func pkSignExt(t *suites.T, kind pk.Kind, curveOrBits, how, md int) {
	k := predefinedKey(t, kind, curveOrBits, rsa.PKCS1v15, 0).Bridge()
	hash := cbridge.HashOf(md)
	digest := bytes.Repeat([]byte{0x2a}, hash.Size())
	sig, err := k.SignExt(rndStd{}, how, hash, digest)
	t.Code("sign", err, 0)
	var options *cbridge.PSSOptions
	if how == cbridge.PKRSASSAPSS {
		options = &cbridge.PSSOptions{MGF1Hash: hash, SaltLength: hash.Size()}
	}
	t.Code("verify", k.VerifyExt(how, options, hash, digest, sig), 0)
}

const mdSHA1 = 5

func pkEncryptDecrypt(t *suites.T, msg []byte, bits int, padding rsa.Padding, p, q, n, e string, code int) {
	sealed, err := publicRSA(t, padding, mdSHA1, n, e).Encrypt(&rndPseudo{}, msg)
	t.Code("encrypt", err, code)
	got, err := privateRSA(t, padding, mdSHA1, bits, p, q, n, e).DecryptWith(&rndPseudo{}, sealed, 300)
	result(t, got, err, msg, code)
}

func pkDecrypt(t *suites.T, sealed []byte, bits int, padding rsa.Padding, md int, p, q, n, e string, want []byte, code int) {
	k := privateRSA(t, padding, md, bits, p, q, n, e)
	got, err := k.DecryptWith(&rndPseudo{}, sealed, 256)
	result(t, got, err, want, code)
	if code == 0 && len(want) > 0 {
		_, err := k.DecryptWith(&rndPseudo{}, sealed, len(want)-1)
		t.Code("too little room", err, int(cbridge.ErrRSAOutputTooLarge))
	}
}

func pkNoCrypt(t *suites.T, kind int) {
	k := emptyPK(t, kind)
	_, err := k.Encrypt(&rndPseudo{}, make([]byte, 100))
	t.Code("encrypt", err, int(cbridge.ErrPKTypeMismatch))
	_, err = k.DecryptWith(&rndPseudo{}, make([]byte, 100), 100)
	t.Code("decrypt", err, int(cbridge.ErrPKTypeMismatch))
}

func pkAlt(t *suites.T) {
	k := predefinedKey(t, pk.RSA, 1024, rsa.PKCS1v15, 0)
	alt, public := altOf(t, k), publicOf(t, k)
	t.Equal("can do RSA", alt.CanDo(pk.RSA), true)
	t.Equal("bits", alt.Bits(), 1024)
	t.Equal("kind", alt.Kind(), pk.RSAAlt)
	t.Equal("name", alt.Type(), "RSA-alt")
	msg := bytes.Repeat([]byte{0x2a}, 50)
	sig, err := alt.Sign(nil, msg, crypto.Hash(0))
	t.Code("sign", err, 0)
	t.Equal("length", len(sig), 128)
	t.Code("verify", public.Verify(msg, sig, crypto.Hash(0)), 0)
	sealed, err := public.Encrypt(rndStd{}, msg, nil)
	t.Code("encrypt", err, 0)
	got, err := alt.Bridge().DecryptWith(nil, sealed, len(msg))
	result(t, got, err, msg, 0)
	_, err = alt.Bridge().DecryptWith(nil, sealed, len(msg)-1)
	t.Code("too little room", err, int(cbridge.ErrRSAOutputTooLarge))
	mismatch := int(cbridge.ErrPKTypeMismatch)
	_, err = alt.Bridge().Encrypt(rndStd{}, msg)
	t.Code("encrypt", err, mismatch)
	t.Code("verify", alt.Bridge().Verify(0, msg, sig), mismatch)
	_, err = alt.Debug()
	t.Code("debug", err, mismatch)
}
