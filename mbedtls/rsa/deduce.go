package rsa

import (
	"io"
	"math/big"

	"github.com/gombedtls/gombedtls/cbridge"
)

// DeducePrimes finds the primes of a modulus, given both exponents. Numbers that cannot be those of a key are
// ErrMPIBadInputData (mbedtls_rsa_deduce_primes).
func DeducePrimes(n, e, d *big.Int) (p, q *big.Int, err error) {
	return cbridge.DeduceRSAPrimes(n, e, d)
}

// DeducePrivateExponent finds the private exponent, given the primes and the public exponent. It is ErrMPINotAcceptable
// where there is none (mbedtls_rsa_deduce_private_exponent).
func DeducePrivateExponent(p, q, e *big.Int) (*big.Int, error) {
	return cbridge.DeduceRSAPrivateExponent(p, q, e)
}

// DeduceCRT finds D modulo P-1 and Q-1, and the inverse of Q modulo P (mbedtls_rsa_deduce_crt).
func DeduceCRT(p, q, d *big.Int) (dp, dq, qp *big.Int, err error) {
	return cbridge.DeduceRSACRT(p, q, d)
}

// Validate returns nil if the numbers that are there fit each other, else ErrRSAKeyCheckFailed. With primes, P and Q must
// also be prime, with all but certainty, for which numbers of random are drawn (mbedtls_rsa_validate_params).
func (n Numbers) Validate(random io.Reader, primes bool) error {
	return cbridge.ValidateRSAParams(random, primes, cbridge.RSANumbers(n))
}

// ValidateCRT returns nil if the numbers that are not nil fit each other as [Key.CRT] says, else ErrRSAKeyCheckFailed
// (mbedtls_rsa_validate_crt).
func ValidateCRT(p, q, d, dp, dq, qp *big.Int) error {
	return cbridge.ValidateRSACRT(p, q, d, dp, dq, qp)
}
