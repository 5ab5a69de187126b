package interop_test

import (
	"crypto/tls"
	"errors"
	"testing"

	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

const (
	alertHandshakeFailure      = mbedtls.AlertError(40)
	alertProtocolVersion       = mbedtls.AlertError(70)
	alertNoApplicationProtocol = mbedtls.AlertError(120)
)

func TestVersionIsTheHighestThatBothHave(t *testing.T) {
	t.Parallel()
	const v12, v13 = mbedtls.VersionTLS12, mbedtls.VersionTLS13
	for _, c := range []struct {
		name     string
		min, max uint16 // ours
		peer     uint16 // OpenSSL's; 0: both
		want     uint16 // 0: none
	}{
		{"all with all", 0, 0, 0, v13},
		{"all with 1.2", 0, 0, v12, v12},
		{"all with 1.3", 0, 0, v13, v13},
		{"1.2 with all", v12, v12, 0, v12},
		{"1.3 with all", v13, v13, 0, v13},
		{"up to 1.2 with all", 0, v12, 0, v12},
		{"from 1.3 with all", v13, 0, 0, v13},
		{"1.2 with 1.3", v12, v12, v13, 0},
		{"1.3 with 1.2", v13, v13, v12, 0},
	} {
		t.Run("client/"+c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			options := w.options(testpki.Leaf{})
			options.Version = c.peer
			peer := w.server(peers.OpenSSL, options)
			config := w.config()
			config.MinVersion, config.MaxVersion = c.min, c.max
			conn, err := w.dial(peer.Addr, config)
			if c.want == 0 {
				if alertOf(err) != alertProtocolVersion || !errors.Is(err, mbedtls.ErrSSLFatalAlertMessage) {
					t.Errorf("got %v, want the alert protocol_version", err)
				}
				return
			}
			if err != nil {
				t.Fatal(peer.Explain(err))
			}
			checkVersion(t, conn, c.want)
			exchange(t, peer, conn)
		})
		t.Run("server/"+c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			config := w.config(testpki.Leaf{})
			config.MinVersion, config.MaxVersion = c.min, c.max
			l := w.listen(config)
			peer := w.client(peers.OpenSSL, l.addr(), peers.Options{CA: w.caFile, Version: c.peer, Size: 1000})
			conn, err := l.handshake()
			if c.want == 0 {
				// What a server of TLS 1.2 finds wrong with a client of TLS 1.3 is its suites.
				code, alert := mbedtls.ErrSSLBadProtocolVersion, "alert protocol version"
				if c.max == v12 {
					code, alert = mbedtls.ErrSSLHandshakeFailure, "alert handshake failure"
				}
				if !errors.Is(err, code) {
					t.Errorf("got %v, want %v", err, code)
				}
				conn.Close()
				if err := peer.Await(peer.Stderr, alert); err != nil {
					t.Error(err)
				}
				return
			}
			if err != nil {
				t.Fatal(peer.Explain(err))
			}
			checkVersion(t, conn, c.want)
			exchange(t, peer, conn)
		})
	}
}

func checkVersion(t *testing.T, conn *mbedtls.Conn, want uint16) {
	t.Helper()
	if got := conn.ConnectionState().Version; got != want {
		t.Errorf("negotiated %s, want %s", mbedtls.VersionName(got), mbedtls.VersionName(want))
	}
}

func TestALPNAgreesWithOpenSSL(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		ours []string
		peer string // as -alpn takes it
		as   map[string]string
	}{
		{"both", []string{"h2", "http/1.1"}, "http/1.1,h2", map[string]string{"client": "http/1.1", "server": "h2"}}, // the server's order
		{"one in common", []string{"h2", "http/1.1"}, "http/1.1", map[string]string{"client": "http/1.1", "server": "http/1.1"}},
		{"only the peer", nil, "h2", map[string]string{"client": "", "server": ""}},
		{"only us", []string{"h2"}, "", map[string]string{"client": "", "server": ""}},
	} {
		args := []string{"-alpn", c.peer}
		if c.peer == "" {
			args = nil
		}
		for _, version := range versions {
			t.Run(c.name+"/client/"+mbedtls.VersionName(version), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				options := w.options(testpki.Leaf{})
				options.Version, options.Args = version, args
				peer := w.server(peers.OpenSSL, options)
				config := w.config()
				config.NextProtos = c.ours
				conn, err := w.dial(peer.Addr, config)
				if err != nil {
					t.Fatal(peer.Explain(err))
				}
				if got := conn.ConnectionState().NegotiatedProtocol; got != c.as["client"] {
					t.Errorf("negotiated %q, want %q", got, c.as["client"])
				}
				exchange(t, peer, conn)
			})
			t.Run(c.name+"/server/"+mbedtls.VersionName(version), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				config := w.config(testpki.Leaf{})
				config.NextProtos = c.ours
				l := w.listen(config)
				peer := w.client(peers.OpenSSL, l.addr(), peers.Options{CA: w.caFile, Version: version, Size: 1000, Verbose: true, Args: args})
				conn, err := l.handshake()
				if err != nil {
					t.Fatal(peer.Explain(err))
				}
				want := c.as["server"]
				if got := conn.ConnectionState().NegotiatedProtocol; got != want {
					t.Errorf("negotiated %q, want %q", got, want)
				}
				pattern := "No ALPN negotiated"
				if want != "" {
					pattern = "ALPN protocol: " + want + "\n"
				}
				if err := peer.Await(peer.Stdout, pattern); err != nil {
					t.Error(err)
				}
				exchange(t, peer, conn)
			})
		}
	}
}

