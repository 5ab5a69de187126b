package upstream

import (
	"bytes"
	"crypto"
	"net/netip"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/oid"
	"github.com/gombedtls/gombedtls/mbedtls/x509"
)

func init() {
	register("x509write", functions{
		"x509_csr_check":        checkCSR,
		"x509_csr_check_opaque": checkOpaqueCSR,
		"x509_crt_check":        checkCRT,
		"x509_set_serial_check": func(t *suites.T) {
			w, err := cbridge.NewCrtWriter()
			t.Code("writer", err, 0)
			defer w.Close()
			const most = 20
			t.Code("serial", w.SetSerial(bytes.Repeat([]byte{1}, most+1)), int(cbridge.ErrX509BadInputData))
			t.Code("serial", w.SetSerial(bytes.Repeat([]byte{1}, most)), 0)
		},
		"mbedtls_x509_string_to_names": func(t *suites.T, text, want string, code, mayFail int) {
			const mayFailGetName, mayFailText = 1, 2
			names, err := cbridge.StringToNames(text)
			t.Code("names", err, code)
			if code != 0 {
				return
			}
			der, err := cbridge.WriteNames(names)
			t.Code("write", err, 0)
			name, err := x509.ParseRawName(der)
			if err != nil && mayFail&mayFailGetName != 0 {
				return
			}
			t.Code("parse", err, 0)
			got, err := name.Text()
			if err != nil && mayFail&mayFailText != 0 {
				return
			}
			t.Code("text", err, 0)
			t.Equal("name", got, want)
		},
	}, unmapped{
		"x509_set_extension_length_check": "a length of SIZE_MAX: the length of a Go slice is that of its memory",
	})
}

// altNames are those of the suite, in its order.
func altNames(t *suites.T, address, directory string) []cbridge.SAN {
	name, err := cbridge.StringToNames(directory)
	t.Code("directory name", err, 0)
	return []cbridge.SAN{
		{Type: int(x509.AltURI), Value: []byte("http://pki.example.com")},
		{Type: int(x509.AltIP), Value: netip.MustParseAddr(address).AsSlice()},
		{Type: int(x509.AltDirectoryName), Directory: name},
		{Type: int(x509.AltDNS), Value: []byte("example.com")},
		{Type: int(x509.AltEmail), Value: []byte("mail@example.com")},
	}
}

func readKey(t *suites.T, file, password string) *cbridge.PK {
	k, err := cbridge.ParseKey(readFile(t, file), []byte(password))
	t.Code("parse "+file, err, 0)
	return k
}

// room is what the suite gives the writers.
const room = 4096

func checkCSR(t *suites.T, keyFile, checkFile string, md int, usage byte, setUsage int, certType byte,
	setType, setExtension int) {
	w, err := cbridge.NewCsrWriter()
	t.Code("writer", err, 0)
	defer w.Close()
	key := readKey(t, keyFile, "")
	defer key.Close()
	fillCSR(t, w, key, md)
	if setUsage != 0 {
		t.Code("key usage", w.SetKeyUsage(usage), 0)
	}
	if setType != 0 {
		t.Code("type", w.SetNSCertType(certType), 0)
	}
	if setExtension != 0 {
		serverAuth := append([]byte{0x30, 10, 0x06, 8}, x509.ExtKeyUsageServerAuth...)
		t.Code("extension", w.SetExtension(oid.MustParse("2.5.29.37"), false, serverAuth), 0)
		t.Code("names", w.SetSubjectAltNames(altNames(t, "127.0.0.1", "C=UK,O=Mbed TLS,CN=Mbed TLS directoryName SAN")), 0)
	}
	pem, err := w.PEM(nil, room)
	t.Code("PEM", err, 0)
	checkWritten(t, pem, checkFile)
	der, err := w.DER(nil, room)
	t.Code("DER", err, 0)
	short := len(der) - 1
	if cbridge.Feature("MBEDTLS_USE_PSA_CRYPTO") {
		short = len(der) / 2 // the signature may be a byte shorter next time
	}
	_, err = w.DER(nil, short)
	t.Code("DER in too little room", err, int(cbridge.ErrASN1BufTooSmall))
}

func fillCSR(t *suites.T, w *cbridge.CsrWriter, key *cbridge.PK, md int) {
	t.Code("hash", w.SetHash(cbridge.MDType(md).CryptoHash()), 0)
	t.Code("key", w.SetKey(key), 0)
	t.Code("subject", w.SetSubjectName("C=NL,O=PolarSSL,CN=PolarSSL Server 1"), 0)
}

// checkWritten compares a request with the suite's file, or if PSA draws the random numbers, checks its signature.
func checkWritten(t *suites.T, pem []byte, file string) {
	r, err := x509.ParseCertificateRequest(pem)
	t.Code("parse", err, 0)
	t.Code("signature", r.CheckSignature(), 0)
	if !cbridge.Feature("MBEDTLS_USE_PSA_CRYPTO") && file != "" {
		t.Equal("PEM", string(pem), string(readFile(t, file)))
	}
}

func checkOpaqueCSR(t *suites.T, keyFile string, md int, usage, certType byte) {
	w, err := cbridge.NewCsrWriter()
	t.Code("writer", err, 0)
	defer w.Close()
	key := opaque(t, readKey(t, keyFile, ""))
	defer key.Close()
	fillCSR(t, w, key, md)
	if usage != 0 {
		t.Code("key usage", w.SetKeyUsage(usage), 0)
	}
	if certType != 0 {
		t.Code("type", w.SetNSCertType(certType), 0)
	}
	pem, err := w.PEM(nil, room)
	t.Code("PEM", err, 0)
	checkWritten(t, pem, "")
}

