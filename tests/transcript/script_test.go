package transcript

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// session is what both implementations play.
type session struct {
	name        string
	datagram    bool
	client      *endpoint
	server      *endpoint
	connections []connection

	unless  string // a build option with which there is no such session
	fails   bool   // a call of an end fails; else none may
	differs string // why the binding's transcript is not the library's; "": it is
}

// connection is one of a session's, which follow each other.
type connection struct {
	client, server string    // what they do: "handshake; write 100; read 100"
	clientEnd      *endpoint // nil: the session's
	serverEnd      *endpoint // nil: the session's
	rules          []rule
	resume         bool // the client offers what an earlier connection kept
	resumed        bool // and that must lead to a resumption
	early          mbedtls.EarlyDataStatus
}

// rule is what the link does to one record (datagram, with DTLS) of an end, counted from 0 in each connection: drop it; dup
// it; flip bits B of byte A; cut it to A bytes; hold it until A more have passed; let nothing come after it (eof); or put
// Data before or after it. A negative A counts from the end.
type rule struct {
	from  string
	index int
	what  string
	a, b  int
	data  string // in hex
}

// endpoint is the settings of an end. The zero value of each is the library's default.
type endpoint struct {
	versions     [2]uint16 // 0: whatever the build has
	suites       []uint16
	groups       []mbedtls.Group
	sigAlgs      []mbedtls.SignatureScheme
	certs        []pair
	ca, crl      string
	auth         mbedtls.ClientAuthType // of a server
	skipVerify   bool                   // of a client
	skipName     bool                   // of a client that has no name
	name         string
	alpn         []string
	pskID, psk   string
	ecjpake      string
	kex          mbedtls.TLS13KeyExchange
	noTickets    bool // of a client: it takes none
	tickets      int  // of a server: which of the session's keys; 0 is none
	newTickets   int
	cache        bool
	maxEarly     int
	renegotiate  bool
	grace        int
	period       uint64
	legacy       mbedtls.LegacyRenegotiation
	mfl          int
	noEMS, noETM bool
	minDH        int
	dh           string
	profile      string
	clientOrder  bool
	noCAList     bool
	onlyName     string // of a server: the one host that there is

	mtu                    int
	noPacking, noReplay    bool
	badMAC                 int
	cid                    *string
	failCID                bool
	srtp                   []mbedtls.SRTPProfile
	mki                    string
	acceptMKI, noCookies   bool
	timeoutMin, timeoutMax time.Duration
}

// pair is a certificate with its key, both files of upstream's test data.
type pair struct{ cert, key string }

// with is a copy that differs.
func (e *endpoint) with(change func(*endpoint)) *endpoint {
	c := *e
	change(&c)
	return &c
}

const ticketLifetime = 24 * time.Hour

// ops are what an end does, each with its arguments.
func ops(script string) (list []op) {
	for _, s := range strings.Split(script, ";") {
		f := strings.Fields(s)
		if len(f) == 0 {
			continue
		}
		o := op{name: f[0]}
		for i, arg := range f[1:] {
			fmt.Sscan(arg, []*int{&o.a, &o.b}[i])
		}
		list = append(list, o)
	}
	return list
}

type op struct {
	name string
	a, b int
}

func (c *connection) ends(s *session) (client, server *endpoint) {
	client, server = s.client, s.server
	if c.clientEnd != nil {
		client = c.clientEnd
	}
	if c.serverEnd != nil {
		server = c.serverEnd
	}
	return client, server
}

// endpoints are those of all connections, in order of their first use, the client's first.
func (s *session) endpoints() (list []*endpoint) {
	for i := range s.connections {
		c, srv := s.connections[i].ends(s)
		for _, e := range []*endpoint{c, srv} {
			if !slices.Contains(list, e) {
				list = append(list, e)
			}
		}
	}
	return list
}

func (s *session) ticketKeys() (n int) {
	for _, e := range s.endpoints() {
		n = max(n, e.tickets)
	}
	return n
}

func (s *session) caches() bool {
	return slices.ContainsFunc(s.endpoints(), func(e *endpoint) bool { return e.cache })
}

func (s *session) cookies() bool {
	return s.datagram && !s.server.noCookies && cbridge.Feature("MBEDTLS_SSL_COOKIE_C")
}

