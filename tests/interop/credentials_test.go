package interop_test

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

const pskIdentity = "device-7"

var (
	pskKey = []byte("0123456789abcdef")
	pskHex = hex.EncodeToString(pskKey)
)

// pskArgs make a peer use the test's key; a server has no certificate then.
var pskArgs = map[string][]string{
	"openssl s_server": {"-nocert", "-psk", pskHex, "-psk_identity", pskIdentity},
	"openssl s_client": {"-psk", pskHex, "-psk_identity", pskIdentity},
	"ssl_server2":      {"psk=" + pskHex, "psk_identity=" + pskIdentity},
	"ssl_client2":      {"psk=" + pskHex, "psk_identity=" + pskIdentity},
	"gnutls-cli":       {"--pskusername=" + pskIdentity, "--pskkey=" + pskHex},
}

// gnutlsExchanges are GnuTLS's names for the key exchanges of TLS 1.3.
var gnutlsExchanges = map[mbedtls.TLS13KeyExchange]string{
	mbedtls.TLS13PSK: "PSK", mbedtls.TLS13PSKEphemeral: "DHE-PSK:+ECDHE-PSK",
}

// pskCase is one key exchange with one version.
type pskCase struct {
	version uint16
	kind    string // of TLS 1.2, as suites begin: PSK, ECDHE-PSK, …
	modes   mbedtls.TLS13KeyExchange
}

func (c pskCase) String() string {
	if c.kind != "" {
		return "1.2 " + c.kind
	}
	return fmt.Sprintf("1.3 %d", c.modes)
}

var pskCases = []pskCase{
	{mbedtls.VersionTLS12, "PSK", 0},
	{mbedtls.VersionTLS12, "DHE-PSK", 0},
	{mbedtls.VersionTLS12, "ECDHE-PSK", 0},
	{mbedtls.VersionTLS12, "RSA-PSK", 0},
	{mbedtls.VersionTLS13, "", mbedtls.TLS13PSK},
	{mbedtls.VersionTLS13, "", mbedtls.TLS13PSKEphemeral},
}

// config is for our end, which decides on the key exchange.
func (c pskCase) config(w *world) *mbedtls.Config {
	conf := &mbedtls.Config{PSK: &mbedtls.PSK{Identity: pskIdentity, Key: pskKey}, MinVersion: c.version, MaxVersion: c.version,
		TLS13KeyExchange: c.modes}
	if c.kind == "RSA-PSK" {
		conf.Certificates = []mbedtls.Certificate{own(w.t, w.ca.Issue(testpki.Leaf{Algorithm: testpki.RSA2048}))}
		conf.RootCAs, conf.ServerName = w.pool, "localhost"
	}
	for _, id := range mbedtls.CipherSuites() {
		if c.kind != "" && strings.HasPrefix(mbedtls.CipherSuiteName(id), "TLS-"+c.kind+"-WITH-AES") {
			conf.CipherSuites = append(conf.CipherSuites, id)
		}
	}
	w.t.Cleanup(func() { conf.Close() })
	return conf
}

// options are for the peer. RSA-PSK needs a certificate too.
func (c pskCase) options(w *world, program string) peers.Options {
	o := peers.Options{Version: c.version, Datagram: c.version == mbedtls.VersionDTLS12, Size: 1 << 14, Args: pskArgs[program]}
	openssl := strings.HasPrefix(program, "openssl")
	if c.kind == "RSA-PSK" {
		cert := w.options(testpki.Leaf{Algorithm: testpki.RSA2048})
		o.Cert, o.Key = cert.Cert, cert.Key
		o.Args = slices.DeleteFunc(slices.Clone(o.Args), func(s string) bool { return s == "-nocert" })
	}
	if openssl && c.modes == mbedtls.TLS13PSK {
		o.Args = append(o.Args, "-allow_no_dhe_kex")
	}
	if openssl && c.kind != "" {
		o.Args = append(o.Args, "-cipher", "ALL:PSK:@SECLEVEL=0")
	}
	if strings.HasPrefix(program, "gnutls") {
		versions := map[uint16]string{mbedtls.VersionTLS12: "TLS1.2", mbedtls.VersionTLS13: "TLS1.3", mbedtls.VersionDTLS12: "DTLS1.2"}
		o.Args = append(o.Args, "--priority=NORMAL:-VERS-ALL:+VERS-"+versions[c.version]+":-KX-ALL:+"+
			cmp.Or(c.kind, gnutlsExchanges[c.modes]))
	}
	if program == "gnutls-serv" {
		o.Args = append(o.Args, "--pskpasswd="+w.file("psk", []byte(pskIdentity+":"+pskHex+"\n")))
	}
	return o
}

