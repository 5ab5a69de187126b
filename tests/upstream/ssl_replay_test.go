package upstream

import (
	"bytes"
	"slices"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
)

// Replay protection. Upstream writes numbers of records to the context, and calls internal functions. Here, records with
// these numbers come to a connection: what a connection saves of itself has its next number, and may be changed.
func init() {
	register("ssl", functions{"ssl_dtls_replay": replay}, nil)
}

func replay(t *suites.T, previous, number []byte, want int) {
	o := ofVersion(cbridge.TLS12)
	o.dtls = true
	client, server := newPair(t, o, 17000)
	defer client.close()
	defer server.close()
	client.mustMove(stateOver, server)
	server.mustMove(stateOver, client)
	exchangeSome(client, server) // before, the server may have to repeat its last flight
	server.restart(func(last, seen, _ []byte) {
		clear(last)
		clear(seen)
	})
	for seen := range slices.Chunk(previous, len(number)) {
		client.sendNumbered(seen)
		n, err := server.ssl.Read(make([]byte, 8))
		server.must("Read", err)
		t.Equal("bytes", n, 1)
	}
	client.sendNumbered(number)
	datagram := bytes.Clone(server.in.buf)
	t.Equal("datagrams", server.in.datagrams, []int{len(datagram)})
	_, err := server.ssl.CheckRecord(datagram)
	code := 0
	if want != 0 {
		code = int(cbridge.ErrSSLUnexpectedRecord)
	}
	expect(t, "CheckRecord", err, code)
}

// restart goes on with another SSL, of whose state change has the last number that came in, the bits of which came before
// it, and the next number that goes out, with its epoch.
func (e *endpoint) restart(change func(last, seen, next []byte)) {
	state, err := e.ssl.Save()
	e.must("Save", err)
	// Behind them are the MTU and the length of the name of no protocol.
	numbers := state[len(state)-(8+8+1+8+2+1):]
	change(numbers[:8], numbers[8:16], numbers[17:25])
	e.must("Close", e.ssl.Close())
	e.setUp()
	e.must("Load", e.ssl.Load(state))
}

// sendNumbered sends a byte in a record of this number in the epoch.
func (e *endpoint) sendNumbered(number []byte) {
	const epochLen = 2
	e.restart(func(_, _, next []byte) { e.t.Equal("bytes", copy(next[epochLen:], number), len(number)) })
	n, err := e.ssl.Write([]byte{42})
	e.must("Write", err)
	e.t.Equal("written", n, 1)
}
