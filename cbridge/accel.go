package cbridge

// #include "accel.h"
import "C"

import (
	"crypto/fips140"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/cpu"
)

// Accel is a set of families of primitives that Go's assembly computes in the place of the library's C. The TLS engine
// is the library's either way, and so is every case that the accelerated code does not know: other curves, other tag
// lengths, operations in several parts, restartable ones. Results and error codes are the same.
type Accel uint32

// The families.
const (
	AccelAESGCM     Accel = C.GM_ACCEL_AES_GCM
	AccelChaChaPoly Accel = C.GM_ACCEL_CHACHAPOLY
	AccelECC        Accel = C.GM_ACCEL_ECC // P-256, P-384, P-521: ECDH and ECDSA
	AccelX25519     Accel = C.GM_ACCEL_X25519
	AccelRSA        Accel = C.GM_ACCEL_RSA
	AccelHash       Accel = C.GM_ACCEL_HASH
)

var accelNames = []struct {
	family Accel
	name   string
}{
	{AccelAESGCM, "aes-gcm"},
	{AccelChaChaPoly, "chacha20-poly1305"},
	{AccelECC, "ecc"},
	{AccelX25519, "x25519"},
	{AccelRSA, "rsa"},
	{AccelHash, "hash"},
}

// Names are the families of a, in a fixed order.
func (a Accel) Names() (names []string) {
	for _, n := range accelNames {
		if a&n.family != 0 {
			names = append(names, n.name)
		}
	}
	return names
}

// String is a list of families, as MBEDTLS_ACCEL has it, or "off".
func (a Accel) String() string {
	if a == 0 {
		return "off"
	}
	return strings.Join(a.Names(), ",")
}

// AvailableAcceleration is what this build has and this processor has the instructions for: nothing with the tag
// mbedtls_noaccel. In Go's FIPS 140-3 mode it is nothing either: the Go of that mode refuses part of this.
func AvailableAcceleration() Accel {
	if fips140.Enabled() {
		return 0
	}
	x86, arm := &cpu.X86, &cpu.ARM64
	a := accelBuilt
	for _, need := range []struct {
		family Accel
		met    bool
	}{
		// Without these, Go's own would be the portable one, which is neither fast nor in constant time.
		{AccelAESGCM, x86.HasAES && x86.HasPCLMULQDQ && x86.HasSSE41 || arm.HasAES && arm.HasPMULL},
		// Without these, it is no faster than the library.
		{AccelChaChaPoly, x86.HasAVX2 && x86.HasBMI2 || arm.HasASIMD},
		{AccelHash, C.gm_cpu_has_sha() != 0 && x86.HasAVX2 && x86.HasBMI2 || arm.HasSHA1 && arm.HasSHA2 && arm.HasSHA512},
	} {
		if !need.met {
			a &^= need.family
		}
	}
	return a
}

// SetAcceleration chooses the families that are on, of those that are available; calls that are under way go on as
// they began. The first use of the package sets them from the environment variable MBEDTLS_ACCEL: "off", "on" (the
// default), or a list of families.
func SetAcceleration(a Accel) error {
	if err := initialize(); err != nil {
		return err
	}
	C.gm_accel_set(C.uint(a & AvailableAcceleration()))
	return nil
}

// Acceleration is the families that are on: none if the package cannot be used.
func Acceleration() Accel {
	if initialize() != nil {
		return 0
	}
	return Accel(C.gm_accel_get())
}

// SetExactRandomness makes accelerated operations draw the random numbers that the library would draw for blinding,
// though they need none. It is for tests that compare bytes with the library's: the numbers drawn next are then the same.
func SetExactRandomness(on bool) { C.gm_accel_set_exact(flag(on)) }

const accelVariable = "MBEDTLS_ACCEL"

// accelFromEnvironment is what the first use of the package turns on.
func accelFromEnvironment() (Accel, error) {
	value := os.Getenv(accelVariable)
	switch value {
	case "", "on":
		return AvailableAcceleration(), nil
	case "off":
		return 0, nil
	}
	var a Accel
next:
	for word := range strings.SplitSeq(value, ",") {
		for _, n := range accelNames {
			if n.name == word {
				a |= n.family
				continue next
			}
		}
		return 0, fmt.Errorf("%s=%q: %q is neither on nor off nor a family of %s", accelVariable, value, word, ^Accel(0))
	}
	return a & AvailableAcceleration(), nil
}
