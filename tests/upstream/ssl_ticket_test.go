package upstream

import (
	"bytes"
	"errors"
	"slices"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
)

// Tickets of TLS 1.3 and early data.
func init() {
	register("ssl", functions{
		"tls13_resume_session_with_ticket":         resumeWithTicket,
		"tls13_hrr_then_tls12_second_client_hello": olderSecondHello,
		"tls13_read_early_data":                    readEarlyData,
		"tls13_cli_early_data_state":               clientEarlyDataState,
		"tls13_write_early_data":                   writeEarlyData,
		"tls13_cli_max_early_data_size":            clientMaxEarlyData,
		"tls13_drop_early_data":                    dropEarlyData,
	}, unmapped{
		"tls13_srv_max_early_data_size": "an internal function of the library sends more early data than its ticket allows",
		"write_new_session_ticket_mem":  "a closure that makes no ticket ends the handshake, here",
	})
}

// The scenarios of early data, as upstream numbers them.
const (
	earlyAccepted = iota
	earlyNotIndicated
	earlyRejected
	earlyRetry // of the ClientHello
	earlySameALPN
	earlyOtherALPN
	earlyNoFirstALPN
	earlyNoLaterALPN
)

// someGroups are preferred by clients in this order; a server that has but the last must ask for another ClientHello.
var someGroups = []uint16{groupP256, groupP384}

// setTickets gives a server tickets that are the session itself.
func (e *endpoint) setTickets() {
	e.must("SetTicketFuncs", e.conf.SetTicketFuncs(cbridge.TicketFuncs{
		Write: func(session []byte) ([]byte, time.Duration, error) {
			return bytes.Clone(session), 7 * 24 * time.Hour, nil
		},
		Parse: func(ticket []byte) ([]byte, error) { return bytes.Clone(ticket), nil },
	}))
}

// ticket13 is a client's session with a ticket.
func ticket13(t *suites.T, ofClient, ofServer options) *cbridge.Session {
	client, server := newPairOf(t, ofClient, ofServer, 1024)
	defer client.close()
	defer server.close()
	if ofClient.cipher != "" {
		client.force(ofClient.cipher)
	}
	client.must("SetTicketSignals", client.conf.SetTicketSignals(true))
	server.setTickets()
	server.mustMove(stateOver, client)
	_, err := client.ssl.Read(make([]byte, 64))
	for left := 10; wants(err) && left > 0; left-- {
		_, err = client.ssl.Read(make([]byte, 64))
	}
	expect(t, "Read of a ticket", err, int(cbridge.ErrSSLReceivedNewSessionTicket))
	session, err := client.ssl.Session()
	client.must("Session", err)
	return session
}

// resuming is two ends, the client of which has a session to resume.
func resuming(t *suites.T, ofClient, ofServer options, session *cbridge.Session, capacity int) (client, server *endpoint) {
	client, server = newPairOf(t, ofClient, ofServer, capacity)
	server.setTickets()
	client.must("SetSession", client.ssl.SetSession(session, true))
	return client, server
}

func resumeWithTicket(t *suites.T) {
	o := defaults()
	o.pk = pkECDSA
	session := ticket13(t, o, o)
	defer session.Close()
	client, server := resuming(t, o, o, session, 1024)
	defer client.close()
	defer server.close()
	server.mustMove(stateWrapup, client)
	t.Equal("resumed", server.ssl.Resumed(), true)
	t.Equal("a key exchange beside the PSK", server.ssl.Group() != 0, true)
}

// olderSecondHello has a client of TLS 1.2 answer the HelloRetryRequest. Upstream turns the client into it.
func olderSecondHello(t *suites.T) {
	o := defaults()
	o.pk, o.groups, o.cipher = pkECDSA, someGroups, "TLS1-3-CHACHA20-POLY1305-SHA256"
	session := ticket13(t, o, o)
	defer session.Close()
	ofServer := o
	ofServer.groups = someGroups[1:]
	ofServer.serverLog = &logPattern{text: "Non compliant 2nd ClientHello, TLS 1.2 version", level: 1}
	client, server := resuming(t, o, ofServer, session, 1024)
	defer client.close()
	defer server.close()
	server.mustMove(stateHelloRetryRequest, client)
	t.Equal("state of the client", client.ssl.State(), stateServerHello)
	client.mustMove(stateClientHello, server)
	t.Equal("state of the server", server.ssl.State(), stateClientHello)

	o.clientMin, o.clientMax = cbridge.TLS12, cbridge.TLS12
	older := newEndpoint(t, cbridge.Client, o)
	defer older.close()
	older.force("TLS-ECDHE-ECDSA-WITH-CHACHA20-POLY1305-SHA256")
	older.in, older.out = client.in, client.out
	older.in.buf = nil // a ChangeCipherSpec that only a client of TLS 1.3 ignores
	expect(t, "handshake of the server", server.moveTo(stateOver, older), int(cbridge.ErrSSLIllegalParameter))
	t.Equal("complaints", ofServer.serverLog.count, 1)
	t.Equal("state of the client", older.ssl.State(), stateServerHello)
	t.Equal("state of the server", server.ssl.State(), stateClientHello)
}

