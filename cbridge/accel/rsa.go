package accel

import (
	"crypto"
	_ "crypto/sha1" // for the digests' names
	"crypto/subtle"
	"encoding/binary"

	"filippo.io/bigmod"
)

// RSAKey is a private key, each number big-endian: the modulus N, of which P and Q are the primes, the public exponent E,
// and D modulo P-1 and Q-1, and the inverse of Q modulo P (RFC 8017, section 3.2). P and Q have their highest bits set, and
// all but E and N are as long as they.
type RSAKey struct {
	N, E, P, Q, DP, DQ, QInv []byte
}

// private sets out to the number in to the power D, by way of P and Q, and checks it with E, so that no fault of the
// computation gives P away. Both are as long as N. It is in constant time but for E and the lengths; there is nothing to
// blind.
func (k *RSAKey) private(out, in []byte) bool {
	e, ok := uintOf(k.E)
	n, errN := modulus(k.N)
	p, errP := modulus(k.P)
	q, errQ := modulus(k.Q)
	if !ok || e == 0 || errN != nil || errP != nil || errQ != nil || len(in) != n.Size() || len(out) != n.Size() ||
		len(k.P) != len(k.Q) || 2*len(k.P) != len(k.N) || p.BitLen() != 8*len(k.P) || q.BitLen() != p.BitLen() {
		return false
	}
	if _, err := bigmod.NewNat().SetBytes(in, n); err != nil {
		return false
	}
	qInv, err := bigmod.NewNat().SetBytes(k.QInv, p)
	if err != nil {
		return false
	}
	mp, mq := reduced(in, p), reduced(in, q)
	defer wipe(qInv, mp, mq)
	mp.Exp(mp, k.DP, p)
	mq.Exp(mq, k.DQ, q)
	// mq + q ((mp - mq) / q mod p)
	t := bigmod.NewNat().Mod(mq, p) // reduced would show how many bits mq has
	defer wipe(t)
	mp.Sub(t, p).Mul(qInv, p)
	factor, err := bigmod.NewNat().SetBytes(k.Q, n)
	if err != nil {
		return false
	}
	defer wipe(factor)
	m := mp.ExpandFor(n).Mul(factor, n).Add(mq.ExpandFor(n), n)
	check := bigmod.NewNat().ExpShortVarTime(m, e, n)
	if subtle.ConstantTimeCompare(check.Bytes(n), in) != 1 {
		return false
	}
	copy(out, m.Bytes(n))
	return true
}

// digestInfo is what stands before a digest in a signature (RFC 8017, section 9.2, note 1).
var digestInfo = map[crypto.Hash]string{
	crypto.SHA1:   "\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14",
	crypto.SHA224: "\x30\x2d\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x04\x05\x00\x04\x1c",
	crypto.SHA256: "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
	crypto.SHA384: "\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30",
	crypto.SHA512: "\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
}

// SignPKCS1 sets sig to the signature of digest (RSASSA-PKCS1-v1_5). It is false if the key is not as RSAKey says, or
// inconsistent, and if digest is not one of hash, or too long for the key.
func (k *RSAKey) SignPKCS1(sig, digest []byte, hash crypto.Hash) bool {
	prefix, ok := digestInfo[hash]
	pad := len(k.N) - 3 - len(prefix) - len(digest)
	if !ok || len(digest) != hash.Size() || pad < 8 {
		return false
	}
	em := append(make([]byte, 0, len(k.N)), 0, 1)
	for range pad {
		em = append(em, 0xff)
	}
	em = append(append(append(em, 0), prefix...), digest...)
	return k.private(sig, em)
}

// SignPSS sets sig to the signature of digest (RSASSA-PSS) with that salt. It is false as SignPKCS1 is.
func (k *RSAKey) SignPSS(sig, digest, salt []byte, hash crypto.Hash) bool {
	if !hash.Available() || len(digest) != hash.Size() || len(k.N) == 0 || k.N[0] < 0x80 {
		return false
	}
	em := make([]byte, len(k.N)) // the top bit stays 0: the modulus has it, which is so much as a bit more than em may have
	db := len(em) - hash.Size() - 1
	if db < len(salt)+1 {
		return false
	}
	h := hash.New()
	h.Write(make([]byte, 8))
	h.Write(digest)
	h.Write(salt)
	seed := h.Sum(em[db:db])
	em[db-len(salt)-1] = 1
	copy(em[db-len(salt):], salt)
	mask := make([]byte, 0, db+hash.Size())
	for i := uint32(0); len(mask) < db; i++ {
		h.Reset()
		h.Write(seed)
		h.Write(binary.BigEndian.AppendUint32(nil, i))
		mask = h.Sum(mask)
	}
	subtle.XORBytes(em[:db], em[:db], mask[:db])
	em[0] &= 0x7f
	em[len(em)-1] = 0xbc
	return k.private(sig, em)
}
