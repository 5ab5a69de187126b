package psa

// What an algorithm is, and is made of.

// IsVendorDefined (PSA_ALG_IS_VENDOR_DEFINED).
func (a Algorithm) IsVendorDefined() bool { return is("PSA_ALG_IS_VENDOR_DEFINED", a) }

// IsHash (PSA_ALG_IS_HASH).
func (a Algorithm) IsHash() bool { return is("PSA_ALG_IS_HASH", a) }

// IsMAC (PSA_ALG_IS_MAC).
func (a Algorithm) IsMAC() bool { return is("PSA_ALG_IS_MAC", a) }

// IsHMAC (PSA_ALG_IS_HMAC).
func (a Algorithm) IsHMAC() bool { return is("PSA_ALG_IS_HMAC", a) }

// IsBlockCipherMAC (PSA_ALG_IS_BLOCK_CIPHER_MAC).
func (a Algorithm) IsBlockCipherMAC() bool { return is("PSA_ALG_IS_BLOCK_CIPHER_MAC", a) }

// IsCipher (PSA_ALG_IS_CIPHER).
func (a Algorithm) IsCipher() bool { return is("PSA_ALG_IS_CIPHER", a) }

// IsStreamCipher reports whether the plaintext may be of any length (PSA_ALG_IS_STREAM_CIPHER).
func (a Algorithm) IsStreamCipher() bool { return is("PSA_ALG_IS_STREAM_CIPHER", a) }

// IsAEAD (PSA_ALG_IS_AEAD).
func (a Algorithm) IsAEAD() bool { return is("PSA_ALG_IS_AEAD", a) }

// IsAEADOnBlockCipher (PSA_ALG_IS_AEAD_ON_BLOCK_CIPHER).
func (a Algorithm) IsAEADOnBlockCipher() bool { return is("PSA_ALG_IS_AEAD_ON_BLOCK_CIPHER", a) }

// IsSign (PSA_ALG_IS_SIGN).
func (a Algorithm) IsSign() bool { return is("PSA_ALG_IS_SIGN", a) }

// IsSignHash (PSA_ALG_IS_SIGN_HASH).
func (a Algorithm) IsSignHash() bool { return is("PSA_ALG_IS_SIGN_HASH", a) }

// IsSignMessage (PSA_ALG_IS_SIGN_MESSAGE).
func (a Algorithm) IsSignMessage() bool { return is("PSA_ALG_IS_SIGN_MESSAGE", a) }

// IsHashAndSign (PSA_ALG_IS_HASH_AND_SIGN).
func (a Algorithm) IsHashAndSign() bool { return is("PSA_ALG_IS_HASH_AND_SIGN", a) }

// IsRSAPKCS1v15Sign (PSA_ALG_IS_RSA_PKCS1V15_SIGN).
func (a Algorithm) IsRSAPKCS1v15Sign() bool { return is("PSA_ALG_IS_RSA_PKCS1V15_SIGN", a) }

// IsRSAPSS (PSA_ALG_IS_RSA_PSS).
func (a Algorithm) IsRSAPSS() bool { return is("PSA_ALG_IS_RSA_PSS", a) }

// IsRSAPSSStandardSalt (PSA_ALG_IS_RSA_PSS_STANDARD_SALT).
func (a Algorithm) IsRSAPSSStandardSalt() bool { return is("PSA_ALG_IS_RSA_PSS_STANDARD_SALT", a) }

// IsRSAPSSAnySalt (PSA_ALG_IS_RSA_PSS_ANY_SALT).
func (a Algorithm) IsRSAPSSAnySalt() bool { return is("PSA_ALG_IS_RSA_PSS_ANY_SALT", a) }

// IsDSA (PSA_ALG_IS_DSA).
func (a Algorithm) IsDSA() bool { return is("PSA_ALG_IS_DSA", a) }

// IsDeterministicDSA (PSA_ALG_IS_DETERMINISTIC_DSA).
func (a Algorithm) IsDeterministicDSA() bool { return is("PSA_ALG_IS_DETERMINISTIC_DSA", a) }

// IsRandomizedDSA (PSA_ALG_IS_RANDOMIZED_DSA).
func (a Algorithm) IsRandomizedDSA() bool { return is("PSA_ALG_IS_RANDOMIZED_DSA", a) }

// IsECDSA (PSA_ALG_IS_ECDSA).
func (a Algorithm) IsECDSA() bool { return is("PSA_ALG_IS_ECDSA", a) }

