package upstream

import (
	"bytes"
	"math/big"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/rsa"
)

func init() {
	register("rsa", functions{
		"rsa_invalid_param":                   rsaInvalidParam,
		"mbedtls_rsa_pkcs1_sign":              rsaSign,
		"mbedtls_rsa_pkcs1_verify":            rsaVerify,
		"rsa_pkcs1_sign_raw":                  rsaSignRaw,
		"rsa_pkcs1_verify_raw":                rsaVerifyRaw,
		"mbedtls_rsa_pkcs1_encrypt":           rsaEncrypt(func() *rndPseudo { return &rndPseudo{} }),
		"rsa_pkcs1_encrypt_bad_rng":           rsaEncrypt(func() *rndPseudo { return nil }),
		"mbedtls_rsa_pkcs1_decrypt":           rsaDecrypt,
		"mbedtls_rsa_public":                  rsaPublic,
		"mbedtls_rsa_private":                 rsaPrivate,
		"mbedtls_rsa_check_pubkey":            rsaCheckPublic,
		"mbedtls_rsa_check_privkey":           rsaCheckPrivate,
		"rsa_check_pubpriv":                   rsaCheckPair,
		"mbedtls_rsa_gen_key":                 rsaGenerate,
		"mbedtls_rsa_deduce_primes":           rsaDeducePrimes,
		"mbedtls_rsa_deduce_private_exponent": rsaDeduceExponent,
		"mbedtls_rsa_import":                  rsaImport,
		"mbedtls_rsa_import_raw":              rsaImportRaw,
		"mbedtls_rsa_export":                  rsaExport,
		"mbedtls_rsa_export_raw":              rsaExportRaw,
		"mbedtls_rsa_validate_params":         rsaValidate,
		"rsa_check_privkey_null": func(t *suites.T) {
			t.Code("check", newRSA(t).CheckPrivate(), int(cbridge.ErrRSAKeyCheckFailed))
		},
		"rsa_parse_pkcs1_key": func(t *suites.T, public int, der []byte, want int) {
			_, err := parseRSA(public)(der)
			t.Code("parse", err, want)
		},
		"rsa_parse_write_pkcs1_key": rsaParseWrite,
		"rsa_key_write_incremental": rsaWriteIncremental,
	}, unmapped{
		"rsa_init_free": "an object of Go is made and closed once",
		"rsa_selftest":  "the self-test calls the library alone",
	})
}

// hexInt reads a number; no digits are 0.
func hexInt(t *suites.T, hex string) *big.Int {
	if hex == "" {
		return new(big.Int)
	}
	n, ok := new(big.Int).SetString(hex, 16)
	if !ok {
		t.Fatalf("%q is no number", hex)
	}
	return n
}

// optionalInt is hexInt, but no digits are no number.
func optionalInt(t *suites.T, hex string) *big.Int {
	if hex == "" {
		return nil
	}
	return hexInt(t, hex)
}

