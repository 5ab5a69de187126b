package interop_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/pion/dtls/v3"

	"github.com/gombedtls/gombedtls/internal/badlink"
	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/peers/pion"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// datagramOptions are for a peer of DTLS: Args for a program, and pion for that.
type datagramOptions struct {
	peers.Options
	pion pion.Options
}

// datagramPeer is a program, or pion/dtls in this process.
type datagramPeer struct {
	name    string
	program peers.Program // but for pion
	server  func(*world, datagramOptions) (addr string, far farEnd)
	client  func(*world, string, datagramOptions) farEnd
}

const pionName = "pion"

func datagramPeers() []datagramPeer {
	all := []datagramPeer{{
		pionName, peers.Program{},
		func(w *world, o datagramOptions) (string, farEnd) { return w.pionServer(pionOptions(w, o), o.Options) },
		func(w *world, addr string, o datagramOptions) farEnd {
			return w.pionClient(addr, pionOptions(w, o), o.Options)
		},
	}}
	for _, p := range peers.Programs {
		all = append(all, datagramPeer{
			p.Name, p,
			func(w *world, o datagramOptions) (string, farEnd) {
				o.Datagram = true
				peer := w.server(p, o.Options)
				return peer.Addr, peer
			},
			func(w *world, addr string, o datagramOptions) farEnd {
				o.Datagram = true
				return w.client(p, addr, o.Options)
			},
		})
	}
	return all
}

// pionHeaders are what pion does not count to the MTU: those of a record and of a handshake message.
const pionHeaders = 13 + 12

// pionOptions is what Options mean, in terms of pion.
func pionOptions(w *world, o datagramOptions) pion.Options {
	w.t.Helper()
	c := cryptoOptions(w, o.Options)
	p := o.pion
	if o.MTU > 0 {
		p.MTU = o.MTU - pionHeaders
	}
	if o.CA != "" {
		p.Roots = c.RootCAs
	}
	if o.Cert != "" {
		p.Certificate = &c.Certificates[0]
	}
	return p
}

// pionEnd is a connection of pion that has yet to be waited for.
type pionEnd struct {
	result  <-chan pionResult
	payload int
	size    int
	conn    *pion.Conn
}

type pionResult struct {
	conn *pion.Conn
	err  error
}

func newPionEnd(w *world, o peers.Options, connect func() (*pion.Conn, error)) *pionEnd {
	results := make(chan pionResult, 1)
	go func() {
		conn, err := connect()
		if err == nil {
			w.bound(conn)
		}
		results <- pionResult{conn, err}
	}()
	payload := o.Payload
	if payload == 0 {
		payload = 1024
	}
	return &pionEnd{result: results, payload: payload, size: o.Size}
}

func (w *world) pionServer(p pion.Options, o peers.Options) (addr string, far *pionEnd) {
	w.t.Helper()
	l, err := pion.Listen(p)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { l.Close() })
	return l.Addr().String(), newPionEnd(w, o, func() (*pion.Conn, error) { return l.Handshake(w.ctx) })
}

func (w *world) pionClient(addr string, p pion.Options, o peers.Options) *pionEnd {
	return newPionEnd(w, o, func() (*pion.Conn, error) { return pion.Dial(w.ctx, addr, p) })
}

// connected waits for the handshake's end.
func (e *pionEnd) connected() (*pion.Conn, error) {
	if e.conn == nil {
		r := <-e.result
		if r.err != nil {
			return nil, r.err
		}
		e.conn = r.conn
	}
	return e.conn, nil
}

func (e *pionEnd) Exchange(conn peers.Conn) (peers.Transfer, error) {
	far, err := e.connected()
	if err != nil {
		return peers.Transfer{}, err
	}
	for at := 0; at < e.size; at += e.payload {
		text := bytes.Repeat([]byte{byte(at / e.payload)}, min(e.payload, e.size-at))
		if err := errors.Join(pass(conn, far, text), pass(far, conn, text)); err != nil {
			return peers.Transfer{}, err
		}
	}
	return peers.Transfer{Bytes: e.size}, nil
}

func (e *pionEnd) HangUp(peers.Conn) error { return e.conn.Close() }

func (e *pionEnd) Explain(err error) error { return err }

// pass sends one datagram.
func pass(from, to peers.Conn, text []byte) error {
	if _, err := from.Write(text); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	return arrives(to, text)
}

// arrives reads one datagram.
func arrives(to peers.Conn, text []byte) error {
	got := make([]byte, 1<<14)
	n, err := to.Read(got)
	if err == nil && !bytes.Equal(got[:n], text) {
		err = fmt.Errorf("%.100q arrived of %.100q", got[:n], text)
	}
	return err
}

// certify gives a peer a certificate. Of the file of -cert, OpenSSL takes the first alone.
func (p datagramPeer) certify(w *world, o *datagramOptions, cert tls.Certificate) {
	w.t.Helper()
	files := w.optionsWith(cert)
	o.Cert, o.Key = files.Cert, files.Key
	if p.name == peers.OpenSSL.Name && len(cert.Certificate) > 1 {
		o.Args = append(o.Args, "-cert_chain", o.Cert)
	}
}

// link starts a link to a server.
func (w *world) link(addr string, o badlink.Options) *badlink.Proxy {
	w.t.Helper()
	link, err := badlink.Start(addr, o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { link.Close() })
	return link
}

// helloVerifyRequest is a type of handshake messages.
const helloVerifyRequest = 3

// isVerifyRequest tells whether a datagram begins with a HelloVerifyRequest.
func isVerifyRequest(datagram []byte) bool {
	return len(datagram) > 13 && datagram[0] == recordHandshake && datagram[13] == helloVerifyRequest
}

// until waits for what nothing tells of.
func (w *world) until(is func() bool) {
	w.t.Helper()
	for !is() {
		if w.ctx.Err() != nil {
			w.t.Fatal(w.ctx.Err())
		}
		runtime.Gosched()
	}
}

// peerEnds expects a program to end without an error.
func peerEnds(t *testing.T, far farEnd) {
	t.Helper()
	if peer, ok := far.(*peers.Peer); ok {
		if err := peer.Wait(); err != nil {
			t.Error(err)
		}
	}
}

// everySuite makes programs of others take the suites that they have, but would not take by themselves.
var everySuite = map[string]func(*datagramOptions){
	peers.OpenSSL.Name: func(o *datagramOptions) { o.Args = append(o.Args, "-cipher", "ALL:PSK:@SECLEVEL=0") },
	peers.GnuTLS.Name: func(o *datagramOptions) {
		o.Priority = "NORMAL:-VERS-ALL:+VERS-DTLS1.2:+AES-128-CCM-8"
	},
	peers.MbedTLS.Name: func(*datagramOptions) {},
}

// take makes a peer take a suite.
func (p datagramPeer) take(o *datagramOptions, suite uint16) {
	if suite == 0 {
		return
	}
	if p.name == pionName {
		o.pion.More = append(o.pion.More, dtls.WithCipherSuites(dtls.CipherSuiteID(suite)))
		return
	}
	everySuite[p.name](o)
}

// checkDTLS looks at what a handshake settled.
func checkDTLS(t *testing.T, conn *mbedtls.Conn, suite uint16, flags mbedtls.VerifyFlags, certFile string) {
	t.Helper()
	checkState(t, conn, mbedtls.VersionDTLS12, flags, certFile)
	if suite != 0 {
		checkSuite(t, conn, suite)
	}
}
