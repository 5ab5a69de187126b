package ecdh_test

import (
	"bytes"
	"crypto/ecdh"
	"errors"
	"net"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls/bignum"
	mecdh "github.com/gombedtls/gombedtls/mbedtls/ecdh"
	"github.com/gombedtls/gombedtls/mbedtls/ecp"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func code(t testing.TB, what string, err error, want cbridge.Code) {
	t.Helper()
	var e *cbridge.Error
	if !errors.As(err, &e) || e.Code != want {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

type closer interface{ Close() error }

func made[O closer](t testing.TB) func(o O, err error) O {
	return func(o O, err error) O {
		t.Helper()
		must(t, err)
		t.Cleanup(func() { o.Close() })
		return o
	}
}

func TestExchangeOfMessages(t *testing.T) {
	t.Parallel()
	for _, id := range ecp.IDs() {
		server, client := made[*mecdh.Context](t)(mecdh.New(id)), made[*mecdh.Context](t)(mecdh.NewEmpty())
		if client.ID() != ecp.None || !mecdh.CanDo(id) {
			t.Errorf("an empty context has curve %v", client.ID())
		}
		// What was used before starts anew.
		for range 2 {
			params, err := server.MakeParams(nil)
			must(t, err)
			n, err := client.ReadParams(append(params, 1, 2))
			must(t, err)
			public, err := client.MakePublic(nil)
			must(t, err)
			must(t, server.ReadPublic(public))
			secret, err := client.CalcSecret(nil)
			must(t, err)
			again, err := server.CalcSecret(nil)
			must(t, err)
			if n != len(params) || client.ID() != id || !bytes.Equal(secret, again) {
				t.Errorf("curve %v: %d bytes, curve %v, secrets %x and %x", id, n, client.ID(), secret, again)
			}
			must(t, server.Setup(id))
		}
	}
}

func TestSecretIsGos(t *testing.T) {
	t.Parallel()
	for id, c := range map[ecp.ID]ecdh.Curve{
		ecp.Secp256r1: ecdh.P256(), ecp.Secp384r1: ecdh.P384(), ecp.Secp521r1: ecdh.P521(), ecp.Curve25519: ecdh.X25519(),
	} {
		if _, ok := ecp.ByID(id); !ok {
			continue
		}
		ours, theirs := made[*ecp.KeyPair](t)(ecp.GenerateKey(id, nil)), made[*ecp.KeyPair](t)(ecp.GenerateKey(id, nil))
		x := made[*mecdh.Context](t)(mecdh.NewEmpty())
		must(t, x.SetKey(ours, mecdh.Ours))
		must(t, x.SetKey(theirs, mecdh.Theirs))
		got, err := x.CalcSecret(nil)
		must(t, err)

		private, err := ours.Private()
		must(t, err)
		public, err := theirs.Public(ecp.Uncompressed)
		must(t, err)
		key, err := c.NewPrivateKey(private)
		must(t, err)
		peer, err := c.NewPublicKey(public)
		must(t, err)
		want, err := key.ECDH(peer)
		must(t, err)
		if !bytes.Equal(got, want) {
			t.Errorf("%v: %x, want %x", c, got, want)
		}

		g := made[*ecp.Group](t)(ecp.NewGroup(id))
		z := made[*bignum.Int](t)(mecdh.ComputeShared(g, made[*ecp.Point](t)(theirs.Q()), made[*bignum.Int](t)(ours.D()), nil))
		b := make([]byte, len(want))
		if g.Type() == ecp.TypeMontgomery {
			must(t, z.FillBytesLE(b))
		} else {
			must(t, z.FillBytes(b))
		}
		if !bytes.Equal(b, want) {
			t.Errorf("%v: the number is %x, want %x", c, b, want)
		}
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	empty, x := made[*mecdh.Context](t)(mecdh.NewEmpty()), made[*mecdh.Context](t)(mecdh.New(ecp.Secp256r1))
	k := made[*ecp.KeyPair](t)(ecp.GenerateKey(ecp.Secp256r1, nil))
	other := made[*ecp.KeyPair](t)(ecp.GenerateKey(ecp.Secp384r1, nil))
	none := made[*ecp.KeyPair](t)(ecp.NewKeyPair(ecp.None, nil, nil))
	g := made[*ecp.Group](t)(ecp.NewGroup(ecp.Secp256r1))
	q := made[*ecp.Point](t)(k.Q())
	result := func(_ []byte, err error) error { return err }
	_, err := mecdh.New(ecp.None)
	code(t, "no curve", err, cbridge.ErrECPFeatureUnavailable)
	_, err = mecdh.ComputeShared(g, q, nil, nil)
	code(t, "no private key", err, cbridge.ErrMPIBadInputData)
	_, err = mecdh.ComputeShared(g, nil, new(bignum.Int), nil)
	code(t, "no public key", err, cbridge.ErrECPBadInputData)
	_, _, err = mecdh.GenPublic(nil, nil)
	code(t, "no group", err, cbridge.ErrECPBadInputData)
	_, err = empty.ReadParams(nil)
	code(t, "no params", err, cbridge.ErrECPBadInputData)
	_, err = empty.ReadParams([]byte{3, 0, 0, 1, 4})
	code(t, "params of no curve", err, cbridge.ErrECPFeatureUnavailable)
	empty = made[*mecdh.Context](t)(mecdh.NewEmpty())
	for what, test := range map[string]struct {
		err  error
		want cbridge.Code
	}{
		"params without a curve":    {result(empty.MakeParams(nil)), cbridge.ErrECPBadInputData},
		"public without a curve":    {result(empty.MakePublic(nil)), cbridge.ErrECPBadInputData},
		"secret without a curve":    {result(empty.CalcSecret(nil)), cbridge.ErrECPBadInputData},
		"secret without keys":       {result(x.CalcSecret(nil)), cbridge.ErrECPInvalidKey},
		"another side":              {x.SetKey(k, 2), cbridge.ErrECPBadInputData},
		"another curve":             {x.SetKey(other, mecdh.Ours), cbridge.ErrECPBadInputData},
		"a key without a curve":     {empty.SetKey(none, mecdh.Ours), cbridge.ErrECPFeatureUnavailable},
		"no key":                    {x.SetKey(nil, mecdh.Ours), cbridge.ErrECPBadInputData},
		"no public":                 {x.ReadPublic(nil), cbridge.ErrECPBadInputData},
		"a public that is no point": {x.ReadPublic([]byte{2, 9, 9}), cbridge.ErrECPBadInputData},
	} {
		code(t, what, test.err, test.want)
	}
	for range 2 {
		must(t, x.Close())
	}
	if err := x.Setup(ecp.Secp256r1); !errors.Is(err, net.ErrClosed) || x.ID() != ecp.None {
		t.Errorf("Setup after Close: %v", err)
	}
}

func TestRestart(t *testing.T) { // not parallel: the bound is the process's
	if !cbridge.Feature("MBEDTLS_ECP_RESTARTABLE") {
		var e *cbridge.NotBuiltError
		if _, err := mecdh.NewRestartable(); !errors.As(err, &e) || e.Option != "MBEDTLS_ECP_RESTARTABLE" {
			t.Errorf("NewRestartable: %v", err)
		}
		return
	}
	must(t, ecp.SetMaxOps(300))
	x := made[*mecdh.Context](t)(mecdh.NewRestartable())
	must(t, x.Setup(ecp.Secp256r1))
	if err := ecp.SetMaxOps(1); !errors.Is(err, cbridge.ErrConnectionsExist) {
		t.Errorf("SetMaxOps beside a context: %v", err)
	}
	_, err := x.MakeParams(nil)
	code(t, "begin", err, cbridge.ErrECPInProgress)
	_, err = x.CalcSecret(nil)
	code(t, "another operation", err, cbridge.ErrECPBadInputData)
	code(t, "another curve", x.Setup(ecp.Secp384r1), cbridge.ErrECPBadInputData)
	for {
		if _, err = x.MakeParams(nil); !errors.Is(err, cbridge.ErrECPInProgress) {
			break
		}
	}
	must(t, err)
	must(t, x.Close())
	must(t, ecp.SetMaxOps(0))
}
