package interop_test

import (
	"crypto/tls"
	"slices"
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

func TestDTLSExchangesWithEveryPeer(t *testing.T) {
	t.Parallel()
	for role, isServer := range roles {
		for _, p := range datagramPeers() {
			for _, c := range datagramCases {
				t.Run(role+"/"+p.name+"/"+c.name, func(t *testing.T) {
					t.Parallel()
					w := newWorld(t, testpki.P256)
					config, options := c.config(w), c.options(p)
					ours, theirs := c.ends(w)
					if !isServer {
						ours, theirs = theirs, ours
					}
					flags := mbedtls.VerifyFlags(0)
					if isServer || c.mutual {
						options.CA, config.Certificates = w.caFile, []mbedtls.Certificate{own(t, ours)}
					}
					if !isServer || c.mutual {
						p.certify(w, &options, theirs)
					} else {
						flags = mbedtls.CertSkipVerify
					}
					if c.mutual {
						config.ClientAuth = mbedtls.RequireAndVerifyClientCert
					}
					m := p.meet(w, isServer, config, options, badlink.Options{MTU: c.mtu})
					checkState(t, m.conn, mbedtls.VersionDTLS12, flags, options.Cert)
					if c.suite != 0 {
						checkSuite(t, m.conn, c.suite)
					}
					exchange(t, m.far, m.conn)
					for _, dir := range []badlink.Direction{badlink.ToServer, badlink.ToClient} {
						if n := m.link.Counters(dir).TooLarge; n > 0 {
							t.Errorf("%d datagrams %s were too large", n, dir)
						}
					}
					if isServer {
						peerEnds(t, m.far)
						if st := m.l.stats(); st.Accepted != 1 || st.HelloVerifies == 0 || st.HalfOpen != 0 {
							t.Errorf("%+v", st)
						}
					}
				})
			}
		}
	}
}

// Which servers ask for a cookie is up to them; our client brings it. Ours ask unless they are told not to.
func TestDTLSCookiesAreAskedForAndBrought(t *testing.T) {
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
	for role, server := range roles {
		for _, p := range datagramPeers() {
			for name, change := range map[string]map[string]func(*datagramOptions){"with": on, "without": off} {
				with := name == "with"
				t.Run(role+"/"+p.name+"/"+name, func(t *testing.T) {
					t.Parallel()
					if !server && !with && change[p.name] == nil {
						t.Skip("the program always asks")
					}
					w := newWorld(t, testpki.P256)
					options := datagramOptions{Options: peers.Options{Size: 1000}}
					config := p.trusted(w, server, &options)
					if set := change[p.name]; !server && set != nil {
						set(&options)
					}
					config.DTLS.InsecureDisableCookies = server && !with
					passing := new(tap)
					m := p.meet(w, server, config, options, badlink.Options{Filter: passing.filter})
					exchange(t, m.far, m.conn)
					if got := slices.ContainsFunc(passing.datagrams(badlink.ToClient), isVerifyRequest); got != with {
						t.Errorf("asked for a cookie: %t", got)
					}
				})
			}
		}
	}
}

// A ClientHello that is too long for a datagram comes in fragments; the first one has the cookie.
func TestDTLSServerTakesAClientHelloInFragments(t *testing.T) {
	t.Parallel()
	const mtu = 230
	for _, p := range peers.Programs {
		t.Run(p.ClientProgram, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			passing := new(tap)
			options := datagramOptions{Options: peers.Options{CA: w.caFile, MTU: mtu, Payload: 100, Size: 1000}}
			m := datagramProgram(p).meet(w, true, w.config(testpki.Leaf{}), options, badlink.Options{Filter: passing.filter})
			exchange(t, m.far, m.conn)
			fragments := 0
			for _, datagram := range passing.datagrams(badlink.ToServer) {
				if datagram[0] == recordHandshake && datagram[13] == messageClientHello {
					fragments++
				}
			}
			st := m.l.stats()
			if fragments < 3 || st.HelloVerifies != 1 || st.Accepted != 1 {
				t.Errorf("the ClientHello came in %d datagrams: %+v", fragments, st)
			}
		})
	}
}
