package transcript

import (
	"fmt"
	"strings"
	"time"

	"github.com/gombedtls/gombedtls/mbedtls"
)

const dtls = mbedtls.VersionDTLS12

func cids(client, server *string) func(*session) {
	return func(s *session) { s.client.cid, s.server.cid = client, server }
}

func datagramSessions() (list []*session) {
	long, short, none := "connection", "id", ""
	srtp := []mbedtls.SRTPProfile{mbedtls.SRTPAES128CMHMACSHA1_80, mbedtls.SRTPAES128CMHMACSHA1_32}
	for _, mtu := range []int{256, 300, 512, 1000, 1400} {
		list = append(list,
			talk(fmt.Sprintf("dtls/mtu/%d", mtu), dtls, both(func(e *endpoint) { e.mtu = mtu })),
			talk(fmt.Sprintf("dtls/mtu/%d/client-auth", mtu), dtls, both(func(e *endpoint) { e.mtu = mtu }),
				client(func(e *endpoint) { e.certs = []pair{clientEC} }),
				server(func(e *endpoint) { e.auth, e.ca = mbedtls.RequireAndVerifyClientCert, ecCA })),
		)
	}
	for _, n := range []int{512, 1024, 2048, 4096} {
		list = append(list, talk(fmt.Sprintf("dtls/mfl/%d", n), dtls, mfl(n), says("handshake; write 400; read 500; close; eof",
			"handshake; read 400; write 500; eof; close")))
	}
	add := func(name string, changes ...func(*session)) {
		list = append(list, talk("dtls/"+name, dtls, changes...))
	}
	add("no-cookies", server(func(e *endpoint) { e.noCookies = true }))
	add("no-packing", both(func(e *endpoint) { e.noPacking = true }))
	add("no-packing/mtu", both(func(e *endpoint) { e.noPacking, e.mtu = true, 300 }))
	add("no-anti-replay", both(func(e *endpoint) { e.noReplay = true }))
	add("alpn", both(func(e *endpoint) { e.alpn = []string{"coap"} }))
	add("cid/both", cids(&long, &short))
	add("cid/client", cids(&long, &none))
	add("cid/server", cids(&none, &short))
	add("cid/empty", cids(&none, &none))
	add("cid/client-alone", cids(&long, nil))
	add("cid/server-alone", cids(nil, &short))
	add("cid/cbc", cids(&long, &short), both(func(e *endpoint) { e.suites = []uint16{0xC023} }))
	add("cid/ccm8", cids(&long, &short), both(func(e *endpoint) { e.suites = []uint16{0xC0AE} }))
	add("cid/psk", psk, cids(&long, &short), both(func(e *endpoint) { e.suites = []uint16{0xC0A8} }))
	add("cid/mtu", cids(&long, &short), both(func(e *endpoint) { e.mtu = 300 }))
	add("cid/resumed", cids(&long, &short), tickets, twice(nil, nil))
	add("cid/session-id", cids(&long, &short), server(func(e *endpoint) { e.cache = true }),
		client(func(e *endpoint) { e.noTickets = true }), twice(nil, nil))
	add("cid/renegotiated", cids(&long, &short), both(func(e *endpoint) { e.renegotiate = true }),
		says("handshake; write 10; renegotiate; write 20; read 20; close; eof", "handshake; read 10; read 20; write 20; eof; close"))
	add("srtp/first", both(func(e *endpoint) { e.srtp = srtp }))
	add("srtp/second", client(func(e *endpoint) { e.srtp = srtp }), server(func(e *endpoint) { e.srtp = srtp[1:] }))
	add("srtp/null", both(func(e *endpoint) { e.srtp = []mbedtls.SRTPProfile{mbedtls.SRTPNullHMACSHA1_80} }))
	add("srtp/none-shared", client(func(e *endpoint) { e.srtp = srtp[:1] }), server(func(e *endpoint) { e.srtp = srtp[1:] }))
	add("srtp/client-alone", client(func(e *endpoint) { e.srtp = srtp }))
	add("srtp/mki", both(func(e *endpoint) { e.srtp, e.acceptMKI = srtp, true }),
		client(func(e *endpoint) { e.mki = "master key" }))
	add("srtp/mki-not-taken", both(func(e *endpoint) { e.srtp = srtp }),
		client(func(e *endpoint) { e.mki, e.acceptMKI = "master key", true }))
	add("mtu-changes", says("handshake; mtu 300; write 100; read 200; close; eof", serverTalks))
	add("all-suites", both(func(e *endpoint) { e.suites = nil }))
	add("fail/unknown-ca", broken, client(func(e *endpoint) { e.ca = rsaCA }))
	add("fail/host-name", broken, client(func(e *endpoint) { e.name = "example.com" }))
	add("fail/no-shared-suite", broken, server(func(e *endpoint) { e.suites = []uint16{0xC02C} }))
	add("fail/no-client-certificate", broken, differs("the library is silent about it, and over datagrams nobody hangs up: the binding sends handshake_failure"),
		server(func(e *endpoint) { e.auth, e.ca = mbedtls.RequireAndVerifyClientCert, ecCA }))
	add("fail/psk", broken, psk, both(func(e *endpoint) { e.suites = []uint16{0xC0A8} }), server(func(e *endpoint) { e.psk = "another key 9999" }))
	add("fail/psk-identity", broken, psk, both(func(e *endpoint) { e.suites = []uint16{0xC0A8} }), server(func(e *endpoint) { e.pskID = "another" }))
	return list
}

