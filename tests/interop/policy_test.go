package interop_test

import (
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/internal/badlink"
	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/peers/pion"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// policyWith is the default policy with something else.
func policyWith(change func(*mbedtls.PolicyRules)) mbedtls.Policy {
	r := mbedtls.DefaultPolicy.Rules()
	change(&r)
	return r
}

// ruleOf is the rule that a handshake was ended for; "" if it was not for any.
func ruleOf(err error) string {
	var violation *mbedtls.PolicyViolation
	if errors.As(err, &violation) {
		return violation.Key
	}
	return ""
}

var errNotThisKey = errors.New("not this key")

// keyCases are peers' keys, and what policies make of them.
func keyCases() []struct {
	name   string
	policy mbedtls.Policy
	key    testpki.Algorithm
	rule   string // "" if it is accepted
	alert  mbedtls.AlertError
} {
	refuse := func(crypto.PublicKey) error { return errNotThisKey }
	onlyP384 := func(key crypto.PublicKey) error {
		if ec, ok := key.(*ecdsa.PublicKey); !ok || ec.Params().BitSize != 384 {
			return errNotThisKey
		}
		return nil
	}
	return []struct {
		name   string
		policy mbedtls.Policy
		key    testpki.Algorithm
		rule   string
		alert  mbedtls.AlertError
	}{
		{"default", mbedtls.DefaultPolicy, testpki.P256, "", 0},
		{"default", mbedtls.DefaultPolicy, testpki.P384, "", 0},
		{"default", mbedtls.DefaultPolicy, testpki.RSA2048, "", 0},
		{"default", mbedtls.DefaultPolicy, testpki.RSA1024, "minimum_rsa_bits", mbedtls.AlertUnsupportedCertificate},
		{"strict", mbedtls.StrictPolicy, testpki.P256, "", 0},
		{"strict", mbedtls.StrictPolicy, testpki.RSA2048, "minimum_rsa_bits", mbedtls.AlertUnsupportedCertificate},
		{"ECDSA of 384 bits", policyWith(func(r *mbedtls.PolicyRules) { r.MinimumECDSAGroupSize = 384 }), testpki.P256,
			"minimum_ecdsa_group_size", mbedtls.AlertUnsupportedCertificate},
		{"curves", policyWith(func(r *mbedtls.PolicyRules) { r.CertificateCurves = []mbedtls.Group{mbedtls.CurveP256} }), testpki.P384,
			"certificate_curves", mbedtls.AlertUnsupportedCertificate},
		{"hashes", policyWith(func(r *mbedtls.PolicyRules) { r.SignatureHashes = []crypto.Hash{crypto.SHA384} }), testpki.RSA2048,
			"signature_hashes", mbedtls.AlertCertificateUnknown},
		{"strength", policyWith(func(r *mbedtls.PolicyRules) { r.MinimumSignatureStrength = 128 }), testpki.RSA2048,
			"minimum_signature_strength", mbedtls.AlertUnsupportedCertificate},
		{"strength", policyWith(func(r *mbedtls.PolicyRules) { r.MinimumSignatureStrength = 128 }), testpki.P256, "", 0},
		{"closure", policyWith(func(r *mbedtls.PolicyRules) { r.CheckPeerKey = refuse }), testpki.P256,
			"check_peer_key", mbedtls.AlertUnsupportedCertificate},
		{"closure", policyWith(func(r *mbedtls.PolicyRules) { r.CheckPeerKey = onlyP384 }), testpki.P384, "", 0},
	}
}

func TestPolicyRefusesServersByTheirKeys(t *testing.T) {
	t.Parallel()
	ways := []struct {
		name  string
		tweak func(*mbedtls.Config)
		alert mbedtls.AlertError // 0 is that of the case
	}{
		{"verified", func(*mbedtls.Config) {}, 0},
		{"insecure", func(c *mbedtls.Config) { c.InsecureSkipVerify = true }, mbedtls.AlertAccessDenied},
		{"flags cleared", func(c *mbedtls.Config) {
			c.VerifyCertificate = func(*x509.Certificate, int, mbedtls.VerifyFlags) (mbedtls.VerifyFlags, error) { return 0, nil }
		}, 0},
	}
	for _, version := range versions {
		for _, way := range ways {
			for _, tt := range keyCases() {
				t.Run(fmt.Sprintf("%s/%s/%s/%v", mbedtls.VersionName(version), way.name, tt.name, tt.key), func(t *testing.T) {
					t.Parallel()
					w := newWorld(t, testpki.P256)
					config := w.config()
					config.Policy = tt.policy
					way.tweak(config)
					o := w.options(testpki.Leaf{Algorithm: tt.key})
					o.Version, o.Args = version, []string{"-cipher", "ALL:@SECLEVEL=0"}
					peer := w.server(peers.OpenSSL, o)
					_, err := w.dial(peer.Addr, config)
					if got := ruleOf(err); got != tt.rule || (err == nil) != (tt.rule == "") {
						t.Fatalf("%v, want rule %q", err, tt.rule)
					}
					if tt.rule == "check_peer_key" && !errors.Is(err, errNotThisKey) {
						t.Errorf("%v is not the closure's error", err)
					}
					if tt.rule != "" {
						if err := peer.Await(peer.Stderr, fmt.Sprintf("SSL alert number %d\n", uint8(cmp.Or(way.alert, tt.alert)))); err != nil {
							t.Error(err)
						}
					}
				})
			}
		}
	}
}

func TestPolicyRefusesClientsByTheirKeys(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		for _, auth := range []mbedtls.ClientAuthType{mbedtls.RequestClientCert, mbedtls.VerifyClientCertIfGiven, mbedtls.RequireAndVerifyClientCert} {
			for _, tt := range keyCases() {
				t.Run(fmt.Sprintf("%s/auth %d/%s/%v", mbedtls.VersionName(version), auth, tt.name, tt.key), func(t *testing.T) {
					t.Parallel()
					w := newWorld(t, testpki.P256)
					// The server's own certificate must be in order, too.
					ours := testpki.NewCA(testpki.P384, "root of the server").Issue(testpki.Leaf{Algorithm: testpki.P384})
					if tt.rule == "certificate_curves" {
						ours = w.ca.Issue(testpki.Leaf{})
					}
					config := w.config()
					config.Certificates = []mbedtls.Certificate{own(t, ours)}
					config.Policy, config.ClientAuth = tt.policy, auth
					l := w.listen(config)
					client := w.cryptoConfig(version, w.ca.Issue(testpki.Leaf{Algorithm: tt.key}))
					client.InsecureSkipVerify = true
					done := make(chan struct{})
					go func() {
						defer close(done)
						if conn, err := tls.Dial("tcp", l.addr(), client); err == nil {
							w.bound(conn)
							conn.Read(make([]byte, 1))
						}
					}()
					conn, err := l.handshake()
					if got := ruleOf(err); got != tt.rule || (err == nil) != (tt.rule == "") {
						t.Errorf("%v, want rule %q", err, tt.rule)
					}
					conn.Close()
					<-done
				})
			}
		}
	}
}

