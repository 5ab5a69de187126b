package sessionstore

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// KeyLen is the length of a raw key in bytes.
const KeyLen = 32

// Secret is what a store, or a session, is encrypted under: exactly one of Passphrase and Key must be set.
type Secret struct {
	// Passphrase is for people: the key is made of it by Argon2id with a random salt, which takes some tenths of a second
	// and some memory when a store is opened. Its parameters and the salt are kept with what is encrypted.
	Passphrase string

	// Key is KeyLen random bytes. Nothing that must be kept goes with it, so that it suits a server of Redis that may lose
	// its data.
	Key []byte

	// Argon2 are the parameters of a store that is made; one that is there has its own.
	Argon2 Argon2
}

// Argon2 are the parameters of Argon2id (RFC 9106). The zero value of each field is that of the second recommended option of
// its section 4: 3 passes over 64 MiB in 4 lanes.
type Argon2 struct {
	Time    uint32 // passes, at most 100
	Memory  uint32 // in KiB, at most 4 GiB
	Threads uint8  // lanes
}

// Bounds of the parameters in a header, which somebody else may have written.
const (
	maxArgon2Time   = 100
	maxArgon2Memory = 4 << 20
)

// header is kept, in JSON, with what is encrypted: it has what leads from the Secret to the key, and proves that it was the
// right one.
type header struct {
	Version  int           `json:"version"`
	KDF      string        `json:"kdf"` // "argon2id", or "none" with a raw key
	Argon2   *argon2Header `json:"argon2,omitempty"`
	Verifier []byte        `json:"verifier"`
}

type argon2Header struct {
	Time    uint32 `json:"time"`
	Memory  uint32 `json:"memory"` // KiB
	Threads uint8  `json:"threads"`
	Salt    []byte `json:"salt"`
}

const (
	headerVersion = 1
	saltLen       = 16
)

// What HKDF makes of the master key, by its info.
const (
	infoVerifier = "gombedtls sessionstore 1 verifier"
	infoRows     = "gombedtls sessionstore 1 rows"
	infoNames    = "gombedtls sessionstore 1 names"
)

func (s Secret) check() error {
	switch {
	case (s.Passphrase == "") == (s.Key == nil):
		return errors.New("sessionstore: Secret: exactly one of Passphrase and Key must be set")
	case s.Key != nil && len(s.Key) != KeyLen:
		return fmt.Errorf("sessionstore: Secret.Key: %d bytes: must have %d", len(s.Key), KeyLen)
	case s.Argon2.Time > maxArgon2Time:
		return fmt.Errorf("sessionstore: Secret.Argon2.Time: %d: must be at most %d", s.Argon2.Time, maxArgon2Time)
	case s.Argon2.Memory > maxArgon2Memory:
		return fmt.Errorf("sessionstore: Secret.Argon2.Memory: %d KiB: must be at most %d", s.Argon2.Memory, maxArgon2Memory)
	}
	return nil
}

// HeaderStore is where a store keeps what leads from a [Secret] to its key.
type HeaderStore interface {
	// LoadHeader returns what is kept; nil if there is nothing yet.
	LoadHeader(context.Context) ([]byte, error)

	// AddHeader keeps header if there is nothing yet, and returns what is kept then: header, or what another process added.
	AddHeader(ctx context.Context, header []byte) ([]byte, error)
}

// Open makes the Sealer of a store, and a header if that has none. A Secret that is not the store's is [ErrWrongKey].
func (s Secret) Open(ctx context.Context, store HeaderStore) (*Sealer, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	kept, err := store.LoadHeader(ctx)
	if err != nil {
		return nil, err
	}
	if kept != nil {
		return s.unlock(kept)
	}
	made, sealer, err := s.create()
	if err != nil {
		return nil, err
	}
	if kept, err = store.AddHeader(ctx, made); err != nil {
		return nil, err
	}
	if string(kept) == string(made) {
		return sealer, nil
	}
	return s.unlock(kept)
}

// create makes a header and the keys for it.
func (s Secret) create() ([]byte, *Sealer, error) {
	h := header{Version: headerVersion, KDF: "none"}
	if s.Key == nil {
		h.KDF = "argon2id"
		h.Argon2 = &argon2Header{Time: s.Argon2.Time, Memory: s.Argon2.Memory, Threads: s.Argon2.Threads, Salt: make([]byte, saltLen)}
		rand.Read(h.Argon2.Salt)
		for _, d := range []struct {
			field   *uint32
			instead uint32
		}{{&h.Argon2.Time, 3}, {&h.Argon2.Memory, 64 << 10}} {
			if *d.field == 0 {
				*d.field = d.instead
			}
		}
		if h.Argon2.Threads == 0 {
			h.Argon2.Threads = 4
		}
	}
	sealer, verifier, err := s.derive(h)
	if err != nil {
		return nil, nil, err
	}
	h.Verifier = verifier
	data, err := json.Marshal(h)
	return data, sealer, err
}

// unlock makes the keys for a header.
func (s Secret) unlock(data []byte) (*Sealer, error) {
	var h header
	if err := json.Unmarshal(data, &h); err != nil {
		return nil, fmt.Errorf("sessionstore: the header is corrupt: %w", err)
	}
	canonical, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	want := "argon2id"
	if s.Key != nil {
		want = "none"
	}
	switch {
	case h.Version != headerVersion:
		return nil, fmt.Errorf("sessionstore: the header has version %d: this is for version %d", h.Version, headerVersion)
	case !bytes.Equal(canonical, data): // such as bits at the end of its base64, which mean nothing
		return nil, errors.New("sessionstore: the header is corrupt: it was altered")
	case h.KDF != want:
		return nil, fmt.Errorf("%w: it was one for the key derivation %q, not %q", ErrWrongKey, h.KDF, want)
	}
	if a := h.Argon2; s.Key == nil && (a == nil || a.Time == 0 || a.Time > maxArgon2Time || a.Memory > maxArgon2Memory || a.Threads == 0) {
		return nil, errors.New("sessionstore: the header is corrupt: its parameters of Argon2 are out of range")
	}
	sealer, verifier, err := s.derive(h)
	if err != nil {
		return nil, err
	}
	if !hmac.Equal(verifier, h.Verifier) {
		return nil, ErrWrongKey
	}
	return sealer, nil
}

func (s Secret) derive(h header) (sealer *Sealer, verifier []byte, err error) {
	master := s.Key
	if master == nil {
		a := h.Argon2
		master = argon2.IDKey([]byte(s.Passphrase), a.Salt, a.Time, a.Memory, a.Threads, KeyLen)
		defer clear(master)
	}
	var keys [3][]byte
	for i, info := range []string{infoVerifier, infoRows, infoNames} {
		if keys[i], err = hkdf.Expand(sha256.New, master, info, KeyLen); err != nil {
			return nil, nil, err
		}
	}
	return &Sealer{rows: keys[1], names: keys[2]}, keys[0], nil
}

// String does not tell the secret.
func (s Secret) String() string {
	var set []string
	if s.Passphrase != "" {
		set = append(set, "Passphrase")
	}
	if s.Key != nil {
		set = append(set, "Key")
	}
	return "Secret(" + strings.Join(set, ", ") + ")"
}

// GoString does not, either.
func (s Secret) GoString() string { return s.String() }
