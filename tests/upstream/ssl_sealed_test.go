package upstream

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
)

// sealer protects the records of one traffic secret of TLS 1.3, with sealedSuite (RFC 8446 section 5.2).
type sealer struct {
	aead cipher.AEAD
	iv   []byte
}

const sealedSuite = "TLS1-3-AES-128-GCM-SHA256"

func newSealer(t *suites.T, secret []byte) *sealer {
	expand := func(label string, n int) []byte {
		info := binary.BigEndian.AppendUint16(nil, uint16(n))
		info = append(info, byte(len("tls13 "+label)))
		info = append(append(info, "tls13 "+label...), 0)
		out, err := hkdf.Expand(sha256.New, secret, string(info), n)
		if err != nil {
			t.Fatalf("%v", err)
		}
		return out
	}
	block, err := aes.NewCipher(expand("key", 16))
	if err != nil {
		t.Fatalf("%v", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return &sealer{aead, expand("iv", aead.NonceSize())}
}

func (s *sealer) nonce(number byte) []byte {
	nonce := bytes.Clone(s.iv)
	nonce[len(nonce)-1] ^= number
	return nonce
}

// open finds out the number of a record, which must be a small one.
func (s *sealer) open(t *suites.T, record []byte) (content []byte, number byte) {
	header, body := record[:recordHeaderLen], record[recordHeaderLen:]
	for number = range 16 {
		if content, err := s.aead.Open(nil, s.nonce(number), body, header); err == nil {
			return content, number
		}
	}
	t.Fatalf("a record that was sealed otherwise")
	return nil, 0
}

func (s *sealer) seal(content []byte, number byte) []byte {
	header := []byte{recordData, 3, 3, 0, 0}
	setRecordLen(header, len(content)+s.aead.Overhead())
	return s.aead.Seal(header, s.nonce(number), content, header)
}

// Messages of the handshake.
const (
	messageClientHello         = 1
	messageServerHello         = 2
	messageEndOfEarlyData      = 5
	messageEncryptedExtensions = 8
	messageCertificate         = 11
	messageFinished            = 20
)

// boundary is a message that a record must end with, as the next one is protected by other keys.
type boundary struct {
	end     cbridge.Endpoint // which receives it
	message byte
}

// boundaries are where each end must be for it, what comes behind it, and the secret that protects it.
var boundaries = map[boundary]struct {
	state, peerState int
	next             byte
	secret           cbridge.SecretType
}{
	{cbridge.Server, messageClientHello}: {stateClientHello, stateServerHello, messageCertificate, noSecret},
	{cbridge.Client, messageServerHello}: {stateServerHello, stateEncryptedExtensions, messageEncryptedExtensions, noSecret},
	{cbridge.Client, messageFinished}: {stateServerFinished, stateClientCertificate, messageFinished,
		cbridge.SecretServerHandshake},
	{cbridge.Server, messageFinished}: {stateClientFinished, stateFlushBuffers, messageFinished,
		cbridge.SecretClientHandshake},
	{cbridge.Server, messageEndOfEarlyData}: {stateEndOfEarlyData, stateClientCertificate, messageFinished,
		cbridge.SecretClientEarly},
}

const noSecret = cbridge.SecretTLS12Master // TLS 1.3 has none of that type

// recordBoundary puts an empty message behind the one that must be the last of its record. Upstream adds it to encrypted
// records when the library has decrypted them.
func recordBoundary(t *suites.T, end cbridge.Endpoint, message byte) {
	b, ok := boundaries[boundary{end, message}]
	if !ok {
		t.Fatalf("no such boundary")
	}
	o := defaults()
	var session *cbridge.Session
	if o.earlyData = message == messageEndOfEarlyData; o.earlyData {
		o.cipher = sealedSuite
		session = ticket13(t, o, o)
		defer session.Close()
	}
	client, server := newPair(t, o, 1024)
	defer client.close()
	defer server.close()
	client.force(sealedSuite)
	if session != nil {
		server.setTickets()
		client.must("SetSession", client.ssl.SetSession(session, true))
	}
	e, peer := client, server
	if end == cbridge.Server {
		e, peer = server, client
	}
	e.mustMove(b.state, peer)
	e.must("FlushOutput", e.ssl.FlushOutput())
	peer.mustMove(b.peerState, e)
	peer.must("FlushOutput", peer.ssl.FlushOutput())
	t.Equal("state", e.ssl.State(), b.state)
	e.in.append(t, message, []byte{b.next, 0, 0, 0}, peer.traffic[b.secret])
	expect(t, "step", e.ssl.HandshakeStep(), int(cbridge.ErrSSLUnexpectedMessage))
}

// append adds a message to the first record, which holds another one alone.
func (w *wire) append(t *suites.T, first byte, next []byte, secret []byte) {
	n := recordHeaderLen + recordLen(w.buf)
	if secret == nil {
		t.Equal("first message", w.buf[recordHeaderLen], first)
		w.buf = slices.Insert(bytes.Clone(w.buf), n, next...)
		setRecordLen(w.buf, n-recordHeaderLen+len(next))
		return
	}
	s := newSealer(t, secret)
	content, number := s.open(t, w.buf[:n])
	t.Equal("first message", content[0], first)
	content = bytes.TrimRight(content, "\x00")
	content = slices.Insert(content, len(content)-1, next...) // before the type of the content
	w.buf = append(s.seal(content, number), w.buf[n:]...)
}
