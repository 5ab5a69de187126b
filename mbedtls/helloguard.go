package mbedtls

import (
	"slices"

	"github.com/gombedtls/gombedtls/cbridge"
)

// helloGuard keeps from a server's library what a network makes of ClientHellos when it sends them late, or twice: it
// would break over that.
type helloGuard struct {
	random  [32]byte // of the ClientHello that the handshake goes by
	numbers []uint64 // of the records that came before it was whole
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
func (c *core) helloProgress() helloProgress {
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
// handshake, it takes a ClientHello with a good cookie for a client that connects anew, which the handshake's own, late or
// again, is not. Behind another record, that could still wait when the handshake ends.
func (g *helloGuard) admit(datagram []byte, progress helloProgress) []byte {
	if progress != helloAwaited {
		g.numbers = nil
	}
	for at := 0; ; {
		r, ok := parseRecord(datagram[at:], g.cidLen)
		if !ok {
			return datagram // the rest is for the library to drop
		}
		hello, isHello := r.clientHello()
		switch {
		case progress == helloAwaited:
			if isHello {
				g.random = hello.random
			}
			if g.repeated(r.number) {
				return nil
			}
			return datagram
		case isHello && hello.random == g.random && (at > 0 || progress == helloAnswered):
			return datagram[:at]
		}
		at += r.len
	}
}

// repeated tells whether a record came before.
func (g *helloGuard) repeated(number uint64) bool {
	if slices.Contains(g.numbers, number) {
		return true
	}
	if len(g.numbers) < maxHelloRecords {
		g.numbers = append(g.numbers, number)
	}
	return false
}
