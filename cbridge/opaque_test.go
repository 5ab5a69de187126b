package cbridge

import (
	"crypto"
	"errors"
	"net"
	"testing"
)

// opaqueOr skips the test in a build without opaque keys, where there must be no way to one.
func opaqueOr(t *testing.T, k keyPair) {
	t.Helper()
	if Feature(optionOpaque) {
		return
	}
	var missing *NotBuiltError
	if pk, err := k.pk.ImportOpaque("none", "none"); pk != nil || !errors.As(err, &missing) || missing.Option != optionOpaque {
		t.Fatalf("%v, %v; want NotBuiltError", pk, err)
	}
	t.Skip("no opaque keys")
}

func importOpaque(t *testing.T, k keyPair, algorithm, enrollment string) *PK {
	t.Helper()
	pk, err := k.pk.ImportOpaque(algorithm, enrollment)
	if err != nil {
		t.Fatalf("%s, %s: %v", algorithm, enrollment, err)
	}
	t.Cleanup(func() { pk.Close() })
	return pk
}

func TestImportOpaque(t *testing.T) {
	r, e := keyPairs(t)
	opaqueOr(t, r)
	other, _ := keyPairs(t)
	for _, k := range []keyPair{r, e} {
		pk := importOpaque(t, k, "none", "none")
		k.pk.Close() // it is a copy
		if pk.Type() != "Opaque" || pk.Bits() != map[bool]int{true: 2048, false: 256}[k == r] {
			t.Errorf("%s of %d bits", pk.Type(), pk.Bits())
		}
		if sig, err := pk.Sign(crypto.SHA256, testDigest[:]); err != nil || !k.verifies(sig) {
			t.Errorf("%x, %v", sig, err)
		}
		for _, c := range []struct {
			crt  *Crt
			want bool
		}{{r.crt, k == r}, {e.crt, k == e}, {other.crt, false}} {
			if err := c.crt.CheckPair(pk); (err == nil) != c.want {
				t.Errorf("CheckPair: %v, want %t", err, c.want)
			}
			if pk.Matches(c.crt.DER()[0]) != c.want {
				t.Error("Matches says otherwise")
			}
		}
		pk.Close()
		if _, err := pk.Sign(crypto.SHA256, testDigest[:]); !errors.Is(err, net.ErrClosed) || pk.Type() != "" {
			t.Errorf("after Close: %v", err)
		}
		if _, err := k.pk.ImportOpaque("none", "none"); !errors.Is(err, net.ErrClosed) {
			t.Errorf("of a closed key: %v", err)
		}
	}
}

func TestOpaquePolicies(t *testing.T) {
	r, e := keyPairs(t)
	opaqueOr(t, r)
	sealed := r.seals(t, "plain")
	for _, c := range []struct {
		key                   keyPair
		algorithm, enrollment string
		signs, decrypts       bool
	}{
		{r, "rsa-sign-pkcs1", "none", true, false},
		{r, "rsa-sign-pkcs1", "rsa-decrypt", true, false}, // both go by the first
		{r, "rsa-decrypt", "none", false, true},
		{r, "rsa-decrypt", "rsa-sign-pss-sha256", false, true},
		{e, "ecdsa-sign", "none", true, false},
		{e, "ecdsa-sign", "ecdh", true, false},
		{e, "ecdh", "none", false, false},
	} {
		pk := importOpaque(t, c.key, c.algorithm, c.enrollment)
		if sig, err := pk.Sign(crypto.SHA256, testDigest[:]); (err == nil) != c.signs || c.signs && !c.key.verifies(sig) {
			t.Errorf("%s, %s: signs: %x, %v", c.algorithm, c.enrollment, sig, err)
		}
		if out, err := pk.Decrypt(sealed, 256); (err == nil) != c.decrypts || c.decrypts && string(out) != "plain" {
			t.Errorf("%s, %s: decrypts: %q, %v", c.algorithm, c.enrollment, out, err)
		}
		pk.Close()
	}
	for _, c := range [][2]string{{"", ""}, {"rsa-sign", "none"}, {"ecdsa-sign", "ECDH"}} {
		if pk, err := e.pk.ImportOpaque(c[0], c[1]); pk != nil || !errors.Is(err, ErrPKBadInputData) {
			t.Errorf("%q: %v", c, err)
		}
	}
	signer, err := NewSignerKey(e.crt, Signer{})
	if err != nil {
		t.Fatal(err)
	}
	defer signer.Close()
	if pk, err := signer.ImportOpaque("none", "none"); pk != nil || !errors.Is(err, ErrPKTypeMismatch) {
		t.Errorf("a key that is elsewhere: %v", err)
	}
}

// What is imported, and fails to be, leaves PSA's key store again.
func TestOpaqueKeysLeaveTheStore(t *testing.T) {
	_, e := keyPairs(t)
	opaqueOr(t, e)
	for range 200 { // more than the store holds
		importOpaque(t, e, "ecdsa-sign", "none").Close()
		if pk, err := e.pk.ImportOpaque("none", "none"); err != nil {
			t.Fatal(err)
		} else {
			pk.Close()
		}
	}
}

func TestHandshakesWithOpaqueKeys(t *testing.T) {
	r, e := keyPairs(t)
	opaqueOr(t, r)
	for _, c := range []struct {
		key                   keyPair
		algorithm, enrollment string
		version, suite        int // 0: any
		want                  bool
	}{
		{r, "none", "none", TLS12, 0, true},
		{r, "none", "none", TLS13, 0, true},
		{e, "none", "none", TLS12, 0, true},
		{e, "none", "none", TLS13, 0, true},
		{r, "rsa-decrypt", "none", TLS12, 0x009C, true}, // TLS_RSA_WITH_AES_128_GCM_SHA256
		{r, "rsa-sign-pss", "none", TLS13, 0, true},
		{r, "rsa-sign-pss-sha256", "none", TLS13, 0, true},
		{r, "rsa-decrypt", "none", TLS13, 0, false},
		{e, "ecdh", "none", TLS12, 0xC02B, false}, // TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
	} {
		pk := importOpaque(t, c.key, c.algorithm, c.enrollment)
		p := newPairOf(t, c.key.crt, pk, func(client, server *Config) {
			for _, conf := range []*Config{client, server} {
				err := conf.SetVersions(c.version, c.version)
				if c.suite != 0 {
					err = errors.Join(err, conf.SetCiphersuites([]int{c.suite}))
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		})
		pk.Close() // the Config keeps it
		if err := p.handshake(t); (err == nil) != c.want {
			t.Errorf("%s, %s, version %#x: %v", c.algorithm, c.enrollment, c.version, err)
		}
		p.client.Close()
		p.server.Close()
		p.client.conf.Close()
		p.server.conf.Close()
	}
}
