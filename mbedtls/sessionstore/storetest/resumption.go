package storetest

import (
	"io"
	"net"
	"testing"

	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// resumption has stores at work. Where a store outlasts its process, there is another one for each connection.
var resumption = group{
	"client and server of ours resume, by id":              func(t *testing.T, p Place) { oursResume(t, p, mbedtls.VersionTLS12, false) },
	"client and server of ours resume, by ticket, TLS 1.2": func(t *testing.T, p Place) { oursResume(t, p, mbedtls.VersionTLS12, true) },
	"client and server of ours resume, by ticket, TLS 1.3": func(t *testing.T, p Place) { oursResume(t, p, mbedtls.VersionTLS13, true) },
	"client resumes with crypto/tls, TLS 1.2":              func(t *testing.T, p Place) { clientResumesWithCryptoTLS(t, p, mbedtls.VersionTLS12) },
	"client resumes with crypto/tls, TLS 1.3":              func(t *testing.T, p Place) { clientResumesWithCryptoTLS(t, p, mbedtls.VersionTLS13) },
	"client resumes with s_server, by id":                  func(t *testing.T, p Place) { clientResumesWithOpenSSL(t, p, mbedtls.VersionTLS12, "-no_ticket") },
	"client resumes with s_server, by ticket, TLS 1.2":     func(t *testing.T, p Place) { clientResumesWithOpenSSL(t, p, mbedtls.VersionTLS12) },
	"client resumes with s_server, by ticket, TLS 1.3":     func(t *testing.T, p Place) { clientResumesWithOpenSSL(t, p, mbedtls.VersionTLS13) },
	"server resumes with s_client, by id":                  serverResumesWithOpenSSL,
	"sessions of different clients are kept apart":         clientsApart,
}

// opener returns a function that opens the store anew, as another process would, if it outlasts that.
func opener(t testing.TB, p Place) func() mbedtls.SessionStore {
	t.Helper()
	first := open(t, p, Options{})
	return func() mbedtls.SessionStore {
		if p.Corrupt == nil {
			return first
		}
		return open(t, p, Options{})
	}
}

// expectResumption connects some times, and expects all but the first connection to be resumed.
func (w *world) expectResumption(next func() mbedtls.SessionStore, version uint16, server func(store mbedtls.SessionStore) func(net.Conn) net.Conn) {
	w.t.Helper()
	l := w.listen()
	for i := range 3 {
		store := next()
		if did, _ := w.visit(l, w.client(store, version), server(store)); did != (i > 0) {
			w.t.Errorf("connection %d: resumed %t", i, did)
		}
	}
}

func oursResume(t *testing.T, p Place, version uint16, tickets bool) {
	w := newWorld(t)
	ticketing := w.withTickets(w.server(nil, version))
	w.expectResumption(opener(t, p), version, func(store mbedtls.SessionStore) func(net.Conn) net.Conn {
		if tickets {
			return ours(ticketing)
		}
		return ours(w.server(store, version))
	})
}

func clientResumesWithCryptoTLS(t *testing.T, p Place, version uint16) {
	w := newWorld(t)
	server := w.theirs(version)
	w.expectResumption(opener(t, p), version, func(mbedtls.SessionStore) func(net.Conn) net.Conn { return server })
}

func clientResumesWithOpenSSL(t *testing.T, p Place, version uint16, args ...string) {
	w := newWorld(t)
	peer, err := peers.OpenSSL.Server(w.ctx, w.peerOptions(version, args...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(peer.Stop)
	next := opener(t, p)
	for i := range 3 {
		conn, _ := w.dial(peer.Addr, w.client(next(), version))
		if did := resumed(conn); did != (i > 0) {
			t.Errorf("connection %d: resumed %t", i, did)
		}
		_, err := peer.Stdin.Write([]byte("x\n"))
		if err == nil {
			_, err = io.ReadFull(conn, make([]byte, 2)) // and the tickets before it
		}
		if err != nil {
			t.Fatal(peer.Explain(err))
		}
		conn.Close()
	}
}

func serverResumesWithOpenSSL(t *testing.T, p Place) {
	w := newWorld(t)
	l := w.listen()
	next := opener(t, p)
	ca, session := w.caFile()
	for i, args := range [][]string{{"-sess_out", session}, {"-sess_in", session}} {
		far := serve(l, ours(w.server(next(), mbedtls.VersionTLS12)))
		peer, err := peers.OpenSSL.Client(w.ctx, l.Addr().String(), peers.Options{
			Version: mbedtls.VersionTLS12, CA: ca, Verbose: true, Args: append(args, "-no_ticket"),
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(peer.Stop)
		if err := peer.Await(peer.Stdout, []string{"New, TLS", "Reused, TLS"}[i]); err != nil {
			t.Error(err)
		}
		if _, err := peer.Stdin.Write([]byte("x")); err != nil {
			t.Fatal(peer.Explain(err))
		}
		if o := <-far; o.err != nil || o.resumed != (i > 0) {
			t.Errorf("connection %d: resumed %t, %v", i, o.resumed, o.err)
		}
		peer.Stdin.Close()
		if err := peer.Wait(); err != nil {
			t.Error(err)
		}
	}
}

// clientsApart has clients that share a store, and are somebody else, or want something else.
func clientsApart(t *testing.T, p Place) {
	w := newWorld(t)
	l := w.listen()
	store := open(t, p, Options{})
	server := w.withTickets(w.server(nil, mbedtls.VersionTLS12))
	server.NextProtos = []string{"a", "b"}
	var clients []*mbedtls.Config
	for _, change := range []func(*mbedtls.Config){
		func(*mbedtls.Config) {},
		func(c *mbedtls.Config) { c.NextProtos = []string{"a"} },
		func(c *mbedtls.Config) { c.NextProtos = []string{"b"} },
		func(c *mbedtls.Config) { c.Certificates = []mbedtls.Certificate{w.own} },
		func(c *mbedtls.Config) { c.ServerName = "127.0.0.1" },
	} {
		c := w.client(store, mbedtls.VersionTLS12)
		change(c)
		clients = append(clients, c)
	}
	for _, want := range []bool{false, true} {
		for i, c := range clients {
			if did, _ := w.visit(l, c, ours(server)); did != want {
				t.Errorf("client %d: resumed %t, want %t", i, did, want)
			}
		}
	}
}