// opaque puts a key into PSA's store, with the policy that the library itself would choose.
func opaque(t *suites.T, key *cbridge.PK) *cbridge.PK {
	defer key.Close()
	use := map[string]string{"RSA": "rsa-sign-pkcs1", "EC": "ecdsa-sign"}[key.Type()]
	k, err := key.ImportOpaque(use, "none")
	t.Code("opaque", err, 0)
	return k
}

func checkCRT(t *suites.T, subjectFile, subjectPassword, subject, issuerFile, issuerPassword, issuer string, serial []byte,
	notBefore, notAfter string, md int, usage uint, setUsage int, extUsage string, certType byte, setType, authID, version int,
	checkFile string, wrap, isCA int, trustedFile string, setNames int) {
	subjectKey, issuerKey := readKey(t, subjectFile, subjectPassword), readKey(t, issuerFile, issuerPassword)
	defer subjectKey.Close()
	rsa := issuerKey.Type() == "RSA"
	w, err := cbridge.NewCrtWriter()
	t.Code("writer", err, 0)
	defer w.Close()
	const elsewhere, inPSA = 1, 2
	switch {
	case wrap == inPSA:
		issuerKey = opaque(t, issuerKey)
		t.Equal("type", issuerKey.Type(), "Opaque")
		t.Code("issuer key", w.SetIssuerKey(issuerKey), 0)
	case wrap == elsewhere && rsa: // closures sign, as the suite's do
		trusted := readCertificates(t, trustedFile)[0]
		key := issuerKey
		k, err := cbridge.NewClosureKey(trusted.RawSubjectPublicKeyInfo, func(digest []byte, hash crypto.Hash) ([]byte, error) {
			return key.Sign(hash, digest)
		})
		t.Code("closure", err, 0)
		defer k.Close()
		t.Code("issuer key", w.SetIssuerClosure(k), 0)
	default:
		t.Code("issuer key", w.SetIssuerKey(issuerKey), 0)
	}
	defer issuerKey.Close()
	if version != -1 {
		t.Code("version", w.SetVersion(version), 0)
	}
	t.Code("serial", w.SetSerial(serial), 0)
	t.Code("validity", w.SetValidity(notBefore, notAfter), 0)
	t.Code("hash", w.SetHash(cbridge.MDType(md).CryptoHash()), 0)
	t.Code("issuer", w.SetIssuerName(issuer), 0)
	t.Code("subject", w.SetSubjectName(subject), 0)
	t.Code("subject key", w.SetSubjectKey(subjectKey), 0)
	if version == -1 || version >= 2 {
		t.Code("basic constraints", w.SetBasicConstraints(isCA != 0, -isCA), 0)
		t.Code("subject key id", w.SetSubjectKeyID(), 0)
		if authID != 0 {
			t.Code("authority key id", w.SetAuthorityKeyID(), 0)
		}
		if setUsage != 0 {
			t.Code("key usage", w.SetKeyUsage(usage), 0)
		}
		if setType != 0 {
			t.Code("type", w.SetNSCertType(certType), 0)
		}
		purposes := map[string][][]byte{"serverAuth": {x509.ExtKeyUsageServerAuth},
			"codeSigning,timeStamping": {x509.ExtKeyUsageCodeSigning, x509.ExtKeyUsageTimeStamping}}
		if extUsage != "NULL" {
			t.Code("extended key usage", w.SetExtKeyUsage(purposes[extUsage]), 0)
		}
	}
	if setNames != 0 {
		t.Code("names", w.SetSubjectAltNames(altNames(t, "1.2.3.4", "C=UK,O=Mbed TLS,CN=SubjectAltName test")), 0)
	}
	pem, err := w.PEM(nil, room)
	t.Code("PEM", err, 0)
	if !rsa {
		roots := readList(t, trustedFile)
		defer roots.Close()
		chain, _, err := x509.ParseList(pem)
		t.Code("parse", err, 0)
		defer chain.Close()
		t.Code("verify", chain.Verify(&x509.VerifyOptions{Roots: roots}), 0)
	} else if checkFile != "" {
		t.Equal("PEM", string(pem), string(readFile(t, checkFile)))
	}
	der, err := w.DER(nil, room)
	t.Code("DER", err, 0)
	if checkFile == "" {
		checkTimes(t, der, notBefore, notAfter)
	}
	short := len(der) - 1
	if !rsa && cbridge.Feature("MBEDTLS_USE_PSA_CRYPTO") {
		short = len(der) / 2
	}
	_, err = w.DER(nil, short)
	t.Code("DER in too little room", err, int(cbridge.ErrASN1BufTooSmall))
}

// checkTimes looks for the validity as it has to be written: a UTCTime before 2050, a GeneralizedTime from then on.
func checkTimes(t *suites.T, der []byte, notBefore, notAfter string) {
	var validity []byte
	for _, text := range []string{notBefore, notAfter} {
		tag := byte(24)
		if text < "2050" {
			tag, text = 23, text[2:]
		}
		validity = append(append(validity, tag, byte(len(text)+1)), text+"Z"...)
	}
	t.Equal("validity is there", bytes.Contains(der, validity), true)
}
