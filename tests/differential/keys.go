package differential

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"math/big"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// standardKey reads a private key in any of the three forms that mbedtls_pk_parse_key reads, in its order.
func standardKey(der []byte) (any, error) {
	key, err8 := x509.ParsePKCS8PrivateKey(der)
	if err8 == nil {
		return key, nil
	}
	rsaKey, err1 := x509.ParsePKCS1PrivateKey(der)
	if err1 == nil {
		return rsaKey, nil
	}
	ecKey, errEC := x509.ParseECPrivateKey(der)
	if errEC == nil {
		return ecKey, nil
	}
	return nil, errors.Join(err8, err1, errEC)
}

// keyInfo is what stands in PKCS #8: an algorithm, its parameters, and a key in the algorithm's own form.
type keyInfo struct{ algorithm, parameters, key []byte }

// readKeyInfo takes keys in their own form for such without an algorithm.
func readKeyInfo(der []byte) keyInfo {
	outer, _, ok := readElement(der)
	if c := children(outer); ok && len(c) >= 3 && c[1].tag == tagSequence && c[2].tag == tagOctetString {
		if id, parameters, ok := readElement(c[1].contents); ok && id.tag == tagOID {
			return keyInfo{id.contents, parameters, c[2].contents}
		}
	}
	return keyInfo{key: der}
}

// isNewerPKCS8 is so of a key that is not as PKCS #8 first had it: it has attributes, the public key of version 2 (RFC
// 5958), or something behind it.
func isNewerPKCS8(der []byte) bool {
	input := cryptobyte.String(der)
	var inner, algorithm, key cryptobyte.String
	var version int
	if !input.ReadASN1(&inner, cbasn1.SEQUENCE) || !inner.ReadASN1Integer(&version) ||
		!inner.ReadASN1(&algorithm, cbasn1.SEQUENCE) {
		return false // not PKCS #8
	}
	if !inner.ReadASN1(&key, cbasn1.OCTET_STRING) || version != 0 || !inner.Empty() || !input.Empty() {
		return true
	}
	if list, ok := elements(algorithm); !ok || len(list) > 2 {
		return true
	}
	if info := readKeyInfo(der); bytes.Equal(info.algorithm, idX25519) {
		_, ok := only(info.key, tagOctetString)
		return !ok
	}
	return false
}

// isOtherECKey is so of an ECPrivateKey that has other fields than RFC 5915 says, or that are not the key's: its curve is
// not that of PKCS #8, or the public key is not in the uncompressed form, or of another private key.
func isOtherECKey(der []byte) bool {
	info := readKeyInfo(der)
	if info.algorithm != nil && !bytes.Equal(info.algorithm, idEC) && !bytes.Equal(info.algorithm, idECDH) {
		return false
	}
	outer, rest, ok := readElement(info.key)
	c, exact := elements(outer.contents)
	if !ok || outer.tag != tagSequence || len(c) < 2 || c[0].tag != tagInteger || c[1].tag != tagOctetString {
		return false
	}
	if len(rest) > 0 || !exact {
		return true
	}
	curve, named := only(info.parameters, tagOID)
	if c = c[2:]; len(c) > 0 && c[0].tag == 0xa0 {
		inner, ok := only(c[0].contents, tagOID)
		if !ok || named && !bytes.Equal(inner.contents, curve.contents) {
			return true
		}
		c = c[1:]
	}
	if info.algorithm != nil && !named || len(c) > 1 || len(c) == 1 && c[0].tag != 0xa1 {
		return true
	}
	if len(c) == 0 {
		return false
	}
	key, _ := standardKey(der)
	std, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return false
	}
	point, err := std.PublicKey.Bytes()
	public, ok := only(c[0].contents, tagBitString)
	return err == nil && (!ok || !bytes.Equal(public.contents, append([]byte{0}, point...)))
}

// rsaNumbers are the fields of an RSAPrivateKey, as Mbed TLS reads them.
type rsaNumbers struct {
	version              *big.Int
	n, e, d, p, q        *big.Int
	dP, dQ, qInv         *big.Int
	negative, onlyThose  bool // one is below 0; there is nothing else
	isMissing, isRSAForm bool
}

