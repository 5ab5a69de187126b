package sessionstore

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"time"

	"golang.org/x/crypto/cryptobyte"

	"github.com/gombedtls/gombedtls/mbedtls"
)

// Sealer encrypts the entries of a store, row by row. Ids and names are replaced by keyed hashes (HMAC-SHA-256), the rest is
// encrypted with AES-256-GCM under a key of the row's own (HKDF, RFC 5869), which is made of the store's and the row's, and
// bound to all of the row that is in the clear. It may be used by several goroutines. See [Secret.Open].
type Sealer struct{ rows, names []byte }

// Row is an entry as a store keeps it.
type Row struct {
	Key     []byte // hash of the entry's ID, RowKeyLen bytes
	Server  []byte // hash of the entry's server, as long; nil if there is none
	Expires time.Time
	Once    bool
	Sealed  []byte
}

// RowKeyLen is the length of a row's key in bytes.
const RowKeyLen = sha256.Size

// RowKey is the key of the row for an ID.
func (s *Sealer) RowKey(id []byte) []byte { return s.hash("id", id) }

// ServerKey is the Server of the rows for a server.
func (s *Sealer) ServerKey(server mbedtls.SessionServer) []byte {
	return s.hash("server", []byte(server.Key()))
}

func (s *Sealer) hash(kind string, name []byte) []byte {
	h := hmac.New(sha256.New, s.names)
	h.Write([]byte(kind))
	h.Write([]byte{0})
	h.Write(name)
	return h.Sum(nil)
}

// Seal makes the row of an entry, which must have an ID and a time at which it expires.
func (s *Sealer) Seal(e *mbedtls.SessionEntry) (*Row, error) {
	if len(e.ID) == 0 {
		return nil, ErrNoID
	}
	r := &Row{Key: s.RowKey(e.ID), Expires: e.Expires, Once: e.Once}
	if e.Server.Name != "" {
		r.Server = s.ServerKey(e.Server)
	}
	plain := encodeEntry(e)
	defer clear(plain)
	aead, err := s.aead(r.Key)
	if err != nil {
		return nil, err
	}
	r.Sealed = aead.Seal(nil, nil, plain, r.bound())
	return r, nil
}

// SealFor is Seal for a store with these Options: the row expires when they say so, and is nil if that is now.
func (s *Sealer) SealFor(o Options, e *mbedtls.SessionEntry) (*Row, error) {
	expires, ok := o.Expiry(e.Expires)
	if !ok {
		return nil, nil
	}
	kept := *e
	kept.Expires = expires
	return s.Seal(&kept)
}

// Open takes an entry out of its row; a row that is not as Seal made it is a [CorruptError].
func (s *Sealer) Open(r *Row) (*mbedtls.SessionEntry, error) {
	aead, err := s.aead(r.Key)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nil, r.Sealed, r.bound())
	if err != nil {
		return nil, &CorruptError{bytes.Clone(r.Key), err}
	}
	e, err := decodeEntry(plain)
	if err != nil {
		clear(plain)
		return nil, &CorruptError{bytes.Clone(r.Key), err}
	}
	e.Expires, e.Once = r.Expires, r.Once
	return e, nil
}

// aead is for one row: however many rows a store has seen, a random nonce does not come twice under one key.
func (s *Sealer) aead(row []byte) (cipher.AEAD, error) {
	key, err := hkdf.Expand(sha256.New, s.rows, string(row), KeyLen)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// bound is the part of a row that is not encrypted, and must not be altered.
func (r *Row) bound() []byte {
	data := append(bytes.Clone(r.Key), 0)
	if r.Once {
		data[len(data)-1] = 1
	}
	data = binary.BigEndian.AppendUint64(data, uint64(r.Expires.UnixMilli()))
	return append(data, r.Server...)
}

var errEntry = errors.New("what is inside cannot be read")

// encodeEntry writes what a Row does not have, field by field, each behind its length.
func encodeEntry(e *mbedtls.SessionEntry) []byte {
	fields := [][]byte{e.ID, []byte(e.Server.Name), []byte(e.Server.Port), []byte(e.Server.Identity), nil, e.Data}
	if e.Server.DTLS {
		fields[4] = []byte{1}
	}
	for _, p := range e.Server.Protocols {
		fields = append(fields, []byte(p))
	}
	size := 0
	for _, f := range fields {
		size += 4 + len(f)
	}
	plain := make([]byte, 0, size) // in one piece, so that no copy stays behind
	for _, f := range fields {
		plain = append(binary.BigEndian.AppendUint32(plain, uint32(len(f))), f...)
	}
	return plain
}

// decodeEntry reads what encodeEntry wrote, and keeps parts of it.
func decodeEntry(plain []byte) (*mbedtls.SessionEntry, error) {
	var fields [][]byte
	for rest := cryptobyte.String(plain); !rest.Empty(); {
		var n uint32
		var f []byte
		if !rest.ReadUint32(&n) || !rest.ReadBytes(&f, int(n)) {
			return nil, errEntry
		}
		fields = append(fields, f)
	}
	if len(fields) < 6 {
		return nil, errEntry
	}
	e := &mbedtls.SessionEntry{ID: fields[0], Data: fields[5]}
	e.Server = mbedtls.SessionServer{
		Name: string(fields[1]), Port: string(fields[2]), Identity: string(fields[3]), DTLS: len(fields[4]) > 0,
	}
	for _, p := range fields[6:] {
		e.Server.Protocols = append(e.Server.Protocols, string(p))
	}
	return e, nil
}
