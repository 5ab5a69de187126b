package transcript

import (
	"slices"

	"github.com/gombedtls/gombedtls/mbedtls"
)

// failureSessions are those in which a handshake fails, or data does not arrive; and some that get over what might break
// them.
func failureSessions() (list []*session) {
	for _, s := range failing() {
		s.fails = !slices.Contains(harmless, s.name)
		list = append(list, s)
	}
	return list
}

// harmless are what both versions, or one, do not mind.
var harmless = []string{
	"fail/app-warning/tls12", "fail/app-warning/tls13", // no_renegotiation
	"damage/client-record-1-lost/tls13", // change_cipher_spec is there for middleboxes
	"damage/server-record-1-lost/tls13",
}

func failing() (list []*session) {
	for _, v := range []uint16{version12, version13} {
		n := versionName(v)
		list = append(list,
			talk("fail/unknown-ca/"+n, v, client(func(e *endpoint) { e.ca = rsaCA })),
			talk("fail/expired/"+n, v, server(func(e *endpoint) { e.certs = []pair{{"server5-expired.crt", "server5.key"}} })),
			talk("fail/not-yet-valid/"+n, v, server(func(e *endpoint) { e.certs = []pair{{"server5-future.crt", "server5.key"}} })),
			talk("fail/host-name/"+n, v, client(func(e *endpoint) { e.name = "example.com" })),
			talk("fail/no-host-name/"+n, v, client(func(e *endpoint) { e.name = "" }), func(s *session) {
				s.unless = "MBEDTLS_SSL_CLI_ALLOW_WEAK_CERTIFICATE_VERIFICATION_WITHOUT_HOSTNAME"
			}),
			talk("fail/self-signed/"+n, v, server(func(e *endpoint) { e.certs = []pair{{"server5-selfsigned.crt", "server5.key"}} })),
			talk("fail/bad-signature/"+n, v, server(func(e *endpoint) { e.certs = []pair{{"server5-badsign.crt", "server5.key"}} })),
			talk("fail/revoked/"+n, v, rsa, client(func(e *endpoint) { e.crl = "crl_sha256.pem" }),
				server(func(e *endpoint) { e.certs = []pair{{"server1.crt", "server1.key"}} })),
			talk("fail/crl-expired/"+n, v, rsa, client(func(e *endpoint) { e.crl = "crl_expired.pem" })),
			talk("fail/profile/"+n, v, rsa, client(func(e *endpoint) { e.profile = "suiteb" })),
			talk("fail/key-usage/"+n, v, server(func(e *endpoint) { e.certs = []pair{{"server5.ku-ka.crt", "server5.key"}} })),
			talk("fail/extended-key-usage/"+n, v, server(func(e *endpoint) { e.certs = []pair{{"server5.eku-cli.crt", "server5.key"}} })),
			talk("fail/alpn/"+n, v, client(func(e *endpoint) { e.alpn = []string{"h2"} }), server(func(e *endpoint) { e.alpn = []string{"coap"} })),
			talk("fail/no-client-certificate/"+n, v, server(func(e *endpoint) { e.auth, e.ca = mbedtls.RequireAndVerifyClientCert, ecCA })),
			talk("fail/untrusted-client/"+n, v, client(func(e *endpoint) { e.certs = []pair{clientEC} }),
				server(func(e *endpoint) { e.auth, e.ca = mbedtls.RequireAndVerifyClientCert, rsaCA })),
			talk("fail/client-key-usage/"+n, v, client(func(e *endpoint) { e.certs = []pair{{"server5.ku-ke.crt", "server5.key"}} }),
				server(func(e *endpoint) { e.auth, e.ca = mbedtls.RequireAndVerifyClientCert, ecCA })),
			talk("fail/no-shared-group/"+n, v, client(func(e *endpoint) { e.groups = []mbedtls.Group{mbedtls.X25519} }),
				server(func(e *endpoint) { e.groups = []mbedtls.Group{mbedtls.CurveP384} })),
			talk("fail/no-shared-signature/"+n, v, client(func(e *endpoint) {
				e.sigAlgs = []mbedtls.SignatureScheme{mbedtls.PKCS1WithSHA256, mbedtls.PSSWithSHA256}
			})),
			talk("fail/server-name/"+n, v, server(func(e *endpoint) { e.onlyName = "example.com" })),
			talk("fail/app-alert/"+n, v, says("handshake; alert 2 80", "handshake; read 1")),
			talk("fail/app-warning/"+n, v, says("handshake; alert 1 90; write 10; close; eof", "handshake; read 10; eof; close")),
		)
		list = append(list, damageSessions(v)...)
	}
	kex13 := func(k mbedtls.TLS13KeyExchange) func(*session) { return both(func(e *endpoint) { e.kex = k }) }
	suite := func(id uint16) func(*session) { return both(func(e *endpoint) { e.suites = []uint16{id} }) }
	return append(list,
		talk("fail/no-shared-suite/tls12", version12, server(func(e *endpoint) { e.suites = []uint16{0xC02C} })),
		talk("fail/no-shared-suite/tls13", version13, client(func(e *endpoint) { e.suites = []uint16{0x1301} }),
			server(func(e *endpoint) { e.suites = []uint16{0x1302} })),
		talk("fail/no-suitable-certificate/tls12", version12, both(func(e *endpoint) { e.suites = []uint16{rsaSuite} })),
		talk("fail/version/server-1.3", version12, server(func(e *endpoint) { e.versions, e.suites = [2]uint16{version13, version13}, nil })),
		talk("fail/version/server-1.2", version13, server(func(e *endpoint) {
			e.versions, e.suites = [2]uint16{version12, version12}, []uint16{ecdsaSuite}
		})),
		talk("fail/psk/tls12", version12, psk, suite(0x00A8), server(func(e *endpoint) { e.psk = "another key 9999" })),
		talk("fail/psk-identity/tls12", version12, psk, suite(0x00A8), server(func(e *endpoint) { e.pskID = "another" })),
		talk("fail/psk/tls13", version13, psk, kex13(mbedtls.TLS13PSK), server(func(e *endpoint) { e.psk = "another key 9999" })),
		talk("fail/psk-identity/tls13", version13, psk, kex13(mbedtls.TLS13PSKEphemeral), server(func(e *endpoint) { e.pskID = "another" })),
		talk("fail/ecjpake-password", version12, credentials[mbedtls.KeyExchangeECJPAKE], suite(0xC0FF),
			server(func(e *endpoint) { e.ecjpake = "another password" })),
		// The client's TLS_EMPTY_RENEGOTIATION_INFO_SCSV becomes a suite that nobody knows.
		talk("fail/legacy-renegotiation", version12, server(func(e *endpoint) { e.legacy = mbedtls.LegacyBreakHandshake }),
			rules(rule{from: "client", index: 0, what: "flip", a: 49, b: 0x55})),
		talk("fail/weak-dh", version12, rsa, suite(0x009E), client(func(e *endpoint) { e.minDH = 4096 })),
		talk("fail/early-data-too-long", version13, func(s *session) {
			s.server.tickets, s.server.maxEarly = 1, 1000
			twice(nil, func(c *connection) {
				c.client, c.server = "early 1100; handshake", "handshake; read 1100"
			})(s)
		}),
	)
}

