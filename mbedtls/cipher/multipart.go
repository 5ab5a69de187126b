package cipher

import (
	"crypto/subtle"

	"github.com/gombedtls/gombedtls/cbridge"
)

// Multipart is an AEAD that takes a message in pieces, one message after the other. One goroutine uses it at a time.
//
// A message is Start, SetLengths in CCM, UpdateAD for the data that is authenticated, Update for the message, and Finish or,
// of a message that is decrypted, Verify. Until Verify has returned nil, nothing of what was decrypted may be used.
type Multipart struct {
	m       multipart
	tagSize int          // the default; of CCM, that of SetLengths
	failed  cbridge.Code // of a tag that is another
	bad     cbridge.Code // of bad input
}

// multipart is what the library's contexts have in common.
type multipart interface {
	Starts(op cbridge.Operation, nonce []byte) error
	UpdateAD(ad []byte) error
	Update(in, out []byte) error
	Finish(tag []byte) error
	Close() error
}

// lengths is what CCM alone has.
type lengths interface {
	SetLengths(ad, plaintext, tag int) error
}

type ccmMultipart struct{ *cbridge.CCM }

func (c ccmMultipart) Starts(op cbridge.Operation, nonce []byte) error {
	return c.starts(op, nonce, cbridge.CCMEncrypt, cbridge.CCMDecrypt)
}

func (c ccmMultipart) starts(op cbridge.Operation, nonce []byte, encrypt, decrypt cbridge.CCMMode) error {
	if err := c.Reset(); err != nil {
		return err
	}
	if op == cbridge.Decrypt {
		return c.CCM.Starts(decrypt, nonce)
	}
	return c.CCM.Starts(encrypt, nonce)
}

type ccmStarMultipart struct{ ccmMultipart }

func (c ccmStarMultipart) Starts(op cbridge.Operation, nonce []byte) error {
	return c.starts(op, nonce, cbridge.CCMStarEncrypt, cbridge.CCMStarDecrypt)
}

type chachapolyMultipart struct{ *cbridge.ChaChaPoly }

func (c chachapolyMultipart) UpdateAD(ad []byte) error { return c.UpdateAAD(ad) }

// NewGCMMultipart makes one of a block cipher in GCM, as [NewGCM] does. A nonce has any number of bytes but 0, a tag 4 to 16
// (mbedtls_gcm_starts, mbedtls_gcm_update_ad, mbedtls_gcm_update, mbedtls_gcm_finish).
func NewGCMMultipart(id ID, key []byte) (*Multipart, error) {
	g, err := cbridge.NewGCM()
	if err != nil {
		return nil, err
	}
	if err := g.SetKey(cbridge.CipherID(id), key); err != nil {
		g.Close()
		return nil, err
	}
	return &Multipart{g, StandardTagSize, cbridge.ErrGCMAuthFailed, cbridge.ErrGCMBadInput}, nil
}

// NewCCMMultipart makes one of a block cipher in CCM, as [NewCCM] does: the lengths must be known before the first piece
// (mbedtls_ccm_starts, mbedtls_ccm_set_lengths, mbedtls_ccm_update_ad, mbedtls_ccm_update, mbedtls_ccm_finish).
func NewCCMMultipart(id ID, key []byte) (*Multipart, error) {
	return newCCMMultipart(id, key, func(c *cbridge.CCM) multipart { return ccmMultipart{c} })
}

// NewCCMStarMultipart is NewCCMMultipart for CCM*, tags of which may also have 0 bytes.
func NewCCMStarMultipart(id ID, key []byte) (*Multipart, error) {
	return newCCMMultipart(id, key, func(c *cbridge.CCM) multipart { return ccmStarMultipart{ccmMultipart{c}} })
}

func newCCMMultipart(id ID, key []byte, of func(*cbridge.CCM) multipart) (*Multipart, error) {
	c, err := cbridge.NewCCM()
	if err != nil {
		return nil, err
	}
	if err := c.SetKey(cbridge.CipherID(id), key); err != nil {
		c.Close()
		return nil, err
	}
	return &Multipart{of(c), 0, cbridge.ErrCCMAuthFailed, cbridge.ErrCCMBadInput}, nil
}

