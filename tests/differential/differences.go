package differential

// difference is a reason why Mbed TLS and the standard library need not agree.
type difference string

// What fuzz targets look away from, by module.
const (
	// ASN.1
	highTag         difference = "a tag number above 30"
	longLength      difference = "a length with more octets than it needs"
	trueIsNotOnes   difference = "a BOOLEAN that is neither 00 nor FF"
	negativeInteger difference = "an INTEGER below 0"
	emptyInteger    difference = "an INTEGER without contents"
	paddedInteger   difference = "an INTEGER with more octets than it needs"
	// Numbers and curves
	powerModOne     difference = "x^0 mod 1"
	powerOfNegative difference = "an odd power of a negative number that the modulus divides"
	paddedKey       difference = "a private key with more or fewer bytes than the order has"
	compressedPoint difference = "a compressed point"

	// Keys
	onlyStandardRefuses difference = "a private key that the standard library does not take"
	newerPKCS8          difference = "a key of PKCS #8 with attributes, of version 2, or with bytes behind it"
	otherRSAKey         difference = "an RSA key that only the standard library takes"

	// X.509
	negativeSerial  difference = "a serial number below 0"
	otherProfile    difference = "a certificate with an algorithm that Mbed TLS's default profile does not allow"
	laxVerification difference = "a certificate that is signed, and that only Mbed TLS takes"
	oldSignature    difference = "a request with a signature of MD5 or SHA-1"
)

// differences has the reason for each: it is all that is known to differ.
var differences = map[difference]string{
	highTag:         "Mbed TLS reads one identifier octet; so does cryptobyte, which refuses the form that has more",
	longLength:      "Mbed TLS takes BER's forms of a length, DER has but the shortest",
	trueIsNotOnes:   "DER has FF for true, and Mbed TLS takes any value",
	negativeInteger: "Mbed TLS has no negative numbers here, and takes the contents for an unsigned one",
	emptyInteger:    "Mbed TLS takes it for 0, since some encoders write keys as bit strings do",
	paddedInteger:   "Mbed TLS skips zeros at the front",
	powerModOne:     "Mbed TLS gives 1 for an exponent without limbs, and does not look at the modulus",
	powerOfNegative: "Mbed TLS gives the modulus instead of 0, and its tests want it so",
	paddedKey:       "Mbed TLS reads a private key of any length, crypto/ecdh one of the right length",
	compressedPoint: "crypto/ecdh reads uncompressed points only",

	onlyStandardRefuses: "Mbed TLS reads SEC 1, PKCS #1 and encrypted keys by the same function, more curves, and more of BER",
	newerPKCS8:          "Mbed TLS takes nothing behind the key, and version 1 alone; the standard library skips what is there",
	otherRSAKey:         "Mbed TLS has two primes, computes what the key has not, and checks other things of it",

	negativeSerial: "Mbed TLS keeps the bytes, which stand for no number to it",
	otherProfile:   "the standard library asks for RSA of 1024 bits, Mbed TLS for 2048; it allows fewer hashes and curves",
	laxVerification: "Mbed TLS does not look at name constraints, policies and purposes in a chain, compares names without " +
		"regard to case and kind of string, and takes a root for a CA by its flag alone",
	oldSignature: "the standard library refuses them; Mbed TLS has profiles for that, which are for chains",
}

// explained is for the place where a target finds that the two differ: it takes a row of the table.
func explained(d difference) {
	if differences[d] == "" {
		panic("no row of the table explains the difference: " + string(d))
	}
}