func TestClientSharesAKeyWithPeers(t *testing.T) {
	t.Parallel()
	for _, program := range peers.Programs {
		for _, c := range pskCases {
			t.Run(program.ServerProgram+"/"+c.String(), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				peer := w.server(program, c.options(w, program.ServerProgram))
				conn, err := w.dial(peer.Addr, c.config(w))
				if err != nil {
					t.Fatal(peer.Explain(err))
				}
				c.check(t, conn)
				exchange(t, peer, conn)
			})
		}
	}
}

func TestServerSharesKeysWithPeers(t *testing.T) {
	t.Parallel()
	for _, program := range peers.Programs {
		for _, c := range pskCases {
			for _, closure := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/%v", program.ClientProgram, c, closure), func(t *testing.T) {
					t.Parallel()
					w := newWorld(t, testpki.P256)
					config := c.config(w)
					if closure {
						psk := config.PSK
						config.PSK = nil
						config.GetPSK = func(identity string) (*mbedtls.PSK, error) {
							if identity != psk.Identity {
								return nil, nil
							}
							return psk, nil
						}
					}
					l := w.listen(config)
					peer := w.client(program, l.addr(), c.options(w, program.ClientProgram))
					conn, err := l.handshake()
					if err != nil {
						t.Fatal(peer.Explain(err))
					}
					c.check(t, conn)
					if c.crashes(program.Name) {
						return
					}
					exchange(t, peer, conn)
				})
			}
		}
	}
}

// crashes tells of gnutls-cli 3.7, which does when it prints such a connection, with gnutls-serv too.
func (c pskCase) crashes(client string) bool {
	return client == peers.GnuTLS.Name && strings.HasSuffix(c.kind, "DHE-PSK")
}

// check looks at our end of a connection.
func (c pskCase) check(t *testing.T, conn *mbedtls.Conn) {
	t.Helper()
	st := conn.ConnectionState()
	if st.PSKIdentity != pskIdentity || st.Version != c.version {
		t.Errorf("identity %q, %s", st.PSKIdentity, mbedtls.VersionName(st.Version))
	}
	if c.modes != 0 && (st.Group != 0) != (c.modes == mbedtls.TLS13PSKEphemeral) {
		t.Errorf("group %v", st.Group)
	}
	if name := mbedtls.CipherSuiteName(st.CipherSuite); c.kind != "" && !strings.HasPrefix(name, "TLS-"+c.kind+"-WITH-") {
		t.Errorf("suite %s", name)
	}
}

// pskAlerts are what peers print of the alert.
var pskAlerts = map[string]map[int]*regexp.Regexp{
	"openssl s_client": {
		20: regexp.MustCompile(`alert bad record mac|alert number 20`), 51: regexp.MustCompile(`alert decrypt error|alert number 51`),
		115: regexp.MustCompile(`alert unknown psk identity|alert number 115`), 80: regexp.MustCompile(`alert internal error|alert number 80`),
		112: regexp.MustCompile(`alert unrecognized name|alert number 112|unrecognized name`),
	},
}

