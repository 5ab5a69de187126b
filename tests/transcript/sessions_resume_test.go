package transcript

import "github.com/gombedtls/gombedtls/mbedtls"

// twice is a connection, and one that resumes it.
func twice(first, second func(*connection)) func(*session) {
	return func(s *session) {
		s.connections = []connection{
			{client: "handshake; write 100; read 200; keep; close; eof", server: serverTalks},
			{client: "handshake; write 100; read 200; keep; close; eof", server: serverTalks, resume: true, resumed: true},
		}
		for i, change := range []func(*connection){first, second} {
			if change != nil {
				change(&s.connections[i])
			}
		}
	}
}

func tickets(s *session) { s.server.tickets = 1 }

// other makes the second connection's server another one.
func other(s *session, change func(*endpoint)) {
	s.connections[1].serverEnd = s.server.with(change)
}

func full(c *connection) { c.resumed = false }

func resumptionSessions() (list []*session) {
	for _, v := range []uint16{version12, version13, mbedtls.VersionDTLS12} {
		n := versionName(v)
		list = append(list,
			talk("ticket/"+n, v, tickets, twice(nil, nil)),
			talk("ticket/third-time/"+n, v, tickets, twice(nil, nil), func(s *session) {
				s.connections = append(s.connections, s.connections[1])
			}),
			talk("ticket/other-keys/"+n, v, tickets, twice(nil, full), func(s *session) {
				other(s, func(e *endpoint) { e.tickets = 2 })
			}),
			talk("ticket/server-has-none/"+n, v, tickets, twice(nil, full), func(s *session) {
				s.connections[1].client = clientTalks
				other(s, func(e *endpoint) { e.tickets = 0 })
			}),
			talk("ticket/client-takes-none/"+n, v, tickets, client(func(e *endpoint) { e.noTickets = true })),
			talk("ticket/after-an-hour/"+n, v, tickets, twice(nil, func(c *connection) { c.client = "wait 3600000; " + c.client })),
			talk("ticket/expired/"+n, v, tickets, twice(nil, func(c *connection) {
				c.client, c.resumed = "wait 90000000; "+c.client, false
			}), differs("the library's client offers what it is given; the binding's nothing that is past its lifetime")),
			talk("ticket/rsa/"+n, v, tickets, rsa, twice(nil, nil)),
		)
	}
	for _, v := range []uint16{version12, mbedtls.VersionDTLS12} {
		n := versionName(v)
		cached := server(func(e *endpoint) { e.cache = true })
		noTickets := client(func(e *endpoint) { e.noTickets = true })
		list = append(list,
			talk("session-id/"+n, v, cached, noTickets, twice(nil, nil)),
			talk("session-id/third-time/"+n, v, cached, noTickets, twice(nil, nil), func(s *session) {
				s.connections = append(s.connections, s.connections[1])
			}),
			talk("session-id/forgotten/"+n, v, cached, noTickets, twice(nil, full), func(s *session) {
				other(s, func(e *endpoint) { e.cache = false })
			}),
			talk("session-id/client-auth/"+n, v, cached, noTickets, twice(nil, nil),
				client(func(e *endpoint) { e.certs = []pair{clientEC} }),
				server(func(e *endpoint) { e.auth, e.ca = mbedtls.RequireAndVerifyClientCert, ecCA })),
			talk("session-id/cbc/"+n, v, cached, noTickets, twice(nil, nil), both(func(e *endpoint) { e.suites = []uint16{0xC023} })),
			talk("session-id/no-ems/"+n, v, cached, noTickets, twice(nil, nil), both(func(e *endpoint) { e.noEMS = true })),
		)
	}
	early := func(s *session) {
		s.server.tickets, s.server.maxEarly = 1, 8192
		twice(nil, func(c *connection) {
			c.client, c.server = "early 500; handshake; write 100; read 200; close; eof", "handshake; read 500; read 100; write 200; eof; close"
			c.early = mbedtls.EarlyDataAccepted
		})(s)
	}
	rejected := func(c *connection) {
		c.server, c.early, c.resumed = serverTalks, mbedtls.EarlyDataRejected, false
	}
	return append(list,
		talk("ticket/several/tls13", version13, tickets, server(func(e *endpoint) { e.newTickets = 3 }), twice(nil, nil)),
		talk("ticket/certificates-before-psk/tls13", version13, tickets, twice(nil, full), both(func(e *endpoint) {
			e.kex = mbedtls.TLS13PSK | mbedtls.TLS13Ephemeral
		})),
		talk("ticket/hrr/tls13", version13, tickets, twice(nil, nil),
			client(func(e *endpoint) { e.groups = []mbedtls.Group{mbedtls.CurveP256, mbedtls.CurveP384} }),
			server(func(e *endpoint) { e.groups = []mbedtls.Group{mbedtls.CurveP384} })),
		talk("ticket/sha384/tls13", version13, tickets, twice(nil, nil), both(func(e *endpoint) { e.suites = []uint16{0x1302} })),
		talk("early-data/accepted", version13, early),
		talk("early-data/long", version13, early, func(s *session) {
			c := &s.connections[1]
			c.client, c.server = "early 3000; early 3000; handshake; write 100; read 200; close; eof", "handshake; read 6000; read 100; write 200; eof; close"
		}),
		talk("early-data/not-used", version13, early, func(s *session) {
			c := &s.connections[1]
			c.client, c.server, c.early = clientTalks, serverTalks, mbedtls.EarlyDataNone
		}),
		talk("early-data/server-takes-none", version13, early, func(s *session) {
			rejected(&s.connections[1])
			s.connections[1].resumed = true
			other(s, func(e *endpoint) { e.maxEarly = 0 })
		}),
		talk("early-data/hrr", version13, early, func(s *session) {
			rejected(&s.connections[1])
			s.connections[1].resumed = true
			s.client.groups = []mbedtls.Group{mbedtls.CurveP256, mbedtls.CurveP384}
			other(s, func(e *endpoint) { e.groups = []mbedtls.Group{mbedtls.CurveP384} })
		}),
	)
}

