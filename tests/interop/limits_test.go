package interop_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// fragmentExpansion is more than any suite adds to a record's payload.
const fragmentExpansion = 128

// Not 512: the library's server does not fragment handshake messages, and its certificate would be too long for that.
func TestRecordsKeepToTheFragmentLengthThatAClientAsksFor(t *testing.T) {
	t.Parallel()
	for _, length := range []int{1024, 4096} {
		for _, c := range []struct {
			program peers.Program
			size    int
		}{
			{peers.OpenSSL, 1 << 17},
			{peers.MbedTLS, 1 << 17},
			{peers.GnuTLS, 500}, // GnuTLS 3.7 agrees to the length, and then sends longer records
		} {
			t.Run(fmt.Sprintf("client/%s/%d", c.program.ServerProgram, length), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				options := w.options(testpki.Leaf{})
				options.Size = c.size
				peer := w.server(c.program, options)
				config := w.config()
				config.MaxFragmentLength, config.MaxVersion = length, mbedtls.VersionTLS12
				conn, rec := w.recordedClient(peer.Addr, config)
				if err := conn.HandshakeContext(w.ctx); err != nil {
					t.Fatal(peer.Explain(err))
				}
				exchange(t, peer, conn)
				checkFragments(t, conn, rec, length, c.size)
			})
		}
		for _, c := range []struct {
			program peers.Program
			arg     string
			size    int
		}{
			{peers.OpenSSL, "-maxfraglen=%d", 1 << 17},
			{peers.MbedTLS, "max_frag_len=%d", 1 << 17},
			{peers.GnuTLS, "--recordsize=%d", 1000}, // it stalls over what its stdin's buffer holds beyond a record
		} {
			t.Run(fmt.Sprintf("server/%s/%d", c.program.ClientProgram, length), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				l := w.tcpListener()
				options := peers.Options{CA: w.caFile, Version: tls.VersionTLS12, Size: c.size, Args: []string{fmt.Sprintf(c.arg, length)}}
				peer := w.client(c.program, l.Addr().String(), options)
				conn, rec, err := w.recordedServer(l, w.config(testpki.Leaf{}))
				if err != nil {
					t.Fatal(peer.Explain(err))
				}
				exchange(t, peer, conn)
				checkFragments(t, conn, rec, length, c.size)
			})
		}
	}
}

// The library knows the extension in TLS 1.2 alone; a client that asks for it in TLS 1.3 is served with full records.
func TestServerIgnoresTheFragmentLengthInTLS13(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testpki.P256)
	l := w.tcpListener()
	peer := w.client(peers.OpenSSL, l.Addr().String(), peers.Options{
		CA: w.caFile, Version: tls.VersionTLS13, Size: 1 << 17, Args: []string{"-maxfraglen", "512"},
	})
	conn, rec, err := w.recordedServer(l, w.config(testpki.Leaf{}))
	if err != nil {
		t.Fatal(peer.Explain(err))
	}
	exchange(t, peer, conn)
	if _, out := rec.records(); longest(out) < 8192 {
		t.Errorf("the longest record that was sent has %d bytes", longest(out))
	}
}

func checkFragments(t *testing.T, conn *mbedtls.Conn, rec *recorder, length, size int) {
	t.Helper()
	st := conn.ConnectionState()
	if st.MaxInPayload != length || st.MaxOutPayload != length {
		t.Errorf("records of at most %d in and %d out, want %d", st.MaxInPayload, st.MaxOutPayload, length)
	}
	in, out := rec.records()
	for name, got := range map[string]int{"received": longest(in), "sent": longest(out)} {
		if got > length+fragmentExpansion || got < min(length, size) {
			t.Errorf("the longest record that was %s has %d bytes, want %d and a little", name, got, length)
		}
	}
}