func TestALPNMismatchIsNoApplicationProtocol(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run("client/"+mbedtls.VersionName(version), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			options := w.options(testpki.Leaf{})
			options.Version, options.Args = version, []string{"-alpn", "h2"}
			config := w.config()
			config.NextProtos = []string{"coap"}
			_, err := w.dial(w.server(peers.OpenSSL, options).Addr, config)
			if alertOf(err) != alertNoApplicationProtocol {
				t.Errorf("got %v, want the alert no_application_protocol", err)
			}
		})
		t.Run("server/"+mbedtls.VersionName(version), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			config := w.config(testpki.Leaf{})
			config.NextProtos = []string{"coap"}
			l := w.listen(config)
			peer := w.client(peers.OpenSSL, l.addr(), peers.Options{Version: version, Args: []string{"-alpn", "h2"}})
			conn, err := l.handshake()
			if !errors.Is(err, mbedtls.ErrSSLNoApplicationProtocol) {
				t.Errorf("got %v, want ErrSSLNoApplicationProtocol", err)
			}
			conn.Close()
			if err := peer.Await(peer.Stderr, "alert no application protocol|alert number 120"); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestHelloRetryRequestIsFollowedAndSent(t *testing.T) {
	t.Parallel()
	t.Run("client", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, testpki.P256)
		options := w.options(testpki.Leaf{})
		options.Version, options.Args = tls.VersionTLS13, []string{"-groups", "P-384"}
		peer := w.server(peers.OpenSSL, options)
		config := w.config()
		config.Groups = []mbedtls.Group{mbedtls.X25519, mbedtls.CurveP384}
		conn, rec := w.recordedClient(peer.Addr, config)
		if err := conn.HandshakeContext(w.ctx); err != nil {
			t.Fatal(peer.Explain(err))
		}
		_, out := rec.records()
		checkRetry(t, conn, out)
		exchange(t, peer, conn)
	})
	t.Run("server", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, testpki.P256)
		config := w.config(testpki.Leaf{})
		config.Groups = []mbedtls.Group{mbedtls.CurveP384}
		l := w.tcpListener()
		peer := w.client(peers.OpenSSL, l.Addr().String(), peers.Options{
			CA: w.caFile, Version: tls.VersionTLS13, Size: 1000, Args: []string{"-groups", "X25519:P-384"},
		})
		conn, rec, err := w.recordedServer(l, config)
		if err != nil {
			t.Fatal(peer.Explain(err))
		}
		in, _ := rec.records()
		checkRetry(t, conn, in)
		exchange(t, peer, conn)
	})
}

func checkRetry(t *testing.T, conn *mbedtls.Conn, fromClient []record) {
	t.Helper()
	if n := clientHellos(fromClient); n != 2 {
		t.Errorf("%d ClientHello, want a second one", n)
	}
	if got := conn.ConnectionState().Group; got != mbedtls.CurveP384 {
		t.Errorf("group %s, want %s", got, mbedtls.CurveP384)
	}
}

func TestNoCommonGroupIsAHandshakeFailure(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(mbedtls.VersionName(version), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			options := w.options(testpki.Leaf{})
			options.Version, options.Args = version, []string{"-groups", "P-384"}
			config := w.config()
			config.Groups = []mbedtls.Group{mbedtls.CurveP256}
			_, err := w.dial(w.server(peers.OpenSSL, options).Addr, config)
			if alertOf(err) != alertHandshakeFailure {
				t.Errorf("got %v, want the alert handshake_failure", err)
			}
		})
	}
}
