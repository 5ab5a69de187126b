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
	paddedKey       difference = "a private key with more or fewer bytes than the order has"
	compressedPoint difference = "a compressed point"
)

// differences has the reason for each: it is all that is known to differ.
var differences = map[difference]string{
	highTag:         "Mbed TLS reads one identifier octet; so does cryptobyte, which refuses the form that has more",
	longLength:      "Mbed TLS takes BER's forms of a length, DER has but the shortest",
	trueIsNotOnes:   "DER has FF for true, and Mbed TLS takes any value",
	negativeInteger: "Mbed TLS has no negative numbers here, and takes the contents for an unsigned one",
	emptyInteger:    "Mbed TLS takes it for 0, since some encoders write keys as bit strings do",
	paddedInteger:   "Mbed TLS skips zeros at the front",
	paddedKey:       "Mbed TLS reads a private key of any length, crypto/ecdh one of the right length",
	compressedPoint: "crypto/ecdh reads uncompressed points only",
}

// explained is for the place where a target finds that the two differ: it takes a row of the table.
func explained(d difference) {
	if differences[d] == "" {
		panic("no row of the table explains the difference: " + string(d))
	}
}
