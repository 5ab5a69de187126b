package upstream

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
)

// What one on the wire between both ends does to records that are not encrypted.
func init() {
	register("ssl", functions{
		"recombine_server_first_flight":     recombineServerFirstFlight,
		"inject_client_content_on_the_wire": injectClientContent,
		"send_large_fragmented_hello":       sendLargeFragmentedHello,
		"send_invalid_sig_alg":              sendInvalidSigAlg,
		"reject_hrr_selecting_unoffered_group": func(t *suites.T) {
			rejectUnofferedGroup(t, false)
			rejectUnofferedGroup(t, true)
		},
		"tls13_record_boundary_alignment": recordBoundary,
	}, nil)
}

// Records (RFC 8446 section 5.1).
const (
	recordHeaderLen  = 5
	recordCCS        = 20
	recordAlert      = 21
	recordHandshake  = 22
	recordData       = 23
	messageHeaderLen = 4
)

func recordLen(record []byte) int { return int(binary.BigEndian.Uint16(record[3:])) }

func setRecordLen(record []byte, n int) { binary.BigEndian.PutUint16(record[3:], uint16(n)) }

// within is an offset in the first record, which counts from its end unless it is positive.
func (w *wire) within(t *suites.T, offset int) int {
	n := recordLen(w.buf)
	if offset <= 0 {
		offset += n
	}
	if offset < 0 || offset > n {
		t.Fatalf("offset %d in a record of %d bytes", offset, n)
	}
	return offset
}

// split makes two records of the first.
func (w *wire) split(t *suites.T, offset int) { w.insert(t, w.within(t, offset), nil) }

// insert makes two records of the first, with others between them.
func (w *wire) insert(t *suites.T, offset int, between []byte) {
	n, at := recordLen(w.buf), recordHeaderLen+offset
	rest := bytes.Clone(w.buf[:recordHeaderLen])
	setRecordLen(rest, n-offset)
	w.buf = slices.Insert(bytes.Clone(w.buf), at, append(bytes.Clone(between), rest...)...)
	setRecordLen(w.buf, offset)
	if len(w.buf) > w.capacity {
		t.Fatalf("no room for more records")
	}
}

// truncate drops what is behind an offset in the first record.
func (w *wire) truncate(t *suites.T, offset int) {
	offset = w.within(t, offset)
	setRecordLen(w.buf, offset)
	w.buf = w.buf[:recordHeaderLen+offset]
}

// coalesce makes one record of the first ones that hold messages of the handshake, and tells of how many.
func (w *wire) coalesce(most int) (count int) {
	buf := bytes.Clone(w.buf)
	if buf[0] != recordHandshake {
		return 0
	}
	n := recordLen(buf)
	for count = 1; count < most; count++ {
		next := recordHeaderLen + n
		if next >= len(buf) || buf[next] != recordHandshake {
			break
		}
		n += recordLen(buf[next:])
		buf = slices.Delete(buf, next, next+recordHeaderLen)
	}
	setRecordLen(buf, n)
	w.buf = buf
	return count
}

// inserted are the bodies of records that come between; others are empty.
var inserted = map[byte][]byte{
	recordAlert: {cbridge.AlertWarning, 100}, // no_renegotiation
	recordCCS:   {1},
	recordData:  make([]byte, 42),
}

// insertRecord is insert of a record of any type. Here an offset counts from the end only if it is negative.
func (w *wire) insertRecord(t *suites.T, offset int, typ byte) {
	if offset < 0 {
		offset = w.within(t, offset)
	}
	record := append(bytes.Clone(w.buf[:recordHeaderLen]), inserted[typ]...)
	record[0] = typ
	setRecordLen(record, len(inserted[typ]))
	w.insert(t, offset, record)
}

// recombine does what upstream numbers in recombine_records_instruction_t.
func (w *wire) recombine(t *suites.T, instruction, param int) {
	const (
		nominal = iota
		splitOnce
		truncate
		insertEmpty
		insertRecord
		coalesce
		coalesceAndSplit
		coalesceAndSplitTwice
	)
	coalesceAll := func(least int) {
		if n := w.coalesce(math.MaxInt); n < least {
			t.Fatalf("%d records, want at least %d", n, least)
		}
	}
	switch instruction {
	case nominal:
	case splitOnce:
		w.split(t, param)
	case truncate:
		w.truncate(t, param)
	case insertEmpty:
		w.insertRecord(t, param, recordHandshake)
	case insertRecord:
		w.insertRecord(t, 5, byte(param))
	case coalesce:
		if param == math.MaxInt32 {
			coalesceAll(1)
		} else {
			t.Equal("records", w.coalesce(param), param)
		}
	case coalesceAndSplit:
		coalesceAll(2)
		w.split(t, param)
	case coalesceAndSplitTwice:
		coalesceAll(1)
		w.split(t, -param)
		w.split(t, param)
	default:
		t.Fatalf("instruction %d", instruction)
	}
}