// OpenSSL's server sends its tickets right after the handshake, and crypto/tls too.
func TestReadPassesOverSessionTickets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		start func(w *world) (addr string, far farEnd)
	}{
		{"openssl s_server", func(w *world) (string, farEnd) {
			options := w.options(testpki.Leaf{})
			options.Version, options.Args = tls.VersionTLS13, []string{"-num_tickets", "5"}
			peer := w.server(peers.OpenSSL, options)
			return peer.Addr, peer
		}},
		{"crypto/tls", func(w *world) (string, farEnd) {
			addr, result := w.cryptoServer(w.cryptoConfig(tls.VersionTLS13, w.ca.Issue(testpki.Leaf{})))
			return addr, &cryptoEnd{connect: func() (*tls.Conn, error) { r := <-result; return r.conn, r.err }, size: 1000}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			addr, far := c.start(w)
			conn, rec := w.recordedClient(addr, w.config())
			if err := conn.HandshakeContext(w.ctx); err != nil {
				t.Fatal(far.Explain(err))
			}
			before, _ := rec.records()
			if err := conn.SetReadDeadline(time.Now().Add(300 * time.Millisecond)); err != nil {
				t.Fatal(err)
			}
			if n, err := conn.Read(make([]byte, 1)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("with only tickets to read, Read returns %d, %v, not the deadline's error", n, err)
			}
			// Those of crypto/tls may have come with the end of its handshake.
			if after, _ := rec.records(); c.name == "openssl s_server" && len(after) < len(before)+5 {
				t.Errorf("%d records came, want 5 tickets", len(after)-len(before))
			}
			w.bound(conn)
			exchange(t, far, conn)
		})
	}
}

func TestCertificateRequestNamesTheCAsUnlessOmitted(t *testing.T) {
	t.Parallel()
	const named, none = "Acceptable client certificate CA names\n.*CN = root ", "No client certificate CA names sent"
	for _, c := range []struct {
		version uint16
		omit    bool
		want    string
	}{
		{mbedtls.VersionTLS12, false, named},
		{mbedtls.VersionTLS12, true, none},
		{mbedtls.VersionTLS13, false, none}, // the library has no certificate_authorities extension
		{mbedtls.VersionTLS13, true, none},
	} {
		t.Run(fmt.Sprintf("%s/omitted %t", mbedtls.VersionName(c.version), c.omit), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			config := w.config(testpki.Leaf{})
			config.ClientAuth, config.OmitClientCAs = mbedtls.RequireAndVerifyClientCert, c.omit
			l := w.listen(config)
			options := w.options(testpki.Leaf{})
			options.Version, options.CA, options.Verbose = c.version, w.caFile, true
			peer := w.client(peers.OpenSSL, l.addr(), options)
			conn, err := l.handshake()
			if err != nil {
				t.Fatal(peer.Explain(err))
			}
			exchange(t, peer, conn)
			if err := peer.Await(peer.Stdout, c.want); err != nil {
				t.Error(err)
			}
		})
	}
}

// A chain of two: crypto/tls and OpenSSL must find the way from our leaf to the root.
func TestServerSendsItsIntermediate(t *testing.T) {
	t.Parallel()
	for _, impl := range implementations() {
		t.Run(impl.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.RSA2048)
			config := w.config()
			config.Certificates = []mbedtls.Certificate{own(t, w.ca.Intermediate(testpki.RSA2048, "intermediate").Issue(testpki.Leaf{}))}
			l := w.listen(config)
			far := impl.client(w, l.addr(), peers.Options{CA: w.caFile, Size: 1000})
			conn, err := l.handshake()
			if err != nil {
				t.Fatal(far.Explain(err))
			}
			exchange(t, far, conn)
		})
	}
}

func TestPeerSeesTheEndInOrder(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(mbedtls.VersionName(version), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			options := w.options(testpki.Leaf{})
			options.Version = version
			peer := w.server(peers.OpenSSL, options)
			conn, err := w.dial(peer.Addr, w.config())
			if err != nil {
				t.Fatal(peer.Explain(err))
			}
			if err := conn.Close(); err != nil {
				t.Error(err)
			}
			// Without close_notify it would be "ERROR", and "unexpected eof" on stderr.
			if err := peer.Await(peer.Stdout, `(?m)^DONE$`); err != nil {
				t.Error(err)
			}
			if strings.Contains(peer.Stderr.String(), "unexpected eof") {
				t.Error(peer.Report())
			}
		})
	}
}