func readRSA(der []byte) (k rsaNumbers) {
	info := readKeyInfo(der)
	outer, rest, ok := readElement(info.key)
	c, exact := elements(outer.contents)
	if !ok || outer.tag != tagSequence || info.algorithm != nil && !bytes.Equal(info.algorithm, idRSA) {
		return k
	}
	fields := []**big.Int{&k.version, &k.n, &k.e, &k.d, &k.p, &k.q, &k.dP, &k.dQ, &k.qInv}
	for i, f := range fields {
		if i >= len(c) || c[i].tag != tagInteger {
			k.isMissing = true
			break
		}
		*f = new(big.Int).SetBytes(c[i].contents)
		k.negative = k.negative || isNegativeInteger(c[i])
	}
	k.isRSAForm = k.q != nil
	k.onlyThose = len(rest) == 0 && exact && len(c) == len(fields)
	return k
}

// isUncheckedRSAKey is so of a key of which crypto/rsa does not take the numbers.
func isUncheckedRSAKey(der []byte) bool {
	k := readRSA(der)
	return k.isRSAForm && !k.isMissing && (k.negative || !k.isConsistent())
}

// isConsistent has the checks of crypto/rsa.
func (k rsaNumbers) isConsistent() bool {
	one := big.NewInt(1)
	isInverse := func(x, y, m *big.Int) bool { // and x is reduced
		xy := new(big.Int).Mul(x, y)
		return m.Cmp(one) > 0 && x.Cmp(m) < 0 && xy.Mod(xy, m).Cmp(one) == 0
	}
	if k.e.Bit(0) == 0 || k.e.Cmp(one) <= 0 || k.e.BitLen() > 31 || k.n.Bit(0) == 0 ||
		k.p.Cmp(one) <= 0 || k.q.Cmp(one) <= 0 || k.d.Cmp(k.n) >= 0 || k.p.Cmp(k.n) >= 0 || k.q.Cmp(k.n) >= 0 {
		return false
	}
	p1, q1 := new(big.Int).Sub(k.p, one), new(big.Int).Sub(k.q, one)
	if pq := new(big.Int).Mul(k.p, k.q); pq.Mod(pq, k.n).Sign() != 0 || !isInverse(k.dP, k.e, p1) ||
		!isInverse(k.dQ, k.e, q1) || !isInverse(k.qInv, k.q, k.p) {
		return false
	}
	difference, half := new(big.Int).Sub(k.p, k.q), k.n.BitLen()/2
	return new(big.Int).Mod(k.d, p1).Cmp(k.dP) == 0 && new(big.Int).Mod(k.d, q1).Cmp(k.dQ) == 0 &&
		difference.BitLen() > half-100 && k.d.BitLen() > half
}

// isOtherRSAKey is so of a key that is not of version 0 with all eight numbers, or of which the modulus is of a size that
// Mbed TLS does not take: from 128 bits to MBEDTLS_MPI_MAX_SIZE bytes, and above the exponent.
func isOtherRSAKey(der []byte) bool {
	k := readRSA(der)
	return k.isRSAForm && (k.version.Sign() != 0 || k.negative || k.isMissing || !k.onlyThose ||
		k.n.BitLen() < 128 || k.n.BitLen() > 8192 || k.e.Cmp(k.n) >= 0)
}

// hasOtherParameters is so of an RSA key of which the algorithm has parameters.
func hasOtherParameters(der []byte) bool {
	info := readKeyInfo(der)
	return bytes.Equal(info.algorithm, idRSA) && len(info.parameters) > 0 && isNotNull(info.parameters)
}

func isKeyOf(ids ...[]byte) func([]byte) bool {
	return func(der []byte) bool {
		algorithm := readKeyInfo(der).algorithm
		return slices.ContainsFunc(ids, func(id []byte) bool { return bytes.Equal(id, algorithm) })
	}
}
