package mbedtls

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/gombedtls/gombedtls/cbridge"
)

// HandshakeMessage is a message of a handshake, as [ChannelOptions].InspectHandshakeMessage sees it. HelloRequest, and what
// DTLS sends again, are not among them.
type HandshakeMessage struct {
	Sent bool // by this end
	Type HandshakeType
	Body []byte // without the header; valid only during the call, and not to be changed
}

// HandshakeType is what kind of message of a handshake (RFC 8446 section 4, RFC 5246 section 7.4).
type HandshakeType uint8

var handshakeTypes = map[HandshakeType]string{
	0: "HelloRequest", 1: "ClientHello", 2: "ServerHello", 3: "HelloVerifyRequest", 4: "NewSessionTicket", 5: "EndOfEarlyData",
	8: "EncryptedExtensions", 11: "Certificate", 12: "ServerKeyExchange", 13: "CertificateRequest", 14: "ServerHelloDone",
	15: "CertificateVerify", 16: "ClientKeyExchange", 20: "Finished", 24: "KeyUpdate", 254: "MessageHash",
}

// String is the message's name, such as ClientHello.
func (t HandshakeType) String() string {
	if name, ok := handshakeTypes[t]; ok {
		return name
	}
	return fmt.Sprintf("HandshakeType(%d)", uint8(t))
}

// inspect runs inside of the library.
func (ch *Channel) inspect(sent bool, typ uint8, body []byte) error {
	return ch.o.InspectHandshakeMessage(HandshakeMessage{Sent: sent, Type: HandshakeType(typ), Body: body})
}

// selectProtocol runs inside of the library.
func (ch *Channel) selectProtocol(ssl *cbridge.SSL) error {
	if ch.o.ChooseProtocol == nil {
		return nil
	}
	offered := parseClientHello(ssl.ClientHello()).SupportedProtos
	if len(offered) == 0 {
		return nil
	}
	if !ssl.HelloRetried() { // else what was chosen for the first ClientHello still holds
		choice, err := ch.o.ChooseProtocol(offered)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrSSLNoApplicationProtocol, err)
		}
		if choice != "" && (!slices.Contains(offered, choice) || !slices.Contains(ch.config.NextProtos, choice)) {
			return fmt.Errorf("mbedtls: ChannelOptions.ChooseProtocol: %q: is not offered by the client, or not in Config.NextProtos: %w",
				choice, ErrSSLNoApplicationProtocol)
		}
		ch.protocol = choice
	}
	return ssl.SetHandshakeALPN(ch.protocol)
}

func (c *Conn) selectProtocol(*cbridge.SSL) error { return nil }

// recordLen follows a stream from record to record (RFC 8446 section 5.1).
type recordLen struct {
	header [5]byte
	have   int // of the header
	left   int // of the record behind it
}

func (r *recordLen) add(data []byte) {
	for len(data) > 0 {
		if r.left > 0 {
			n := min(r.left, len(data))
			r.left -= n
			data = data[n:]
			continue
		}
		n := copy(r.header[r.have:], data)
		data = data[n:]
		if r.have += n; r.have == len(r.header) {
			r.have, r.left = 0, int(binary.BigEndian.Uint16(r.header[3:]))
		}
	}
}

// need is how much of a record that has begun is still to come; of one without a whole header, how much of that.
func (r *recordLen) need() int {
	if r.have > 0 {
		return len(r.header) - r.have
	}
	return r.left
}
