package mbedtls

import (
	"slices"

	"github.com/gombedtls/gombedtls/cbridge"
)

// helloGuard keeps ClientHellos from a server's library that it breaks over, although they prove nothing: anybody can
// send them, and a network can send them late, or twice.
type helloGuard struct {
	random  [32]byte // of the ClientHello that the handshake goes by
	numbers []uint64 // of the records that may be part of it, until it is whole
	cidLen  int
}

// helloProgress is how far a server is in regard to ClientHellos.
type helloProgress int

const (
	helloAwaited helloProgress = iota // the library has not got all of the first one
	helloTaken
	helloAnswered // the handshake is complete
)

// helloProgress is where c is. With mu held.
func (c *Conn) helloProgress() helloProgress {
	switch {
	case c.ssl.HandshakeOver():
		return helloAnswered
	case c.handshakeDone.Load() || c.ssl.State() > cbridge.StateClientHello: // the first: it renegotiates
		return helloTaken
	}
	return helloAwaited
}

// maxHelloRecords bounds how many pieces of a ClientHello are told from their copies.
const maxHelloRecords = 64

// admit is what the library may see of a datagram.
//
// Until it has a whole ClientHello, a record that comes twice fails the handshake: the second one is left out. After the
// handshake, it takes a ClientHello with a good cookie for a client that connects anew, which one that is late, or came
// twice, is not; and it breaks over one that it cannot read, such as a later fragment (mbedtls_ssl_check_dtls_clihlo_cookie).
// Behind other records, where no client puts one, none passes once the library has its own.
func (g *helloGuard) admit(datagram []byte, progress helloProgress) []byte {
	first, ok := parseRecord(datagram, g.cidLen)
	if !ok {
		return datagram // the library drops it, too
	}
	hello, isHello := first.clientHello()
	switch progress {
	case helloAwaited:
		if isHello {
			g.random = hello.random
		}
		if slices.Contains(g.numbers, first.number) {
			return nil
		}
		if len(g.numbers) < maxHelloRecords {
			g.numbers = append(g.numbers, first.number)
		}
		return datagram
	case helloAnswered:
		g.numbers = nil
		if first.looksLikeHello() && (!isHello || hello.random == g.random) {
			return nil
		}
	}
	for at := first.len; at < len(datagram); {
		r, ok := parseRecord(datagram[at:], g.cidLen)
		switch {
		case !ok:
			return datagram
		case r.looksLikeHello():
			return datagram[:at]
		}
		at += r.len
	}
	return datagram
}

// looksLikeHello tells whether the library takes a record after the handshake for a ClientHello.
func (r *dtlsRecord) looksLikeHello() bool {
	return r.contentType == recordHandshake && r.epoch == 0 && len(r.fragment) > 0 && r.fragment[0] == handshakeClientHello
}
