package x509

import (
	"errors"

	"github.com/gombedtls/gombedtls/cbridge"
)

// Profile restricts what certificates of a chain may use, by masks.
type Profile = cbridge.CertProfile

// The library's own profiles; ProfileNone allows nothing (mbedtls_x509_crt_profile_default, …_next, …_suiteb, …_none).
var (
	ProfileDefault = cbridge.ProfileDefault
	ProfileNext    = cbridge.ProfileNext
	ProfileSuiteB  = cbridge.ProfileSuiteB
	ProfileNone    = cbridge.ProfileNone
)

// VerifyOptions is what a chain is verified by.
type VerifyOptions struct {
	Roots *List // trusted; nil is none
	CRLs  *CRLs // revocation lists; nil is none, and without one for a CA its certificates are not looked up

	// Profile is nil for ProfileDefault.
	Profile *Profile

	// Name is what the certificate must be for: a host name, an IP address, or a URI, which is looked for among the subject
	// alternative names, or if there are none in the common name. It must not hold a NUL byte. "" is any: only connections
	// insist on a name.
	Name string

	// Verify is called for each certificate of the chain, from the trusted one down to the first of the list at depth 0. It
	// gets the flags found so far, and returns those to go on with: it may clear some and set others. An error ends the
	// verification; its code, if it has one, is that of the result.
	Verify func(cert *Certificate, depth int, flags VerifyFlags) (VerifyFlags, error)

	// TrustedCAs finds trusted certificates that may have signed one, in place of Roots; they must be CAs. CRLs are not
	// looked at then. It needs a build with MBEDTLS_X509_TRUSTED_CERTIFICATE_CALLBACK (mbedtls_x509_crt_verify_with_ca_cb).
	TrustedCAs func(child *Certificate) ([]*Certificate, error)

	// Restart makes Verify return ErrECPInProgress after as many operations on curves as mbedtls_ecp_set_max_ops allows; it
	// goes on in the next call with the same options.
	Restart *Restart
}

// Restart is a verification that is done bit by bit. One goroutine uses it at a time, for one chain.
type Restart struct{ r *cbridge.Restart }

// NewRestart makes one; it needs a build with MBEDTLS_ECP_RESTARTABLE.
func NewRestart() (*Restart, error) {
	r, err := cbridge.NewRestart()
	if err != nil {
		return nil, err
	}
	return &Restart{r}, nil
}

// Close ends the verification that is under way, if one is.
func (r *Restart) Close() error { return r.r.Close() }

var errBothRoots = badInput(opVerify,
	errors.New("VerifyOptions: TrustedCAs takes the place of Roots and CRLs, and cannot be restarted"))

// Verify verifies the list's first certificate: that a chain leads from it, over others of the list, to one that is
// trusted. What is wrong is in a *[VerifyError], which the error wraps: that is ErrX509CertVerifyFailed. ErrX509FatalError
// is a chain that is too long, or a closure that failed without a code.
//
// An issuer's name, in a certificate and in a revocation list, is compared with a subject as RFC 5280 section 7.1 wants, or
// nearly: without regard to the case of letters of ASCII and to which kind of string each attribute is, but not to white
// space (mbedtls_x509_crt_verify_restartable, mbedtls_x509_crt_verify_with_profile).
func (l *List) Verify(o *VerifyOptions) error {
	if o == nil {
		o = new(VerifyOptions)
	}
	v := &cbridge.Verification{Profile: ProfileDefault}
	if o.TrustedCAs != nil && (o.Roots != nil || o.CRLs != nil || o.Restart != nil) {
		return errBothRoots
	}
	if o.Roots != nil {
		v.Roots = o.Roots.c
	}
	if o.CRLs != nil {
		v.CRLs = o.CRLs.c
	}
	if o.Profile != nil {
		v.Profile = *o.Profile
	}
	if o.Restart != nil {
		v.Restart = o.Restart.r
	}
	if o.Name != "" {
		v.Name = &o.Name
	}
	if o.Verify != nil {
		v.Verify = func(c *cbridge.CrtData, depth int, flags uint32) (uint32, error) {
			left, err := o.Verify(FromBridge(c), depth, VerifyFlags(flags))
			return uint32(left), err
		}
	}
	if o.TrustedCAs != nil {
		v.CAs = func(child *cbridge.CrtData) (candidates [][]byte, err error) {
			list, err := o.TrustedCAs(FromBridge(child))
			for _, c := range list {
				if c == nil {
					return nil, errNoCertificate
				}
				candidates = append(candidates, c.Raw)
			}
			return candidates, err
		}
	}
	flags, err := l.c.Verify(v)
	var e *cbridge.Error
	if errors.As(err, &e) && e.Code == cbridge.ErrX509CertVerifyFailed && e.Cause == nil {
		e.Cause = &VerifyError{Flags: VerifyFlags(flags)}
	}
	return err
}

// Verify is [List.Verify] for a chain of Go values, of which c is the first.
// It makes a List of them for the call, so that Restart, which needs the same one again, is an error.
func (c *Certificate) Verify(o *VerifyOptions, intermediates ...*Certificate) error {
	if o != nil && o.Restart != nil {
		return badInput(opVerify, errors.New("Certificate.Verify: Restart is for List.Verify"))
	}
	l, err := NewList(append([]*Certificate{c}, intermediates...)...)
	if err != nil {
		return err
	}
	defer l.Close()
	return l.Verify(o)
}
