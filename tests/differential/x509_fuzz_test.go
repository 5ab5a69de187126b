package differential

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
	ours "github.com/gombedtls/gombedtls/mbedtls/x509"
)

// The targets of this file compare what both libraries parse. What one alone takes, a row explains, which is judged by the
// input where that tells, and else by the error of the side that refuses it.

// equal fails if a field differs.
func equal(t *testing.T, field string, got, want any) {
	t.Helper()
	if a, b := fmt.Sprintf("%v", got), fmt.Sprintf("%v", want); a != b {
		t.Errorf("%s: %s, want %s", field, a, b)
	}
}

// equalBytes is equal for bytes; none and nil are alike.
func equalBytes(t *testing.T, field string, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Errorf("%s: %x, want %x", field, got, want)
	}
}

// seedX509 adds upstream's files of a kind, and the suites' DER.
func seedX509(f *testing.F, suite string, patterns ...string) {
	for _, b := range append(encodings(f, patterns...), vectors(f, suite)...) {
		f.Add(b)
	}
}

// encodings are what is in upstream's files, without PEM.
func encodings(f *testing.F, patterns ...string) (list [][]byte) {
	f.Helper()
	for _, p := range patterns {
		for _, data := range files(f, p) {
			block, rest := pem.Decode(data)
			if block == nil {
				list = append(list, data)
			}
			for ; block != nil; block, rest = pem.Decode(rest) {
				list = append(list, block.Bytes)
			}
		}
	}
	return list
}

func FuzzCertificate(f *testing.F) {
	seedX509(f, "x509parse", "*.crt", "*.crt.der", "parse_input/*.crt*")
	f.Fuzz(compareCertificates)
}

// compareCertificates compares what both decode of a certificate.
func compareCertificates(t *testing.T, der []byte) {
	got, want := parseBoth(t, der)
	if got == nil {
		return
	}
	equalBytes(t, "raw", got.Raw, want.Raw)
	equalBytes(t, "signed part", got.RawTBSCertificate, want.RawTBSCertificate)
	equalBytes(t, "issuer", got.Issuer.Raw, want.RawIssuer)
	equalBytes(t, "subject", got.Subject.Raw, want.RawSubject)
	equalBytes(t, "public key", got.RawSubjectPublicKeyInfo, want.RawSubjectPublicKeyInfo)
	equalBytes(t, "signature", got.Signature, want.Signature)
	equal(t, "version", got.Version, want.Version)
	equal(t, "serial", serial(t, got.SerialNumber, want.SerialNumber), want.SerialNumber)
	equal(t, "valid from", got.NotBefore, want.NotBefore.UTC())
	equal(t, "valid to", got.NotAfter, want.NotAfter.UTC())
	if hasUniqueIDs(der) {
		explained(uniqueIDs)
		return
	}
	equalBytes(t, "subject key id", got.SubjectKeyID, want.SubjectKeyId)
	equalBytes(t, "authority key id", got.AuthorityKeyID.KeyID, want.AuthorityKeyId)
	equal(t, "key usage", keyUsage(got.KeyUsage), int(want.KeyUsage))
	equal(t, "purposes", len(got.ExtKeyUsage), len(want.ExtKeyUsage)+len(want.UnknownExtKeyUsage))
	equal(t, "CA", got.IsCA, want.IsCA)
	if want.IsCA {
		equal(t, "path length", got.MaxPathLen, want.MaxPathLen)
	}
	altNames(t, got.SubjectAltNames, want)
	checkInfo(t, got)
}

// parseBoth is nil unless both take it.
func parseBoth(t *testing.T, der []byte) (*ours.Certificate, *x509.Certificate) {
	t.Helper()
	got, err := ours.ParseCertificate(der)
	if err == nil && len(got.Raw) < len(der) {
		explained(trailingData)
		der = got.Raw
	}
	want, stdErr := x509.ParseCertificate(der)
	if !bothTake(t, "certificate", der, err, stdErr, certificateRows) {
		return nil, nil
	}
	return got, want
}

