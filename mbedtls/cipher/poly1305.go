package cipher

import (
	"crypto/subtle"

	"github.com/gombedtls/gombedtls/cbridge"
)

// Poly1305 is a MAC of one message: a second one with the same key gives the key away. One goroutine uses it at a time.
type Poly1305 struct{ p *cbridge.Poly1305 }

// NewPoly1305 starts a MAC with a key of 32 bytes; another length is ErrPoly1305BadInputData (mbedtls_poly1305_starts).
func NewPoly1305(key []byte) (*Poly1305, error) {
	p, err := cbridge.NewPoly1305()
	if err != nil {
		return nil, err
	}
	if err := p.Starts(key); err != nil {
		p.Close()
		return nil, err
	}
	return &Poly1305{p}, nil
}

// Write adds data (mbedtls_poly1305_update).
func (p *Poly1305) Write(b []byte) (int, error) { return p.p.Write(b) }

// MAC is the MAC of what was written so far, of 16 bytes; more may follow (mbedtls_poly1305_finish).
func (p *Poly1305) MAC() ([]byte, error) { return p.p.Sum() }

// Verify reports whether mac is that of what was written so far.
func (p *Poly1305) Verify(mac []byte) (bool, error) {
	own, err := p.MAC()
	return err == nil && subtle.ConstantTimeCompare(own, mac) == 1, err
}

// Close wipes the key (mbedtls_poly1305_free).
func (p *Poly1305) Close() error { return p.p.Close() }

// Poly1305MAC is the MAC of b with a key of 32 bytes (mbedtls_poly1305_mac).
func Poly1305MAC(key, b []byte) ([]byte, error) { return cbridge.Poly1305MAC(key, b) }
