package transcript

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// The parts of most sessions.
const (
	clientTalks = "handshake; write 100; read 200; close; eof"
	serverTalks = "handshake; read 100; write 200; eof; close"

	version12, version13 = mbedtls.VersionTLS12, mbedtls.VersionTLS13
)

var (
	ecPair, rsaPair         = pair{"server5.crt", "server5.key"}, pair{"server2-sha256.crt", "server2.key"}
	clientEC, clRSA         = pair{"cli2.crt", "cli2.key"}, pair{"cli-rsa-sha256.crt", "cli-rsa.key"}
	ecCA, rsaCA             = "test-ca2.crt", "test-ca-sha256.crt"
	bothCAs                 = "test-ca_cat12.crt"
	anyPSK, anyPSKID        = "0123456789abcdef", "client"
	ecdsaSuite       uint16 = 0xC02B // TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256
	rsaSuite         uint16 = 0xC02F // TLS-ECDHE-RSA-WITH-AES-128-GCM-SHA256
)

// all are the sessions of all tables.
func all() (list []*session) {
	for _, table := range []func() []*session{
		suiteSessions, negotiationSessions, authSessions, resumptionSessions, pskSessions, renegotiationSessions,
		failureSessions, datagramSessions, lossSessions,
	} {
		list = append(list, table()...)
	}
	seen := map[string]bool{}
	for _, s := range list {
		if seen[s.name] {
			panic("two sessions are called " + s.name)
		}
		seen[s.name] = true
	}
	return list
}

// talk is a session of one version, with ECDSA certificates, in which both ends say something, changed as need be.
func talk(name string, version uint16, changes ...func(*session)) *session {
	s := &session{
		name:        name,
		client:      &endpoint{ca: ecCA, name: "localhost"},
		server:      &endpoint{certs: []pair{ecPair}},
		connections: []connection{{client: clientTalks, server: serverTalks}},
	}
	s.only(version)
	for _, change := range changes {
		change(s)
	}
	return s
}

// only bounds the version of both ends.
func (s *session) only(version uint16) {
	if version == mbedtls.VersionDTLS12 {
		s.datagram, version = true, version12
	}
	for _, e := range []*endpoint{s.client, s.server} {
		e.versions = [2]uint16{version, version}
		if version == version12 {
			e.suites = []uint16{ecdsaSuite}
		}
	}
}

func both(change func(*endpoint)) func(*session) {
	return func(s *session) {
		change(s.client)
		change(s.server)
	}
}

func client(change func(*endpoint)) func(*session) { return func(s *session) { change(s.client) } }
func server(change func(*endpoint)) func(*session) { return func(s *session) { change(s.server) } }

// rsa gives the server an RSA certificate.
func rsa(s *session) {
	s.client.ca, s.server.certs = rsaCA, []pair{rsaPair}
	for _, e := range []*endpoint{s.client, s.server} {
		if e.versions[1] == version12 {
			e.suites = []uint16{rsaSuite}
		}
	}
}

// says replaces what the ends do.
func says(client, server string) func(*session) {
	return func(s *session) { s.connections = []connection{{client: client, server: server}} }
}

func rules(r ...rule) func(*session) {
	return func(s *session) { s.connections[0].rules = append(s.connections[0].rules, r...) }
}

// broken is a session in which a call fails.
func broken(s *session) { s.fails = true }

// differs gives the reason why the binding does not do what the library does.
func differs(reason string) func(*session) { return func(s *session) { s.differs = reason } }

// versionName is for the names of sessions.
func versionName(v uint16) string {
	return map[uint16]string{version12: "tls12", version13: "tls13", mbedtls.VersionDTLS12: "dtls12"}[v]
}

// options are what the fields of an end need of a build.
func (e *endpoint) options(s *session) (list []string) {
	minimum, maximum := e.bounds(s)
	for option, needed := range map[string]bool{
		"MBEDTLS_SSL_PROTO_TLS1_2":             minimum == version12 || maximum == version12,
		"MBEDTLS_SSL_PROTO_TLS1_3":             minimum == version13 || maximum == version13,
		"MBEDTLS_SSL_TICKET_C":                 e.tickets > 0,
		"MBEDTLS_SSL_CACHE_C":                  e.cache,
		"MBEDTLS_SSL_EARLY_DATA":               e.maxEarly > 0,
		"MBEDTLS_SSL_RENEGOTIATION":            e.renegotiate,
		"MBEDTLS_SSL_ALPN":                     len(e.alpn) > 0,
		"MBEDTLS_SSL_MAX_FRAGMENT_LENGTH":      e.mfl > 0,
		"MBEDTLS_SSL_DTLS_CONNECTION_ID":       e.cid != nil,
		"MBEDTLS_SSL_DTLS_SRTP":                len(e.srtp) > 0,
		"MBEDTLS_KEY_EXCHANGE_ECJPAKE_ENABLED": e.ecjpake != "",
		"MBEDTLS_SSL_DTLS_ANTI_REPLAY":         e.noReplay,
		"MBEDTLS_DHM_C":                        e.dh != "" || e.minDH > 0,
		"MBEDTLS_SSL_EXTENDED_MASTER_SECRET":   e.noEMS,
		"MBEDTLS_SSL_ENCRYPT_THEN_MAC":         e.noETM,
	} {
		if needed {
			list = append(list, option)
		}
	}
	slices.Sort(list)
	for _, p := range e.certs {
		list = append(list, fileOptions(p.cert)...)
	}
	return append(append(list, fileOptions(e.ca)...), fileOptions(e.crl)...)
}