// IsDeterministicECDSA (PSA_ALG_IS_DETERMINISTIC_ECDSA).
func (a Algorithm) IsDeterministicECDSA() bool { return is("PSA_ALG_IS_DETERMINISTIC_ECDSA", a) }

// IsRandomizedECDSA (PSA_ALG_IS_RANDOMIZED_ECDSA).
func (a Algorithm) IsRandomizedECDSA() bool { return is("PSA_ALG_IS_RANDOMIZED_ECDSA", a) }

// IsHashEdDSA (PSA_ALG_IS_HASH_EDDSA).
func (a Algorithm) IsHashEdDSA() bool { return is("PSA_ALG_IS_HASH_EDDSA", a) }

// IsAsymmetricEncryption (PSA_ALG_IS_ASYMMETRIC_ENCRYPTION).
func (a Algorithm) IsAsymmetricEncryption() bool { return is("PSA_ALG_IS_ASYMMETRIC_ENCRYPTION", a) }

// IsRSAOAEP (PSA_ALG_IS_RSA_OAEP).
func (a Algorithm) IsRSAOAEP() bool { return is("PSA_ALG_IS_RSA_OAEP", a) }

// IsKeyDerivation (PSA_ALG_IS_KEY_DERIVATION).
func (a Algorithm) IsKeyDerivation() bool { return is("PSA_ALG_IS_KEY_DERIVATION", a) }

// IsKeyDerivationStretching reports whether it is slow on purpose, for passwords (PSA_ALG_IS_KEY_DERIVATION_STRETCHING).
func (a Algorithm) IsKeyDerivationStretching() bool {
	return is("PSA_ALG_IS_KEY_DERIVATION_STRETCHING", a)
}

// IsHKDF (PSA_ALG_IS_HKDF).
func (a Algorithm) IsHKDF() bool { return is("PSA_ALG_IS_HKDF", a) }

// IsHKDFExtract (PSA_ALG_IS_HKDF_EXTRACT).
func (a Algorithm) IsHKDFExtract() bool { return is("PSA_ALG_IS_HKDF_EXTRACT", a) }

// IsHKDFExpand (PSA_ALG_IS_HKDF_EXPAND).
func (a Algorithm) IsHKDFExpand() bool { return is("PSA_ALG_IS_HKDF_EXPAND", a) }

// IsAnyHKDF (PSA_ALG_IS_ANY_HKDF).
func (a Algorithm) IsAnyHKDF() bool { return is("PSA_ALG_IS_ANY_HKDF", a) }

// IsTLS12PRF (PSA_ALG_IS_TLS12_PRF).
func (a Algorithm) IsTLS12PRF() bool { return is("PSA_ALG_IS_TLS12_PRF", a) }

// IsTLS12PSKToMS (PSA_ALG_IS_TLS12_PSK_TO_MS).
func (a Algorithm) IsTLS12PSKToMS() bool { return is("PSA_ALG_IS_TLS12_PSK_TO_MS", a) }

// IsPBKDF2HMAC (PSA_ALG_IS_PBKDF2_HMAC).
func (a Algorithm) IsPBKDF2HMAC() bool { return is("PSA_ALG_IS_PBKDF2_HMAC", a) }

// IsPBKDF2 (PSA_ALG_IS_PBKDF2).
func (a Algorithm) IsPBKDF2() bool { return is("PSA_ALG_IS_PBKDF2", a) }

// IsKeyAgreement (PSA_ALG_IS_KEY_AGREEMENT).
func (a Algorithm) IsKeyAgreement() bool { return is("PSA_ALG_IS_KEY_AGREEMENT", a) }

// IsRawKeyAgreement (PSA_ALG_IS_RAW_KEY_AGREEMENT).
func (a Algorithm) IsRawKeyAgreement() bool { return is("PSA_ALG_IS_RAW_KEY_AGREEMENT", a) }

// IsKeyDerivationOrAgreement (PSA_ALG_IS_KEY_DERIVATION_OR_AGREEMENT).
func (a Algorithm) IsKeyDerivationOrAgreement() bool {
	return is("PSA_ALG_IS_KEY_DERIVATION_OR_AGREEMENT", a)
}

// IsFFDH (PSA_ALG_IS_FFDH).
func (a Algorithm) IsFFDH() bool { return is("PSA_ALG_IS_FFDH", a) }

// IsECDH (PSA_ALG_IS_ECDH).
func (a Algorithm) IsECDH() bool { return is("PSA_ALG_IS_ECDH", a) }

