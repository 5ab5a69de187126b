package ecdh_test

import (
	"bytes"
	"crypto/ecdh"
	"errors"
	"net"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/objtest"
	"github.com/gombedtls/gombedtls/mbedtls/bignum"
	mecdh "github.com/gombedtls/gombedtls/mbedtls/ecdh"
	"github.com/gombedtls/gombedtls/mbedtls/ecp"
)

func TestExchangeOfMessages(t *testing.T) {
	t.Parallel()
	for _, id := range ecp.IDs() {
		server, client := objtest.Made[*mecdh.Context](t)(mecdh.New(id)), objtest.Made[*mecdh.Context](t)(mecdh.NewEmpty())
		if client.ID() != ecp.None || !mecdh.CanDo(id) {
			t.Errorf("an empty context has curve %v", client.ID())
		}
		// What was used before starts anew.
		for range 2 {
			params, err := server.MakeParams(nil)
			objtest.Must(t, err)
			n, err := client.ReadParams(append(params, 1, 2))
			objtest.Must(t, err)
			public, err := client.MakePublic(nil)
			objtest.Must(t, err)
			objtest.Must(t, server.ReadPublic(public))
			secret, err := client.CalcSecret(nil)
			objtest.Must(t, err)
			again, err := server.CalcSecret(nil)
			objtest.Must(t, err)
			if n != len(params) || client.ID() != id || !bytes.Equal(secret, again) {
				t.Errorf("curve %v: %d bytes, curve %v, secrets %x and %x", id, n, client.ID(), secret, again)
			}
			objtest.Must(t, server.Setup(id))
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
		ours := objtest.Made[*ecp.KeyPair](t)(ecp.GenerateKey(id, nil))
		theirs := objtest.Made[*ecp.KeyPair](t)(ecp.GenerateKey(id, nil))
		x := objtest.Made[*mecdh.Context](t)(mecdh.NewEmpty())
		objtest.Must(t, x.SetKey(ours, mecdh.Ours))
		objtest.Must(t, x.SetKey(theirs, mecdh.Theirs))
		got, err := x.CalcSecret(nil)
		objtest.Must(t, err)

		private, err := ours.Private()
		objtest.Must(t, err)
		public, err := theirs.Public(ecp.Uncompressed)
		objtest.Must(t, err)
		key, err := c.NewPrivateKey(private)
		objtest.Must(t, err)
		peer, err := c.NewPublicKey(public)
		objtest.Must(t, err)
		want, err := key.ECDH(peer)
		objtest.Must(t, err)
		if !bytes.Equal(got, want) {
			t.Errorf("%v: %x, want %x", c, got, want)
		}

		g := objtest.Made[*ecp.Group](t)(ecp.NewGroup(id))
		q, d := objtest.Made[*ecp.Point](t)(theirs.Q()), objtest.Made[*bignum.Int](t)(ours.D())
		z := objtest.Made[*bignum.Int](t)(mecdh.ComputeShared(g, q, d, nil))
		b := make([]byte, len(want))
		if g.Type() == ecp.TypeMontgomery {
			objtest.Must(t, z.FillBytesLE(b))
		} else {
			objtest.Must(t, z.FillBytes(b))
		}
		if !bytes.Equal(b, want) {
			t.Errorf("%v: the number is %x, want %x", c, b, want)
		}
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	empty, x := objtest.Made[*mecdh.Context](t)(mecdh.NewEmpty()), objtest.Made[*mecdh.Context](t)(mecdh.New(ecp.Secp256r1))
	k := objtest.Made[*ecp.KeyPair](t)(ecp.GenerateKey(ecp.Secp256r1, nil))
	other := objtest.Made[*ecp.KeyPair](t)(ecp.GenerateKey(ecp.Secp384r1, nil))
	none := objtest.Made[*ecp.KeyPair](t)(ecp.NewKeyPair(ecp.None, nil, nil))
	g := objtest.Made[*ecp.Group](t)(ecp.NewGroup(ecp.Secp256r1))
	q := objtest.Made[*ecp.Point](t)(k.Q())
	result := func(_ []byte, err error) error { return err }
	_, err := mecdh.New(ecp.None)
	objtest.Code(t, "no curve", err, cbridge.ErrECPFeatureUnavailable)
	_, err = mecdh.ComputeShared(g, q, nil, nil)
	objtest.Code(t, "no private key", err, cbridge.ErrMPIBadInputData)
	_, err = mecdh.ComputeShared(g, nil, new(bignum.Int), nil)
	objtest.Code(t, "no public key", err, cbridge.ErrECPBadInputData)
	_, _, err = mecdh.GenPublic(nil, nil)
	objtest.Code(t, "no group", err, cbridge.ErrECPBadInputData)
	_, err = empty.ReadParams(nil)
	objtest.Code(t, "no params", err, cbridge.ErrECPBadInputData)
	_, err = empty.ReadParams([]byte{3, 0, 0, 1, 4})
	objtest.Code(t, "params of no curve", err, cbridge.ErrECPFeatureUnavailable)
	empty = objtest.Made[*mecdh.Context](t)(mecdh.NewEmpty())
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
		objtest.Code(t, what, test.err, test.want)
	}
	for range 2 {
		objtest.Must(t, x.Close())
	}
	if err := x.Setup(ecp.Secp256r1); !errors.Is(err, net.ErrClosed) || x.ID() != ecp.None {
		t.Errorf("Setup after Close: %v", err)
	}
}

func TestRestart(t *testing.T) { // not parallel: the bound is the process's
	if !cbridge.Feature("MBEDTLS_ECP_RESTARTABLE") {
		_, err := mecdh.NewRestartable()
		objtest.NotBuilt(t, "NewRestartable", err, "MBEDTLS_ECP_RESTARTABLE")
		return
	}
	objtest.Must(t, ecp.SetMaxOps(300))
	x := objtest.Made[*mecdh.Context](t)(mecdh.NewRestartable())
	objtest.Must(t, x.Setup(ecp.Secp256r1))
	if err := ecp.SetMaxOps(1); !errors.Is(err, cbridge.ErrConnectionsExist) {
		t.Errorf("SetMaxOps beside a context: %v", err)
	}
	_, err := x.MakeParams(nil)
	objtest.Code(t, "begin", err, cbridge.ErrECPInProgress)
	_, err = x.CalcSecret(nil)
	objtest.Code(t, "another operation", err, cbridge.ErrECPBadInputData)
	objtest.Code(t, "another curve", x.Setup(ecp.Secp384r1), cbridge.ErrECPBadInputData)
	for {
		if _, err = x.MakeParams(nil); !errors.Is(err, cbridge.ErrECPInProgress) {
			break
		}
	}
	objtest.Must(t, err)
	objtest.Must(t, x.Close())
	objtest.Must(t, ecp.SetMaxOps(0))
}
