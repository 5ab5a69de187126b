package ecjpake_test

import (
	"bytes"
	"crypto"
	"errors"
	"net"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/objtest"
	"github.com/gombedtls/gombedtls/mbedtls/ecjpake"
	"github.com/gombedtls/gombedtls/mbedtls/ecp"
)

// built skips the test of a build without the module, which says so.
func built(t *testing.T) {
	t.Helper()
	if cbridge.Feature("MBEDTLS_ECJPAKE_C") {
		return
	}
	_, err := ecjpake.New(ecjpake.Client, crypto.SHA256, ecp.Secp256r1, nil)
	objtest.NotBuilt(t, "New", err, "MBEDTLS_ECJPAKE_C")
	t.Skip("the build lacks EC J-PAKE")
}

func side(t *testing.T, role ecjpake.Role, password string) *ecjpake.Context {
	t.Helper()
	c, err := ecjpake.New(role, crypto.SHA256, ecp.Secp256r1, []byte(password))
	objtest.Must(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

func roundOne(t *testing.T, from, to *ecjpake.Context) []byte {
	t.Helper()
	message, err := from.WriteRoundOne(nil)
	objtest.Must(t, err)
	objtest.Must(t, to.ReadRoundOne(message))
	return message
}

func roundTwo(t *testing.T, from, to *ecjpake.Context) []byte {
	t.Helper()
	message, err := from.WriteRoundTwo(nil)
	objtest.Must(t, err)
	objtest.Must(t, to.ReadRoundTwo(message))
	return message
}

// results are the secret and the shared key.
func results(t *testing.T, c *ecjpake.Context) (secret, key []byte) {
	t.Helper()
	secret, err := c.DeriveSecret(nil)
	objtest.Must(t, err)
	key, err = c.WriteSharedKey(nil)
	objtest.Must(t, err)
	return secret, key
}

func TestExchange(t *testing.T) {
	built(t)
	t.Parallel()
	for _, format := range []ecp.Format{ecp.Uncompressed, ecp.Compressed} {
		for clientPassword, same := range map[string]bool{"threadjpaketest": true, "another": false} {
			client, server := side(t, ecjpake.Client, clientPassword), side(t, ecjpake.Server, "threadjpaketest")
			objtest.Must(t, errors.Join(client.Check(), client.SetPointFormat(format), server.SetPointFormat(format)))
			one := roundOne(t, client, server)
			roundOne(t, server, client)
			roundTwo(t, server, client)
			roundTwo(t, client, server)
			secret, key := results(t, client)
			secret2, key2 := results(t, server)
			if bytes.Equal(secret, secret2) != same || bytes.Equal(key, key2) != same || len(secret) != 32 {
				t.Errorf("password %q: secrets %x and %x, keys %x and %x", clientPassword, secret, secret2, key, key2)
			}
			want := map[ecp.Format]int{ecp.Uncompressed: 2 * (66 + 66 + 33), ecp.Compressed: 2 * (34 + 34 + 33)}[format]
			if len(one) > want || len(one) < want-4 { // numbers have no leading zeros
				t.Errorf("format %d: the first message has %d bytes, want %d", format, len(one), want)
			}
		}
	}
}

func TestOtherCurvesAndHashes(t *testing.T) {
	built(t)
	t.Parallel()
	for _, c := range ecp.Curves() {
		if g, err := ecp.NewGroup(c.ID); err != nil || g.Type() != ecp.TypeShortWeierstrass {
			objtest.Must(t, errors.Join(err, g.Close()))
			continue
		} else {
			g.Close()
		}
		client, err := ecjpake.New(ecjpake.Client, crypto.SHA512, c.ID, []byte("password"))
		objtest.Must(t, err)
		defer client.Close()
		server, err := ecjpake.New(ecjpake.Server, crypto.SHA512, c.ID, []byte("password"))
		objtest.Must(t, err)
		defer server.Close()
		roundOne(t, client, server)
		roundOne(t, server, client)
		roundTwo(t, server, client)
		roundTwo(t, client, server)
		secret, key := results(t, client)
		secret2, key2 := results(t, server)
		if !bytes.Equal(secret, secret2) || !bytes.Equal(key, key2) || len(secret) != 64 {
			t.Errorf("%s: secrets %x and %x", c.Name, secret, secret2)
		}
	}
}

func TestBadInput(t *testing.T) {
	built(t)
	t.Parallel()
	password := []byte("password")
	for what, test := range map[string]struct {
		role ecjpake.Role
		h    crypto.Hash
		id   ecp.ID
		want cbridge.Code
	}{
		"no role":  {2, crypto.SHA256, ecp.Secp256r1, cbridge.ErrECPBadInputData},
		"no hash":  {ecjpake.Client, 0, ecp.Secp256r1, cbridge.ErrMDFeatureUnavailable},
		"no curve": {ecjpake.Client, crypto.SHA256, ecp.None, cbridge.ErrECPFeatureUnavailable},
	} {
		_, err := ecjpake.New(test.role, test.h, test.id, password)
		objtest.Code(t, what, err, test.want)
	}
	client, server := side(t, ecjpake.Client, "password"), side(t, ecjpake.Server, "password")
	objtest.Code(t, "no format", client.SetPointFormat(2), cbridge.ErrECPBadInputData)
	result := func(_ []byte, err error) error { return err }
	for what, err := range map[string]error{
		"the second round first":        result(client.WriteRoundTwo(nil)),
		"the peer's second round first": client.ReadRoundTwo([]byte{3, 0, 23, 1}),
		"a secret first":                result(client.DeriveSecret(nil)),
		"a key first":                   result(client.WriteSharedKey(nil)),
	} {
		objtest.Code(t, what, err, cbridge.ErrECPInvalidKey)
	}
	message, err := client.WriteRoundOne(nil)
	objtest.Must(t, err)
	objtest.Code(t, "no message", server.ReadRoundOne(nil), cbridge.ErrECPBadInputData)
	objtest.Code(t, "half a message", server.ReadRoundOne(message[:len(message)/2]), cbridge.ErrECPBadInputData)
	longer := append(message[:len(message):len(message)], 0)
	objtest.Code(t, "more than a message", server.ReadRoundOne(longer), cbridge.ErrECPBadInputData)
	objtest.Code(t, "the own message", client.ReadRoundOne(message), cbridge.ErrECPVerifyFailed)
	message[len(message)-1] ^= 1
	objtest.Code(t, "a wrong proof", server.ReadRoundOne(message), cbridge.ErrECPVerifyFailed)

	nobody := side(t, ecjpake.Client, "")
	roundOne(t, nobody, server)
	roundOne(t, server, nobody)
	_, err = nobody.WriteRoundTwo(nil)
	objtest.Code(t, "an empty password", err, cbridge.ErrECPInvalidKey)

	for range 2 {
		objtest.Must(t, client.Close())
	}
	if err := client.ReadRoundOne(message); !errors.Is(err, net.ErrClosed) {
		t.Errorf("ReadRoundOne after Close: %v", err)
	}
	if err := client.Check(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Check after Close: %v", err)
	}
}