// checkInfo lets Mbed TLS describe what it has parsed, which it may refuse for an attribute of more than 255 bytes, or with
// a zero in it.
func checkInfo(t *testing.T, parsed interface {
	Info(prefix string) (string, error)
}) {
	t.Helper()
	info, err := parsed.Info("")
	if errors.Is(err, cbridge.ErrX509BufferTooSmall) || errors.Is(err, cbridge.ErrX509InvalidName) {
		return
	}
	if err != nil || info == "" {
		t.Errorf("info: %q, %v", info, err)
	}
}

// serial is the number; a negative one is another difference.
func serial(t *testing.T, b []byte, want *big.Int) *big.Int {
	t.Helper()
	n := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0] >= 0x80 && want.Sign() < 0 {
		explained(negativeSerial)
		return want
	}
	return n
}

// keyUsage is in the bits of the standard library.
func keyUsage(u ours.KeyUsage) (std int) {
	for i := range 8 {
		if u>>(7-i)&1 != 0 {
			std |= 1 << i
		}
	}
	if u&ours.KeyUsageDecipherOnly != 0 {
		std |= int(x509.KeyUsageDecipherOnly)
	}
	return std
}

func altNames(t *testing.T, got []ours.AltName, want *x509.Certificate) {
	t.Helper()
	if hasConstructedName(want.Raw) {
		explained(constructedName)
		return
	}
	var dns, mail, ips []string
	for _, a := range got {
		switch a.Kind {
		case ours.AltDNS:
			dns = append(dns, string(a.Value))
		case ours.AltEmail:
			mail = append(mail, string(a.Value))
		case ours.AltIP:
			ips = append(ips, a.IP.String())
		}
	}
	var wantIPs []string
	for _, ip := range want.IPAddresses {
		a, _ := netip.AddrFromSlice(ip)
		wantIPs = append(wantIPs, a.String())
	}
	equal(t, "host names", fmt.Sprintf("%q", dns), fmt.Sprintf("%q", want.DNSNames))
	equal(t, "mail addresses", fmt.Sprintf("%q", mail), fmt.Sprintf("%q", want.EmailAddresses))
	equal(t, "addresses", ips, wantIPs)
}

// FuzzVerify verifies a certificate by upstream's CAs: of RSA, and of EC.
func FuzzVerify(f *testing.F) {
	seedX509(f, "x509parse", "server*.crt", "cli*.crt")
	var roots []*ours.Certificate
	pool := x509.NewCertPool()
	for _, name := range []string{"test-ca.crt", "test-ca2.crt"} {
		for _, data := range files(f, name) {
			certs, err := ours.ParseCertificates(data)
			if err != nil {
				f.Fatal(err)
			}
			std, err := certs[0].Standard()
			if err != nil {
				f.Fatal(err)
			}
			roots = append(roots, certs[0])
			pool.AddCert(std)
		}
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		cert, std := parseBoth(t, der)
		if cert == nil {
			return
		}
		trusted, err := ours.NewList(roots...)
		if err != nil {
			t.Fatal(err)
		}
		defer trusted.Close()
		flags, err := verdict(cert.Verify(&ours.VerifyOptions{Roots: trusted}))
		if err != nil {
			t.Fatalf("verify: %v", err)
		}
		_, stdErr := std.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: time.Now(),
			KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
		if flags == 0 && stdErr != nil {
			checkSignedBy(t, std, roots)
		}
		if flags != 0 && stdErr == nil {
			const profile = ours.CertBadHash | ours.CertBadPK | ours.CertBadKey
			if flags&^profile != 0 {
				t.Errorf("only the standard library takes it: %v", flags)
			}
			explained(otherProfile)
		}
	})
}

func verdict(err error) (ours.VerifyFlags, error) {
	var v *ours.VerifyError
	if errors.As(err, &v) {
		return v.Flags, nil
	}
	return 0, err
}

