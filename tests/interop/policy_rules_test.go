package interop_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"testing"

	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

func TestPolicyDemandsSecureRenegotiation(t *testing.T) {
	t.Parallel()
	for _, required := range []bool{false, true} {
		t.Run(fmt.Sprint(required), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			o := w.options(testpki.Leaf{})
			o.Priority = withoutSecureRenegotiation
			peer := w.server(peers.GnuTLS, o)
			config := w.config()
			config.Policy = policyWith(func(r *mbedtls.PolicyRules) { r.RequireSecureRenegotiation = required })
			_, err := w.dial(peer.Addr, config)
			checkLegacy(t, peer, err, required)
		})
	}
}

func TestPolicyDecidesWhoseOrderOfSuitesCounts(t *testing.T) {
	t.Parallel()
	const clients, servers = 0xC02B, 0xC02C // AES-128-GCM, and the policy's first, AES-256-GCM
	for own, want := range map[bool]uint16{true: servers, false: clients} {
		t.Run(fmt.Sprintf("the server's %t", own), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			config := w.config(testpki.Leaf{})
			config.Policy = policyWith(func(r *mbedtls.PolicyRules) { r.ServerUsesOwnCiphersuitePreferences = own })
			l := w.listen(config)
			peer := w.client(peers.OpenSSL, l.addr(), peers.Options{CA: w.caFile, Version: tls.VersionTLS12, Size: 1000, Args: []string{
				"-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384",
			}})
			conn := l.mustHandshake(peer)
			checkSuite(t, conn, want)
			exchange(t, peer, conn)
		})
	}
}

// OpenSSL takes a prime of 2048 bits for a key of 2048 bits.
func TestPolicyRefusesShortPrimes(t *testing.T) {
	t.Parallel()
	for bits, refuses := range map[int]bool{2048: false, 2049: true} {
		t.Run(fmt.Sprint(bits), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			o := w.options(testpki.Leaf{Algorithm: testpki.RSA2048})
			o.Version, o.Args = tls.VersionTLS12, []string{"-cipher", "DHE-RSA-AES128-GCM-SHA256"}
			peer := w.server(peers.OpenSSL, o)
			config := w.config()
			config.MinDHBits = 1024 // the policy counts, if that is more
			config.Policy = policyWith(func(r *mbedtls.PolicyRules) { r.MinimumDHGroupSize = bits })
			conn, err := w.dial(peer.Addr, config)
			if refuses {
				if !errors.Is(err, mbedtls.ErrSSLIllegalParameter) {
					t.Errorf("got %v, want ErrSSLIllegalParameter", err)
				}
				return
			}
			if err != nil {
				t.Fatal(peer.Explain(err))
			}
			exchange(t, peer, conn)
		})
	}
}

// With a MAC of 20 bytes behind blocks of 16, the length of a record tells whether the MAC is outside the encryption.
func TestPolicyNegotiatesEncryptThenMAC(t *testing.T) {
	t.Parallel()
	for _, negotiate := range []bool{false, true} {
		t.Run(fmt.Sprint(negotiate), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			o := w.options(testpki.Leaf{})
			o.Version = tls.VersionTLS12
			peer := w.server(peers.OpenSSL, o)
			config := w.config()
			config.CipherSuites = []uint16{ecdheECDSACBC}
			config.Policy = policyWith(func(r *mbedtls.PolicyRules) {
				r.Ciphers, r.MACs, r.NegotiateEncryptThenMAC = []string{"AES-128-CBC"}, []string{"SHA-1"}, negotiate
			})
			conn, rec := w.recordedClient(peer.Addr, config)
			if err := conn.HandshakeContext(w.ctx); err != nil {
				t.Fatal(peer.Explain(err))
			}
			exchange(t, peer, conn)
			_, out := rec.records()
			if got := longest(out)%16 == 4; got != negotiate {
				t.Errorf("encrypt-then-MAC %t, want %t", got, negotiate)
			}
		})
	}
}

func TestPolicyBoundsFragments(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testpki.P256)
	o := w.options(testpki.Leaf{})
	o.Version = tls.VersionTLS12
	peer := w.server(peers.OpenSSL, o)
	config := w.config()
	config.Policy = policyWith(func(r *mbedtls.PolicyRules) { r.AllowTLS13, r.MaximumFragmentLength = false, 1024 })
	conn := w.mustDial(peer, "tcp", peer.Addr, config)
	if st := conn.ConnectionState(); st.MaxInPayload != 1024 || st.MaxOutPayload != 1024 {
		t.Errorf("records of %d bytes in and %d out, want 1024", st.MaxInPayload, st.MaxOutPayload)
	}
	exchange(t, peer, conn)
}
