package pk

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"

	"github.com/gombedtls/gombedtls/cbridge"
)

// ECDSAOptions say how an EC key signs. Without them, the build does: with MBEDTLS_ECDSA_DETERMINISTIC signatures are
// deterministic.
type ECDSAOptions struct {
	Hash crypto.Hash // that made the digest; deterministic signatures need it

	// Deterministic is for signatures that draw no randomness (RFC 6979, mbedtls_ecdsa_sign_det_ext); it needs a build with
	// MBEDTLS_ECDSA_DETERMINISTIC. Otherwise they are drawn at random (mbedtls_ecdsa_sign).
	Deterministic bool
}

// HashFunc is the hash.
func (o *ECDSAOptions) HashFunc() crypto.Hash { return o.Hash }

// Sign signs a digest, as [crypto.Signer]. RSA keys sign in the padding of PKCS #1 v1.5 with a [crypto.Hash], 0 for bytes
// that are no digest of a hash, and in that of PSS with *[rsa.PSSOptions]; EC keys with ECDSA, and may get *[ECDSAOptions].
// An opaque key signs as its policy says. random is for salts, blinding, and ECDSA that is not deterministic: nil and
// [crypto/rand.Reader] are the library's own generators. With MBEDTLS_USE_PSA_CRYPTO the library draws from PSA's instead
// (mbedtls_pk_sign, mbedtls_pk_sign_ext).
//
// PSS with [rsa.PSSSaltLengthEqualsHash] is the library's own choice: a salt as long as the hash, or up to two bytes shorter
// where the key is too small for that (FIPS 186-4 section 5.5). [rsa.PSSSaltLengthAuto] is the longest that the key allows.
// A digest of another length than the hash's, and a key that is too small, are ErrRSABadInputData or ErrPKBadInputData.
func (k *PrivateKey) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if opts == nil {
		opts = crypto.Hash(0)
	}
	hash := opts.HashFunc()
	switch o := opts.(type) {
	case *rsa.PSSOptions:
		return k.signPSS(random, hash, digest, o.SaltLength)
	case *ECDSAOptions:
		return k.pk.SignECDSA(random, o.Deterministic, hash, digest)
	}
	return k.pk.SignWith(random, hash, digest)
}

func (k *PrivateKey) signPSS(random io.Reader, hash crypto.Hash, digest []byte, salt int) ([]byte, error) {
	if salt == rsa.PSSSaltLengthEqualsHash {
		return k.pk.SignExt(random, cbridge.PKRSASSAPSS, hash, digest)
	}
	var sig []byte
	err := withRSA(k.key, cbridge.RSAPKCSV21, hash, func(r *cbridge.RSA) (err error) {
		if salt == rsa.PSSSaltLengthAuto {
			salt = max((r.Bits()+6)/8-2-sizeOf(hash), 0)
		}
		sig, err = r.SignPSSExt(random, hash, digest, salt)
		return err
	})
	return sig, err
}

// Verify returns nil if sig is the key's signature of a digest. opts are as for [PrivateKey.Sign]: with *[rsa.PSSOptions],
// [rsa.PSSSaltLengthAuto] takes a salt of any length. A wrong signature is ErrRSAVerifyFailed, ErrRSAInvalidPadding, or
// ErrECPVerifyFailed; what follows a right one, ErrPKSigLenMismatch (mbedtls_pk_verify, mbedtls_pk_verify_ext).
func (k *PublicKey) Verify(digest, sig []byte, opts crypto.SignerOpts) error {
	if opts == nil {
		opts = crypto.Hash(0)
	}
	hash := opts.HashFunc()
	pss, ok := opts.(*rsa.PSSOptions)
	if !ok {
		return k.pk.Verify(hash, digest, sig)
	}
	if pss.SaltLength == rsa.PSSSaltLengthAuto {
		return k.pk.VerifyExt(cbridge.PKRSASSAPSS, &cbridge.PSSOptions{MGF1Hash: hash, SaltLength: cbridge.SaltLenAny}, hash, digest, sig)
	}
	// Not mbedtls_pk_verify_ext, which does not look at the length where it leaves the signature to PSA.
	return withRSA(k.key, cbridge.RSAPKCSV21, hash, func(r *cbridge.RSA) error {
		salt := pss.SaltLength
		if salt == rsa.PSSSaltLengthEqualsHash {
			salt = ownSalt(r.Len(), sizeOf(hash))
		}
		return r.VerifyPSSExt(hash, digest, hash, salt, sig)
	})
}

// ownSalt is the length of the salt that the library chooses, for a key and a hash of so many bytes.
func ownSalt(key, hash int) int {
	if room := key - hash - 2; room >= hash-2 {
		return min(hash, room)
	}
	return hash // with which nothing can be signed
}