// advance goes on with one end until it wants something, or fails, or is done.
func (e *endpoint) advance() error {
	for !e.ssl.HandshakeOver() {
		if err := e.ssl.HandshakeStep(); err != nil {
			return err
		}
	}
	return nil
}

func recombineServerFirstFlight(t *suites.T, version, instruction, param int, clientLog, serverLog string, goal, code int) {
	o := ofVersion(version)
	o.pk = pkECDSA
	o.clientLog, o.serverLog = &logPattern{text: clientLog, level: 3}, &logPattern{text: serverLog, level: 3}
	recombined(t, o, instruction, param, goal, code)
	if o.clientLog.count == 0 || o.serverLog.count == 0 {
		t.Fatalf("client: %q %d times, server: %q %d times", clientLog, o.clientLog.count, serverLog, o.serverLog.count)
	}
}

// recombined goes on up to the goal.
func recombined(t *suites.T, o options, instruction, param, goal, code int) {
	client, server := newPair(t, o, 17000)
	defer client.close()
	defer server.close()
	wantRead := int(cbridge.ErrSSLWantRead)
	expect(t, "the client's first flight", client.advance(), wantRead)
	t.Equal("state of the client", client.ssl.State(), stateServerHello)
	expect(t, "the server's first flight", server.advance(), wantRead)
	t.Equal("state of the server", server.ssl.State(), stateServerHelloDone+1)
	server.out.recombine(t, instruction, param)

	err := client.advance()
	if client.ssl.State() == goal && err != nil {
		expect(t, "the client at its goal", err, code)
		return
	}
	if o.version == cbridge.TLS13 && goal >= stateOver {
		expect(t, "the client's second flight", err, 0)
	} else {
		expect(t, "the client's second flight", err, wantRead)
	}
	const truncated = 2
	if instruction == truncated {
		return
	}
	expect(t, "the server's second flight", server.advance(), 0)
	err = client.advance()
	want := 0
	if client.ssl.State() == goal {
		want = code
	}
	expect(t, "the end", err, want)
}

func injectClientContent(t *suites.T, pk, state int, data []byte, log string, code int) {
	o := defaults()
	o.pk, o.serverLog = pk, &logPattern{text: log, level: 3}
	client, server := newPair(t, o, 16384)
	defer client.close()
	defer server.close()
	client.mustMove(state, server)
	n, err := client.out.send(data)
	expect(t, "injection", err, 0)
	t.Equal("injected", n, len(data))
	// A server of both versions takes a ClientHello of the older one in two steps.
	for err = server.ssl.HandshakeStep(); err == nil && server.ssl.State() == state; {
		err = server.ssl.HandshakeStep()
	}
	expect(t, "step of the server", err, code)
	if o.serverLog.count == 0 {
		t.Fatalf("the server does not say %q", log)
	}
}

// sendLargeFragmentedHello sends a ClientHello of nonsense, a byte in each record but the first.
func sendLargeFragmentedHello(t *suites.T, n, firstLen int, log string, code int) {
	const filling = 0x2a
	o := defaults()
	o.pk, o.serverLog = pkECDSA, &logPattern{text: log, level: 1}
	client, server := newPair(t, o, 16384)
	defer client.close()
	defer server.close()
	client.mustMove(stateClientHello, server)
	send := func(body []byte) error {
		record := append([]byte{recordHandshake, 3, 3, 0, 0}, body...)
		setRecordLen(record, len(body))
		sent, err := client.out.send(record)
		expect(t, "send", err, 0)
		t.Equal("sent", sent, len(record))
		return server.ssl.HandshakeStep()
	}
	const clientHello = 1
	first := []byte{clientHello, byte(n >> 16), byte(n >> 8), byte(n)}
	err := send(append(first, bytes.Repeat([]byte{filling}, firstLen)...))
	expect(t, "the first record", err, int(cbridge.ErrSSLWantRead))
	for left := n - firstLen; left > 0 && wants(err); left-- {
		err = send([]byte{filling})
	}
	expect(t, "the last record", err, code)
	t.Equal("messages of "+log, o.serverLog.count, 1)
}