// early are the options of both ends when the ticket is made.
func early(scenario int) (ofClient, ofServer options) {
	o := defaults()
	o.pk, o.earlyData = pkECDSA, true
	switch scenario {
	case earlyRetry:
		o.groups = someGroups
	case earlySameALPN, earlyOtherALPN, earlyNoLaterALPN:
		o.alpn = []string{"ALPNExample"}
	}
	return o, o
}

// later changes the options for the handshake with the ticket. It returns what the server says of the early data.
func later(scenario int, ofClient, ofServer *options) (log string) {
	switch scenario {
	case earlyNotIndicated:
		ofClient.earlyData = false
	case earlyRejected:
		ofServer.earlyData = false
		return "EarlyData: deprotect and discard app data records."
	case earlyRetry:
		ofServer.groups = someGroups[1:]
		return "EarlyData: Ignore application message before 2nd ClientHello"
	case earlyOtherALPN, earlyNoFirstALPN:
		ofClient.alpn = []string{"ALPNExample2"}
		ofServer.alpn = ofClient.alpn
	case earlyNoLaterALPN:
		ofClient.alpn, ofServer.alpn = nil, nil
	}
	if scenario >= earlyOtherALPN {
		return "EarlyData: rejected, the selected ALPN is different from the one associated with the pre-shared key."
	}
	return ""
}

const earlyText = "This is early data."

// readEarlyData is for builds without TLS 1.2 alone.
func readEarlyData(t *suites.T, scenario int) {
	ofClient, ofServer := early(scenario)
	ofClient.groups, ofServer.groups = someGroups, someGroups
	session := ticket13(t, ofClient, ofServer)
	defer session.Close()
	log := &logPattern{text: later(scenario, &ofClient, &ofServer), level: 3}
	ofServer.serverLog = log
	client, server := resuming(t, ofClient, ofServer, session, 1024)
	defer client.close()
	defer server.close()
	client.mustMove(stateServerHello, server)
	n, err := client.ssl.WriteEarlyData([]byte(earlyText))
	if scenario == earlyNotIndicated {
		expect(t, "WriteEarlyData", err, int(cbridge.ErrSSLCannotWriteEarlyData))
	} else {
		expect(t, "WriteEarlyData", err, 0)
		t.Equal("written", n, len(earlyText))
	}
	err = server.moveTo(stateWrapup, client)
	switch scenario {
	case earlyAccepted, earlySameALPN:
		expect(t, "handshake of the server", err, int(cbridge.ErrSSLReceivedEarlyData))
		buf := make([]byte, 64)
		n, err := server.ssl.ReadEarlyData(buf)
		expect(t, "ReadEarlyData", err, 0)
		t.Equal("early data", string(buf[:n]), earlyText)
	case earlyNotIndicated:
		expect(t, "handshake of the server", err, 0)
	default:
		expect(t, "handshake of the server", err, 0)
		t.Equal("messages of "+log.text, log.count, 1)
	}
	server.mustMove(stateOver, client)
}

// stepBoth goes on with both ends until the client's state is another.
func stepBoth(client, server *endpoint) {
	for state := client.ssl.State(); client.ssl.State() == state; {
		if err := client.ssl.HandshakeStep(); err != nil && !wants(err) {
			client.t.Fatalf("the client: %v", err)
		}
		if client.ssl.State() == state {
			if err := server.ssl.HandshakeStep(); err != nil && !wants(err) {
				client.t.Fatalf("the server: %v", err)
			}
		}
	}
}

// clientStates are those that a client may come to, and the scenarios in which it does; nil is all.
var clientStates = map[int][]int{
	stateHelloRequest:           nil,
	stateClientHello:            nil,
	stateServerHello:            nil,
	stateEncryptedExtensions:    nil,
	stateServerFinished:         nil,
	stateEndOfEarlyData:         {earlyAccepted},
	stateClientCertificate:      nil,
	stateClientFinished:         nil,
	stateCCSAfterClientHello:    {earlyAccepted, earlyRejected, earlyRetry},
	stateCCSBeforeSecondHello:   {earlyRetry},
	stateCCSAfterServerFinished: {earlyNotIndicated, earlyRejected, earlyRetry},
	stateFlushBuffers:           nil,
	stateWrapup:                 nil,
	stateOver:                   nil,
}