func TestPolicyNegotiatesOnlyWhatItAllowsWithOpenSSL(t *testing.T) {
	t.Parallel()
	p384 := policyWith(func(r *mbedtls.PolicyRules) {
		r.KeyExchangeGroups = []mbedtls.Group{mbedtls.CurveP384, mbedtls.CurveP256}
	})
	pss512 := policyWith(func(r *mbedtls.PolicyRules) { r.SignatureSchemes = []mbedtls.SignatureScheme{mbedtls.PSSWithSHA512} })
	rsa512 := policyWith(func(r *mbedtls.PolicyRules) {
		r.AcceptableSignatureSchemes = []mbedtls.SignatureScheme{mbedtls.PKCS1WithSHA512}
	})
	only384 := policyWith(func(r *mbedtls.PolicyRules) { r.MinimumECDHGroupSize = 384 })
	for _, tt := range []struct {
		name    string
		policy  mbedtls.Policy
		key     testpki.Algorithm // of the server
		version uint16            // OpenSSL's; 0: both
		args    []string          // OpenSSL's
		suite   uint16            // 0: no connection
		group   mbedtls.Group     // 0: whichever
	}{
		{"strict, 1.3", mbedtls.StrictPolicy, testpki.P256, 0, nil, 0x1302, 0},
		{"strict, 1.2", mbedtls.StrictPolicy, testpki.P256, mbedtls.VersionTLS12, nil, 0xC02C, 0},
		{"strict, ChaCha20 alone", mbedtls.StrictPolicy, testpki.P256, mbedtls.VersionTLS12, []string{"-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"}, 0xCCA9, 0},
		{"strict, CBC alone", mbedtls.StrictPolicy, testpki.P256, mbedtls.VersionTLS12, []string{"-cipher", "ECDHE-ECDSA-AES128-SHA256"}, 0, 0},
		{"strict, CCM-8 alone", mbedtls.StrictPolicy, testpki.P256, mbedtls.VersionTLS12, []string{"-cipher", "ECDHE-ECDSA-AES128-CCM8:@SECLEVEL=0"}, 0, 0},
		{"default, CCM-8 alone", mbedtls.DefaultPolicy, testpki.P256, mbedtls.VersionTLS12, []string{"-cipher", "ECDHE-ECDSA-AES128-CCM8:@SECLEVEL=0"}, 0xC0AE, 0},
		{"strict, CCM alone in 1.3", mbedtls.StrictPolicy, testpki.P256, mbedtls.VersionTLS13, []string{"-ciphersuites", "TLS_AES_128_CCM_SHA256"}, 0, 0},
		{"default, RSA key exchange alone", mbedtls.DefaultPolicy, testpki.RSA2048, mbedtls.VersionTLS12, []string{"-cipher", "AES128-GCM-SHA256"}, 0, 0},
		{"RSA key exchange", policyWith(func(r *mbedtls.PolicyRules) { r.KeyExchangeMethods = []string{"RSA"} }), testpki.RSA2048,
			0, []string{"-cipher", "ALL"}, 0x009D, 0},
		{"no 1.2", policyWith(func(r *mbedtls.PolicyRules) { r.AllowTLS12 = false }), testpki.P256, mbedtls.VersionTLS12, nil, 0, 0},
		{"no 1.3", policyWith(func(r *mbedtls.PolicyRules) { r.AllowTLS13 = false }), testpki.P256, mbedtls.VersionTLS13, nil, 0, 0},
		{"no 1.3, both", policyWith(func(r *mbedtls.PolicyRules) { r.AllowTLS13 = false }), testpki.P256, 0, nil, 0xC02C, 0},
		{"Suite B", mbedtls.SuiteBPolicy, testpki.P256, 0, nil, 0xC02B, 0},
		{"Suite B, RSA alone", mbedtls.SuiteBPolicy, testpki.P256, mbedtls.VersionTLS12, []string{"-cipher", "ECDHE-RSA-AES128-GCM-SHA256"}, 0, 0},
		{"group by preference", p384, testpki.P256, mbedtls.VersionTLS13, []string{"-groups", "P-384:P-256"}, 0x1302, mbedtls.CurveP384},
		{"group by size", only384, testpki.RSA2048, mbedtls.VersionTLS13, []string{"-groups", "P-256:P-384"}, 0x1302, mbedtls.CurveP384},
		{"group by size, 1.2", only384, testpki.RSA2048, mbedtls.VersionTLS12, []string{"-groups", "P-256:P-384"}, 0xC030, mbedtls.CurveP384},
		{"signature scheme", pss512, testpki.RSA2048, mbedtls.VersionTLS13, nil, 0x1302, 0},
		{"signature scheme, 1.2", rsa512, testpki.RSA2048, mbedtls.VersionTLS12, []string{"-sigalgs", "RSA+SHA256:RSA+SHA512"}, 0xC030, 0},
		{"another signature scheme, 1.2", rsa512, testpki.RSA2048, mbedtls.VersionTLS12, []string{"-sigalgs", "RSA+SHA256"}, 0, 0},
		{"another signature scheme", pss512, testpki.RSA2048, mbedtls.VersionTLS13, []string{"-sigalgs", "RSA-PSS+SHA256"}, 0, 0},
		{"no group", only384, testpki.RSA2048, mbedtls.VersionTLS13, []string{"-groups", "P-256:X25519"}, 0, 0},
		{"no group, 1.2", only384, testpki.RSA2048, mbedtls.VersionTLS12, []string{"-groups", "P-256:X25519", "-cipher", "ECDHE"}, 0, 0},
	} {
		for role, server := range roles {
			t.Run(role+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				leaf := testpki.Leaf{Algorithm: tt.key}
				var conn *mbedtls.Conn
				var err error
				var peer *peers.Peer
				if server {
					config := w.config(leaf)
					config.Policy = tt.policy
					l := w.listen(config)
					peer = w.client(peers.OpenSSL, l.addr(), peers.Options{CA: w.caFile, Version: tt.version, Size: 1000, Args: tt.args})
					conn, err = l.handshake()
				} else {
					o := w.options(leaf)
					o.Version, o.Args = tt.version, tt.args
					peer = w.server(peers.OpenSSL, o)
					config := w.config()
					config.Policy = tt.policy
					conn, err = w.dial(peer.Addr, config)
				}
				if tt.suite == 0 {
					if err == nil {
						t.Errorf("connected with %s", mbedtls.CipherSuiteName(conn.ConnectionState().CipherSuite))
					}
					return
				}
				if err != nil {
					t.Fatal(peer.Explain(err))
				}
				st := conn.ConnectionState()
				if st.CipherSuite != tt.suite || tt.group != 0 && st.Group != tt.group {
					t.Errorf("%s, %v, want %s, %v", mbedtls.CipherSuiteName(st.CipherSuite), st.Group, mbedtls.CipherSuiteName(tt.suite), tt.group)
				}
				for _, v := range mbedtls.PolicyViolations(tt.policy, st, server) {
					t.Error(v)
				}
				exchange(t, peer, conn)
			})
		}
	}
}

