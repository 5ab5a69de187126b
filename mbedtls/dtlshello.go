package mbedtls

import (
	"encoding/binary"

	"golang.org/x/crypto/cryptobyte"
)

// What a listener must know of a record (RFC 6347 section 4.1, RFC 9146 section 4).
const (
	recordHandshake = 22
	recordCID       = 25

	recordHeaderLen = 13

	handshakeClientHello   = 1
	handshakeVerifyRequest = 3

	// verifyRequestVersion is DTLS 1.0, whatever the client wants (RFC 6347 section 4.2.1).
	verifyRequestVersion = 0xFEFF
)

// dtlsRecord is the first record of a datagram.
type dtlsRecord struct {
	contentType uint8
	epoch       uint16
	number      uint64
	cid         []byte // nil: it has none
	fragment    cryptobyte.String
	len         int // with its header
}

// parseRecord reads the header of a datagram's first record, in which a connection ID has cidLen bytes.
func parseRecord(datagram []byte, cidLen int) (r dtlsRecord, ok bool) {
	s := cryptobyte.String(datagram)
	var version uint16
	if !s.ReadUint8(&r.contentType) || !s.ReadUint16(&version) || version>>8 != 0xFE || !s.ReadUint16(&r.epoch) || !s.ReadUint48(&r.number) {
		return r, false
	}
	if r.contentType == recordCID && (cidLen == 0 || !s.ReadBytes(&r.cid, cidLen)) {
		return r, false
	}
	ok = s.ReadUint16LengthPrefixed(&r.fragment)
	r.len = len(datagram) - len(s)
	return r, ok
}

// clientHello is what the cookie exchange needs of that message.
type clientHello struct {
	random [32]byte
	cookie []byte
}

// clientHello is the record's, if that holds the beginning of one in the clear. As in the library, whose own check this
// is (mbedtls_ssl_check_dtls_clihlo_cookie), what follows the cookie is not looked at.
func (r *dtlsRecord) clientHello() (h clientHello, ok bool) {
	s := r.fragment
	var messageType uint8
	var fragmentOffset uint32
	var cookie cryptobyte.String
	var session cryptobyte.String
	ok = r.contentType == recordHandshake && r.epoch == 0 &&
		s.ReadUint8(&messageType) && messageType == handshakeClientHello &&
		s.Skip(3) && // length
		s.Skip(2) && // message_seq
		s.ReadUint24(&fragmentOffset) && fragmentOffset == 0 &&
		s.Skip(3) && // fragment_length
		s.Skip(2) && // client_version
		s.CopyBytes(h.random[:]) &&
		s.ReadUint8LengthPrefixed(&session) &&
		s.ReadUint8LengthPrefixed(&cookie)
	h.cookie = cookie
	return h, ok
}

// verifyRequest is the datagram that asks for the ClientHello once more, with cookie. Its numbers are the ClientHello's.
func (h *clientHello) verifyRequest(datagram, cookie []byte) []byte {
	const bodyAt = recordHeaderLen + 12
	n := 2 + 1 + len(cookie)
	out := make([]byte, 0, bodyAt+n)
	out = append(out, datagram[:11]...)                                 // type, version, epoch, sequence_number
	out = binary.BigEndian.AppendUint16(out, uint16(12+n))              // length
	out = append(out, handshakeVerifyRequest, 0, byte(n>>8), byte(n))   // msg_type, length
	out = append(out, datagram[recordHeaderLen+4:recordHeaderLen+6]...) // message_seq
	out = append(out, 0, 0, 0, 0, byte(n>>8), byte(n))                  // fragment_offset, fragment_length
	out = binary.BigEndian.AppendUint16(out, verifyRequestVersion)      // server_version
	return append(append(out, byte(len(cookie))), cookie...)
}
