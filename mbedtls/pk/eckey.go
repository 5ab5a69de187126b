package pk

import "github.com/gombedtls/gombedtls/cbridge"

// NewEC makes a key of a number: kind is [ECKey], [ECKeyDH] or [ECDSA]; group is an mbedtls_ecp_group_id; d is the private
// key as the curve writes it, most significant byte first on curves of Weierstrass, and least on those of Montgomery (RFC
// 7748). The library computes the public key (mbedtls_pk_setup, mbedtls_ecp_read_key, mbedtls_ecp_keypair_calc_public).
func NewEC(kind Kind, group int, d []byte) (*PrivateKey, error) {
	return private(cbridge.SetupEC(int(kind), group, d, nil))
}

// NewECPublic makes a public key of a point in one of the library's formats (mbedtls_ecp_point_read_binary).
func NewECPublic(kind Kind, group int, point []byte) (*PublicKey, error) {
	return public(cbridge.SetupEC(int(kind), group, nil, point))
}

// EC is the key's group, an mbedtls_ecp_group_id, and its number, as [NewEC] takes it. Other kinds are ErrPKTypeMismatch
// (mbedtls_pk_ec, mbedtls_ecp_write_key_ext). Clear the number after use.
func (k *PrivateKey) EC() (group int, d []byte, err error) {
	group, d, _, err = k.pk.EC()
	return group, d, err
}

// EC is the key's group, an mbedtls_ecp_group_id, and its point, uncompressed (mbedtls_pk_ec, mbedtls_ecp_write_public_key).
func (k *PublicKey) EC() (group int, point []byte, err error) {
	group, _, point, err = k.pk.EC()
	return group, point, err
}