// A peer with an unknown identity, or a wrong key, sees the same where the server hides its users.
func TestHiddenUsersLookAlikeToPeers(t *testing.T) {
	t.Parallel()
	for version, alert := range map[uint16]int{mbedtls.VersionTLS12: 20, mbedtls.VersionTLS13: 51} {
		for name, args := range map[string][]string{
			"unknown": {"-psk", pskHex, "-psk_identity", "somebody"},
			"wrong":   {"-psk", "00" + pskHex, "-psk_identity", pskIdentity},
		} {
			t.Run(mbedtls.VersionName(version)+"/"+name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				c := pskCase{version: version, kind: "PSK"}
				if version == mbedtls.VersionTLS13 {
					c.kind = ""
				}
				config := c.config(w)
				config.HideUnknownPSK = true
				l := w.listen(config)
				options := c.options(w, "openssl s_client")
				options.Args = append(slices.Clone(args), options.Args[4:]...)
				peer := w.client(peers.OpenSSL, l.addr(), options)
				conn, err := l.handshake()
				if err == nil {
					t.Fatal("the handshake succeeds")
				}
				conn.Close()
				peerSays(t, peer, alert)
			})
		}
	}
}

// peerSays waits for s_client to print an alert.
func peerSays(t *testing.T, peer *peers.Peer, alert int) {
	t.Helper()
	if _, err := peer.AwaitOutput(peer.Stderr, pskAlerts["openssl s_client"][alert]); err != nil {
		t.Errorf("the client does not tell of alert %d: %v", alert, err)
	}
}

func TestServerSelectsByNameForPeers(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		for _, program := range peers.Programs {
			for _, name := range []string{"one.test", "two.test"} {
				t.Run(mbedtls.VersionName(version)+"/"+program.ClientProgram+"/"+name, func(t *testing.T) {
					t.Parallel()
					w := newWorld(t, testpki.P256)
					config := w.config(testpki.Leaf{DNSNames: []string{"one.test"}})
					two := w.config(testpki.Leaf{DNSNames: []string{"two.test"}})
					two.ClientAuth = mbedtls.RequireAndVerifyClientCert
					config.GetConfigForClient = func(h *mbedtls.ClientHelloInfo) (*mbedtls.Config, error) {
						if h.ServerName == "two.test" {
							return two, nil
						}
						return nil, nil
					}
					l := w.listen(config)
					options := w.options(testpki.Leaf{Name: "client"})
					options.CA, options.ServerName, options.Version = w.caFile, name, version
					options.Size = 1 << 14
					peer := w.client(program, l.addr(), options)
					conn, err := l.handshake()
					if err != nil {
						t.Fatal(peer.Explain(err))
					}
					st := conn.ConnectionState()
					if st.ServerName != name || (len(st.PeerCertificates) > 0) != (name == "two.test") {
						t.Errorf("name %q, %d certificates", st.ServerName, len(st.PeerCertificates))
					}
					exchange(t, peer, conn)
				})
			}
		}
	}
}

func TestUnknownNameIsRefusedWithItsAlert(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		w := newWorld(t, testpki.P256)
		config := w.config(testpki.Leaf{})
		config.GetCertificate = func(h *mbedtls.ClientHelloInfo) (*mbedtls.Certificate, error) {
			return nil, fmt.Errorf("%q: %w", h.ServerName, mbedtls.ErrSSLUnrecognizedName)
		}
		l := w.listen(config)
		peer := w.client(peers.OpenSSL, l.addr(), peers.Options{Version: version, ServerName: "nobody.test"})
		conn, err := l.handshake()
		if !errors.Is(err, mbedtls.ErrSSLUnrecognizedName) || !strings.Contains(err.Error(), `"nobody.test"`) {
			t.Errorf("server: %v", err)
		}
		conn.Close()
		peerSays(t, peer, 112)
	}
}

// The C server selects by the name that our client sends.
func TestClientNamesTheServerForSSLServer2(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		w := newWorld(t, testpki.P256)
		options := w.options(testpki.Leaf{})
		files, err := testpki.Write(w.dir, "sni", w.ca.Issue(testpki.Leaf{DNSNames: []string{"two.test"}}))
		if err != nil {
			t.Fatal(err)
		}
		options.Version, options.Size = version, 1<<13
		options.Args = []string{"sni=two.test," + files.Cert + "," + files.Key + ",-,-,-"}
		peer := w.server(peers.MbedTLS, options)
		config := w.config()
		config.ServerName = "two.test"
		conn, err := w.dial(peer.Addr, config)
		if err != nil {
			t.Fatal(peer.Explain(err))
		}
		exchange(t, peer, conn)
	}
}

