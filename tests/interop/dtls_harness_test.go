package interop_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"sync"
	"testing"

	"github.com/pion/dtls/v3"

	"github.com/gombedtls/gombedtls/internal/badlink"
	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/peers/pion"
	"github.com/gombedtls/gombedtls/internal/testpki"
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
	all := []datagramPeer{pionPeer}
	for _, p := range peers.Programs {
		all = append(all, datagramProgram(p))
	}
	return all
}

func datagramProgram(p peers.Program) datagramPeer {
	return datagramPeer{
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
	}
}

// pionPeer is pion/dtls in this process.
var pionPeer = datagramPeer{
	pionName, peers.Program{},
	func(w *world, o datagramOptions) (string, farEnd) { return w.pionServer(pionOptions(w, o), o.Options) },
	func(w *world, addr string, o datagramOptions) farEnd {
		return w.pionClient(addr, pionOptions(w, o), o.Options)
	},
}

// roles are those of the end of ours: whether it is the server.
var roles = map[string]bool{"client": false, "server": true}

// trusted gives whoever is the server a certificate, which the client trusts. The config is for our end.
func (p datagramPeer) trusted(w *world, server bool, o *datagramOptions) *mbedtls.Config {
	w.t.Helper()
	if server {
		o.CA = w.caFile
		return w.config(testpki.Leaf{})
	}
	p.certify(w, o, w.ca.Issue(testpki.Leaf{}))
	return w.config()
}

// meeting is a connection of ours with a peer.
type meeting struct {
	conn *mbedtls.Conn
	far  farEnd
	link *badlink.Proxy // between them
	l    *listener      // if ours is the server
}

// meet connects the peer with an end of ours over a link.
func (p datagramPeer) meet(w *world, server bool, c *mbedtls.Config, o datagramOptions, link badlink.Options) (m meeting) {
	w.t.Helper()
	if server {
		m.l = w.listenDTLS(c)
		m.link = w.link(m.l.addr(), link)
		m.far = p.client(w, m.link.Addr().String(), o)
		m.conn = m.l.mustHandshake(m.far)
		return m
	}
	addr, far := p.server(w, o)
	m.far, m.link = far, w.link(addr, link)
	m.conn = w.mustDial(far, "udp", m.link.Addr().String(), c)
	return m
}

// pion is the other end, if that is pion's.
func (m meeting) pion(t *testing.T) *pion.Conn {
	t.Helper()
	conn, err := m.far.(*pionEnd).connected()
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func (w *world) listenDTLS(c *mbedtls.Config) *listener {
	w.t.Helper()
	return w.listenNetwork("udp", c)
}

// stats are those of a listener for DTLS.
func (l *listener) stats() mbedtls.DTLSStats { return l.Listener.(*mbedtls.DTLSListener).Stats() }

// connectedOver connects a client over conn with a listener that has no other clients at that time.
func (w *world) connectedOver(l *listener, conn net.Conn, c *mbedtls.Config) (client, server *mbedtls.Conn) {
	w.t.Helper()
	client = mbedtls.ClientDTLS(conn, c)
	w.bound(client)
	ended := make(chan error, 1)
	go func() { ended <- client.HandshakeContext(w.ctx) }()
	server, err := l.handshake()
	if err := errors.Join(err, <-ended); err != nil {
		w.t.Fatal(err)
	}
	return client, server
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

// pass sends one datagram, which is the next at the other end.
func pass(from io.Writer, to net.Conn, text []byte) error {
	if _, err := from.Write(text); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	got, err := next(to)
	if err == nil && !bytes.Equal(got, text) {
		err = fmt.Errorf("%.100q arrived of %.100q", got, text)
	}
	return err
}

// next is the next datagram.
func next(c net.Conn) ([]byte, error) {
	buf := make([]byte, 1<<14)
	n, err := c.Read(buf)
	return buf[:n], err
}

func mustWrite(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

func mustNext(t *testing.T, c net.Conn) string {
	t.Helper()
	got, err := next(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(got)
}

// mustRead expects datagrams.
func mustRead(t *testing.T, c net.Conn, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if got := mustNext(t, c); got != text {
			t.Fatalf("read %q, want %q", got, text)
		}
	}
}

func mustPass(t *testing.T, from, to net.Conn, text string) {
	t.Helper()
	mustWrite(t, from, text)
	mustRead(t, to, text)
}

// mustConverse sends a text each way.
func mustConverse(t *testing.T, a, b net.Conn, text string) {
	t.Helper()
	mustPass(t, a, b, text)
	mustPass(t, b, a, text)
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

// socketTo is a socket that is connected to addr.
func (w *world) socketTo(addr net.Addr) net.Conn {
	w.t.Helper()
	c, err := net.Dial(addr.Network(), addr.String())
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { c.Close() })
	return c
}

// tap keeps what passes a link, and can hold back what goes to the server.
type tap struct {
	mu   sync.Mutex
	hold bool
	seen [2][][]byte // by direction
}

func (a *tap) filter(dir badlink.Direction, _ int, datagram []byte) badlink.Verdict {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.seen[dir] = append(a.seen[dir], bytes.Clone(datagram))
	if a.hold && dir == badlink.ToServer {
		return badlink.Drop
	}
	return badlink.Undecided
}

func (a *tap) holds(on bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hold = on
}

// datagrams are those so far.
func (a *tap) datagrams(dir badlink.Direction) [][]byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.seen[dir]
}

func (a *tap) last(dir badlink.Direction) []byte {
	all := a.datagrams(dir)
	return all[len(all)-1]
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
