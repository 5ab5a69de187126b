package peers

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// CoAPCode is a method or the kind of a response (RFC 7252, section 12.1).
type CoAPCode byte

// The codes that tests need.
const (
	CoAPGet      CoAPCode = 0<<5 | 1
	CoAPPut      CoAPCode = 0<<5 | 3
	CoAPCreated  CoAPCode = 2<<5 | 1
	CoAPChanged  CoAPCode = 2<<5 | 4
	CoAPContent  CoAPCode = 2<<5 | 5
	CoAPNotFound CoAPCode = 4<<5 | 4
)

// String is the code in its usual form, such as 2.05.
func (c CoAPCode) String() string { return fmt.Sprintf("%d.%02d", c>>5, c&31) }

// CoAPType is that of a message.
type CoAPType byte

// The types.
const (
	CoAPConfirmable CoAPType = iota
	CoAPNonConfirmable
	CoAPAcknowledgement
	CoAPReset
)

// CoAPMessage is a message of CoAP over UDP (RFC 7252, section 3). Of the options it knows the path alone.
type CoAPMessage struct {
	Type    CoAPType
	Code    CoAPCode
	ID      uint16
	Token   []byte
	Path    string // without a leading slash
	Payload []byte
}

// The option with a segment of the path, and the byte ahead of a payload.
const (
	coapURIPath       = 11
	coapPayloadMarker = 0xff
)

// Bytes encodes the message. A segment of its path must not be longer than 268 bytes.
func (m CoAPMessage) Bytes() []byte {
	b := []byte{1<<6 | byte(m.Type)<<4 | byte(len(m.Token)), byte(m.Code), byte(m.ID >> 8), byte(m.ID)}
	b = append(b, m.Token...)
	delta := byte(coapURIPath)
	for segment := range strings.SplitSeq(m.Path, "/") {
		switch n := len(segment); {
		case m.Path == "":
			continue
		case n < 13:
			b = append(b, delta<<4|byte(n))
		default:
			b = append(b, delta<<4|13, byte(n-13))
		}
		b = append(b, segment...)
		delta = 0
	}
	if len(m.Payload) > 0 {
		b = append(append(b, coapPayloadMarker), m.Payload...)
	}
	return b
}

// Answer is the response to a confirmable request, with its acknowledgement.
func (m CoAPMessage) Answer(code CoAPCode, payload []byte) CoAPMessage {
	return CoAPMessage{Type: CoAPAcknowledgement, Code: code, ID: m.ID, Token: m.Token, Payload: payload}
}

var errCoAP = errors.New("no message of CoAP")

// ParseCoAP decodes a message. It passes over the options that it does not know.
func ParseCoAP(b []byte) (CoAPMessage, error) {
	if len(b) < 4 || b[0]>>6 != 1 || int(b[0]&15) > len(b)-4 {
		return CoAPMessage{}, errCoAP
	}
	m := CoAPMessage{Type: CoAPType(b[0] >> 4 & 3), Code: CoAPCode(b[1]), ID: binary.BigEndian.Uint16(b[2:])}
	m.Token, b = slices.Clone(b[4:4+b[0]&15]), b[4+b[0]&15:]
	var path []string
	for number := 0; len(b) > 0; {
		if b[0] == coapPayloadMarker {
			m.Payload = slices.Clone(b[1:])
			break
		}
		header := b[0]
		delta, rest, ok := coapNumber(header>>4, b[1:])
		length, rest, ok2 := coapNumber(header&15, rest)
		if !ok || !ok2 || length > len(rest) {
			return CoAPMessage{}, errCoAP
		}
		if number += delta; number == coapURIPath {
			path = append(path, string(rest[:length]))
		}
		b = rest[length:]
	}
	m.Path = strings.Join(path, "/")
	return m, nil
}

// coapNumber completes the delta or the length of an option.
func coapNumber(nibble byte, b []byte) (n int, rest []byte, ok bool) {
	switch {
	case nibble < 13:
		return int(nibble), b, true
	case nibble == 13 && len(b) >= 1:
		return int(b[0]) + 13, b[1:], true
	case nibble == 14 && len(b) >= 2:
		return int(binary.BigEndian.Uint16(b)) + 269, b[2:], true
	}
	return 0, nil, false
}
