package x509

import (
	"fmt"
	"strings"

	"github.com/gombedtls/gombedtls/cbridge"
)

// VerifyError is the reason of a verification that failed, or of a handshake that failed over the peer's certificate. Find
// it with [errors.As].
type VerifyError struct {
	Flags VerifyFlags // what is wrong
}

// Error lists what is wrong.
func (e *VerifyError) Error() string { return "certificate verification failed: " + e.Flags.String() }

// VerifyFlags is a set of things wrong with a certificate, bit by bit the MBEDTLS_X509_BADCERT_… and …_BADCRL_… of
// x509.h.
type VerifyFlags uint32

// The flags of mbedtls/x509.h.
const (
	CertExpired       VerifyFlags = 0x01 // validity has ended
	CertRevoked       VerifyFlags = 0x02 // on a revocation list
	CertNameMismatch  VerifyFlags = 0x04 // not for the expected host
	CertNotTrusted    VerifyFlags = 0x08 // not signed by a trusted CA
	CRLNotTrusted     VerifyFlags = 0x10
	CRLExpired        VerifyFlags = 0x20
	CertMissing       VerifyFlags = 0x40 // the peer sent none
	CertSkipVerify    VerifyFlags = 0x80 // not looked at
	CertOther         VerifyFlags = 0x0100
	CertFuture        VerifyFlags = 0x0200 // validity has not begun
	CRLFuture         VerifyFlags = 0x0400
	CertKeyUsage      VerifyFlags = 0x0800
	CertExtKeyUsage   VerifyFlags = 0x1000
	CertNSType        VerifyFlags = 0x2000
	CertBadHash       VerifyFlags = 0x4000 // signed with a hash that the profile forbids
	CertBadPK         VerifyFlags = 0x8000 // signed with an algorithm that the profile forbids
	CertBadKey        VerifyFlags = 0x010000
	CRLBadHash        VerifyFlags = 0x020000
	CRLBadPK          VerifyFlags = 0x040000
	CRLBadKey         VerifyFlags = 0x080000
	VerifyUnavailable VerifyFlags = 0xFFFFFFFF // no result: the handshake did not get that far
)

var verifyReasons = []struct {
	flag VerifyFlags
	name string
}{
	{CertExpired, "certificate expired"},
	{CertRevoked, "certificate revoked"},
	{CertNameMismatch, "certificate is not for this host name"},
	{CertNotTrusted, "certificate not signed by a trusted CA"},
	{CRLNotTrusted, "CRL not signed by a trusted CA"},
	{CRLExpired, "CRL expired"},
	{CertMissing, "no certificate"},
	{CertSkipVerify, "verification skipped"},
	{CertOther, "other reason"},
	{CertFuture, "certificate not valid yet"},
	{CRLFuture, "CRL not valid yet"},
	{CertKeyUsage, "key usage does not allow it"},
	{CertExtKeyUsage, "extended key usage does not allow it"},
	{CertNSType, "Netscape certificate type does not allow it"},
	{CertBadHash, "signed with a forbidden hash"},
	{CertBadPK, "signed with a forbidden algorithm"},
	{CertBadKey, "key too short or on a forbidden curve"},
	{CRLBadHash, "CRL signed with a forbidden hash"},
	{CRLBadPK, "CRL signed with a forbidden algorithm"},
	{CRLBadKey, "CRL signed with a forbidden key"},
}

// Reasons names each flag that is set.
func (f VerifyFlags) Reasons() (reasons []string) {
	if f == VerifyUnavailable {
		return []string{"no verification result"}
	}
	for _, r := range verifyReasons {
		if f&r.flag != 0 {
			reasons = append(reasons, r.name)
			f &^= r.flag
		}
	}
	if f != 0 {
		reasons = append(reasons, fmt.Sprintf("flags %#x", uint32(f)))
	}
	return reasons
}

// String joins the reasons; "ok" if there are none.
func (f VerifyFlags) String() string {
	if f == 0 {
		return "ok"
	}
	return strings.Join(f.Reasons(), ", ")
}

// Info describes the flags in the library's own words, one line for each; each begins with prefix
// (mbedtls_x509_crt_verify_info).
func (f VerifyFlags) Info(prefix string) string { return cbridge.VerifyInfo(uint32(f), prefix) }