// withRSA lends a copy of the key's RSA context, in another padding. The key's own stays as it is, for others may be using it.
func withRSA(k key, padding int, hash crypto.Hash, use func(r *cbridge.RSA) error) error {
	r, err := k.pk.RSA()
	if err != nil {
		return err
	}
	defer r.Close()
	if err := r.SetPadding(padding, hash); err != nil {
		return err
	}
	return use(r)
}

// sizeOf is 0 for what is no hash of package crypto, whose method panics.
func sizeOf(hash crypto.Hash) int {
	if hash == 0 || hash > crypto.BLAKE2b_512 {
		return 0
	}
	return hash.Size()
}

// Decrypt undoes RSA, as [crypto.Decrypter]: in the padding of PKCS #1 v1.5 with nil (but see [FromRSA]) and
// *[rsa.PKCS1v15DecryptOptions], and in that of OAEP with *[rsa.OAEPOptions], whose MGFHash can be no other than Hash. With a
// SessionKeyLen, which is ErrPKBadInputData if it is more than the key's bytes, the plaintext is random bytes of that length
// where the padding or the length is wrong, and nothing tells. Of other keys, ErrPKTypeMismatch; a wrong padding is
// ErrRSAInvalidPadding (mbedtls_pk_decrypt, mbedtls_rsa_rsaes_oaep_decrypt).
func (k *PrivateKey) Decrypt(random io.Reader, msg []byte, opts crypto.DecrypterOpts) ([]byte, error) {
	limit := (k.Bits() + 7) / 8
	switch o := opts.(type) {
	case nil:
		return k.pk.DecryptWith(random, msg, limit)
	//lint:ignore SA1019 RSA key exchange has no other padding
	case *rsa.PKCS1v15DecryptOptions:
		if !k.oaep {
			return decryptV15(k.pk, random, msg, limit, o.SessionKeyLen)
		}
		var out []byte
		err := withRSA(k.key, cbridge.RSAPKCSV15, 0, func(r *cbridge.RSA) error {
			pk, err := cbridge.SetupRSA(r)
			if err != nil {
				return err
			}
			defer pk.Close()
			out, err = decryptV15(pk, random, msg, limit, o.SessionKeyLen)
			return err
		})
		return out, err
	case *rsa.OAEPOptions:
		if err := oneHash(o); err != nil {
			return nil, err
		}
		out := make([]byte, limit)
		n := 0
		err := withRSA(k.key, cbridge.RSAPKCSV21, o.Hash, func(r *cbridge.RSA) (err error) {
			n, err = r.Decrypt(random, cbridge.RSAV21, o.Label, msg, out)
			return err
		})
		if err != nil {
			clear(out)
			return nil, err
		}
		return out[:n:n], nil
	}
	return nil, fmt.Errorf("decryption with options of type %T: %w", opts, errors.ErrUnsupported)
}

// decryptV15 gives a session key of size bytes, or if that is 0 a plaintext of any size up to limit.
func decryptV15(k *cbridge.PK, random io.Reader, msg []byte, limit, size int) ([]byte, error) {
	if size <= 0 || !k.CanDo(cbridge.PKRSA) { // which has an error of its own then, as after Close
		return k.DecryptWith(random, msg, limit)
	}
	if size > limit {
		return nil, &cbridge.Error{Code: cbridge.ErrPKBadInputData, Op: "mbedtls_pk_decrypt",
			Cause: fmt.Errorf("SessionKeyLen %d of a key of %d bytes", size, limit)}
	}
	key := make([]byte, size)
	if random == nil {
		random = rand.Reader
	}
	if _, err := io.ReadFull(random, key); err != nil {
		return nil, err
	}
	if err := k.DecryptSession(random, msg, key); err != nil {
		return nil, err
	}
	return key, nil
}

// Encrypt is RSA, in the padding of PKCS #1 v1.5 with nil options (but see [FromRSA]), and in that of OAEP with
// *[rsa.OAEPOptions], whose MGFHash can be no other than Hash. A message that is too long is ErrRSABadInputData; keys that
// are not RSA, ErrPKTypeMismatch (mbedtls_pk_encrypt, mbedtls_rsa_rsaes_oaep_encrypt).
func (k *PublicKey) Encrypt(random io.Reader, msg []byte, opts *rsa.OAEPOptions) (out []byte, err error) {
	if opts == nil {
		return k.pk.Encrypt(random, msg)
	}
	if err := oneHash(opts); err != nil {
		return nil, err
	}
	err = withRSA(k.key, cbridge.RSAPKCSV21, opts.Hash, func(r *cbridge.RSA) (err error) {
		out, err = r.Encrypt(random, cbridge.RSAV21, opts.Label, msg)
		return err
	})
	return out, err
}

// oneHash says whether the library has a use for the options: it has one hash for the label and the mask.
func oneHash(o *rsa.OAEPOptions) error {
	if o.MGFHash != 0 && o.MGFHash != o.Hash {
		return fmt.Errorf("OAEP with %v and a mask of %v: %w", o.Hash, o.MGFHash, errors.ErrUnsupported)
	}
	return nil
}
