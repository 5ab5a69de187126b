package interop_test

import (
	"crypto/tls"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"testing"

	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// Suites of TLS 1.2.
const (
	ecdheECDSACBC = 0xC009 // TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA
	dheRSAGCM     = 0x009E // TLS_DHE_RSA_WITH_AES_128_GCM_SHA256
)

func TestExtendedMasterSecretNeedsBothSides(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		disabled bool   // here
		peer     string // argument of the C programs, which can disable it too
		want     bool
	}{
		{false, "extended_ms=1", true},
		{true, "extended_ms=1", false},
		{false, "extended_ms=0", false},
	} {
		name := fmt.Sprintf("disabled %t, %s", c.disabled, c.peer)
		t.Run("client/ssl_server2/"+name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			options := w.options(testpki.Leaf{})
			options.Version, options.Args = tls.VersionTLS12, []string{c.peer}
			peer := w.server(peers.MbedTLS, options)
			config := w.config()
			config.DisableExtendedMasterSecret = c.disabled
			conn, err := w.dial(peer.Addr, config)
			if err != nil {
				t.Fatal(peer.Explain(err))
			}
			if got := conn.ConnectionState().ExtendedMasterSecret; got != c.want {
				t.Errorf("extended master secret %t, want %t", got, c.want)
			}
			exchange(t, peer, conn)
		})
		t.Run("server/ssl_client2/"+name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			config := w.config(testpki.Leaf{})
			config.DisableExtendedMasterSecret = c.disabled
			l := w.listen(config)
			peer := w.client(peers.MbedTLS, l.addr(), peers.Options{CA: w.caFile, Version: tls.VersionTLS12, Size: 1000, Args: []string{c.peer}})
			conn, err := l.handshake()
			if err != nil {
				t.Fatal(peer.Explain(err))
			}
			if got := conn.ConnectionState().ExtendedMasterSecret; got != c.want {
				t.Errorf("extended master secret %t, want %t", got, c.want)
			}
			exchange(t, peer, conn)
		})
	}
	for _, disabled := range []bool{false, true} {
		t.Run(fmt.Sprintf("server/openssl s_client/disabled %t", disabled), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			config := w.config(testpki.Leaf{})
			config.DisableExtendedMasterSecret = disabled
			l := w.listen(config)
			peer := w.client(peers.OpenSSL, l.addr(), peers.Options{CA: w.caFile, Version: tls.VersionTLS12, Size: 1000, Verbose: true})
			conn, err := l.handshake()
			if err != nil {
				t.Fatal(peer.Explain(err))
			}
			word := map[bool]string{false: "yes", true: "no"}[disabled]
			if err := peer.Await(peer.Stdout, "Extended master secret: "+word); err != nil {
				t.Error(err)
			}
			exchange(t, peer, conn)
		})
	}
}

// With a MAC of 20 bytes behind blocks of 16, the length of a record tells whether the MAC is outside the encryption.
func TestEncryptThenMACNeedsBothSides(t *testing.T) {
	t.Parallel()
	for _, program := range []struct {
		peers.Program
		off string // argument
	}{{peers.OpenSSL, "-no_etm"}, {peers.MbedTLS, "etm=0"}} {
		for _, c := range []struct{ ours, peers bool }{{true, true}, {true, false}, {false, true}} {
			var args []string
			if !c.peers {
				args = []string{program.off}
			}
			check := func(t *testing.T, conn *mbedtls.Conn, rec *recorder) {
				t.Helper()
				checkSuite(t, conn, ecdheECDSACBC)
				in, out := rec.records()
				want := c.ours && c.peers
				for name, length := range map[string]int{"received": longest(in), "sent": longest(out)} {
					if got := length%16 == 4; got != want {
						t.Errorf("records of %d bytes were %s: encrypt-then-MAC %t, want %t", length, name, got, want)
					}
				}
			}
			name := fmt.Sprintf("%s/here %t, there %t", program.Name, c.ours, c.peers)
			t.Run("client/"+name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				options := w.options(testpki.Leaf{})
				options.Version, options.Args = tls.VersionTLS12, args
				peer := w.server(program.Program, options)
				config := w.config()
				config.CipherSuites, config.DisableEncryptThenMAC = []uint16{ecdheECDSACBC}, !c.ours
				conn, rec := w.recordedClient(peer.Addr, config)
				if err := conn.HandshakeContext(w.ctx); err != nil {
					t.Fatal(peer.Explain(err))
				}
				exchange(t, peer, conn)
				check(t, conn, rec)
			})
			t.Run("server/"+name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				config := w.config(testpki.Leaf{})
				config.CipherSuites, config.DisableEncryptThenMAC = []uint16{ecdheECDSACBC}, !c.ours
				l := w.tcpListener()
				peer := w.client(program.Program, l.Addr().String(), peers.Options{CA: w.caFile, Version: tls.VersionTLS12, Size: 1 << 16, Args: args})
				conn, rec, err := w.recordedServer(l, config)
				if err != nil {
					t.Fatal(peer.Explain(err))
				}
				exchange(t, peer, conn)
				check(t, conn, rec)
			})
		}
	}
}

