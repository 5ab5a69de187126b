package x509

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/gombedtls/gombedtls/cbridge"
)

// bridged is a key of package pk.
type bridged interface{ Bridge() *cbridge.PK }

// writerKeys are the keys that a writer needs.
type writerKeys struct {
	op      string // what they are for, in errors
	subject *cbridge.PK
	pk      *cbridge.PK         // signs in the library,
	closure *cbridge.ClosureKey // or this one elsewhere
	made    []*cbridge.ClosureKey
}

func (k *writerKeys) close() {
	for _, key := range k.made {
		key.Close()
	}
}

// sign gives a writer the key that signs.
func (k *writerKeys) sign(pk func(*cbridge.PK) error, closure func(*cbridge.ClosureKey) error) error {
	if k.closure != nil {
		return closure(k.closure)
	}
	return pk(k.pk)
}

// newWriterKeys makes the keys of a certificate for pub that signer signs, who is parent; without parent, signer is pub's
// own key, and pub may be nil.
func newWriterKeys(op string, parent *Certificate, pub crypto.PublicKey, signer crypto.Signer) (_ *writerKeys, err error) {
	k := &writerKeys{op: op}
	defer func() {
		if err != nil {
			k.close()
		}
	}()
	if signer == nil {
		return nil, badInput(k.op, errors.New("no signer"))
	}
	if b, ok := signer.(bridged); ok && b.Bridge().Kind() != cbridge.PKRSAAlt { // which could not write its public half
		k.pk = b.Bridge()
	} else if k.closure, err = k.make(signer.Public(), signingBy(signer)); err != nil {
		return nil, fmt.Errorf("signer of type %T: %w", signer, err)
	}
	switch p := pub.(type) {
	case nil:
		if parent != nil {
			return nil, badInput(k.op, errors.New("no public key"))
		}
		if k.subject = k.pk; k.closure != nil {
			k.subject = &k.closure.PK
		}
	case bridged:
		k.subject = p.Bridge()
	case crypto.Signer:
		return nil, badInput(k.op, fmt.Errorf("a private key of type %T in the place of a public one", p))
	default:
		made, err := k.make(p, nil)
		if err != nil {
			return nil, fmt.Errorf("public key of type %T: %w", pub, err)
		}
		k.subject = &made.PK
	}
	return k, k.checkPair(parent, pub, signer)
}

// make makes a key of the library of a public one.
func (k *writerKeys) make(pub crypto.PublicKey, sign signFunc) (*cbridge.ClosureKey, error) {
	spki, ok := pub.(SubjectPublicKeyInfo)
	if !ok {
		der, err := x509.MarshalPKIXPublicKey(pub)
		if err != nil {
			return nil, badInput(k.op, err)
		}
		spki = der
	}
	key, err := cbridge.NewClosureKey(spki, sign)
	if err == nil {
		k.made = append(k.made, key)
	}
	return key, err
}

// signFunc signs a digest that a hash made.
type signFunc = func(digest []byte, hash crypto.Hash) ([]byte, error)

func signingBy(signer crypto.Signer) signFunc {
	return func(digest []byte, hash crypto.Hash) ([]byte, error) { return signer.Sign(rand.Reader, digest, hash) }
}

// checkSelf checks that the public key of a certificate that signs itself is signer's.
func (k *writerKeys) checkSelf(pub crypto.PublicKey, signer crypto.Signer) error {
	if pub == nil {
		return nil
	}
	if own, ok := pub.(interface{ Equal(crypto.PublicKey) bool }); ok {
		if !own.Equal(signer.Public()) {
			return badInput(k.op, errPair)
		}
		return nil
	}
	own := k.pk
	if k.closure != nil {
		own = &k.closure.PK
	}
	subject, err := k.subject.WritePubKeyDER(0)
	if err != nil {
		return badInput(k.op, fmt.Errorf("the public key: %w", err))
	}
	if issuer, err := own.WritePubKeyDER(0); err != nil || !bytes.Equal(subject, issuer) {
		return badInput(k.op, errPair)
	}
	return nil
}

var errPair = errors.New("the signer's key is not the issuer's")

// checkPair checks that signer's key is the one of the issuer's certificate, as far as can be seen.
func (k *writerKeys) checkPair(parent *Certificate, pub crypto.PublicKey, signer crypto.Signer) error {
	if parent == nil {
		return k.checkSelf(pub, signer)
	}
	if k.closure == nil {
		return parent.do(func(crt *cbridge.Crt) error {
			if err := crt.CheckPair(k.pk); err != nil {
				return badInput(k.op, fmt.Errorf("%w: %w", errPair, err))
			}
			return nil
		})
	}
	issuer, err := parent.PublicKey()
	if err != nil {
		return badInput(k.op, fmt.Errorf("the issuer's key: %w", err))
	}
	if e, ok := issuer.(interface{ Equal(crypto.PublicKey) bool }); !ok || !e.Equal(signer.Public()) {
		return badInput(k.op, errPair)
	}
	return nil
}
