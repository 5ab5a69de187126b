package interop_test

import (
	"crypto/tls"
	"encoding/binary"
	"net"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// Content types of records, and types of handshake messages (RFC 8446 sections 5.1 and 4).
const (
	recordCCS         = 20
	recordAlert       = 21
	recordHandshake   = 22
	recordApplication = 23

	messageClientHello = 1
)

// recorder keeps what passes over a connection.
type recorder struct {
	net.Conn
	mu      sync.Mutex
	in, out []byte
}

func (r *recorder) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.in = append(r.in, p[:n]...)
	return n, err
}

func (r *recorder) Write(p []byte) (int, error) {
	r.mu.Lock()
	r.out = append(r.out, p...)
	r.mu.Unlock()
	return r.Conn.Write(p)
}

// record is one TLS record.
type record struct {
	kind    byte
	payload []byte // without the header
}

// records are those that were read and written so far.
func (r *recorder) records() (in, out []record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return split(r.in), split(r.out)
}

func split(data []byte) (all []record) {
	for len(data) >= 5 {
		end := 5 + int(binary.BigEndian.Uint16(data[3:]))
		if end > len(data) {
			break
		}
		all = append(all, record{data[0], data[5:end]})
		data = data[end:]
	}
	return all
}

// kinds are the content types that occur.
func kinds(all []record) (seen map[byte]bool) {
	seen = map[byte]bool{}
	for _, r := range all {
		seen[r.kind] = true
	}
	return seen
}

// clientHellos counts them. They are never encrypted, and each begins a record.
func clientHellos(all []record) (n int) {
	for _, r := range all {
		if r.kind == recordHandshake && len(r.payload) > 0 && r.payload[0] == messageClientHello {
			n++
		}
	}
	return n
}

// longest is the length of the longest record with data.
func longest(all []record) (n int) {
	for _, r := range all {
		if r.kind == recordApplication {
			n = max(n, len(r.payload))
		}
	}
	return n
}

// recordedClient is a client of ours whose records are kept.
func (w *world) recordedClient(addr string, c *mbedtls.Config) (*mbedtls.Conn, *recorder) {
	w.t.Helper()
	raw, err := net.Dial("tcp", addr)
	if err != nil {
		w.t.Fatal(err)
	}
	rec := &recorder{Conn: raw}
	conn := mbedtls.Client(rec, c)
	w.bound(conn)
	return conn, rec
}

// recordedServer accepts one connection whose records are kept, and runs the handshake.
func (w *world) recordedServer(l net.Listener, c *mbedtls.Config) (*mbedtls.Conn, *recorder, error) {
	w.t.Helper()
	raw, err := l.Accept()
	if err != nil {
		w.t.Fatal(err)
	}
	rec := &recorder{Conn: raw}
	conn := mbedtls.Server(rec, c)
	w.bound(conn)
	return conn, rec, conn.HandshakeContext(w.ctx)
}

// tcpListener is for recordedServer.
func (w *world) tcpListener() net.Listener {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { l.Close() })
	return l
}

// RFC 8446 appendix D.4: to a middlebox the handshake looks like that of TLS 1.2.
func TestTLS13SendsChangeCipherSpecForMiddleboxes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name            string
		args            []string // of s_server
		wantIn, wantOut bool
	}{
		{"the server too", nil, true, true},
		{"the server does not", []string{"-no_middlebox"}, false, true},
	} {
		t.Run("client/"+c.name, func(t *testing.T) {
			w := newWorld(t, testpki.P256)
			options := w.options(testpki.Leaf{})
			options.Version, options.Args = tls.VersionTLS13, c.args
			peer := w.server(peers.OpenSSL, options)
			conn, rec := w.recordedClient(peer.Addr, w.config())
			exchange(t, peer, conn)
			checkCompatibility(t, rec, c.wantIn, c.wantOut)
		})
	}
	for _, c := range []struct {
		name            string
		args            []string // of s_client
		wantIn, wantOut bool
	}{
		{"the client too", nil, true, true},
		{"the client does not", []string{"-no_middlebox"}, false, true}, // the library's server always does
	} {
		t.Run("server/"+c.name, func(t *testing.T) {
			w := newWorld(t, testpki.P256)
			l := w.tcpListener()
			peer := w.client(peers.OpenSSL, l.Addr().String(), peers.Options{CA: w.caFile, Version: tls.VersionTLS13, Size: 1000, Args: c.args})
			conn, rec, err := w.recordedServer(l, w.config(testpki.Leaf{}))
			if err != nil {
				t.Fatal(peer.Explain(err))
			}
			exchange(t, peer, conn)
			checkCompatibility(t, rec, c.wantIn, c.wantOut)
		})
	}
}

func checkCompatibility(t *testing.T, rec *recorder, wantIn, wantOut bool) {
	t.Helper()
	in, out := rec.records()
	got := map[string]bool{"in": kinds(in)[recordCCS], "out": kinds(out)[recordCCS]}
	if diff := cmp.Diff(map[string]bool{"in": wantIn, "out": wantOut}, got); diff != "" {
		t.Errorf("ChangeCipherSpec records (-want +got):\n%s", diff)
	}
	if kinds(in)[recordAlert] || kinds(out)[recordAlert] {
		t.Error("an alert was sent in the clear: TLS 1.3 encrypts close_notify")
	}
}