func checkSuite(t *testing.T, conn *mbedtls.Conn, want uint16) {
	t.Helper()
	if got := conn.ConnectionState().CipherSuite; got != want {
		t.Errorf("suite %s, want %s", mbedtls.CipherSuiteName(got), mbedtls.CipherSuiteName(want))
	}
}

func TestMinDHBitsRefusesAShortPrime(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		group string // an argument of openssl genpkey
		min   int
		want  error
	}{
		{"dh_rfc5114:1", 0, nil}, // 1024 bits
		{"dh_rfc5114:1", 2048, mbedtls.ErrSSLIllegalParameter},
		{"group:modp_2048", 2048, nil},
	} {
		t.Run(fmt.Sprintf("%s, at least %d", c.group, c.min), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			options := w.options(testpki.Leaf{Algorithm: testpki.RSA2048})
			params := w.file("dh.pem", dhParams(w, c.group))
			options.Version, options.Args = tls.VersionTLS12, []string{"-dhparam", params, "-cipher", "ALL:@SECLEVEL=0"}
			peer := w.server(peers.OpenSSL, options)
			config := w.config()
			config.CipherSuites, config.MinDHBits = []uint16{dheRSAGCM}, c.min
			conn, err := w.dial(peer.Addr, config)
			if !errors.Is(err, c.want) {
				t.Fatal(peer.Explain(fmt.Errorf("got %w, want %w", err, c.want)))
			}
			if err == nil {
				checkSuite(t, conn, dheRSAGCM)
				exchange(t, peer, conn)
			}
		})
	}
}

func dhParams(w *world, group string) []byte {
	w.t.Helper()
	params, err := peers.Run(w.ctx, "openssl", "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", group)
	if err != nil {
		w.t.Fatal(err)
	}
	return params
}

func TestServerUsesItsDHParams(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		group string // of openssl; "" leaves the library's
		want  string // what s_client says
	}{
		{"", "DH, 2048 bits"},
		{"modp_1536", "DH, 1536 bits"},
		{"modp_3072", "DH, 3072 bits"},
	} {
		t.Run(c.want, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			config := w.config(testpki.Leaf{Algorithm: testpki.RSA2048})
			config.CipherSuites = []uint16{dheRSAGCM}
			if c.group != "" {
				var params struct{ P, G *big.Int }
				if _, err := asn1.Unmarshal(ders(dhParams(w, "group:"+c.group))[0], &params); err != nil {
					t.Fatal(err)
				}
				config.DHParams = &mbedtls.DHParams{P: params.P.Bytes(), G: params.G.Bytes()}
			}
			l := w.listen(config)
			peer := w.client(peers.OpenSSL, l.addr(), peers.Options{
				CA: w.caFile, Version: tls.VersionTLS12, Size: 1000, Args: []string{"-cipher", "ALL:@SECLEVEL=0"},
			})
			conn, err := l.handshake()
			if err != nil {
				t.Fatal(peer.Explain(err))
			}
			checkSuite(t, conn, dheRSAGCM)
			if err := peer.Await(peer.Stderr, "Server Temp Key: "+c.want); err != nil {
				t.Error(err)
			}
			exchange(t, peer, conn)
		})
	}
}