// optionalBytes tells empty bytes, which are no number, from others.
func optionalBytes(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

func newRSA(t *suites.T) *rsa.Key {
	k, err := rsa.New()
	t.Code("new", err, 0)
	return k
}

// rsaKey makes a key of the numbers that are there, with a padding, and checks its size.
func rsaKey(t *suites.T, padding rsa.Padding, md, bits int, n rsa.Numbers) *rsa.Key {
	k := newRSA(t)
	t.Code("padding", k.SetPadding(padding, cbridge.HashOf(md)), 0)
	p, hash := k.Padding()
	t.Equal("padding", p, padding)
	t.Equal("hash", hash, cbridge.HashOf(md))
	t.Code("import", k.Import(n), 0)
	t.Equal("bytes", k.Size(), (bits+7)/8)
	if n.P == nil {
		t.Code("check", k.CheckPublic(), 0)
		return k
	}
	t.Code("complete", k.Complete(), 0)
	t.Code("check", k.CheckPrivate(), 0)
	return k
}

func rsaPrivateNumbers(t *suites.T, p, q, n, e string) rsa.Numbers {
	return rsa.Numbers{N: hexInt(t, n), P: hexInt(t, p), Q: hexInt(t, q), E: hexInt(t, e)}
}

func rsaPublicNumbers(t *suites.T, n, e string) rsa.Numbers {
	return rsa.Numbers{N: hexInt(t, n), E: hexInt(t, e)}
}

// result compares what a call returned with the bytes that it should, if it should succeed.
func result(t *suites.T, got []byte, err error, want []byte, code int) {
	t.Code("result", err, code)
	if code == 0 {
		t.Equal("bytes", got, want)
	}
}

func rsaInvalidParam(t *suites.T) {
	k := newRSA(t)
	const sha256 = 9
	bad := int(cbridge.ErrRSABadInputData)
	buf := make([]byte, 6)
	t.Code("padding", k.SetPadding(42, 0), int(cbridge.ErrRSAInvalidPadding))
	t.Code("hash", k.SetPadding(rsa.PKCS1v21, 0xff), int(cbridge.ErrRSAInvalidPadding))
	_, err := k.Sign(nil, cbridge.HashOf(sha256), nil)
	t.Code("sign", err, bad)
	_, err = k.SignPKCS1v15(nil, cbridge.HashOf(sha256), nil)
	t.Code("sign v1.5", err, bad)
	_, err = k.SignPSSSalt(nil, cbridge.HashOf(sha256), nil, len(buf))
	t.Code("sign PSS", err, bad)
	// Of a signature, the bridge wants to know that it is as long as the modulus, which is not there.
	for _, err := range []error{
		k.Verify(cbridge.HashOf(sha256), nil, buf), k.VerifyPKCS1v15(cbridge.HashOf(sha256), nil, buf),
		k.VerifyPSS(cbridge.HashOf(sha256), nil, buf), k.VerifyPSSSalt(cbridge.HashOf(sha256), nil, 0, len(buf), buf),
	} {
		t.Code("verify", err, int(cbridge.ErrRSAVerifyFailed))
	}
}

func rsaSign(t *suites.T, msg []byte, padding rsa.Padding, md, bits int, p, q, n, e string, want []byte, code int) {
	k := rsaKey(t, padding, 0, bits, rsaPrivateNumbers(t, p, q, n, e))
	got, err := k.Sign(&rndPseudo{}, cbridge.HashOf(md), msg)
	result(t, got, err, want, code)
}

func rsaVerify(t *suites.T, msg []byte, padding rsa.Padding, md, bits int, n, e string, sig []byte, code int) {
	k := rsaKey(t, padding, 0, bits, rsaPublicNumbers(t, n, e))
	t.Code("verify", k.Verify(cbridge.HashOf(md), msg, sig), code)
}

func rsaSignRaw(t *suites.T, hash []byte, padding rsa.Padding, bits int, p, q, n, e string, want []byte) {
	rsaSign(t, hash, padding, 0, bits, p, q, n, e, want, 0)
}

func rsaVerifyRaw(t *suites.T, hash []byte, padding rsa.Padding, bits int, n, e string, sig []byte, code int) {
	rsaVerify(t, hash, padding, 0, bits, n, e, sig, code)
}

// rsaEncrypt draws from what random makes, or zeros for nil.
func rsaEncrypt(random func() *rndPseudo) any {
	return func(t *suites.T, msg []byte, padding rsa.Padding, bits int, n, e string, want []byte, code int) {
		k := rsaKey(t, padding, 0, bits, rsaPublicNumbers(t, n, e))
		if r := random(); r != nil {
			got, err := k.Encrypt(r, msg)
			result(t, got, err, want, code)
			return
		}
		got, err := k.Encrypt(rndZero{}, msg)
		result(t, got, err, want, code)
	}
}

func rsaDecrypt(t *suites.T, msg []byte, padding rsa.Padding, bits int, p, q, n, e string, limit int, want []byte, code int) {
	k := rsaKey(t, padding, 0, bits, rsaPrivateNumbers(t, p, q, n, e))
	msg = append(msg, make([]byte, max(0, k.Size()-len(msg)))...) // of a shorter one, upstream's test reads what lies behind
	got, err := k.Decrypt(&rndPseudo{}, msg, limit)
	result(t, got, err, want, code)
}

func rsaPublic(t *suites.T, msg []byte, bits int, n, e string, want []byte, code int) {
	k := rsaKey(t, rsa.PKCS1v15, 0, bits, rsaPublicNumbers(t, n, e))
	got, err := k.Public(msg)
	result(t, got, err, want, code)
	copied, err := k.Copy()
	t.Code("copy", err, 0)
	k.Close()
	t.Code("check", copied.CheckPublic(), 0)
	got, err = copied.Public(msg)
	result(t, got, err, want, code)
}

func rsaPrivate(t *suites.T, msg []byte, bits int, p, q, n, e string, want []byte, code int) {
	k := rsaKey(t, rsa.PKCS1v15, 0, bits, rsaPrivateNumbers(t, p, q, n, e))
	random := &rndPseudo{}
	for range 3 { // so that blinding goes on
		got, err := k.Private(random, msg)
		result(t, got, err, want, code)
	}
	copied, err := k.Copy()
	t.Code("copy", err, 0)
	k.Close()
	t.Code("check", copied.CheckPrivate(), 0)
	got, err := copied.Private(random, msg)
	result(t, got, err, want, code)
}

func rsaCheckPublic(t *suites.T, n, e string, code int) {
	k := newRSA(t)
	t.Code("import", k.Import(rsaPublicNumbers(t, n, e)), 0)
	t.Code("check", k.CheckPublic(), code)
}

// rsaOfNumbers is a key of numbers that need not fit: N, P, Q, D, E, DP, DQ and QP.
func rsaOfNumbers(t *suites.T, bits int, hex ...string) *rsa.Key {
	k := newRSA(t)
	var list []*big.Int
	for _, h := range hex {
		list = append(list, optionalInt(t, h))
	}
	t.Code("numbers", k.Bridge().SetNumbers(bits/8, list...), 0)
	return k
}

func rsaCheckPrivate(t *suites.T, bits int, p, q, n, e, d, dp, dq, qp string, code int) {
	t.Code("check", rsaOfNumbers(t, bits, n, p, q, d, e, dp, dq, qp).CheckPrivate(), code)
}

func rsaCheckPair(t *suites.T, bits int, nPub, ePub, p, q, n, e, d, dp, dq, qp string, code int) {
	public := rsaOfNumbers(t, bits, nPub, "", "", "", ePub)
	t.Code("check", public.CheckPair(rsaOfNumbers(t, bits, n, p, q, d, e, dp, dq, qp)), code)
}

func rsaGenerate(t *suites.T, bits uint, exponent, code int) {
	k, err := rsa.Generate(rndStd{}, bits, exponent)
	t.Code("generate", err, code)
	if code != 0 {
		return
	}
	t.Code("check", k.CheckPrivate(), 0)
	n, err := k.PrivateNumbers()
	t.Code("numbers", err, 0)
	t.Equal("P > Q", n.P.Cmp(n.Q), 1)
}

func rsaDeducePrimes(t *suites.T, n, d, e, p, q string, corrupt, code int) {
	exponent := hexInt(t, d)
	if corrupt != 0 {
		exponent.Add(exponent, big.NewInt(2))
	}
	// Upstream hands over the exponents in the other order, in which they are as good.
	gotP, gotQ, err := rsa.DeducePrimes(hexInt(t, n), exponent, hexInt(t, e))
	t.Code("deduce", err, code)
	if corrupt == 0 {
		wantP, wantQ := hexInt(t, p), hexInt(t, q)
		same := gotP.Cmp(wantP) == 0 && gotQ.Cmp(wantQ) == 0 || gotP.Cmp(wantQ) == 0 && gotQ.Cmp(wantP) == 0
		t.Equal("primes", same, true)
	}
}

func rsaDeduceExponent(t *suites.T, p, q, e, d string, corrupt, code int) {
	exponent := hexInt(t, e)
	if corrupt != 0 {
		exponent.SetBit(exponent, 0, 0)
	}
	got, err := rsa.DeducePrivateExponent(hexInt(t, p), hexInt(t, q), exponent)
	t.Code("deduce", err, code)
	if corrupt != 0 {
		return
	}
	for _, prime := range []string{p, q} { // modulo the least common multiple of both
		less := new(big.Int).Sub(hexInt(t, prime), big.NewInt(1))
		t.Equal("exponent", new(big.Int).Mod(got, less).String(), new(big.Int).Mod(hexInt(t, d), less).String())
	}
}

// rsaRoundTrip encrypts and decrypts a number with the raw operations.
func rsaRoundTrip(t *suites.T, k *rsa.Key, private bool) {
	msg := make([]byte, k.Size())
	_, _ = rndStd{}.Read(msg[1:]) // less than the modulus
	sealed, err := k.Public(msg)
	t.Code("public", err, 0)
	if private {
		opened, err := k.Private(rndStd{}, sealed)
		t.Code("private", err, 0)
		t.Equal("message", opened, msg)
	}
}

// rsaCompleted completes a key and looks at it.
func rsaCompleted(t *suites.T, k *rsa.Key, private bool, check, complete int) bool {
	t.Code("complete", k.Complete(), complete)
	if complete != 0 {
		return false
	}
	if private {
		t.Code("check", k.CheckPrivate(), check)
	} else {
		t.Code("check", k.CheckPublic(), check)
	}
	if check == 0 {
		rsaRoundTrip(t, k, private)
	}
	return true
}

func rsaImport(t *suites.T, n, p, q, d, e string, bits, successive, private, check, complete int) {
	k := newRSA(t)
	all := rsa.Numbers{N: optionalInt(t, n), P: optionalInt(t, p), Q: optionalInt(t, q), D: optionalInt(t, d), E: optionalInt(t, e)}
	parts := []rsa.Numbers{all}
	if successive != 0 {
		parts = []rsa.Numbers{{N: all.N}, {P: all.P}, {Q: all.Q}, {D: all.D}, {E: all.E}}
	}
	for _, part := range parts {
		t.Code("import", k.Import(part), 0)
	}
	if rsaCompleted(t, k, private != 0, check, complete) {
		t.Equal("bits", k.Bits(), bits)
		t.Equal("bytes", k.Size(), (bits+7)/8)
	}
}

func rsaImportRaw(t *suites.T, n, p, q, d, e []byte, successive, private, check, complete int) {
	k := newRSA(t)
	var list [5][]byte
	for i, b := range [][]byte{n, p, q, d, e} {
		list[i] = optionalBytes(b)
	}
	if successive == 0 {
		t.Code("import", k.ImportRaw(list[0], list[1], list[2], list[3], list[4]), 0)
	} else {
		for i := range list {
			var one [5][]byte
			one[i] = list[i]
			t.Code("import", k.ImportRaw(one[0], one[1], one[2], one[3], one[4]), 0)
		}
	}
	rsaCompleted(t, k, private != 0, check, complete)
}

func rsaExport(t *suites.T, n, p, q, d, e string, private, _ int) {
	k := newRSA(t)
	in := rsa.Numbers{N: optionalInt(t, n), P: optionalInt(t, p), Q: optionalInt(t, q), D: optionalInt(t, d), E: optionalInt(t, e)}
	t.Code("import", k.Import(in), 0)
	t.Code("complete", k.Complete(), 0)
	out, err := k.PublicNumbers()
	t.Code("export", err, 0)
	t.Equal("N", out.N.String(), in.N.String())
	t.Equal("E", out.E.String(), in.E.String())
	if private == 0 {
		return
	}
	secret, err := k.PrivateNumbers()
	t.Code("export", err, 0)
	for _, pair := range [][2]*big.Int{{secret.P, in.P}, {secret.Q, in.Q}, {secret.D, in.D}} {
		if pair[1] != nil {
			t.Equal("number", pair[0].String(), pair[1].String())
		}
	}
	all := rsa.Numbers{N: out.N, P: secret.P, Q: secret.Q, D: secret.D, E: out.E}
	t.Code("validate", all.Validate(nil, false), 0)
}

func rsaExportRaw(t *suites.T, n, p, q, d, e []byte, private, _ int) {
	k := newRSA(t)
	t.Code("import", k.ImportRaw(optionalBytes(n), optionalBytes(p), optionalBytes(q), optionalBytes(d), optionalBytes(e)), 0)
	t.Code("complete", k.Complete(), 0)
	gotN, gotE := make([]byte, len(n)), make([]byte, len(e))
	t.Code("export", k.ExportRaw(gotN, nil, nil, nil, gotE), 0)
	t.Equal("N", gotN, n)
	t.Equal("E", gotE, e)
	if private == 0 {
		return
	}
	room := func(b []byte, size int) []byte {
		if len(b) > 0 {
			size = len(b)
		}
		return make([]byte, size)
	}
	gotP, gotQ, gotD := room(p, 128), room(q, 128), room(d, 256)
	t.Code("export", k.ExportRaw(nil, gotP, gotQ, gotD, nil), 0)
	for _, pair := range [][2][]byte{{gotP, p}, {gotQ, q}, {gotD, d}} {
		if len(pair[1]) > 0 {
			t.Equal("number", pair[0], pair[1])
		}
	}
}

func rsaValidate(t *suites.T, n, p, q, d, e string, primes, code int) {
	all := rsa.Numbers{N: optionalInt(t, n), P: optionalInt(t, p), Q: optionalInt(t, q), D: optionalInt(t, d), E: optionalInt(t, e)}
	t.Code("validate", all.Validate(rndStd{}, primes != 0), code)
}

func parseRSA(public int) func([]byte) (*rsa.Key, error) {
	if public != 0 {
		return rsa.ParsePKCS1PublicKey
	}
	return rsa.ParsePKCS1PrivateKey
}

// writeRSA writes a key into so many bytes.
func writeRSA(k *rsa.Key, public int) func(size int) ([]byte, error) {
	if public != 0 {
		return k.Bridge().WritePubKey
	}
	return k.Bridge().WriteKey
}

func rsaParseWrite(t *suites.T, public int, der []byte) {
	k, err := parseRSA(public)(der)
	t.Code("parse", err, 0)
	got, err := writeRSA(k, public)(len(der))
	result(t, got, err, der, 0)
}

func rsaWriteIncremental(t *suites.T, public int, der []byte) {
	k, err := parseRSA(public)(der)
	t.Code("parse", err, 0)
	for size := 1; size < 2*len(der); size++ {
		got, err := writeRSA(k, public)(size)
		if (err == nil) != (size >= len(der)) || err == nil && !bytes.Equal(got, der) {
			t.Fatalf("%d bytes: %x, %v", size, got, err)
		}
	}
}
