package upstream

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
)

// sender is one end's half of an exchange: what it sends, and in how many records. Fragments of 0 are for datagrams, which a
// message that is too long is refused in.
type sender struct {
	from, to  *endpoint
	fragments int
	message   []byte
	written   int
	got       []byte
	records   int
}

// write sends the rest, or a part of it.
func (s *sender) write() {
	t, ssl := s.from.t, s.from.ssl
	if s.written == len(s.message) {
		return
	}
	if s.from.conf.Transport() == cbridge.Stream {
		n, err := ssl.Write(nil)
		expect(t, "write of nothing", err, 0)
		t.Equal("written of nothing", n, 0)
	}
	n, err := ssl.Write(s.message[s.written:])
	if s.fragments == 0 {
		expect(t, "write of too long a message", err, int(cbridge.ErrSSLBadInputData))
		s.message = nil
		return
	}
	if err != nil && !wants(err) || s.fragments == 1 && err == nil && n != len(s.message) {
		t.Fatalf("write of %d bytes in %d records: %d, %v", len(s.message), s.fragments, n, err)
	}
	s.written += n
}

// read receives from one record.
func (s *sender) read() {
	t, ssl := s.to.t, s.to.ssl
	if len(s.got) == len(s.message) {
		return
	}
	if s.to.conf.Transport() == cbridge.Stream {
		n, err := ssl.Read(nil)
		expect(t, "read of nothing", err, 0)
		t.Equal("read of nothing", n, 0)
	}
	buf := make([]byte, len(s.message)-len(s.got))
	n, err := ssl.Read(buf)
	if err != nil && !wants(err) || s.fragments == 1 && err == nil && n != len(s.message) {
		t.Fatalf("read of %d bytes in %d records: %d, %v", len(s.message), s.fragments, n, err)
	}
	if n > 0 {
		s.records++
	}
	s.got = append(s.got, buf[:n]...)
}

func (s *sender) check() {
	s.from.t.Equal("data", s.got, s.message)
	s.from.t.Equal("records", s.records, s.fragments)
}

// exchange has both ends send a message, twice.
func exchange(client *endpoint, clientLen, clientFragments int, server *endpoint, serverLen, serverFragments int) {
	for round := range 2 {
		a := &sender{from: client, to: server, fragments: clientFragments, message: make([]byte, clientLen)}
		b := &sender{from: server, to: client, fragments: serverFragments, message: bytes.Repeat([]byte{0xFF}, serverLen)}
		if round == 1 {
			for i := range a.message {
				a.message[i] = byte(i)
			}
			for i := range b.message {
				b.message[i] = byte(clientLen - 5*(i+1))
			}
		}
		for len(b.got) < len(b.message) || len(a.got) < len(a.message) {
			a.write()
			b.write()
			b.read()
			a.read()
		}
		a.check()
		b.check()
	}
}

// exchangeSome is exchange of a record each.
func exchangeSome(client, server *endpoint) { exchange(client, 256, 1, server, 256, 1) }

// handshake does what the options say: a handshake, an exchange of data, and more.
func handshake(t *suites.T, o options) {
	const capacity = 17000
	// A client and a server that can agree on no version.
	if o.version == 0 {
		o.result = int(cbridge.ErrSSLBadProtocolVersion)
	}
	client, server := newPair(t, o, capacity)
	defer client.close()
	defer server.close()
	if o.cipher != "" {
		client.force(o.cipher)
	}
	server.must("SetAuthMode", server.conf.SetAuthMode(o.serverAuth))
	for _, e := range []*endpoint{client, server} {
		if cbridge.Feature("MBEDTLS_SSL_MAX_FRAGMENT_LENGTH") {
			e.must("SetMaxFragmentLength", e.conf.SetMaxFragmentLength(o.mfl))
		} else {
			t.Equal("fragment length", o.mfl, 0)
		}
		if len(o.psk) > 0 {
			e.must("SetPSK", e.conf.SetPSK(o.psk, []byte("foo")))
		}
		if o.renegotiate {
			const grace, period = cbridge.DefaultRenegotiationGrace, cbridge.DefaultRenegotiationPeriod
			e.must("SetRenegotiation", e.conf.SetRenegotiation(true, grace, period))
			e.must("SetLegacyRenegotiation", e.conf.SetLegacyRenegotiation(o.legacy))
		}
	}
	if len(o.psk) > 0 {
		server.must("SetPSKFunc", server.conf.SetPSKFunc(func(*cbridge.SSL, []byte) error { return nil }))
	}
	whole := client.buffers(o)
	t.Equal("buffers of the server", server.buffers(o), whole)

	expect(t, "handshake", client.moveTo(stateOver, server), o.result)
	if o.result != 0 {
		return
	}
	t.Equal("end of the client's handshake", client.ssl.HandshakeOver(), true)
	server.mustMove(stateOver, client)
	t.Equal("end of the server's handshake", server.ssl.HandshakeOver(), true)
	for _, e := range []*endpoint{client, server} {
		e.checkVersion(o)
		t.Equal("handshakes", e.secrets, 1)
	}
	if o.suite != 0 {
		t.Equal("suite", int(server.ssl.Ciphersuite()), o.suite)
	}
	if o.resize {
		exchangeSome(client, server) // a server over datagrams may wait for the peer's first one
		client.checkBuffers(o, whole)
		server.checkBuffers(o, whole)
	}
	exchange(client, o.clientLen, o.clientFragments, server, o.serverLen, o.serverFragments)
	if o.afterData != nil {
		o.afterData(client, server)
	}
	if o.serialize {
		serialize(client, server, o, whole)
	}
	if o.renegotiate {
		renegotiate(client, server, o, whole)
	}
}

