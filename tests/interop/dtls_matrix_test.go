package interop_test

import (
	"crypto/tls"
	"sync/atomic"
	"testing"

	"github.com/pion/dtls/v3"

	"github.com/gombedtls/gombedtls/internal/badlink"
	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// Suites of DTLS 1.2 that pion has, too.
const (
	ecdsaCCM8   = 0xC0AE // TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8
	ecdsaCBC256 = 0xC00A // TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA
	rsaCBC256   = 0xC014 // TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA
)

// smallMTU is one that no certificate fits in.
const smallMTU = 512

// datagramCase is one way to connect.
type datagramCase struct {
	name   string
	suite  uint16            // 0 is what both like best
	server testpki.Algorithm // of the server's key
	mutual bool              // the client has a certificate, too
	chain  bool              // with an intermediate certificate
	mtu    int
	noETM  bool // here
}

var datagramCases = []datagramCase{
	{name: "ECDSA", server: testpki.P256},
	{name: "RSA", server: testpki.RSA2048},
	{name: "ECDSA, mutual", server: testpki.P256, mutual: true},
	{name: "RSA, mutual", server: testpki.RSA2048, mutual: true},
	{name: "RSA, chain, mutual, MTU", server: testpki.RSA2048, mutual: true, chain: true, mtu: smallMTU},
	{name: "ECDSA, MTU", server: testpki.P256, mutual: true, mtu: smallMTU},
	{name: "ECDSA, GCM-128", server: testpki.P256, suite: tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
	{name: "RSA, GCM-256", server: testpki.RSA2048, suite: tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384},
	{name: "ECDSA, ChaCha20", server: testpki.P256, suite: tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256},
	{name: "RSA, ChaCha20", server: testpki.RSA2048, suite: tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256},
	{name: "ECDSA, CCM-8", server: testpki.P256, suite: ecdsaCCM8},
	{name: "ECDSA, CBC", server: testpki.P256, suite: ecdsaCBC256},
	{name: "RSA, CBC", server: testpki.RSA2048, suite: rsaCBC256},
	{name: "RSA, CBC without EtM", server: testpki.RSA2048, suite: rsaCBC256, noETM: true},
}

// ends are the certificates of both ends.
func (c datagramCase) ends(w *world) (server, client tls.Certificate) {
	ca, other := w.ca, testpki.P384
	if c.chain {
		ca, other = ca.Intermediate(testpki.RSA2048, "intermediate"), testpki.RSA2048
	}
	return ca.Issue(testpki.Leaf{Algorithm: c.server}), ca.Issue(testpki.Leaf{Algorithm: other, Name: "client"})
}

// config is for our end.
func (c datagramCase) config(w *world) *mbedtls.Config {
	config := w.config()
	config.DTLS.MTU, config.DisableEncryptThenMAC = c.mtu, c.noETM
	if c.suite != 0 {
		config.CipherSuites = []uint16{c.suite}
	}
	return config
}

// options are for the peer.
func (c datagramCase) options(p datagramPeer) datagramOptions {
	o := datagramOptions{Options: peers.Options{Size: 1 << 14, MTU: c.mtu}}
	if c.mtu > 0 {
		o.Payload = 300
	}
	p.take(&o, c.suite)
	return o
}

// narrow is a link for the case, which loses what is too long; check tells how much that was.
func (c datagramCase) narrow(w *world, addr string) (link *badlink.Proxy, check func()) {
	link = w.link(addr, badlink.Options{MTU: c.mtu})
	return link, func() {
		w.t.Helper()
		for _, dir := range []badlink.Direction{badlink.ToServer, badlink.ToClient} {
			if n := link.Counters(dir).TooLarge; n > 0 {
				w.t.Errorf("%d datagrams %s were too large", n, dir)
			}
		}
	}
}

func TestDatagramClientExchangesWithEveryServer(t *testing.T) {
	t.Parallel()
	for _, p := range datagramPeers() {
		for _, c := range datagramCases {
			t.Run(p.name+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				config, options := c.config(w), c.options(p)
				server, client := c.ends(w)
				p.certify(w, &options, server)
				if c.mutual {
					options.CA, config.Certificates = w.caFile, []mbedtls.Certificate{own(t, client)}
				}
				addr, far := p.server(w, options)
				link, check := c.narrow(w, addr)
				conn, err := w.dialDTLS(link.Addr().String(), config)
				if err != nil {
					t.Fatal(far.Explain(err))
				}
				checkDTLS(t, conn, c.suite, 0, options.Cert)
				exchange(t, far, conn)
				check()
			})
		}
	}
}

func TestDatagramServerExchangesWithEveryClient(t *testing.T) {
	t.Parallel()
	for _, p := range datagramPeers() {
		for _, c := range datagramCases {
			t.Run(p.name+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				config, options := c.config(w), c.options(p)
				server, client := c.ends(w)
				config.Certificates = []mbedtls.Certificate{own(t, server)}
				flags := mbedtls.CertSkipVerify
				if c.mutual {
					config.ClientAuth, flags = mbedtls.RequireAndVerifyClientCert, 0
					p.certify(w, &options, client)
				}
				options.CA = w.caFile
				l := w.listenDTLS(config)
				link, check := c.narrow(w, l.addr())
				far := p.client(w, link.Addr().String(), options)
				conn, err := l.handshake()
				if err != nil {
					t.Fatal(far.Explain(err))
				}
				checkDTLS(t, conn, c.suite, flags, options.Cert)
				exchange(t, far, conn)
				peerEnds(t, far)
				check()
				if st := l.stats(); st.Accepted != 1 || st.HelloVerifies == 0 || st.HalfOpen != 0 {
					t.Errorf("%+v", st)
				}
			})
		}
	}
}