// pskSessions are those of TLS 1.3 with an external key; TLS 1.2 has its suites for that.
func pskSessions() (list []*session) {
	modes := map[string]mbedtls.TLS13KeyExchange{"psk": mbedtls.TLS13PSK, "psk-ephemeral": mbedtls.TLS13PSKEphemeral}
	for _, name := range []string{"psk", "psk-ephemeral"} {
		list = append(list,
			talk("psk/"+name, version13, psk, both(func(e *endpoint) { e.kex = modes[name] })),
			talk("psk/"+name+"/sha384", version13, psk, both(func(e *endpoint) { e.kex, e.suites = modes[name], []uint16{0x1302, 0x1301} })),
			talk("psk/"+name+"/resumed", version13, psk, tickets, twice(nil, nil), both(func(e *endpoint) { e.kex = modes[name] })),
		)
	}
	anyMode := mbedtls.TLS13PSK | mbedtls.TLS13PSKEphemeral | mbedtls.TLS13Ephemeral
	return append(list,
		talk("psk/hrr", version13, psk, both(func(e *endpoint) { e.kex = mbedtls.TLS13PSKEphemeral }),
			client(func(e *endpoint) { e.groups = []mbedtls.Group{mbedtls.CurveP256, mbedtls.CurveP384} }),
			server(func(e *endpoint) { e.groups = []mbedtls.Group{mbedtls.CurveP384} })),
		talk("psk/or-certificates", version13, both(func(e *endpoint) { e.pskID, e.psk, e.kex = anyPSKID, anyPSK, anyMode })),
		talk("psk/unknown-so-certificates", version13, both(func(e *endpoint) { e.pskID, e.psk, e.kex = anyPSKID, anyPSK, anyMode }),
			server(func(e *endpoint) { e.pskID = "another" })),
		talk("psk/long-key/tls12", version12, psk, both(func(e *endpoint) {
			e.suites, e.psk, e.pskID = []uint16{0x00A8}, "0123456789abcdef0123456789abcdef", "an identity that is somewhat longer"
		})),
	)
}

func renegotiationSessions() (list []*session) {
	allow := both(func(e *endpoint) { e.renegotiate = true })
	for _, v := range []uint16{version12, mbedtls.VersionDTLS12} {
		n := versionName(v)
		byClient := says("handshake; write 10; read 10; renegotiate; write 20; read 20; close; eof",
			"handshake; read 10; write 10; read 20; write 20; eof; close")
		byServer := says("handshake; write 10; read 10; write 20; read 20; close; eof",
			"handshake; read 10; renegotiate; write 10; read 20; write 20; eof; close")
		list = append(list,
			talk("renegotiation/client/"+n, v, allow, byClient),
			talk("renegotiation/server/"+n, v, allow, byServer),
			talk("renegotiation/twice/"+n, v, allow, says("handshake; renegotiate; write 10; read 10; renegotiate; write 20; read 20; close; eof",
				"handshake; read 10; write 10; read 20; write 20; eof; close")),
			talk("renegotiation/client-auth/"+n, v, allow, byClient, client(func(e *endpoint) { e.certs = []pair{clientEC} }),
				server(func(e *endpoint) { e.auth, e.ca = mbedtls.RequireAndVerifyClientCert, ecCA })),
			talk("renegotiation/cbc/"+n, v, allow, byClient, both(func(e *endpoint) { e.suites = []uint16{0xC023} })),
			talk("renegotiation/rsa/"+n, v, allow, rsa, byServer),
			talk("renegotiation/server-refuses/"+n, v, byClient, client(func(e *endpoint) { e.renegotiate = true }), broken),
			talk("renegotiation/client-refuses/"+n, v, byServer, server(func(e *endpoint) { e.renegotiate = true }), func(s *session) {
				if v == version12 {
					s.differs = "the library sends HelloRequest again for each record of data, also over streams; the binding once"
				}
			}),
			talk("renegotiation/with-tickets/"+n, v, allow, tickets, byClient),
			talk("renegotiation/period/"+n, v, allow, server(func(e *endpoint) { e.period = 3 }), says(
				"handshake; write 10; read 10; write 10; read 10; write 10; read 10; write 10; read 10; write 10; read 10; close; eof",
				"handshake; read 10; write 10; read 10; write 10; read 10; write 10; read 10; write 10; read 10; write 10; eof; close")),
		)
	}
	return append(list, talk("renegotiation/closed-meanwhile", mbedtls.VersionDTLS12, allow,
		differs("the library sends no close_notify while it renegotiates; the binding does"),
		says("handshake; write 10; read 10; close; eof", "handshake; renegotiate; read 10; write 10; eof; close")))
}