// force lets a client offer one suite, in the versions that have it.
func (e *endpoint) force(name string) {
	suite, ok := cbridge.SuiteByName(name)
	e.t.Equal("suite "+name+" is known", ok, true)
	lowest, highest := e.conf.Versions()
	e.setVersions(int(max(lowest, suite.MinVersion)), int(min(highest, suite.MaxVersion)))
	e.must("SetCiphersuites", e.conf.SetCiphersuites([]int{int(suite.ID)}))
}

// checkVersion looks at the version that was negotiated.
func (e *endpoint) checkVersion(o options) {
	name := map[int]string{cbridge.TLS12: "TLSv1.2", cbridge.TLS13: "TLSv1.3"}[o.version]
	if o.dtls {
		name = "D" + name
	}
	e.t.Equal("version", int(e.ssl.Version()), o.version)
	e.t.Equal("name of the version", e.ssl.VersionName(), name)
}

// sizes are those of an end's buffers.
type sizes struct{ In, Out int }

// buffers are those of an end that has them for life.
func (e *endpoint) buffers(o options) (s sizes) {
	if o.resize {
		s.In, s.Out = e.ssl.BufferSizes()
	}
	return s
}

// checkBuffers expects that the buffers of an end have room for no more than the records that it agreed on. What whole
// ones hold beside the longest record, these do, too.
func (e *endpoint) checkBuffers(o options, whole sizes) {
	want := whole
	if o.mfl != 0 {
		payload := 256 << o.mfl
		want.In += payload - contentLen(e.t, "MBEDTLS_SSL_IN_CONTENT_LEN")
		want.Out += payload - contentLen(e.t, "MBEDTLS_SSL_OUT_CONTENT_LEN")
	}
	e.t.Equal("buffers", e.buffers(o), want)
}

func contentLen(t *suites.T, option string) int {
	expansion, _ := cbridge.QueryConfig(option)
	n, err := strconv.Atoi(strings.Trim(expansion, "()"))
	if err != nil {
		t.Fatalf("%s: %v", option, err)
	}
	return n
}

// serialize goes on with another SSL for the server.
func serialize(client, server *endpoint, o options, whole sizes) {
	state, err := server.ssl.Save()
	server.must("Save", err)
	server.must("Close", server.ssl.Close())
	server.setUp()
	server.t.Equal("buffers of a new SSL", server.buffers(o), whole)
	server.must("Load", server.ssl.Load(state))
	if o.resize {
		server.checkBuffers(o, whole)
	}
	exchange(client, o.clientLen, o.clientFragments, server, o.serverLen, o.serverFragments)
}

// renegotiate does it at the server's wish, and at the client's.
func renegotiate(client, server *endpoint, o options, whole sizes) {
	t := client.t
	handshakes := func(when string, ofClient, ofServer int) {
		t.Equal("handshakes of the client, "+when, client.secrets, ofClient)
		t.Equal("handshakes of the server, "+when, server.secrets, ofServer)
	}
	started := client.secrets // 1, or 2 where serialize had it told again
	t.Equal("the client renegotiates at first", client.ssl.Renegotiating(), false)
	t.Equal("the server renegotiates at first", server.ssl.Renegotiating(), false)
	server.must("Renegotiate", server.ssl.Renegotiate()) // only asks
	t.Equal("the client renegotiates", client.ssl.Renegotiating(), false)
	handshakes("after the server asked", started, started)
	exchangeSome(client, server)
	t.Equal("the client still renegotiates", client.ssl.Renegotiating(), false)
	t.Equal("the server still renegotiates", server.ssl.Renegotiating(), false)
	handshakes("after the server's", started+1, started+1)

	err := client.ssl.Renegotiate()
	t.Equal("buffers for the client's", client.buffers(o), whole)
	if err != nil && !wants(err) {
		t.Fatalf("the client's: %v", err)
	}
	t.Equal("the server renegotiates before it knows", server.ssl.Renegotiating(), false)
	t.Equal("the client renegotiates", client.ssl.Renegotiating(), true)
	exchangeSome(client, server)
	t.Equal("the client still renegotiates", client.ssl.Renegotiating(), false)
	t.Equal("the server still renegotiates", server.ssl.Renegotiating(), false)
	handshakes("after the client's", started+2, started+2)
	if o.resize {
		client.checkBuffers(o, whole)
		server.checkBuffers(o, whole)
	}
}

// spoilRecord has an end receive a record that is not authentic, and pass over it.
func spoilRecord(from, to *endpoint) {
	_, err := from.ssl.Write([]byte("bad"))
	from.must("Write", err)
	record := to.in.buf
	record[len(record)-1] ^= 1
	if n, err := to.ssl.Read(make([]byte, 8)); !errors.Is(err, cbridge.ErrSSLWantRead) {
		to.t.Fatalf("a bad record: %d, %v", n, err)
	}
}
