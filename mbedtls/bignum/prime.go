package bignum

import (
	"io"

	"github.com/gombedtls/gombedtls/cbridge"
)

// Randomness of all functions: nil and [crypto/rand.Reader] are the library's own generator, seeded by the system. An error
// of another reader comes back as the cause of theirs.

// FillRandom makes z a number of size random bytes, in big-endian order (mbedtls_mpi_fill_random).
func (z *Int) FillRandom(size int, random io.Reader) error {
	return z.set(func(m *cbridge.MPI) error { return m.FillRandom(size, random) })
}

// Random makes z a number from low to n-1, each with the same probability: ErrMPIBadInputData if low is negative, or n not
// more than that, or n is z; ErrMPINotAcceptable if the reader yields no such number in many attempts (mbedtls_mpi_random).
func (z *Int) Random(low int64, n *Int, random io.Reader) error {
	return z.set(func(m *cbridge.MPI) error { return m.Random(low, n.Operand(), random) })
}

// CheckPrime is nil if |x| is prime: with that many rounds of Miller and Rabin's test, a composite number passes with a
// probability of at most 4^-rounds. Of one that is not prime the error is ErrMPINotAcceptable, and of a negative number of
// rounds, ErrMPIBadInputData (mbedtls_mpi_is_prime_ext).
func (x *Int) CheckPrime(rounds int, random io.Reader) error {
	return x.Operand().IsPrime(rounds, random)
}

// PrimeFlags say which primes are wanted; they can be added.
type PrimeFlags int

// Flags of GenPrime.
const (
	SafePrime PrimeFlags = cbridge.GenPrimeDH     // (z-1)/2 is prime, too: for Diffie and Hellman's exchange
	LowError  PrimeFlags = cbridge.GenPrimeLowErr // a composite number passes with a probability of 2^-128 instead of 2^-80
)

// GenPrime makes z a prime of the number of bits, 3 to MaxBits, else ErrMPIBadInputData; a safe one can have one more
// (mbedtls_mpi_gen_prime). It does not end if a reader repeats numbers that are not prime for ever.
func (z *Int) GenPrime(bits int, flags PrimeFlags, random io.Reader) error {
	return z.set(func(m *cbridge.MPI) error { return m.GenPrime(bits, int(flags), random) })
}
