package pk

// MarshalDER writes the key: RSA as PKCS#1, curves of Weierstrass as SEC 1, and Curve25519 and Curve448 as PKCS#8, without
// encryption. Of an opaque key, it takes a policy that lets it be exported. It needs a build with MBEDTLS_PK_WRITE_C
// (mbedtls_pk_write_key_der). Clear the result after use.
func (k *PrivateKey) MarshalDER() ([]byte, error) { return k.pk.WriteKeyDER(0) }

// MarshalPEM is [PrivateKey.MarshalDER] in PEM. It needs MBEDTLS_PEM_WRITE_C, too (mbedtls_pk_write_key_pem).
func (k *PrivateKey) MarshalPEM() ([]byte, error) { return k.pk.WriteKeyPEM(0) }

// MarshalDER writes the key as a SubjectPublicKeyInfo. It needs a build with MBEDTLS_PK_WRITE_C
// (mbedtls_pk_write_pubkey_der).
func (k *PublicKey) MarshalDER() ([]byte, error) { return k.pk.WritePubKeyDER(0) }

// MarshalPEM is [PublicKey.MarshalDER] in PEM. It needs MBEDTLS_PEM_WRITE_C, too (mbedtls_pk_write_pubkey_pem).
func (k *PublicKey) MarshalPEM() ([]byte, error) { return k.pk.WritePubKeyPEM(0) }

// MarshalBits writes what a SubjectPublicKeyInfo has in its bit string, which key identifiers are made of: PKCS#1 of RSA, the
// point of an EC key. It needs a build with MBEDTLS_PK_WRITE_C (mbedtls_pk_write_pubkey).
func (k *PublicKey) MarshalBits() ([]byte, error) { return k.pk.WritePubKey(0) }