func TestTrustedCAClosureWithPeers(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		for _, program := range peers.Programs {
			t.Run(mbedtls.VersionName(version)+"/"+program.Name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				middle := w.ca.Intermediate(testpki.P256, "middle")
				find := func(cert *x509.Certificate) ([]*x509.Certificate, error) {
					if string(cert.RawIssuer) == string(w.ca.Cert.RawSubject) {
						return []*x509.Certificate{w.ca.Cert}, nil
					}
					return nil, nil
				}
				options := w.optionsWith(middle.Issue(testpki.Leaf{}))
				options.Version, options.Size = version, 1<<14
				if program.Name == peers.OpenSSL.Name { // which takes the leaf alone from its file
					options.Args = []string{"-cert_chain", options.Cert}
				}
				t.Run("client", func(t *testing.T) {
					peer := w.server(program, options)
					config := w.config()
					config.RootCAs, config.GetTrustedCAs = nil, find
					conn, err := w.dial(peer.Addr, config)
					if err != nil {
						t.Fatal(peer.Explain(err))
					}
					exchange(t, peer, conn)
				})
				t.Run("server", func(t *testing.T) {
					config := w.config(testpki.Leaf{})
					config.ClientCAs, config.GetTrustedCAs, config.ClientAuth = nil, find, mbedtls.RequireAndVerifyClientCert
					l := w.listen(config)
					options := options
					options.CA = w.caFile
					peer := w.client(program, l.addr(), options)
					conn, err := l.handshake()
					if err != nil {
						t.Fatal(peer.Explain(err))
					}
					exchange(t, peer, conn)
				})
				t.Run("nobody", func(t *testing.T) {
					peer := w.server(program, options)
					config := w.config()
					config.RootCAs = nil
					config.GetTrustedCAs = func(*x509.Certificate) ([]*x509.Certificate, error) { return nil, nil }
					if _, err := w.dial(peer.Addr, config); verifyFlags(err) != mbedtls.CertNotTrusted {
						t.Errorf("%v, want an untrusted certificate", err)
					}
				})
			})
		}
	}
}

func TestECJPAKEWithPeers(t *testing.T) {
	t.Parallel()
	const password = "threadjpaketest"
	args := func(password string) peers.Options {
		return peers.Options{Version: tls.VersionTLS12, Size: 1 << 14,
			Args: []string{"ecjpake_pw=" + password, "force_ciphersuite=TLS-ECJPAKE-WITH-AES-128-CCM-8"}}
	}
	w := newWorld(t, testpki.P256)
	config := &mbedtls.Config{ECJPAKEPassword: []byte(password)}
	t.Cleanup(func() { config.Close() })
	t.Run("client", func(t *testing.T) {
		peer := w.server(peers.MbedTLS, args(password))
		conn, err := w.dial(peer.Addr, config)
		if err != nil {
			t.Fatal(peer.Explain(err))
		}
		exchange(t, peer, conn)
	})
	t.Run("server", func(t *testing.T) {
		l := w.listen(config)
		peer := w.client(peers.MbedTLS, l.addr(), args(password))
		conn, err := l.handshake()
		if err != nil {
			t.Fatal(peer.Explain(err))
		}
		exchange(t, peer, conn)
	})
	t.Run("wrong password", func(t *testing.T) {
		peer := w.server(peers.MbedTLS, args("another"))
		if _, err := w.dial(peer.Addr, config); alertOf(err) != 20 {
			t.Errorf("client: %v, want bad_record_mac", err)
		}
		l := w.listen(config)
		w.client(peers.MbedTLS, l.addr(), args("another"))
		conn, err := l.handshake()
		if !errors.Is(err, mbedtls.ErrSSLInvalidMAC) {
			t.Errorf("server: %v, want a bad MAC", err)
		}
		conn.Close()
	})
}