// Package x509 cannot parse a certificate with a key on such a curve.
func TestPolicyJudgesCurvesThatOnlyTheLibraryKnows(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*mbedtls.PolicyRules)
		rule   string
	}{
		{"default", func(*mbedtls.PolicyRules) {}, ""},
		{"listed", func(r *mbedtls.PolicyRules) { r.CertificateCurves = []mbedtls.Group{mbedtls.BrainpoolP256R1} }, ""},
		{"not listed", func(r *mbedtls.PolicyRules) { r.CertificateCurves = []mbedtls.Group{mbedtls.CurveP256} }, "certificate_curves"},
		{"too short", func(r *mbedtls.PolicyRules) { r.MinimumECDSAGroupSize = 257 }, "minimum_ecdsa_group_size"},
		{"no key for the closure", func(r *mbedtls.PolicyRules) {
			r.CheckPeerKey = func(key crypto.PublicKey) error {
				if key == nil {
					return errNotThisKey
				}
				return nil
			}
		}, "check_peer_key"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			cert, key := filepath.Join(w.dir, "self.crt"), filepath.Join(w.dir, "self.key")
			if _, err := peers.Run(w.ctx, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1", "-nodes",
				"-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert); err != nil {
				t.Fatal(err)
			}
			pem, err := os.ReadFile(cert)
			if err != nil {
				t.Fatal(err)
			}
			peer := w.server(peers.OpenSSL, peers.Options{Cert: cert, Key: key, Version: tls.VersionTLS12, Size: 1000, Args: []string{"-cipher", "ECDHE"}})
			config := w.config()
			config.RootCAs, config.Policy = mbedtls.NewCertPool(), policyWith(tt.change)
			if _, err := config.RootCAs.AppendCertsFromPEM(pem); err != nil {
				t.Fatal(err)
			}
			conn, err := w.dial(peer.Addr, config)
			if ruleOf(err) != tt.rule || (err == nil) != (tt.rule == "") {
				t.Fatal(peer.Explain(fmt.Errorf("%w, want rule %q", err, tt.rule)))
			}
			if err == nil {
				exchange(t, peer, conn)
			}
		})
	}
}