// damageSessions change what is on its way.
func damageSessions(v uint16) (list []*session) {
	n := versionName(v)
	add := func(name string, changes ...func(*session)) {
		list = append(list, talk("damage/"+name+"/"+n, v, changes...))
	}
	one := func(from string, index int, what string, a, b int) func(*session) {
		return rules(rule{from: from, index: index, what: what, a: a, b: b})
	}
	add("client-hello-length", one("client", 0, "flip", 8, 0x01))
	add("client-hello-version", one("client", 0, "flip", 9, 0x04))
	add("client-hello-extensions", one("client", 0, "flip", -1, 0xff))
	add("client-hello-type", one("client", 0, "flip", 5, 0x0f))
	add("client-hello-no-handshake", one("client", 0, "flip", 0, 0x01))
	add("client-hello-cut", one("client", 0, "cut", 40, 0), one("client", 0, "eof", 0, 0))
	add("client-hello-too-long", one("client", 0, "flip", 3, 0x7f))
	add("garbage-first", rules(rule{from: "client", index: 0, what: "before", data: "474554202f20485454502f312e310d0a0d0a"}))
	add("empty-handshake", rules(rule{from: "client", index: 0, what: "before", data: "1603030000"}))
	add("alert-first", rules(rule{from: "client", index: 0, what: "before", data: "15030300020228"}))
	add("data-first", rules(rule{from: "client", index: 0, what: "before", data: "17030300050102030405"}))
	add("server-hello-version", one("server", 0, "flip", 10, 0x04))
	add("server-hello-suite", one("server", 0, "flip", 44+32, 0x55))
	add("server-hello-random", one("server", 0, "flip", 20, 0x01))
	add("server-hello-twice", one("server", 0, "dup", 0, 0))
	add("server-silent", one("server", 0, "eof", 0, 0), one("server", 0, "drop", 0, 0))
	for i := range 4 {
		add("server-record-"+string(rune('0'+i)), one("server", i, "flip", -3, 0x10))
	}
	for i := range 4 {
		add("client-record-"+string(rune('0'+i)), one("client", i, "flip", -3, 0x10))
	}
	add("server-record-1-lost", one("server", 1, "drop", 0, 0))
	add("server-record-2-lost", one("server", 2, "drop", 0, 0))
	add("client-record-1-lost", one("client", 1, "drop", 0, 0))
	add("fatal-alert-to-client", rules(rule{from: "server", index: 1, what: "before", data: "15030300020228"}))
	add("long-alert-to-client", rules(rule{from: "server", index: 1, what: "before", data: "1503030003020228"}))
	return list
}
