package differential

import "github.com/gombedtls/gombedtls/cbridge"

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
	otherOID        difference = "an OBJECT IDENTIFIER that is not well formed, or has numbers above 31 bits"
	paddedBits      difference = "a BIT STRING with bits that do not count, and are not 0"
	otherTime       difference = "a time without Z"

	// Numbers and curves
	powerModOne     difference = "x^0 mod 1"
	powerOfNegative difference = "an odd power of a negative number that the modulus divides"
	paddedKey       difference = "a private key with more or fewer bytes than the order has"
	compressedPoint difference = "a compressed point"

	// Keys
	pemKey          difference = "a key in PEM"
	otherCurve      difference = "a key on a curve that crypto/x509 does not have"
	specifiedCurve  difference = "a key on a curve that is given by its numbers"
	dhIdentifier    difference = "a key for ECDH alone"
	emptyParameters difference = "an algorithm with two zeros for its parameters"
	uncheckedRSAKey difference = "an RSA key with numbers that do not belong together, or an exponent above 31 bits"
	otherECKey      difference = "an ECPrivateKey with other fields than RFC 5915 says, or with those of another key"
	newerPKCS8      difference = "a key of PKCS #8 with attributes, of version 2, or with bytes behind it"
	otherParameters difference = "an RSA key of which the algorithm has parameters"
	otherRSAKey     difference = "an RSA key without CRT, with more primes, or of a size that only the standard library takes"
	edwardsKey      difference = "a key for Ed25519"

	// X.509
	negativeSerial     difference = "a serial number below 0"
	taggedSerial       difference = "a serial number with the tag [2]"
	trailingData       difference = "bytes behind a certificate"
	uniqueIDs          difference = "a certificate with constructed unique identifiers"
	otherName          difference = "a name with a string that is not of its type"
	constructedName    difference = "another name of the subject that is a constructed string"
	otherAltName       difference = "another name of the subject that is no name of its kind"
	withoutNull        difference = "an RSA key of which the algorithm has no NULL"
	largeExponent      difference = "an RSA key with an exponent above 63 bits"
	duplicateExtension difference = "an extension that is there twice"
	undecodedExtension difference = "an extension that Mbed TLS does not decode"
	crlExtension       difference = "an extension of a revocation list"
	firstVersionCRL    difference = "a revocation list of version 1"
	unknownSignature   difference = "a signature by an algorithm that Mbed TLS does not have"
	unknownKey         difference = "a public key of a kind that Mbed TLS does not have"
	uncheckedPublicKey difference = "a public key that Mbed TLS does not take"
	strictExtension    difference = "an extension that is critical and unknown to Mbed TLS, or has other contents than it wants"
	strictDirectory    difference = "a directory name among the subject's other names that is none"
	strictAddress      difference = "an issuer's name, or a constructed one, that is an IP address of another length"
	truncatedTime      difference = "a revocation list that ends within the time of the next"
	strictName         difference = "a name that is empty, or of strings that Mbed TLS does not have"
	strictTime         difference = "a time with a zone or without seconds"
	strictFormat       difference = "fields with bytes behind them"
	strictAlgorithm    difference = "a signature algorithm with other parameters than Mbed TLS wants"
	strictKey          difference = "a key's algorithm with several parameters"
	longEntry          difference = "an entry of a revocation list with something behind its fields"
	algorithmTag       difference = "a revocation list with two algorithms that differ in the tag of the parameters"
	longRequest        difference = "a request with something behind its attributes"
	withoutVersion     difference = "a request without a version"
	strictVersion      difference = "a request of another version"
	unusedBits         difference = "a signature with bits that do not count"
	otherProfile       difference = "a certificate with an algorithm that Mbed TLS's default profile does not allow"
	laxVerification    difference = "a certificate that is signed, and that only Mbed TLS takes"
	oldSignature       difference = "a request with a signature of MD5 or SHA-1"
)