func TestPolicyDemandsExtendedMasterSecret(t *testing.T) {
	t.Parallel()
	for _, has := range []bool{true, false} {
		args := []string{map[bool]string{true: "extended_ms=1", false: "extended_ms=0"}[has]}
		check := func(t *testing.T, peer *peers.Peer, conn *mbedtls.Conn, err error) {
			t.Helper()
			if has {
				if err != nil {
					t.Fatal(peer.Explain(err))
				}
				exchange(t, peer, conn)
				return
			}
			if ruleOf(err) != "require_extended_master_secret" {
				t.Errorf("got %v", err)
			}
		}
		t.Run("client/"+args[0], func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			o := w.options(testpki.Leaf{})
			o.Version, o.Args = tls.VersionTLS12, args
			peer := w.server(peers.MbedTLS, o)
			config := w.config()
			config.Policy = mbedtls.StrictPolicy
			conn, err := w.dial(peer.Addr, config)
			check(t, peer, conn, err)
		})
		t.Run("server/"+args[0], func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			config := w.config(testpki.Leaf{})
			config.Policy = mbedtls.StrictPolicy
			l := w.listen(config)
			peer := w.client(peers.MbedTLS, l.addr(), peers.Options{CA: w.caFile, Version: tls.VersionTLS12, Size: 1000, Args: args})
			conn, err := l.handshake()
			check(t, peer, conn, err)
		})
	}
}

