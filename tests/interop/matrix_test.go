package interop_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// implementation is a program, or crypto/tls in this process.
type implementation struct {
	name   string
	server func(*world, peers.Options) (addr string, far farEnd)
	client func(*world, string, peers.Options) farEnd
}

func implementations() []implementation {
	all := []implementation{{
		"crypto/tls",
		func(w *world, o peers.Options) (string, farEnd) {
			addr, result := w.cryptoServer(cryptoOptions(w, o))
			return addr, &cryptoEnd{connect: func() (*tls.Conn, error) { r := <-result; return r.conn, r.err }, size: o.Size}
		},
		func(w *world, addr string, o peers.Options) farEnd { return cryptoClient(w, addr, o) },
	}}
	for _, p := range peers.Programs {
		all = append(all, implementation{
			p.Name,
			func(w *world, o peers.Options) (string, farEnd) { peer := w.server(p, o); return peer.Addr, peer },
			func(w *world, addr string, o peers.Options) farEnd { return w.client(p, addr, o) },
		})
	}
	return all
}

// cryptoEnd is a connection of crypto/tls that has yet to be waited for.
type cryptoEnd struct {
	connect func() (*tls.Conn, error)
	size    int
	conn    *tls.Conn
}

func (e *cryptoEnd) Exchange(conn peers.Conn) (t peers.Transfer, err error) {
	if e.conn, err = e.connect(); err != nil {
		return t, err
	}
	return peers.Exchange(conn, e.conn, e.size)
}

func (e *cryptoEnd) HangUp(peers.Conn) error { return e.conn.CloseWrite() }

func (e *cryptoEnd) Explain(err error) error { return err }

func cryptoClient(w *world, addr string, o peers.Options) farEnd {
	result := make(chan served, 1)
	dialer := tls.Dialer{Config: cryptoOptions(w, o)}
	go func() {
		conn, err := dialer.DialContext(w.ctx, "tcp", addr)
		if err != nil {
			result <- served{nil, err}
			return
		}
		w.bound(conn)
		result <- served{conn.(*tls.Conn), nil}
	}()
	return &cryptoEnd{connect: func() (*tls.Conn, error) { r := <-result; return r.conn, r.err }, size: o.Size}
}

// cryptoOptions is what Options mean, in terms of crypto/tls.
func cryptoOptions(w *world, o peers.Options) *tls.Config {
	w.t.Helper()
	c := &tls.Config{MinVersion: o.Version, MaxVersion: o.Version, ServerName: "localhost", InsecureSkipVerify: o.CA == ""}
	if o.Cert != "" {
		cert, err := tls.LoadX509KeyPair(o.Cert, o.Key)
		if err != nil {
			w.t.Fatal(err)
		}
		c.Certificates = []tls.Certificate{cert}
	}
	if o.CA != "" {
		data, err := os.ReadFile(o.CA)
		if err != nil {
			w.t.Fatal(err)
		}
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(data)
		c.RootCAs, c.ClientCAs, c.ClientAuth = pool, pool, tls.RequireAndVerifyClientCert
	}
	return c
}

// matrixCase is one way to connect.
type matrixCase struct {
	version uint16
	server  testpki.Algorithm // of the server's key
	mutual  bool              // the client has a certificate too
}

func (c matrixCase) String() string {
	s := fmt.Sprintf("%s, %s", mbedtls.VersionName(c.version), c.server)
	if c.mutual {
		s += ", mutual"
	}
	return s
}

func matrix() (all []matrixCase) {
	for _, version := range versions {
		for _, server := range []testpki.Algorithm{testpki.RSA2048, testpki.P256} {
			all = append(all, matrixCase{version, server, false}, matrixCase{version, server, true})
		}
	}
	return all
}

// clientKey is of another kind than the server's, so that both are seen in both roles.
func (c matrixCase) clientKey() testpki.Leaf {
	if c.server.RSA() {
		return testpki.Leaf{Algorithm: testpki.P384, Name: "client"}
	}
	return testpki.Leaf{Algorithm: testpki.RSA2048, Name: "client"}
}