// lacks is what the build lacks for the session, by name; "" if it can be played.
func (s *session) lacks() string {
	required := []string{"MBEDTLS_SSL_CLI_C", "MBEDTLS_SSL_SRV_C"}
	if s.datagram {
		required = append(required, "MBEDTLS_SSL_PROTO_DTLS")
	}
	for _, e := range s.endpoints() {
		required = append(required, e.options(s)...)
	}
	for _, option := range required {
		if !cbridge.Feature(option) {
			return option
		}
	}
	if s.unless != "" && cbridge.Feature(s.unless) {
		return "a library without " + s.unless
	}
	known := mbedtls.CipherSuites()
	for _, e := range s.endpoints() {
		for _, id := range e.suites {
			if !slices.Contains(known, id) {
				return fmt.Sprintf("the suite %#04x", id)
			}
		}
		c := &mbedtls.Config{Groups: e.groups, SignatureAlgorithms: e.sigAlgs, InsecureSkipVerify: true, MaxVersion: e.versions[1],
			MaxFragmentLength: e.mfl}
		err := c.Validate(false)
		c.Close()
		var notBuilt *mbedtls.NotBuiltError
		switch {
		case errors.As(err, &notBuilt):
			return notBuilt.Option
		case err != nil:
			return err.Error()
		}
	}
	return ""
}

// suiteSessions use each suite of the build, on TLS and, if it can, on DTLS; those of TLS 1.3 with both kinds of
// certificates.
func suiteSessions() (list []*session) {
	for _, id := range mbedtls.CipherSuites() {
		info, _ := mbedtls.CipherSuiteByID(id)
		if info.KeyExchange == mbedtls.KeyExchangeNone {
			list = append(list,
				talk("suite/tls13/ec/"+info.Name, version13, both(func(e *endpoint) { e.suites = []uint16{id} })),
				talk("suite/tls13/rsa/"+info.Name, version13, rsa, both(func(e *endpoint) { e.suites = []uint16{id} })))
			continue
		}
		for _, version := range []uint16{version12, mbedtls.VersionDTLS12} {
			if version == mbedtls.VersionDTLS12 && info.NoDTLS {
				continue
			}
			list = append(list, talk("suite/"+versionName(version)+"/"+info.Name, version, credentials[info.KeyExchange],
				both(func(e *endpoint) { e.suites = []uint16{id} })))
		}
	}
	return list
}

// psk gives both ends a key in place of certificates.
func psk(s *session) {
	s.client.ca, s.server.certs = "", nil
	both(func(e *endpoint) { e.pskID, e.psk = anyPSKID, anyPSK })(s)
}

// credentials are what the ends need for a key exchange of TLS 1.2.
var credentials = map[mbedtls.KeyExchange]func(*session){
	mbedtls.KeyExchangeRSA:        rsa,
	mbedtls.KeyExchangeDHERSA:     rsa,
	mbedtls.KeyExchangeECDHERSA:   rsa,
	mbedtls.KeyExchangeECDHEECDSA: func(*session) {},
	mbedtls.KeyExchangeECDHRSA:    func(*session) {},
	mbedtls.KeyExchangeECDHECDSA:  func(*session) {},
	mbedtls.KeyExchangePSK:        psk,
	mbedtls.KeyExchangeDHEPSK:     psk,
	mbedtls.KeyExchangeECDHEPSK:   psk,
	mbedtls.KeyExchangeRSAPSK: func(s *session) {
		psk(s)
		rsa(s)
	},
	mbedtls.KeyExchangeECJPAKE: func(s *session) {
		s.client.ca, s.server.certs, s.client.name = "", nil, ""
		both(func(e *endpoint) { e.ecjpake = "threadjpaketest" })(s)
	},
}