// The rows that may explain what only one side takes, by what is read. The first that holds does.
var (
	derRows = []difference{
		highTag, longLength, trueIsNotOnes, emptyInteger, paddedInteger, negativeInteger, otherOID, paddedBits, otherTime,
	}
	signatureRows = []difference{longLength, paddedInteger, negativeInteger}
	keyRows       = append([]difference{
		pemKey, newerPKCS8, edwardsKey, otherCurve, specifiedCurve, dhIdentifier, emptyParameters, uncheckedRSAKey, otherRSAKey,
		otherParameters, otherECKey,
	}, derRows...)
	subjectRows = append([]difference{
		otherName, otherAltName, otherCurve, specifiedCurve, compressedPoint, withoutNull, largeExponent, duplicateExtension,
		undecodedExtension, unknownSignature, unknownKey, uncheckedPublicKey, strictExtension, strictDirectory,
		strictAddress, strictName, strictTime, strictFormat, strictAlgorithm, strictKey, unusedBits, emptyParameters,
	}, derRows...)
	certificateRows = append([]difference{negativeSerial, taggedSerial}, subjectRows...)
	requestRows     = append([]difference{longRequest, withoutVersion, strictVersion}, subjectRows...)
	crlRows         = append([]difference{
		longEntry, truncatedTime, algorithmTag, taggedSerial, otherName, firstVersionCRL, crlExtension, unknownSignature,
		strictExtension, strictName, strictTime, strictFormat, strictAlgorithm, unusedBits, emptyParameters,
	}, derRows...)
)

// row is why two results may differ, and what must be so of an input that only one side takes. Rows without a condition are
// for places that check by themselves.
type row struct {
	reason string
	holds  predicate
}

// differences is all that is known to differ.
var differences map[difference]row