func checkClientState(client *endpoint, scenario int) {
	scenarios, known := clientStates[client.ssl.State()]
	if !known || scenarios != nil && !slices.Contains(scenarios, scenario) {
		client.t.Fatalf("scenario %d has a client in %s", scenario, cbridge.StateName(client.ssl.State()))
	}
}

// clientEarlyDataState has no look at the inside of the client, where upstream finds a state of early data. What may be
// written in each state of the handshake is for writeEarlyData to see.
func clientEarlyDataState(t *suites.T, scenario int) {
	ofClient, ofServer := early(scenario)
	session := ticket13(t, ofClient, ofServer)
	defer session.Close()
	later(scenario, &ofClient, &ofServer)
	client, server := resuming(t, ofClient, ofServer, session, 1024)
	defer client.close()
	defer server.close()
	var randoms [][]byte
	client.must("SetInspect", client.ssl.SetInspect(func(sent bool, typ uint8, body []byte) error {
		if sent && typ == messageClientHello {
			randoms = append(randoms, bytes.Clone(body[2:34]))
		}
		return nil
	}))
	for !client.ssl.HandshakeOver() {
		stepBoth(client, server)
		checkClientState(client, scenario)
		if !client.ssl.HandshakeOver() {
			t.Equal("early status", client.ssl.EarlyDataStatus(), cbridge.EarlyDataNotIndicated)
		}
	}
	want := map[int]cbridge.EarlyDataStatus{earlyAccepted: cbridge.EarlyDataAccepted, earlyRejected: cbridge.EarlyDataRejected,
		earlyNotIndicated: cbridge.EarlyDataNotIndicated, earlyRetry: cbridge.EarlyDataRejected}
	t.Equal("status of the client", client.ssl.EarlyDataStatus(), want[scenario])
	t.Equal("status of the server", server.ssl.EarlyDataStatus(), cbridge.EarlyDataNotIndicated)
	if scenario == earlyRetry {
		t.Equal("ClientHellos", len(randoms), 2)
		t.Equal("random of the second", randoms[1], randoms[0])
	} else {
		t.Equal("ClientHellos", len(randoms), 1)
	}
}

// writable says that a client can write early data in a state, and in which it is then.
func writable(client *endpoint, scenario int) (bool, int) {
	state := client.ssl.State()
	switch {
	case scenario == earlyNotIndicated || scenario == earlyRetry && client.ssl.HelloRetried():
		return false, state
	case state == stateHelloRequest || state == stateClientHello || state == stateCCSAfterClientHello:
		return true, stateServerHello
	case state == stateServerHello || state == stateEncryptedExtensions && scenario != earlyRetry ||
		state == stateServerFinished && scenario == earlyAccepted:
		return true, state
	}
	return false, state
}

// writeEarlyData tries to write early data in each state of a handshake, and completes that, each time with a new one.
func writeEarlyData(t *suites.T, scenario int) {
	ofClient, ofServer := early(scenario)
	session := ticket13(t, ofClient, ofServer)
	defer session.Close()
	later(scenario, &ofClient, &ofServer)
	client, server := resuming(t, ofClient, ofServer, session, 1024)
	defer client.close()
	defer server.close()
	for beyondFirstHello := false; ; {
		state := client.ssl.State()
		checkClientState(client, scenario)
		beyondFirstHello = beyondFirstHello || state == stateClientHello && client.ssl.HelloRetried()
		can, then := writable(client, scenario)
		n, err := client.ssl.WriteEarlyData([]byte(earlyText))
		if can {
			expect(t, "WriteEarlyData in "+cbridge.StateName(state), err, 0)
			t.Equal("written in "+cbridge.StateName(state), n, len(earlyText))
		} else {
			expect(t, "WriteEarlyData in "+cbridge.StateName(state), err, int(cbridge.ErrSSLCannotWriteEarlyData))
		}
		t.Equal("next state", client.ssl.State(), then)
		complete(client, server)
		if state == stateOver {
			return
		}
		client.must("SessionReset", client.ssl.SessionReset())
		client.must("SetSession", client.ssl.SetSession(session, true))
		server.must("SessionReset", server.ssl.SessionReset())
		connect(client, server, 1024)
		// Once the second ClientHello was seen, the first one is passed over.
		if scenario == earlyRetry && beyondFirstHello {
			client.mustMove(stateServerHello, server)
			client.mustMove(stateClientHello, server)
		}
		client.mustMove(state, server)
		stepBoth(client, server)
	}
}