// lossSessions lose, repeat, delay and change datagrams. Records of data that are lost are lost: the last datagrams of each
// end are not among them.
func lossSessions() (list []*session) {
	patient := both(func(e *endpoint) { e.timeoutMax = 8 * time.Second })
	impatient := client(func(e *endpoint) { e.timeoutMin = 400 * time.Millisecond })
	add := func(name string, changes ...func(*session)) {
		list = append(list, talk("loss/"+name, dtls, append([]func(*session){patient, impatient}, changes...)...))
	}
	at := func(from, what string, a, b int, indexes ...int) func(*session) {
		return func(s *session) {
			for _, i := range indexes {
				rules(rule{from: from, index: i, what: what, a: a, b: b})(s)
			}
		}
	}
	single := both(func(e *endpoint) { e.noPacking = true })
	// Without packing, the client sends ClientHello twice, ClientKeyExchange, ChangeCipherSpec, Finished; the server
	// HelloVerifyRequest, ServerHello, Certificate, ServerKeyExchange, ServerHelloDone, ChangeCipherSpec, Finished.
	for _, damage := range []rule{{what: "drop"}, {what: "dup"}, {what: "hold", a: 1}, {what: "flip", a: -1, b: 0x40}} {
		for _, from := range []string{"client", "server"} {
			for i := range map[string]int{"client": 5, "server": 7}[from] {
				breaks := func(*session) {}
				if damage.what == "flip" && (i > 0 || from == "client") {
					breaks = broken // nothing protects the handshake's messages before they are all there
				}
				add(fmt.Sprintf("%s/%s/%d", damage.what, from, i), single, at(from, damage.what, damage.a, damage.b, i), breaks)
			}
		}
	}
	add("drop/two-in-a-row", at("client", "drop", 0, 0, 0, 1))
	add("drop/three-in-a-row", at("client", "drop", 0, 0, 0, 1, 2))
	add("drop/a-flight/client", single, at("client", "drop", 0, 0, 2, 3, 4))
	add("drop/a-flight/server", single, at("server", "drop", 0, 0, 1, 2, 3, 4))
	add("drop/last-flight", single, at("server", "drop", 0, 0, 5, 6))
	add("drop/every-other", single, at("server", "drop", 0, 0, 1, 3, 5, 7, 9), at("client", "drop", 0, 0, 1, 3, 5))
	add("drop/all-of-the-server", broken, at("server", "drop", 0, 0, 0, 1, 2, 3, 4, 5))
	add("drop/all-of-the-client", broken, at("client", "drop", 0, 0, 0, 1, 2, 3, 4, 5))
	add("drop/fragments", both(func(e *endpoint) { e.mtu = 300 }), at("server", "drop", 0, 0, 2, 4))
	add("hold/fragments", both(func(e *endpoint) { e.mtu = 300 }), at("server", "hold", 2, 0, 1, 2, 3))
	add("hold/cid", single, cids(ptr("one"), ptr("two")), at("server", "hold", 1, 0, 5))
	add("drop/cid", single, cids(ptr("one"), ptr("two")), at("client", "drop", 0, 0, 4))
	add("drop/resumed", single, tickets, twice(nil, func(c *connection) {
		c.rules = []rule{{from: "server", index: 2, what: "drop"}}
	}))
	add("drop/renegotiation", single, both(func(e *endpoint) { e.renegotiate = true }),
		says("handshake; write 10; renegotiate; write 20; read 20; close; eof", "handshake; read 10; read 20; write 20; eof; close"),
		at("server", "drop", 0, 0, 8))
	add("replay/data", single, at("client", "dup", 0, 0, 5))
	add("replay/data/not-checked", single, both(func(e *endpoint) { e.noReplay = true }),
		says("handshake; write 50; close; eof", "handshake; read 100; eof; close"), at("client", "dup", 0, 0, 5))
	add("bad-mac/ignored", single, says("handshake; write 10; write 100; read 200; close; eof", serverTalks), at("client", "flip", -1, 1, 5))
	add("bad-mac/limit", broken, single, at("client", "flip", -1, 1, 5), server(func(e *endpoint) { e.badMAC = 1 }))
	add("unexpected-cid/ignored", single, cids(ptr("one"), ptr("two")),
		says("handshake; write 10; write 100; read 200; close; eof", serverTalks), at("client", "flip", 11, 1, 5))
	add("unexpected-cid/fails", broken, single, cids(ptr("one"), ptr("two")), at("client", "flip", 11, 1, 5),
		server(func(e *endpoint) { e.failCID = true }))
	add("stray/before-hello", broken, rules(rule{from: "client", index: 1, what: "before", data: strings.Repeat("00", 40)}))
	add("stray/data", broken, rules(rule{from: "client", index: 1, what: "before", data: "17fefd00000000000000630003414243"}))
	add("stray/same-number", rules(rule{from: "client", index: 1, what: "before", data: "17fefd00000000000000010003414243"}),
		differs("the binding drops a second record of one number before the ClientHello, which fails the library's handshake"))
	add("cookie-damaged", at("server", "flip", -1, 1, 0))
	add("hello-damaged", broken, at("client", "flip", -1, 1, 1))
	return list
}

func ptr(s string) *string { return &s }