func TestPolicyHoldsForSessionsFromBeforeIt(t *testing.T) {
	t.Parallel()
	t.Run("client", func(t *testing.T) {
		t.Parallel()
		for _, version := range versions {
			t.Run(mbedtls.VersionName(version), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				o := w.options(testpki.Leaf{Algorithm: testpki.RSA2048})
				o.Version, o.Args = version, []string{"-naccept", "2"}
				peer := w.server(peers.OpenSSL, o)
				before := w.config()
				before.CipherSuites = []uint16{0x1302, 0xC030} // what the policy prefers: OpenSSL resumes no other
				conn := w.mustDial(peer, "tcp", peer.Addr, before)
				if _, err := peer.Stdin.Write([]byte("x\n")); err != nil {
					t.Fatal(err)
				}
				if _, err := conn.Read(make([]byte, 2)); err != nil { // with the tickets before it
					t.Fatal(err)
				}
				session, err := conn.Session()
				if err != nil {
					t.Fatal(err)
				}
				conn.Close()

				after := w.config()
				after.Policy = mbedtls.StrictPolicy
				after.VerifyCertificate = func(*x509.Certificate, int, mbedtls.VerifyFlags) (mbedtls.VerifyFlags, error) {
					return 0, errors.New("the session is not resumed")
				}
				raw, err := net.Dial("tcp", peer.Addr)
				if err != nil {
					t.Fatal(err)
				}
				again := mbedtls.Client(raw, after)
				w.bound(again)
				if err := again.SetSession(session); err != nil {
					t.Fatal(err)
				}
				if err := again.HandshakeContext(w.ctx); ruleOf(err) != "minimum_rsa_bits" {
					t.Errorf("got %v, want rule minimum_rsa_bits", err)
				}
			})
		}
	})
	for _, tt := range []struct {
		name   string
		key    testpki.Algorithm // of the client
		suites []uint16          // of the server, before the policy
		rule   string            // of the policy, for the client that comes again; "" is that the session is not resumed
	}{
		{"server, a suite", testpki.P256, []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}, ""},
		{"server, the client's key", testpki.RSA2048, nil, "minimum_rsa_bits"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			keys, err := mbedtls.NewTicketKeys(mbedtls.TicketAES256GCM, time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { keys.Close() })
			before, after := w.config(testpki.Leaf{}), w.config(testpki.Leaf{})
			for _, c := range []*mbedtls.Config{before, after} {
				c.TicketKeys, c.MaxVersion, c.ClientAuth = keys, mbedtls.VersionTLS12, mbedtls.RequestClientCert
			}
			before.CipherSuites, after.Policy = tt.suites, mbedtls.StrictPolicy
			client := w.cryptoConfig(tls.VersionTLS12, w.ca.Issue(testpki.Leaf{Algorithm: tt.key}))
			client.CipherSuites = []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}
			client.ClientSessionCache = tls.NewLRUClientSessionCache(1)
			for i, config := range []*mbedtls.Config{before, before, after} {
				l := w.listen(config)
				done := make(chan struct{})
				go func() {
					defer close(done)
					if conn, err := tls.Dial("tcp", l.addr(), client); err == nil {
						conn.Close()
					}
				}()
				conn, err := l.handshake()
				st := conn.ConnectionState()
				switch {
				case i < 2 && (err != nil || st.DidResume != (i == 1)):
					t.Errorf("connection %d without a policy: %v, resumed %t", i, err, st.DidResume)
				case i == 2 && (ruleOf(err) != tt.rule || tt.rule == "" && (err != nil || st.DidResume)):
					t.Errorf("%v, resumed %t, want rule %q", err, st.DidResume, tt.rule)
				}
				conn.Close()
				<-done
			}
		})
	}
}