// Which servers ask for a cookie is up to them; our client brings it. Ours ask unless they are told not to.
func TestDatagramCookies(t *testing.T) {
	t.Parallel()
	off := map[string]func(*datagramOptions){
		pionName: func(o *datagramOptions) {
			o.pion.Server = append(o.pion.Server, dtls.WithInsecureSkipVerifyHello(true))
		},
		peers.GnuTLS.Name:  func(o *datagramOptions) { o.Args = append(o.Args, "--nocookie") },
		peers.MbedTLS.Name: func(o *datagramOptions) { o.Args = append(o.Args, "cookies=0") },
	}
	on := map[string]func(*datagramOptions){
		peers.OpenSSL.Name: func(o *datagramOptions) { o.Args = append(o.Args, "-listen") },
	}
	for _, p := range datagramPeers() {
		for name, change := range map[string]map[string]func(*datagramOptions){"with": on, "without": off} {
			with := name == "with"
			t.Run("client/"+p.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				if !with && change[p.name] == nil {
					t.Skip("the program always asks")
				}
				w := newWorld(t, testpki.P256)
				options := datagramOptions{Options: w.options(testpki.Leaf{})}
				options.Size = 1000
				if set := change[p.name]; set != nil {
					set(&options)
				}
				addr, far := p.server(w, options)
				link, asked := w.cookieLink(addr)
				conn, err := w.dialDTLS(link.Addr().String(), w.config())
				if err != nil {
					t.Fatal(far.Explain(err))
				}
				exchange(t, far, conn)
				if got := asked.Load() > 0; got != with {
					t.Errorf("asked for a cookie: %t", got)
				}
			})
			t.Run("server/"+p.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				config := w.config(testpki.Leaf{})
				config.DTLS.InsecureDisableCookies = !with
				l := w.listenDTLS(config)
				link, asked := w.cookieLink(l.addr())
				far := p.client(w, link.Addr().String(), datagramOptions{Options: peers.Options{CA: w.caFile, Size: 1000}})
				conn, err := l.handshake()
				if err != nil {
					t.Fatal(far.Explain(err))
				}
				exchange(t, far, conn)
				if got := asked.Load() > 0; got != with {
					t.Errorf("asked for a cookie: %t", got)
				}
			})
		}
	}
}

// cookieLink counts the HelloVerifyRequests.
func (w *world) cookieLink(addr string) (*badlink.Proxy, *atomic.Int32) {
	asked := new(atomic.Int32)
	return w.link(addr, badlink.Options{Filter: func(dir badlink.Direction, _ int, datagram []byte) badlink.Verdict {
		if dir == badlink.ToClient && isVerifyRequest(datagram) {
			asked.Add(1)
		}
		return badlink.Undecided
	}}), asked
}

// A ClientHello that is too long for a datagram comes in fragments; the first one has the cookie.
func TestDatagramServerTakesAClientHelloInFragments(t *testing.T) {
	t.Parallel()
	const mtu = 230
	for _, p := range peers.Programs {
		t.Run(p.ClientProgram, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			l := w.listenDTLS(w.config(testpki.Leaf{}))
			var fragments atomic.Int32
			link := w.link(l.addr(), badlink.Options{Filter: func(dir badlink.Direction, _ int, datagram []byte) badlink.Verdict {
				if dir == badlink.ToServer && datagram[0] == recordHandshake && datagram[13] == messageClientHello {
					fragments.Add(1)
				}
				return badlink.Undecided
			}})
			peer := w.client(p, link.Addr().String(), peers.Options{CA: w.caFile, Datagram: true, MTU: mtu, Payload: 100, Size: 1000})
			conn, err := l.handshake()
			if err != nil {
				t.Fatal(peer.Explain(err))
			}
			exchange(t, peer, conn)
			if n, asked := fragments.Load(), l.stats().HelloVerifies; n < 3 || asked != 1 {
				t.Errorf("the ClientHello came in %d datagrams, and a cookie was asked for %d times", n, asked)
			}
			if st := l.stats(); st.Accepted != 1 {
				t.Errorf("%+v", st)
			}
		})
	}
}