func init() {
	differences = map[difference]row{
		highTag: {"Mbed TLS reads one identifier octet; so does cryptobyte, which refuses the form that has more",
			inElement(isHighTag)},
		longLength:    {"Mbed TLS takes BER's forms of a length, DER has but the shortest", inElement(isLong)},
		trueIsNotOnes: {"DER has FF for true, and Mbed TLS takes any value", inElement(isOtherTrue)},
		negativeInteger: {"Mbed TLS has no negative numbers here, and takes the contents for an unsigned one",
			inElement(isNegativeInteger)},
		emptyInteger: {"Mbed TLS takes it for 0, since some encoders write keys as bit strings do",
			inElement(isEmptyInteger)},
		paddedInteger: {"Mbed TLS skips zeros at the front", inElement(isPaddedInteger)},
		otherOID: {"Mbed TLS compares the contents, and decodes none; the standard library's numbers are of 31 bits",
			inElement(isOtherOID)},
		paddedBits: {"DER has zeros there, and Mbed TLS does not look", inElement(isPaddedBits)},
		otherTime:  {"Mbed TLS takes times without Z", inElement(isOtherTime)},

		powerModOne:     {"Mbed TLS gives 1 for an exponent without limbs, and does not look at the modulus", nil},
		powerOfNegative: {"Mbed TLS gives the modulus instead of 0, and its tests want it so", nil},
		paddedKey:       {"Mbed TLS reads a private key of any length, crypto/ecdh one of the right length", nil},
		compressedPoint: {"crypto/ecdh and crypto/x509 read uncompressed points only",
			mbedTakes(`invalid uncompressed public key`, hasCompressedPoint)},

		pemKey: {"mbedtls_pk_parse_key reads PEM, too, which a zero ends", mbedTakes(``, isPEM)},
		otherCurve: {"crypto/x509 has P-224 to P-521 and X25519, Mbed TLS more",
			mbedTakes(`(unknown|unsupported) elliptic curve|unknown algorithm: 1\.3\.101\.111`, onOtherCurve)},
		specifiedCurve: {"Mbed TLS compares the numbers with those of its curves",
			mbedTakes(`curve|ECDSA parameters|asn1:`, onSpecifiedCurve)},
		dhIdentifier: {"Mbed TLS has id-ecDH (RFC 5480), crypto/x509 does not",
			mbedTakes(`unknown algorithm`, isKeyOf(idECDH))},
		emptyParameters: {"Mbed TLS takes a tag and a length of zero for no parameters",
			mbedTakes(``, hasAlgorithm(isZeroTag, append(keyAlgorithms, mbedSignatures...)...))},
		uncheckedRSAKey: {"Mbed TLS checks a key's numbers when it is used, crypto/rsa when it is read; exponents have 31 bits",
			mbedTakes(``, isUncheckedRSAKey)},
		otherECKey: {"each reads some of the fields: Mbed TLS the inner curve and the public key, crypto/x509 that of PKCS #8; " +
			"Mbed TLS does not look at what follows, and crypto/x509 computes the public key",
			func(d oneSided) bool { return isOtherECKey(d.input) }},
		newerPKCS8: {"Mbed TLS takes nothing behind the key, and version 1 alone; the standard library skips what is there",
			stdTakes(isNewerPKCS8, cbridge.ErrPKKeyInvalidFormat)},
		otherParameters: {"Mbed TLS takes NULL or none, and crypto/x509 does not look",
			stdTakes(hasOtherParameters, cbridge.ErrPKKeyInvalidFormat)},
		otherRSAKey: {"Mbed TLS has two primes, wants all numbers of version 0, and moduli from 128 to 8192 bits",
			stdTakes(isOtherRSAKey, cbridge.ErrPKKeyInvalidFormat)},
		edwardsKey: {"Mbed TLS does not have Ed25519", stdTakes(isKeyOf(idEd25519), cbridge.ErrPKKeyInvalidFormat)},

		negativeSerial: {"Mbed TLS keeps the bytes, which stand for no number to it; crypto/x509 refuses them in certificates",
			mbedTakes(`negative serial number`, func(b []byte) bool { return has(b, isNegativeInteger) })},
		taggedSerial: {"Mbed TLS takes that tag, too", mbedTakes(`malformed serial number`, hasTaggedSerial)},
		trailingData: {"Mbed TLS reads one certificate, and leaves what follows", nil},
		uniqueIDs: {"Mbed TLS reads them as constructed; crypto/x509 skips primitive ones, and ends at what it does not know",
			nil},
		otherName: {"Mbed TLS keeps the bytes of names, and takes BIT STRING and UniversalString, too",
			mbedTakes(`RDNSequence: invalid attribute value|contains invalid character|invalid (UTF-8 s|BMPS)tring`, whatever)},
		constructedName: {"Mbed TLS looks at the number of a name's tag, crypto/x509 also at the bit for constructed ones", nil},
		otherAltName: {"Mbed TLS keeps the bytes, and does not look whether they are ASCII, a URI or an address",
			mbedTakes(`SAN .* malformed|cannot parse (URI|IP address)`, whatever)},
		withoutNull: {"Mbed TLS takes keys without it",
			mbedTakes(`RSA key missing NULL parameters`, hasAlgorithm(isNotNull, idRSA))},
		largeExponent:      {"Go has an int for it", mbedTakes(`invalid RSA public exponent`, hasLargeExponent)},
		duplicateExtension: {"Mbed TLS refuses only those twice that it knows", mbedTakes(`duplicate`, whatever)},
		undecodedExtension: {"crypto/x509 decodes these, and Mbed TLS skips them, or reads of policies only the outline",
			mbedTakes(`CRL distribution point|[cC]onstraint|policy|policies|authority info access|marked critical`, whatever)},
		crlExtension: {"crypto/x509 decodes these, and Mbed TLS reads of extensions of lists only the outline",
			mbedTakes(`authority key identifier|crl number|reasonCode|malformed extension`, whatever)},
		firstVersionCRL: {"crypto/x509 reads version 2 only", mbedTakes(`unsupported crl version`, isFirstVersionCRL)},
		unknownSignature: {"Mbed TLS refuses what it cannot verify",
			stdTakes(isOtherSignature, cbridge.ErrX509UnknownSigAlg)},
		unknownKey: {"Mbed TLS refuses keys that it cannot use; crypto/x509 leaves the field empty",
			stdTakes(hasKey(isOtherKind), cbridge.ErrPKUnknownPKAlg)},
		uncheckedPublicKey: {"Mbed TLS checks sizes, parity and bytes behind a key, crypto/x509 only the signs",
			stdTakes(whatever, cbridge.ErrPKInvalidPubkey)},
		strictExtension: {"Mbed TLS refuses unknown ones that are critical, bytes behind the contents, and a number without cA",
			stdTakes(whatever, cbridge.ErrX509InvalidExtensions, cbridge.ErrX509FeatureUnavailable)},
		strictDirectory: {"Mbed TLS decodes them, crypto/x509 does not", stdTakes(func(b []byte) bool {
			return has(b, func(e element) bool { return e.tag == 0xa4 })
		}, cbridge.ErrASN1UnexpectedTag, cbridge.ErrASN1LengthMismatch, cbridge.ErrASN1OutOfData, cbridge.ErrASN1InvalidLength)},
		strictAddress: {"Mbed TLS decodes these, crypto/x509 does not", stdTakes(hasOtherAddress, cbridge.ErrX509BadInputData)},
		truncatedTime: {"Mbed TLS takes that for a list without such a time", mbedTakes(`malformed .*Time`, isTruncated)},
		strictName: {"Mbed TLS wants an attribute in each set, one value in each attribute, and does not have NumericString",
			stdTakes(whatever, cbridge.ErrX509InvalidName)},
		strictTime: {"Mbed TLS has neither zones nor times without seconds, and takes nothing behind the second time",
			stdTakes(whatever, cbridge.ErrX509InvalidDate)},
		strictFormat: {"Mbed TLS takes nothing behind the fields, of which crypto/x509 reads those that it knows",
			stdTakes(whatever, cbridge.ErrX509InvalidFormat+cbridge.ErrASN1LengthMismatch)},
		strictAlgorithm: {"Mbed TLS wants NULL or none, and those of PSS that it has",
			stdTakes(whatever, cbridge.ErrX509InvalidAlg)},
		strictKey: {"Mbed TLS takes nothing behind them", stdTakes(hasKey(isSeveral), cbridge.ErrPKInvalidAlg)},
		longEntry: {"crypto/x509 skips it, and Mbed TLS takes it for the next entry",
			stdTakes(hasLongEntry, cbridge.ErrASN1UnexpectedTag, cbridge.ErrX509InvalidSerial, cbridge.ErrX509InvalidDate)},
		algorithmTag: {"Mbed TLS compares in lists the contents, and not the tags",
			mbedTakes(`don't match`, hasOtherAlgorithmTag)},
		longRequest: {"crypto/x509 skips it, and Mbed TLS reads on there: it does not look where what is signed ends",
			func(d oneSided) bool { return isLongRequest(d.input) }},
		withoutVersion: {"Mbed TLS takes it for version 1", mbedTakes(`tags don't match`, isWithoutVersion)},
		strictVersion: {"Mbed TLS takes version 1, and crypto/x509 any number",
			stdTakes(isOtherVersion, cbridge.ErrX509UnknownVersion, cbridge.ErrX509InvalidVersion)},
		unusedBits: {"Mbed TLS wants whole bytes; crypto/x509 shifts them",
			stdTakes(hasUnusedBits, cbridge.ErrX509InvalidSignature)},
		otherProfile: {"the standard library asks for RSA of 1024 bits, Mbed TLS for 2048; it allows fewer hashes and curves",
			nil},
		laxVerification: {"Mbed TLS does not look at name constraints, policies and purposes in a chain, compares names without " +
			"regard to case and kind of string, and takes a root for a CA by its flag alone", nil},
		oldSignature: {"the standard library refuses them; Mbed TLS has profiles for that, which are for chains", nil},
	}
}

// explained is for the place where a target finds that the two differ, and has checked how: it takes a row of the table.
func explained(d difference) {
	if differences[d].reason == "" {
		panic("no row of the table explains the difference: " + string(d))
	}
}