// negotiationSessions are about what both ends agree on.
func negotiationSessions() (list []*session) {
	for _, g := range []mbedtls.Group{
		mbedtls.CurveP256, mbedtls.CurveP384, mbedtls.CurveP521, mbedtls.X25519, mbedtls.X448,
		mbedtls.BrainpoolP256R1, mbedtls.BrainpoolP384R1, mbedtls.BrainpoolP512R1, mbedtls.SecP256K1,
	} {
		list = append(list, talk("group/tls12/"+g.String(), version12, rsa, both(func(e *endpoint) { e.groups = []mbedtls.Group{g} })))
	}
	for _, g := range []mbedtls.Group{
		mbedtls.CurveP256, mbedtls.CurveP384, mbedtls.CurveP521, mbedtls.X25519, mbedtls.X448, mbedtls.FFDHE2048, mbedtls.FFDHE3072,
	} {
		list = append(list, talk("group/tls13/"+g.String(), version13, both(func(e *endpoint) { e.groups = []mbedtls.Group{g} })))
	}
	for _, a := range []mbedtls.SignatureScheme{
		mbedtls.PKCS1WithSHA256, mbedtls.PKCS1WithSHA384, mbedtls.PKCS1WithSHA512,
	} {
		list = append(list, talk("signature/tls12/"+a.String(), version12, rsa, both(func(e *endpoint) { e.sigAlgs = []mbedtls.SignatureScheme{a} })))
	}
	for _, a := range []mbedtls.SignatureScheme{mbedtls.PSSWithSHA256, mbedtls.PSSWithSHA384, mbedtls.PSSWithSHA512} {
		list = append(list, talk("signature/tls13/"+a.String(), version13, rsa, both(func(e *endpoint) {
			e.sigAlgs = []mbedtls.SignatureScheme{a, mbedtls.PKCS1WithSHA256}
		})))
	}
	for _, v := range []uint16{version12, version13} {
		n := versionName(v)
		list = append(list,
			talk("alpn/"+n, v, client(func(e *endpoint) { e.alpn = []string{"h2", "http/1.1"} }),
				server(func(e *endpoint) { e.alpn = []string{"http/1.1"} })),
			talk("alpn/server-has-none/"+n, v, client(func(e *endpoint) { e.alpn = []string{"h2"} })),
			talk("data/long/"+n, v, says("handshake; write 40000; read 50000; close; eof", "handshake; read 40000; write 50000; eof; close")),
			talk("data/many/"+n, v, says("handshake; write 1; write 2; read 3; write 16384; read 7; close; eof",
				"handshake; read 3; write 3; read 16384; write 7; eof; close")),
			talk("data/server-closes/"+n, v, says("handshake; write 5; eof; close", "handshake; read 5; close; eof")),
			talk("data/none/"+n, v, says("handshake; close; eof", "handshake; eof; close")),
			talk("data/cut-off/"+n, v, says("handshake; write 5", "handshake; read 5; eof"), broken),
			talk("chain/"+n, v, server(func(e *endpoint) { e.certs = []pair{{"server7_int-ca.crt", "server7.key"}} })),
			talk("two-certificates/"+n, v, server(func(e *endpoint) {
				e.certs = []pair{rsaPair, ecPair}
				if v == version12 {
					e.suites = []uint16{rsaSuite, ecdsaSuite}
				}
			})),
		)
	}
	suites := []uint16{0xC02B, 0xC02C, 0xC0AC}
	return append(list,
		talk("order/server", version12, client(func(e *endpoint) { e.suites = suites }),
			server(func(e *endpoint) { e.suites = []uint16{suites[2], suites[1]} })),
		talk("order/client", version12, client(func(e *endpoint) { e.suites = suites }),
			server(func(e *endpoint) { e.suites, e.clientOrder = []uint16{suites[2], suites[1]}, true })),
		talk("version/both-take-either", version13, both(func(e *endpoint) { e.versions, e.suites = [2]uint16{version12, version13}, nil })),
		talk("version/server-takes-1.2", version12, client(func(e *endpoint) { e.versions, e.suites = [2]uint16{version12, version13}, nil })),
		talk("version/client-takes-1.2", version12, server(func(e *endpoint) { e.versions, e.suites = [2]uint16{version12, version13}, nil })),
		talk("version/all-suites-1.2", version12, both(func(e *endpoint) { e.suites = nil })),
		talk("ems/off", version12, both(func(e *endpoint) { e.noEMS = true })),
		talk("ems/client-off", version12, client(func(e *endpoint) { e.noEMS = true })),
		talk("ems/server-off", version12, server(func(e *endpoint) { e.noEMS = true })),
		talk("etm/off", version12, both(func(e *endpoint) { e.noETM, e.suites = true, []uint16{0xC023} })),
		talk("etm/client-off", version12, both(func(e *endpoint) { e.suites = []uint16{0xC023} }), client(func(e *endpoint) { e.noETM = true })),
		talk("dh/parameters", version12, rsa, both(func(e *endpoint) { e.suites = []uint16{0x009E} }),
			server(func(e *endpoint) { e.dh = "dhparams.pem" })),
		talk("mfl/512/tls12", version12, mfl(512)),
		talk("mfl/1024/tls12", version12, mfl(1024)),
		talk("mfl/2048/tls12", version12, mfl(2048)),
		talk("mfl/4096/tls12", version12, mfl(4096)),
		talk("mfl/server-only", version12, mfl(1024), client(func(e *endpoint) { e.mfl = 0 })),
		talk("sni/known/tls12", version12, server(func(e *endpoint) { e.onlyName = "localhost" })),
		talk("sni/known/tls13", version13, server(func(e *endpoint) { e.onlyName = "localhost" })),
		talk("hrr/p384", version13, client(func(e *endpoint) { e.groups = []mbedtls.Group{mbedtls.CurveP256, mbedtls.CurveP384} }),
			server(func(e *endpoint) { e.groups = []mbedtls.Group{mbedtls.CurveP384} })),
		talk("hrr/x25519", version13, client(func(e *endpoint) { e.groups = []mbedtls.Group{mbedtls.CurveP521, mbedtls.X25519} }),
			server(func(e *endpoint) { e.groups = []mbedtls.Group{mbedtls.X25519} })),
		talk("hrr/ffdhe2048", version13, client(func(e *endpoint) { e.groups = []mbedtls.Group{mbedtls.X25519, mbedtls.FFDHE2048} }),
			server(func(e *endpoint) { e.groups = []mbedtls.Group{mbedtls.FFDHE2048} })),
		talk("hrr/client-auth", version13, client(func(e *endpoint) {
			e.groups, e.certs = []mbedtls.Group{mbedtls.CurveP256, mbedtls.CurveP384}, []pair{clientEC}
		}), server(func(e *endpoint) {
			e.groups, e.auth, e.ca = []mbedtls.Group{mbedtls.CurveP384}, mbedtls.RequireAndVerifyClientCert, ecCA
		})),
	)
}