func TestPolicyHoldsOverDatagrams(t *testing.T) {
	t.Parallel()
	for _, p := range []datagramPeer{pionPeer, datagramProgram(peers.OpenSSL)} {
		for role, server := range roles {
			t.Run(p.name+"/"+role, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				var o datagramOptions
				o.Size = 1000
				o.pion = pion.Options{}
				config := p.trusted(w, server, &o)
				config.Policy = mbedtls.StrictPolicy
				m := p.meet(w, server, config, o, badlink.Options{})
				st := m.conn.ConnectionState()
				for _, v := range mbedtls.PolicyViolations(mbedtls.StrictPolicy, st, server) {
					t.Error(v)
				}
				if st.Version != mbedtls.VersionDTLS12 {
					t.Errorf("version %s", mbedtls.VersionName(st.Version))
				}
				exchange(t, m.far, m.conn)
			})
		}
		t.Run(p.name+"/refused", func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			var o datagramOptions
			p.certify(w, &o, w.ca.Issue(testpki.Leaf{Algorithm: testpki.RSA2048}))
			config := w.config()
			config.Policy = mbedtls.StrictPolicy
			addr, _ := p.server(w, o)
			if _, err := w.dialNetwork("udp", addr, config); ruleOf(err) != "minimum_rsa_bits" {
				t.Errorf("got %v, want rule minimum_rsa_bits", err)
			}
		})
	}
	t.Run("forbidden", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, testpki.P256)
		config := w.config(testpki.Leaf{})
		config.Policy = mbedtls.SuiteBPolicy
		var unmet *mbedtls.PolicyError
		if _, err := mbedtls.ListenDTLS("udp", "127.0.0.1:0", config); !errors.As(err, &unmet) || unmet.Rules[0].Key != "allow_dtls12" {
			t.Errorf("got %v, want allow_dtls12", err)
		}
	})
}

func TestPolicyHidesUnknownUsers(t *testing.T) {
	t.Parallel()
	for _, hide := range []bool{false, true} {
		t.Run(fmt.Sprint(hide), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			config := w.config()
			config.MaxVersion = mbedtls.VersionTLS12
			config.GetPSK = func(string) (*mbedtls.PSK, error) { return nil, nil }
			config.Policy = policyWith(func(r *mbedtls.PolicyRules) { r.HideUnknownUsers = hide })
			l := w.listen(config)
			peer := w.client(peers.OpenSSL, l.addr(), peers.Options{Version: tls.VersionTLS12, Args: []string{
				"-psk", "00112233445566778899aabbccddeeff", "-psk_identity", "nobody", "-cipher", "PSK-AES128-GCM-SHA256",
			}})
			conn, err := l.handshake()
			if err == nil {
				t.Error("connected")
			}
			conn.Close()
			alert := map[bool]mbedtls.AlertError{false: mbedtls.AlertUnknownPSKIdentity, true: mbedtls.AlertBadRecordMAC}[hide]
			if err := peer.Await(peer.Stderr, fmt.Sprintf("SSL alert number %d\n", uint8(alert))); err != nil {
				t.Error(err)
			}
		})
	}
}
