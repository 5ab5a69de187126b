package fleet

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/chacha20poly1305"
)

// KeyLen is the length of a fleet's key in bytes.
const KeyLen = 32

// ErrSealed says that something in Redis was not sealed under one of the fleet's keys, or was changed since.
var ErrSealed = errors.New("fleet: sealed under another key than Options.Key and OldKeys, or altered")

// secret is what is derived from one key of the fleet.
type secret struct {
	aead       cipher.AEAD // XChaCha20-Poly1305, whose random nonces never run out
	cookie, id []byte      // for HMAC-SHA-256
}

// secrets are those of Options.Key, which is used, and of the OldKeys, which are still good.
type secrets []secret

// newSecrets derives the secrets of the fleet of that name: fleets that have a key in common have no secret in common.
func newSecrets(name string, key []byte, old [][]byte) (secrets, error) {
	if len(key) != KeyLen {
		return nil, badOption("Key", fmt.Sprintf("%d bytes", len(key)), "must have %d", KeyLen)
	}
	var all secrets
	for i, k := range append([][]byte{key}, old...) {
		if len(k) != KeyLen {
			return nil, badOption(fmt.Sprintf("OldKeys[%d]", i-1), fmt.Sprintf("%d bytes", len(k)), "must have %d", KeyLen)
		}
		var derived [3][]byte
		for j, use := range []string{"seal", "cookie", "connection id"} {
			var err error
			if derived[j], err = hkdf.Key(sha256.New, k, nil, "gombedtls fleet "+use+" of "+name, KeyLen); err != nil {
				return nil, err
			}
		}
		aead, err := chacha20poly1305.NewX(derived[0])
		if err != nil {
			return nil, err
		}
		all = append(all, secret{aead, derived[1], derived[2]})
	}
	return all, nil
}

// seal encrypts and authenticates data, which opens as what only.
func (s secrets) seal(what string, data []byte) []byte {
	aead := s[0].aead
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(data)+aead.Overhead())
	rand.Read(nonce) // never fails
	return aead.Seal(nonce, nonce, data, []byte(what))
}

func (s secrets) open(what string, sealed []byte) ([]byte, error) {
	for _, k := range s {
		n := k.aead.NonceSize()
		if len(sealed) < n {
			break
		}
		if data, err := k.aead.Open(nil, sealed[:n], sealed[n:], []byte(what)); err == nil {
			return data, nil
		}
	}
	return nil, fmt.Errorf("%s: %w", what, ErrSealed)
}

func mac(key []byte, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// A cookie is good for cookieLifetime, and its clock may be ahead by cookieSkew.
const (
	cookieLifetime = time.Minute
	cookieSkew     = 5 * time.Second
)

// writeCookie makes the cookie of a client: the time in seconds, and a MAC over that and the client's transport id.
func (s secrets) writeCookie(client []byte, now time.Time) []byte {
	at := binary.BigEndian.AppendUint64(nil, uint64(now.Unix()))
	return append(at, mac(s[0].cookie, at, client)...)
}

func (s secrets) checkCookie(client, cookie []byte, now time.Time) bool {
	if len(cookie) != 8+sha256.Size {
		return false
	}
	at := cookie[:8]
	age := now.Sub(time.Unix(int64(binary.BigEndian.Uint64(at)), 0))
	if age < -cookieSkew || age > cookieLifetime {
		return false
	}
	for _, k := range s {
		if hmac.Equal(cookie[8:], mac(k.cookie, at, client)) {
			return true
		}
	}
	return false
}

// A connection ID names the process that the connection began in, so that IDs of two never meet, and others know where
// to send its records. The MAC at its end keeps IDs that strangers make up from costing a question to Redis.
const (
	nodeLen = 6
	idLen   = nodeLen + 6 + idTagLen

	idTagLen = 4
)

// newID makes a connection ID of a node.
func (s secrets) newID(node string) []byte {
	id := make([]byte, idLen-idTagLen, idLen)
	copy(id, node)
	rand.Read(id[nodeLen:]) // never fails
	return append(id, mac(s[0].id, id)[:idTagLen]...)
}

// isID tells whether a connection ID is one of the fleet's.
func (s secrets) isID(id []byte) bool {
	if len(id) != idLen {
		return false
	}
	own, tag := id[:idLen-idTagLen], id[idLen-idTagLen:]
	for _, k := range s {
		if hmac.Equal(tag, mac(k.id, own)[:idTagLen]) {
			return true
		}
	}
	return false
}

// nodeOf is the node that a connection began in.
func nodeOf(id string) string { return id[:nodeLen] }