// mfl makes the client ask for short records.
func mfl(n int) func(*session) {
	return func(s *session) {
		both(func(e *endpoint) { e.mfl = n })(s)
		says("handshake; write 6000; read 5000; close; eof", "handshake; read 6000; write 5000; eof; close")(s)
	}
}

// authSessions are about who the ends are.
func authSessions() (list []*session) {
	for _, v := range []uint16{version12, version13, mbedtls.VersionDTLS12} {
		n := versionName(v)
		require := server(func(e *endpoint) { e.auth, e.ca = mbedtls.RequireAndVerifyClientCert, bothCAs })
		request := server(func(e *endpoint) { e.auth, e.ca = mbedtls.RequestClientCert, bothCAs })
		list = append(list,
			talk("client-auth/ec/"+n, v, require, client(func(e *endpoint) { e.certs = []pair{clientEC} })),
			talk("client-auth/rsa/"+n, v, require, client(func(e *endpoint) { e.certs = []pair{clRSA} })),
			talk("client-auth/none-given/"+n, v, request),
			talk("client-auth/requested/"+n, v, request, client(func(e *endpoint) { e.certs = []pair{clientEC} })),
			talk("client-auth/requested-untrusted/"+n, v, client(func(e *endpoint) { e.certs = []pair{clientEC} }),
				server(func(e *endpoint) { e.auth, e.ca = mbedtls.RequestClientCert, rsaCA })),
			talk("verify/skipped/"+n, v, client(func(e *endpoint) { e.ca, e.name, e.skipVerify = "", "", true })),
			talk("verify/skipped-name/"+n, v, client(func(e *endpoint) { e.name, e.skipVerify = "example.com", true })),
			talk("verify/crl/"+n, v, client(func(e *endpoint) { e.crl = "crl-ec-sha256.pem" })),
			talk("verify/profile-next/"+n, v, client(func(e *endpoint) { e.profile = "next" })),
			talk("verify/profile-suiteb/"+n, v, client(func(e *endpoint) { e.profile = "suiteb" })),
		)
		list = append(list, talk("client-auth/any-required/"+n, v, client(func(e *endpoint) { e.certs = []pair{clientEC} }),
			server(func(e *endpoint) { e.auth, e.ca = mbedtls.RequireAnyClientCert, rsaCA })))
		list = append(list, talk("client-auth/any-required-none-given/"+n, v, broken,
			differs("the library cannot require a certificate that it does not verify: the binding does, and sends the alert"),
			server(func(e *endpoint) { e.auth, e.ca = mbedtls.RequireAnyClientCert, ecCA })))
		if v != version13 { // where the library never sends the list
			list = append(list, talk("client-auth/no-ca-list/"+n, v, require, server(func(e *endpoint) { e.noCAList = true }),
				client(func(e *endpoint) { e.certs = []pair{clientEC} })))
		}
	}
	return list
}