// IsPAKE (PSA_ALG_IS_PAKE).
func (a Algorithm) IsPAKE() bool { return is("PSA_ALG_IS_PAKE", a) }

// IsWildcard reports whether it is for policies only (PSA_ALG_IS_WILDCARD).
func (a Algorithm) IsWildcard() bool { return is("PSA_ALG_IS_WILDCARD", a) }

// Hash is the hash inside of any algorithm that has one (PSA_ALG_GET_HASH).
func (a Algorithm) Hash() Algorithm { return macro[Algorithm]("PSA_ALG_GET_HASH", a) }

// SignHash is the hash of a signature (PSA_ALG_SIGN_GET_HASH).
func (a Algorithm) SignHash() Algorithm { return macro[Algorithm]("PSA_ALG_SIGN_GET_HASH", a) }

// HMACHash is the hash of an HMAC (PSA_ALG_HMAC_GET_HASH).
func (a Algorithm) HMACHash() Algorithm { return macro[Algorithm]("PSA_ALG_HMAC_GET_HASH", a) }

// OAEPHash is the hash of OAEP (PSA_ALG_RSA_OAEP_GET_HASH).
func (a Algorithm) OAEPHash() Algorithm { return macro[Algorithm]("PSA_ALG_RSA_OAEP_GET_HASH", a) }

// HKDFHash is the hash of HKDF (PSA_ALG_HKDF_GET_HASH).
func (a Algorithm) HKDFHash() Algorithm { return macro[Algorithm]("PSA_ALG_HKDF_GET_HASH", a) }

// TLS12PRFHash is the hash of the PRF (PSA_ALG_TLS12_PRF_GET_HASH).
func (a Algorithm) TLS12PRFHash() Algorithm { return macro[Algorithm]("PSA_ALG_TLS12_PRF_GET_HASH", a) }

// TLS12PSKToMSHash is the hash of that (PSA_ALG_TLS12_PSK_TO_MS_GET_HASH).
func (a Algorithm) TLS12PSKToMSHash() Algorithm {
	return macro[Algorithm]("PSA_ALG_TLS12_PSK_TO_MS_GET_HASH", a)
}

// PBKDF2HMACHash is the hash of PBKDF2 (PSA_ALG_PBKDF2_HMAC_GET_HASH).
func (a Algorithm) PBKDF2HMACHash() Algorithm {
	return macro[Algorithm]("PSA_ALG_PBKDF2_HMAC_GET_HASH", a)
}

// FullLengthMAC is the MAC that is not truncated (PSA_ALG_FULL_LENGTH_MAC).
func (a Algorithm) FullLengthMAC() Algorithm { return macro[Algorithm]("PSA_ALG_FULL_LENGTH_MAC", a) }

// DefaultLengthTag is the AEAD whose tag is of the usual length (PSA_ALG_AEAD_WITH_DEFAULT_LENGTH_TAG).
func (a Algorithm) DefaultLengthTag() Algorithm {
	return macro[Algorithm]("PSA_ALG_AEAD_WITH_DEFAULT_LENGTH_TAG", a)
}

// KDF is the derivation of a key agreement (PSA_ALG_KEY_AGREEMENT_GET_KDF).
func (a Algorithm) KDF() Algorithm { return macro[Algorithm]("PSA_ALG_KEY_AGREEMENT_GET_KDF", a) }

// Agreement is the key agreement itself (PSA_ALG_KEY_AGREEMENT_GET_BASE).
func (a Algorithm) Agreement() Algorithm {
	return macro[Algorithm]("PSA_ALG_KEY_AGREEMENT_GET_BASE", a)
}

// TruncatedLength is how many bytes of the MAC are used; 0 is all (PSA_MAC_TRUNCATED_LENGTH).
func (a Algorithm) TruncatedLength() int { return macro[int]("PSA_MAC_TRUNCATED_LENGTH", a) }

// TagLength is the tag's length in bytes, which the algorithm says (PSA_ALG_AEAD_GET_TAG_LENGTH).
func (a Algorithm) TagLength() int { return macro[int]("PSA_ALG_AEAD_GET_TAG_LENGTH", a) }

// HashLength is the length of a hash in bytes, also of the one inside; 0 if it is not known (PSA_HASH_LENGTH).
func (a Algorithm) HashLength() int { return macro[int]("PSA_HASH_LENGTH", a) }

// HashBlockLength is the length of the hash's input blocks in bytes (PSA_HASH_BLOCK_LENGTH).
func (a Algorithm) HashBlockLength() int { return macro[int]("PSA_HASH_BLOCK_LENGTH", a) }