// checkSignedBy is for what only Mbed TLS takes: one of the roots must have signed it, or it is one.
func checkSignedBy(t *testing.T, c *x509.Certificate, roots []*ours.Certificate) {
	t.Helper()
	for _, r := range roots {
		std, err := r.Standard()
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(r.Raw, c.Raw) || std.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil {
			explained(laxVerification)
			return
		}
	}
	t.Errorf("only Mbed TLS takes it, and no root signed it: %x", c.Raw)
}

func FuzzRevocationList(f *testing.F) {
	seedX509(f, "x509parse", "crl*")
	f.Fuzz(compareLists)
}

// compareLists compares what both decode of a list.
func compareLists(t *testing.T, der []byte) {
	got, err := ours.ParseRevocationList(der)
	if err == nil {
		checkInfo(t, got)
	}
	want, stdErr := x509.ParseRevocationList(der)
	if !bothTake(t, "revocation list", der, err, stdErr, crlRows) {
		return
	}
	equalBytes(t, "raw", got.Raw, want.Raw)
	equalBytes(t, "signed part", got.RawTBSRevocationList, want.RawTBSRevocationList)
	equalBytes(t, "issuer", got.Issuer.Raw, want.RawIssuer)
	equalBytes(t, "signature", got.Signature, want.Signature)
	equal(t, "this update", got.ThisUpdate, want.ThisUpdate.UTC())
	equal(t, "next update", got.NextUpdate, want.NextUpdate.UTC())
	if len(got.RevokedCertificates) > len(want.RevokedCertificateEntries) && hasLongEntry(der) {
		explained(longEntry)
		return
	}
	if len(got.RevokedCertificates) != len(want.RevokedCertificateEntries) {
		t.Fatalf("%x: %d entries, want %d", der, len(got.RevokedCertificates), len(want.RevokedCertificateEntries))
	}
	for i, e := range got.RevokedCertificates {
		std := want.RevokedCertificateEntries[i]
		equal(t, "serial", serial(t, e.SerialNumber, std.SerialNumber), std.SerialNumber)
		equal(t, "date", e.Date, std.RevocationTime.UTC())
		var raw asn1.RawValue
		if _, err := asn1.Unmarshal(std.Raw, &raw); err != nil {
			t.Fatal(err)
		}
		equalBytes(t, "entry", e.Raw, raw.Bytes)
	}
}

func FuzzCertificateRequest(f *testing.F) {
	seedX509(f, "x509parse", "*.req*", "*.csr")
	f.Fuzz(compareRequests)
}

// compareRequests compares what both decode of a request.
func compareRequests(t *testing.T, der []byte) {
	got, err := ours.ParseCertificateRequestDER(der)
	if err == nil {
		checkInfo(t, got)
	}
	want, stdErr := x509.ParseCertificateRequest(der)
	if !bothTake(t, "request", der, err, stdErr, requestRows) {
		return
	}
	equalBytes(t, "signed part", got.RawTBSRequest, want.RawTBSCertificateRequest)
	equalBytes(t, "subject", got.Subject.Raw, want.RawSubject)
	equalBytes(t, "public key", got.RawSubjectPublicKeyInfo, want.RawSubjectPublicKeyInfo)
	equalBytes(t, "signature", got.Signature, want.Signature)
	equal(t, "version", got.Version, want.Version+1)
	signed, std := got.CheckSignature(), want.CheckSignature()
	var insecure x509.InsecureAlgorithmError
	switch {
	case (signed == nil) == (std == nil):
	case signed == nil && (errors.As(std, &insecure) || errors.Is(std, x509.ErrUnsupportedAlgorithm)):
		explained(oldSignature)
	case signed == nil && want.PublicKeyAlgorithm == x509.ECDSA:
		oneTakes(t, "signature", got.Signature, signed, std, signatureRows)
	default:
		t.Errorf("signature: %v, want %v: %x", signed, std, der)
	}
}
