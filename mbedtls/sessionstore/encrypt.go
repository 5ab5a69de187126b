package sessionstore

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/gombedtls/gombedtls/mbedtls"
)

// encryptedMagic begins a session of Encrypt: the format's name and version.
const encryptedMagic = "gombedtls encrypted session 1\n"

// encryptedIDLen is the length of the random id that a session has for itself.
const encryptedIDLen = 16

var errNotEncrypted = errors.New("sessionstore: this is no session, or not as Encrypt wrote it")

// Encrypt saves a session on its own, for a file or a column of a user's own store, so that it is worth nothing without
// secret. With a passphrase, each call takes as long as the opening of a store.
func Encrypt(s *mbedtls.Session, secret Secret) ([]byte, error) {
	plain, err := s.MarshalBinary()
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	var kept headerInMemory
	sealer, err := secret.Open(context.Background(), &kept)
	if err != nil {
		return nil, err
	}
	id := make([]byte, encryptedIDLen)
	rand.Read(id)
	row, err := sealer.Seal(&mbedtls.SessionEntry{ID: id, Data: plain})
	if err != nil {
		return nil, err
	}
	data := binary.BigEndian.AppendUint32([]byte(encryptedMagic), uint32(len(kept)))
	return slices.Concat(data, kept, id, row.Sealed), nil
}

// Decrypt takes back what Encrypt saved: another Secret is [ErrWrongKey], data that was altered a [CorruptError] or another
// error.
func Decrypt(data []byte, secret Secret) (*mbedtls.Session, error) {
	rest, ok := bytes.CutPrefix(data, []byte(encryptedMagic))
	if !ok || len(rest) < 4 {
		return nil, errNotEncrypted
	}
	size := binary.BigEndian.Uint32(rest)
	if rest = rest[4:]; size == 0 || uint64(size)+encryptedIDLen > uint64(len(rest)) {
		return nil, errNotEncrypted
	}
	kept := headerInMemory(rest[:size])
	sealer, err := secret.Open(context.Background(), &kept)
	if err != nil {
		return nil, err
	}
	id, sealed := rest[size:size+encryptedIDLen], rest[size+encryptedIDLen:]
	e, err := sealer.Open(&Row{Key: sealer.RowKey(id), Sealed: sealed})
	if err != nil {
		return nil, err
	}
	defer clear(e.Data)
	s := new(mbedtls.Session)
	if err := s.UnmarshalBinary(e.Data); err != nil {
		return nil, err
	}
	return s, nil
}

// headerInMemory is the HeaderStore of one session.
type headerInMemory []byte

func (h *headerInMemory) LoadHeader(context.Context) ([]byte, error) { return *h, nil }

func (h *headerInMemory) AddHeader(_ context.Context, header []byte) ([]byte, error) {
	*h = header
	return header, nil
}