// sendInvalidSigAlg makes a server believe that the client offers a signature algorithm alone, which it does not offer at
// all. The client's ClientHello is changed on its way to that end: nothing before the Finished messages protects it.
func sendInvalidSigAlg(t *suites.T, sig, hash, code int) {
	const ecdsa = 3
	target := uint16(hash<<8 | sig)
	o := defaults()
	o.clientMax, o.serverMax = cbridge.TLS12, cbridge.TLS12
	suite := "TLS-ECDHE-RSA-WITH-CHACHA20-POLY1305-SHA256"
	if sig == ecdsa {
		o.pk, suite = pkECDSA, "TLS-ECDHE-ECDSA-WITH-CHACHA20-POLY1305-SHA256"
	}
	o.clientLog = &logPattern{text: "that was not offered", level: 3}
	client, server := newPair(t, o, 16384)
	defer client.close()
	defer server.close()
	client.force(suite)
	server.force(suite)
	all := client.conf.SignatureAlgorithms()
	others := slices.DeleteFunc(slices.Clone(all), func(a uint16) bool { return a == target })
	if len(others) == len(all) {
		t.Fatalf("%#x is not offered by default", target)
	}
	client.must("SetSignatureAlgorithms", client.conf.SetSignatureAlgorithms(others))
	expect(t, "the ClientHello", client.advance(), int(cbridge.ErrSSLWantRead))
	if code != 0 {
		list := extension(t, client.out.buf, signatureAlgorithms)[2:]
		copy(list, appendNumbers(nil, slices.Repeat([]uint16{target}, len(list)/2)))
	}
	server.mustMove(stateServerKeyExchange, client)
	expect(t, "the ServerKeyExchange", client.moveTo(stateCertificateRequest, server), code)
	if code != 0 {
		t.Equal("complaints", o.clientLog.count, 1)
	}
}

// Extensions of hellos.
const (
	signatureAlgorithms = 13
	keyShare            = 51
)

// extension is the body of one in a ClientHello, which is a record of its own (RFC 8446 section 4.1.2).
func extension(t *suites.T, record []byte, typ uint16) []byte {
	rest := record[recordHeaderLen+messageHeaderLen+2+32:]
	skip := func(n int) (skipped []byte) {
		skipped, rest = rest[:n], rest[n:]
		return skipped
	}
	number := func() int { return int(binary.BigEndian.Uint16(skip(2))) }
	skip(int(skip(1)[0])) // session id
	skip(number())        // suites
	skip(int(skip(1)[0])) // compression
	for number(); len(rest) > 0; {
		found := number()
		if body := skip(number()); found == int(typ) {
			return body
		}
	}
	t.Fatalf("the ClientHello has no extension %d", typ)
	return nil
}

func appendNumbers(p []byte, numbers []uint16) []byte {
	for _, n := range numbers {
		p = binary.BigEndian.AppendUint16(p, n)
	}
	return p
}

// rejectUnofferedGroup has a server ask for another group by HelloRetryRequest, which may be changed on its way.
func rejectUnofferedGroup(t *suites.T, change bool) {
	o := ofVersion(cbridge.TLS13)
	o.pk = pkECDSA
	log := &logPattern{text: "Invalid key share in HRR", level: 1}
	ofClient, ofServer := o, o
	ofClient.groups, ofServer.groups = []uint16{groupP256, groupP384}, []uint16{groupP384}
	ofClient.clientLog = log
	client, server := newPairOf(t, ofClient, ofServer, 4096)
	defer client.close()
	defer server.close()
	server.mustMove(stateHelloRetryRequest, client)
	server.must("HelloRetryRequest", server.ssl.HandshakeStep())
	server.must("FlushOutput", server.ssl.FlushOutput())
	selects := func(group uint16) []byte { return appendNumbers(nil, []uint16{keyShare, 2, group}) }
	if n := bytes.Count(server.out.buf, selects(groupP384)); n != 1 {
		t.Fatalf("the HelloRetryRequest selects the server's group %d times", n)
	}
	if !change {
		client.must("step of the client", client.ssl.HandshakeStep())
		t.Equal("the client waits for another ServerHello", client.ssl.State() == stateServerHello, false)
		t.Equal("complaints", log.count, 0)
		return
	}
	server.out.buf = bytes.Replace(server.out.buf, selects(groupP384), selects(groupX25519), 1)
	expect(t, "step of the client", client.ssl.HandshakeStep(), int(cbridge.ErrSSLIllegalParameter))
	t.Equal("state of the client", client.ssl.State(), stateServerHello)
	t.Equal("complaints", log.count, 1)
}