func TestClientVerifiesAndExchangesWithEveryServer(t *testing.T) {
	for _, impl := range implementations() {
		for _, c := range matrix() {
			t.Run(impl.name+"/"+c.String(), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				config := w.config()
				options := w.options(testpki.Leaf{Algorithm: c.server})
				options.Version = c.version
				if c.mutual {
					config = w.config(c.clientKey())
					options.CA = w.caFile
				}
				addr, far := impl.server(w, options)
				conn, err := w.dial(addr, config)
				if err != nil {
					t.Fatal(far.Explain(err))
				}
				checkState(t, conn, c.version, 0, options.Cert)
				exchange(t, far, conn)
			})
		}
	}
}

func TestServerExchangesWithEveryClient(t *testing.T) {
	for _, impl := range implementations() {
		for _, c := range matrix() {
			t.Run(impl.name+"/"+c.String(), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				config := w.config(testpki.Leaf{Algorithm: c.server})
				options := peers.Options{Size: 1 << 17}
				flags := mbedtls.CertSkipVerify
				if c.mutual {
					config.ClientAuth = mbedtls.RequireAndVerifyClientCert
					options, flags = w.options(c.clientKey()), 0
				}
				options.Version, options.CA = c.version, w.caFile
				l := w.listen(config)
				far := impl.client(w, l.addr(), options)
				conn, err := l.handshake()
				if err != nil {
					t.Fatal(far.Explain(err))
				}
				checkState(t, conn, c.version, flags, options.Cert)
				exchange(t, far, conn)
				if peer, ok := far.(*peers.Peer); ok {
					if err := peer.Wait(); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
}

// checkState looks at what a handshake settled; certFile is what the peer must have shown, or "" for nothing.
func checkState(t *testing.T, conn *mbedtls.Conn, version uint16, flags mbedtls.VerifyFlags, certFile string) {
	t.Helper()
	st := conn.ConnectionState()
	got := map[string]any{
		"complete":        st.HandshakeComplete,
		"version":         mbedtls.VersionName(st.Version),
		"resumed":         st.DidResume,
		"extended master": st.ExtendedMasterSecret,
		"verify":          st.VerifyFlags.String(),
	}
	want := map[string]any{
		"complete":        true,
		"version":         mbedtls.VersionName(version),
		"resumed":         false,
		"extended master": true,
		"verify":          flags.String(),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("state (-want +got):\n%s", diff)
	}
	if st.CipherSuite == 0 || tls.CipherSuiteName(st.CipherSuite) == "" {
		t.Errorf("cipher suite %#04x", st.CipherSuite)
	}
	var wantLeaf, gotLeaf []byte
	if certFile != "" {
		cert, err := os.ReadFile(certFile)
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode(cert)
		wantLeaf = block.Bytes
	}
	if len(st.PeerCertificatesDER) > 0 {
		gotLeaf = st.PeerCertificatesDER[0]
	}
	if diff := cmp.Diff(wantLeaf, gotLeaf); diff != "" {
		t.Errorf("the peer's certificate (-want +got):\n%s", diff)
	}
}

func TestContextEndsAHandshakeWithASilentPeer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testpki.P256)
	ctx, cancel := context.WithCancel(w.ctx)
	l := w.listen(w.config(testpki.Leaf{})) // accepts, and says nothing
	go func() {
		if conn, err := l.Accept(); err == nil {
			w.bound(conn)
			cancel()
		}
	}()
	if _, err := mbedtls.DialContext(ctx, "tcp", l.addr(), w.config()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}

// ders are the blocks of a PEM file.
func ders(data []byte) (all [][]byte) {
	for {
		block, rest := pem.Decode(data)
		if block == nil {
			return all
		}
		all, data = append(all, block.Bytes), rest
	}
}