// NewChaCha20Poly1305Multipart makes one of ChaCha20-Poly1305, as [NewChaCha20Poly1305] does
// (mbedtls_chachapoly_starts, mbedtls_chachapoly_update_aad, mbedtls_chachapoly_update, mbedtls_chachapoly_finish).
func NewChaCha20Poly1305Multipart(key []byte) (*Multipart, error) {
	c, err := cbridge.NewChaChaPoly()
	if err != nil {
		return nil, err
	}
	if err := c.SetKey(key); err != nil {
		c.Close()
		return nil, err
	}
	return &Multipart{chachapolyMultipart{c}, StandardTagSize, cbridge.ErrChachapolyAuthFailed,
		cbridge.ErrChacha20BadInputData}, nil
}

// Start begins a message, whatever became of the last one.
func (m *Multipart) Start(op Operation, nonce []byte) error {
	return m.m.Starts(cbridge.Operation(op), nonce)
}

// SetLengths tells how many bytes the data that is authenticated, the message and the tag will have, for CCM alone: the
// others are ErrCipherFeatureUnavailable. A tag has 4 to 16, an even number, of CCM* also 0; the data less than 65280
// (mbedtls_ccm_set_lengths).
func (m *Multipart) SetLengths(ad, plaintext, tag int) error {
	l, ok := m.m.(lengths)
	if !ok {
		return badInput("mbedtls_ccm_set_lengths", cbridge.ErrCipherFeatureUnavailable)
	}
	if err := l.SetLengths(ad, plaintext, tag); err != nil {
		return err
	}
	m.tagSize = tag
	return nil
}

// UpdateAD adds a piece of the data that is authenticated, before the first Update.
func (m *Multipart) UpdateAD(ad []byte) error { return m.m.UpdateAD(ad) }

// Update appends to dst what a piece of the message becomes, which is as long. The room behind dst may be src's memory, from
// the same byte on, but not elsewhere in it. More than what SetLengths said is ErrCCMBadInput.
func (m *Multipart) Update(dst, src []byte) ([]byte, error) {
	return appendOutput(dst, len(src), func(out []byte) (int, error) {
		if cbridge.InexactOverlap(out, src) {
			return 0, badInput("cipher.Multipart.Update", m.bad)
		}
		return len(src), m.m.Update(src, out)
	}, src)
}

// Finish ends a message that was encrypted, and returns its tag: of 16 bytes, in CCM of as many as SetLengths said.
func (m *Multipart) Finish() ([]byte, error) { return m.FinishWithSize(m.tagSize) }

// FinishWithSize is Finish for a tag of another size, which GCM has: 4 to 16 bytes.
func (m *Multipart) FinishWithSize(size int) ([]byte, error) {
	if size < 0 || size > maxBlock {
		return nil, badInput("cipher.Multipart.FinishWithSize", m.bad)
	}
	tag := make([]byte, size)
	if err := m.m.Finish(tag); err != nil {
		return nil, err
	}
	return tag, nil
}

// Verify ends a message that was decrypted. Another tag than its own, also one that is shorter, is ErrGCMAuthFailed,
// ErrCCMAuthFailed or ErrChachapolyAuthFailed.
func (m *Multipart) Verify(tag []byte) error { return m.VerifyWithSize(tag, m.tagSize) }

// VerifyWithSize is Verify for a tag of another size, which GCM has: 4 to 16 bytes. The size is the protocol's, and never the
// sender's to choose.
func (m *Multipart) VerifyWithSize(tag []byte, size int) error {
	own, err := m.FinishWithSize(size)
	if err != nil {
		return err
	}
	defer clear(own)
	if subtle.ConstantTimeCompare(own, tag) != 1 {
		return badInput("cipher.Multipart.Verify", m.failed)
	}
	return nil
}

// Close wipes the key.
func (m *Multipart) Close() error { return m.m.Close() }
