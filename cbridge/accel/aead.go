package accel

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"sync/atomic"

	"golang.org/x/crypto/chacha20poly1305"
)

// Cipher is a kind of AEAD, with nonces of 12 bytes and tags of 16.
type Cipher int

// The kinds.
const (
	AESGCM Cipher = iota // with keys of 16, 24 or 32 bytes
	ChaCha20Poly1305
)

// NonceSize and TagSize are those of every Cipher.
const (
	NonceSize = 12
	TagSize   = 16
)

// Constant time: AES-GCM runs on the processor's AES and carry-less multiplication instructions (the caller makes sure
// that it has them), ChaCha20 on additions, rotations and exclusive or, Poly1305 on multiplications. Tags and keys are
// compared by package subtle.

// A Key is the key of a C context, where the library keeps it, and a hint.
//
// The bytes of the key are what counts. What Go has computed from a key is kept in a table, each entry with the key that
// it is of, and is used for that key and for no other. The hint says which entry was used last, no more: if the context
// was freed, copied, set to another key, or its memory has become another context's, then the entry has another key, or
// the same, and is passed over or right. So there is nothing that could be stale, and nothing is found by an address.
type Key struct {
	Cipher Cipher
	Bytes  []byte
	Hint   *uint32 // in the C context; zero in a fresh one, but any value will do
	Brief  bool    // the message is shorter than what is computed from a key is worth
}

// cacheSlots bounds the table: with 1 KB for an entry of AES-GCM, to 2 MB. Beyond 1024 connections that are busy at the
// same time, entries are computed again and again, though not for each brief message.
const cacheSlots = 2048

// Of a hint, what is less than hintBase is the business of the C side, and hintMissed tells it that another key has taken
// the slot; slot i is i+hintBase.
const (
	hintMissed = 65
	hintBase   = 66
)

var (
	cache [cacheSlots]atomic.Pointer[entry]
	next  atomic.Uint32 // the slot to fill next, modulo cacheSlots
)

type entry struct {
	cipher Cipher
	length int
	key    [32]byte
	aead   cipher.AEAD
}

func (e *entry) is(k Key) bool {
	return e.cipher == k.Cipher && e.length == len(k.Bytes) && subtle.ConstantTimeCompare(e.key[:e.length], k.Bytes) == 1
}

func (k Key) slot() *atomic.Pointer[entry] { return &cache[(*k.Hint-hintBase)%cacheSlots] }

// aead returns the AEAD of a key: nil if Go would not make it, or has made it before and the message is too brief for more.
func (k Key) aead() cipher.AEAD {
	if e := k.slot().Load(); e != nil && e.is(k) {
		return e.aead
	}
	if k.Brief && *k.Hint >= hintBase {
		*k.Hint = hintMissed
		return nil
	}
	e := &entry{cipher: k.Cipher, length: len(k.Bytes)}
	copy(e.key[:], k.Bytes)
	var err error
	switch k.Cipher {
	case AESGCM:
		var block cipher.Block
		if block, err = aes.NewCipher(e.key[:e.length]); err == nil {
			e.aead, err = cipher.NewGCM(block)
		}
	case ChaCha20Poly1305:
		e.aead, err = chacha20poly1305.New(e.key[:e.length])
	}
	if err != nil {
		return nil
	}
	*k.Hint = (next.Add(1)-1)%cacheSlots + hintBase
	k.slot().Store(e)
	return e.aead
}

// Forget drops what was computed from a key. Go cannot wipe an AEAD, and another goroutine may be using it for a copy of
// the context: its memory is left to the garbage collector.
func (k Key) Forget() {
	slot := k.slot()
	if e := slot.Load(); e != nil && e.is(k) {
		slot.CompareAndSwap(e, nil)
	}
}

// Seal encrypts plaintext into out, and puts the tag behind it: out is longer by TagSize. They either start at the same
// byte or do not overlap, and neither overlaps with additional.
func Seal(k Key, out, nonce, plaintext, additional []byte) Outcome {
	aead := k.aead()
	if aead == nil {
		return Declined
	}
	aead.Seal(out[:0], nonce, plaintext, additional)
	return Done
}

// Open decrypts ciphertext, which ends with the tag, into out, which is shorter by TagSize. As for overlaps, see Seal.
func Open(k Key, out, nonce, ciphertext, additional []byte) Outcome {
	aead := k.aead()
	if aead == nil {
		return Declined
	}
	if _, err := aead.Open(out[:0], nonce, ciphertext, additional); err != nil {
		clear(out) // Go has done so already, but promises it nowhere
		return Forged
	}
	return Done
}