// complete goes on to the end of the handshake.
func complete(client, server *endpoint) {
	err := server.moveTo(stateOver, client)
	for ; errors.Is(err, cbridge.ErrSSLReceivedEarlyData); err = server.moveTo(stateOver, client) {
		n, err := server.ssl.ReadEarlyData(make([]byte, 64))
		server.must("ReadEarlyData", err)
		server.t.Equal("read", n, len(earlyText))
	}
	server.must("the handshake", err)
	client.mustMove(stateOver, server)
}

// allowEarlyData sets the flag in a session whose ticket allows 0 bytes: this library's servers do not issue such, but its
// clients take them.
func allowEarlyData(t *suites.T, s *cbridge.Session) *cbridge.Session {
	const flags = 5 + 1 + 1 + 2 + 4 // behind the header, the version, the end, the suite and the age
	data := saveSession(t, s)
	data[flags] |= cbridge.TicketEarlyData
	return loadSession(t, data)
}

// clientMaxEarlyData writes as much as the ticket allows, and reads it.
func clientMaxEarlyData(t *suites.T, size int) {
	ofClient, ofServer := early(earlyAccepted)
	ofServer.maxEarlyData = size
	session := ticket13(t, ofClient, ofServer)
	defer session.Close()
	most := int(session.Info().MaxEarlyData)
	if size >= 0 {
		t.Equal("bytes that the ticket allows", most, size)
	}
	if most == 0 {
		session = allowEarlyData(t, session)
		defer session.Close()
	}
	client, server := resuming(t, ofClient, ofServer, session, most+1024)
	defer client.close()
	defer server.close()
	chunk := func(from int) []byte {
		p := make([]byte, 64)
		for i := range p {
			p[i] = byte(from + i)
		}
		return p
	}
	for written := 0; written < most; {
		p := chunk(written)
		n, err := client.ssl.WriteEarlyData(p)
		expect(t, "WriteEarlyData", err, 0)
		t.Equal("written", n, min(len(p), most-written))
		written += n
	}
	_, err := client.ssl.WriteEarlyData([]byte{1})
	expect(t, "WriteEarlyData of one byte more", err, int(cbridge.ErrSSLCannotWriteEarlyData))
	for read := 0; read < most; {
		expect(t, "Handshake", server.ssl.Handshake(), int(cbridge.ErrSSLReceivedEarlyData))
		buf := make([]byte, 64)
		n, err := server.ssl.ReadEarlyData(buf)
		expect(t, "ReadEarlyData", err, 0)
		t.Equal("early data", buf[:n], chunk(read)[:n])
		read += n
	}
	expect(t, "Handshake", server.ssl.Handshake(), int(cbridge.ErrSSLWantRead))
	client.mustMove(stateOver, server)
}

// dropEarlyData loses early data on the way, or adds the message that ends them to the ClientHello.
func dropEarlyData(t *suites.T, insertEnd int) {
	ofClient, ofServer := early(earlyAccepted)
	ofClient.pk, ofServer.pk = pkRSA, pkRSA
	session := ticket13(t, ofClient, ofServer)
	defer session.Close()
	client, server := resuming(t, ofClient, ofServer, session, 1024)
	defer client.close()
	defer server.close()
	after := stateServerHello
	if cbridge.Feature("MBEDTLS_SSL_TLS1_3_COMPATIBILITY_MODE") {
		after = stateCCSAfterClientHello
	}
	client.mustMove(after, server)
	client.must("FlushOutput", client.ssl.FlushOutput())
	if insertEnd != 0 {
		client.out.append(t, messageClientHello, []byte{messageEndOfEarlyData, 0, 0, 0}, nil)
		expect(t, "the ClientHello", server.moveTo(stateServerHello, client), int(cbridge.ErrSSLUnexpectedMessage))
		return
	}
	server.mustMove(stateServerHello, client)
	n, err := client.ssl.WriteEarlyData([]byte(earlyText))
	expect(t, "WriteEarlyData", err, 0)
	t.Equal("written", n, len(earlyText))
	client.out.buf = nil
	// EndOfEarlyData has the number of the second record that these keys protect.
	expect(t, "handshake", server.moveTo(stateOver, client), int(cbridge.ErrSSLInvalidMAC))
}