// script is what the driver reads.
func (s *session) script() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("session %s", s.name)
	for i := range s.ticketKeys() {
		line("tickets %d %d %d", i, cbridge.TicketAES256GCM, ticketLifetime/time.Second)
	}
	if s.cookies() {
		line("cookies")
	}
	if s.caches() {
		line("cache")
	}
	seen := map[*endpoint]bool{}
	for i := range s.connections {
		c := &s.connections[i]
		client, server := c.ends(s)
		line("connection %d %d", number(s.datagram), number(c.resume))
		client.write(s, func(key, value string) { line("client.%s %s", key, value) }, false, !seen[client])
		seen[client] = true
		server.write(s, func(key, value string) { line("server.%s %s", key, value) }, true, !seen[server])
		seen[server] = true
		for _, o := range ops(c.client) {
			line("client %s %d %d", o.name, o.a, o.b)
		}
		for _, o := range ops(c.server) {
			line("server %s %d %d", o.name, o.a, o.b)
		}
		for _, r := range c.rules {
			if r.data != "" {
				line("rule %s %d %s %s", r.from, r.index, r.what, r.data)
			} else {
				line("rule %s %d %s %d %d", r.from, r.index, r.what, r.a, r.b)
			}
		}
		line("run")
	}
	line("end")
	return b.String()
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// write puts an end into the script: what package mbedtls makes of the Config that config returns.
func (e *endpoint) write(s *session, line func(key, value string), server, fresh bool) {
	put := func(key string, value any, set bool) {
		if set {
			line(key, fmt.Sprint(value))
		}
	}
	minimum, maximum := e.bounds(s)
	put("fresh", 1, fresh)
	put("min", minimum, true)
	put("max", maximum, true)
	put("suites", words(e.suites), len(e.suites) > 0)
	put("groups", words(e.groups), len(e.groups) > 0)
	put("sig-algs", words(e.sigAlgs), len(e.sigAlgs) > 0)
	for _, c := range e.certs {
		put("cert", dataFile(c.cert)+" "+dataFile(c.key), true)
	}
	put("ca", dataFile(e.ca), e.ca != "")
	put("crl", dataFile(e.crl), e.crl != "")
	put("dh", dataFile(e.dh), e.dh != "")
	put("auth", e.authMode(server), true)
	put("name", e.name, e.name != "")
	put("no-name", 1, e.name == "" && (e.skipName || e.skipVerify))
	for _, p := range e.alpn {
		put("alpn", p, true)
	}
	put("psk", fmt.Sprintf("%x %x", e.pskID, e.psk), e.psk != "")
	put("ecjpake", fmt.Sprintf("%x", e.ecjpake), e.ecjpake != "")
	put("kex", int(e.kex), e.kex != 0)
	put("take-tickets", 1, !server && !e.noTickets)
	if server && e.tickets > 0 {
		count := max(e.newTickets, 1)
		if e.auth != mbedtls.NoClientCert {
			count = 0
		}
		put("tickets", e.tickets, true)
		put("new-tickets", count, true)
	}
	put("cache", 1, e.cache)
	put("early", e.maxEarly, e.maxEarly > 0)
	if e.renegotiate {
		grace, period := e.grace, e.period
		if grace == 0 {
			grace = cbridge.DefaultRenegotiationGrace
		}
		if period == 0 {
			period = cbridge.DefaultRenegotiationPeriod
		}
		put("renegotiate", 1, true)
		put("grace", grace, true)
		put("period", period, true)
	}
	put("legacy", int(e.legacy), true)
	put("mfl", int(math.Log2(float64(e.mfl)))-8, e.mfl > 0)
	put("no-ems", 1, e.noEMS)
	put("no-etm", 1, e.noETM)
	put("min-dh", e.minDH, e.minDH > 0)
	put("profile", e.profile, e.profile != "")
	put("client-order", 1, e.clientOrder)
	put("no-ca-list", 1, e.noCAList)
	put("only-name", e.onlyName, e.onlyName != "")
	if s.datagram {
		e.writeDTLS(put)
	}
}

func (e *endpoint) writeDTLS(put func(key string, value any, set bool)) {
	first, last := e.timeouts()
	put("timeouts", fmt.Sprintf("%d %d", first.Milliseconds(), last.Milliseconds()), true)
	put("mtu", e.mtu, e.mtu > 0)
	put("no-packing", 1, e.noPacking)
	put("no-replay", 1, e.noReplay)
	put("badmac", e.badMAC, e.badMAC > 0)
	if e.cid != nil {
		put("cid-len", len(*e.cid), true)
		put("cid", fmt.Sprintf("%x", *e.cid), true)
		put("fail-cid", 1, e.failCID)
	}
	put("srtp", words(e.srtp), len(e.srtp) > 0)
	put("mki", fmt.Sprintf("%x", e.mki), e.mki != "")
	put("accept-mki", 1, e.acceptMKI)
	put("no-cookies", 1, e.noCookies)
}

func words[T ~uint16](list []T) string {
	s := make([]string, len(list))
	for i, v := range list {
		s[i] = fmt.Sprint(uint16(v))
	}
	return strings.Join(s, " ")
}

func (e *endpoint) timeouts() (first, last time.Duration) {
	first, last = e.timeoutMin, e.timeoutMax
	if first == 0 {
		first = time.Second
	}
	if last == 0 {
		last = max(first, time.Minute)
	}
	return first, last
}

// bounds are the versions that package mbedtls settles on.
func (e *endpoint) bounds(s *session) (minimum, maximum uint16) {
	minimum, maximum = mbedtls.VersionTLS12, mbedtls.VersionTLS13
	if !cbridge.Feature("MBEDTLS_SSL_PROTO_TLS1_2") {
		minimum = mbedtls.VersionTLS13
	}
	if !cbridge.Feature("MBEDTLS_SSL_PROTO_TLS1_3") || s.datagram || e.ecjpake != "" {
		maximum = mbedtls.VersionTLS12
	}
	tls13 := func(id uint16) bool { return id>>8 == 0x13 }
	if len(e.suites) > 0 {
		if !slices.ContainsFunc(e.suites, tls13) {
			maximum = mbedtls.VersionTLS12
		}
		if !slices.ContainsFunc(e.suites, func(id uint16) bool { return !tls13(id) }) {
			minimum = mbedtls.VersionTLS13
		}
	}
	if e.versions[0] != 0 {
		minimum = e.versions[0]
	}
	if e.versions[1] != 0 {
		maximum = e.versions[1]
	}
	return minimum, maximum
}

func (e *endpoint) authMode(server bool) int {
	switch {
	case server && e.auth == mbedtls.NoClientCert:
		return int(cbridge.VerifyNone)
	case server && e.auth != mbedtls.RequireAndVerifyClientCert, !server && e.skipVerify:
		return int(cbridge.VerifyOptional)
	}
	return int(cbridge.VerifyRequired)
}
