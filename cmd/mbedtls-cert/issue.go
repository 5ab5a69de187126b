package main

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/gombedtls/gombedtls/mbedtls/oid"
	"github.com/gombedtls/gombedtls/mbedtls/pk"
	"github.com/gombedtls/gombedtls/mbedtls/x509"
)

type issueOptions struct {
	subject, key, csr, pubkey                 string
	caCert, caKey, caPassword                 string
	serial, notBefore, notAfter, hash         string
	days, pathLen, version                    int
	isCA, noConstraints                       bool
	keyUsage, nsCertType                      string
	extKeyUsage, dns, ip, email, uri, dirname list
	extensions                                list
}

// requestFlags are what requests and certificates have in common, and where they go to.
func (c *command) requestFlags(flags *flag.FlagSet) {
	flags.StringVar(&c.subject, "subject", "", "`name` of the subject, such as \"C=NL, CN=host.example\"")
	flags.StringVar(&c.key, "key", "", "`file` of the subject's own private key")
	flags.StringVar(&c.hash, "hash", "sha256", "`hash` that is signed: sha1, sha224, sha256, sha384 or sha512")
	flags.StringVar(&c.keyUsage, "key-usage", "", "`usages` of the key, such as \"digitalSignature, keyAgreement\"")
	flags.Var(&c.extKeyUsage, "ext-key-usage", "`purpose` of the key: serverAuth, clientAuth, codeSigning, emailProtection, "+
		"timeStamping, OCSPSigning, any, or an OID; may be given several times")
	flags.StringVar(&c.nsCertType, "ns-cert-type", "", "Netscape certificate `types`, such as \"sslServer\"")
	for _, san := range c.altNameFlags() {
		flags.Var(san.values, san.flag, san.what+" that is another name of the subject; may be given several times")
	}
	flags.Var(&c.extensions, "extension", "another `extension`: OID=HEX or critical:OID=HEX; may be given several times")
	c.outputFlags(flags)
	c.passwordFlag(flags)
}

func (c *command) issueFlags(flags *flag.FlagSet) {
	c.requestFlags(flags)
	flags.StringVar(&c.caCert, "ca", "", "`file` of the certificate of the CA that signs; without, it is self-signed")
	flags.StringVar(&c.caKey, "ca-key", "", "`file` of the CA's private key")
	flags.StringVar(&c.caPassword, "ca-password-file", "", "`file` whose first line opens the CA's private key")
	flags.StringVar(&c.csr, "csr", "", "`file` of a request: its subject, key, names and usages, unless flags say otherwise")
	flags.StringVar(&c.pubkey, "pubkey", "", "`file` of the subject's public key")
	flags.StringVar(&c.serial, "serial", "", "serial number in `hex`, at most 20 bytes (default random)")
	flags.StringVar(&c.notBefore, "not-before", "", "`time` from which it is valid (default now)")
	flags.StringVar(&c.notAfter, "not-after", "", "`time` until which it is valid")
	flags.IntVar(&c.days, "days", 365, "`days` that it is valid for, if --not-after does not say")
	flags.BoolVar(&c.isCA, "is-ca", false, "it is a CA's")
	flags.IntVar(&c.pathLen, "path-len", -1, "`number` of CAs that may follow below it; -1 is no limit")
	flags.BoolVar(&c.noConstraints, "no-basic-constraints", false, "leave that extension out")
	flags.IntVar(&c.version, "version", 3, "1, 2 or 3; only 3 has extensions")
}

// altNameFlag is a kind of name, and its flag.
type altNameFlag struct {
	values     *list
	flag, what string
	parse      func(string) (x509.AltName, error)
}

func (c *command) altNameFlags() []altNameFlag {
	plain := func(f func(string) x509.AltName) func(string) (x509.AltName, error) {
		return func(s string) (x509.AltName, error) { return f(s), nil }
	}
	return []altNameFlag{
		{&c.dns, "dns", "host `name`", plain(x509.DNSName)},
		{&c.ip, "ip", "IP `address`", func(s string) (x509.AltName, error) {
			a, err := netip.ParseAddr(s)
			return x509.IPAddress(a), err
		}},
		{&c.email, "email", "mail `address`", plain(x509.EmailAddress)},
		{&c.uri, "uri", "`URI`", plain(x509.URI)},
		{&c.dirname, "dirname", "distinguished `name`", func(s string) (x509.AltName, error) {
			n, err := x509.ParseName(s)
			return x509.DirectoryName(n), err
		}},
	}
}

var hashes = map[string]crypto.Hash{
	"sha1": crypto.SHA1, "sha224": crypto.SHA224, "sha256": crypto.SHA256, "sha384": crypto.SHA384, "sha512": crypto.SHA512,
}

var purposeNames = map[string]oid.OID{
	"serverauth": x509.ExtKeyUsageServerAuth, "clientauth": x509.ExtKeyUsageClientAuth,
	"codesigning": x509.ExtKeyUsageCodeSigning, "emailprotection": x509.ExtKeyUsageEmailProtection,
	"timestamping": x509.ExtKeyUsageTimeStamping, "ocspsigning": x509.ExtKeyUsageOCSPSigning, "any": x509.ExtKeyUsageAny,
}

func parsePurpose(s string) (oid.OID, error) {
	if o, ok := purposeNames[strings.ToLower(s)]; ok {
		return o, nil
	}
	o, err := oid.Parse(s)
	if err != nil {
		return nil, fmt.Errorf("no purpose %q: %w", s, err)
	}
	return o, nil
}

// common parses the flags of requestFlags.
func (c *command) common() (t x509.RequestTemplate, err error) {
	var ok bool
	if t.Hash, ok = hashes[strings.ToLower(c.hash)]; !ok {
		return t, fmt.Errorf("no hash %q", c.hash)
	}
	if c.subject != "" {
		if t.Subject, err = x509.ParseName(c.subject); err != nil {
			return t, err
		}
	}
	if c.keyUsage != "" {
		if t.KeyUsage, err = x509.ParseKeyUsage(c.keyUsage); err != nil {
			return t, err
		}
	}
	if c.nsCertType != "" {
		if t.NSCertType, err = x509.ParseNSCertType(c.nsCertType); err != nil {
			return t, err
		}
	}
	for _, s := range c.extKeyUsage {
		purpose, err := parsePurpose(s)
		if err != nil {
			return t, err
		}
		t.ExtKeyUsage = append(t.ExtKeyUsage, purpose)
	}
	for _, san := range c.altNameFlags() {
		for _, s := range *san.values {
			name, err := san.parse(s)
			if err != nil {
				return t, fmt.Errorf("--%s %s: %w", san.flag, s, err)
			}
			t.SubjectAltNames = append(t.SubjectAltNames, name)
		}
	}
	for _, s := range c.extensions {
		e, err := parseExtension(s)
		if err != nil {
			return t, fmt.Errorf("--extension %s: %w", s, err)
		}
		t.ExtraExtensions = append(t.ExtraExtensions, e)
	}
	return t, nil
}

func parseExtension(s string) (e x509.Extension, err error) {
	s, e.Critical = strings.CutPrefix(s, "critical:")
	id, value, ok := strings.Cut(s, "=")
	if !ok {
		return e, errors.New("not OID=HEX")
	}
	if e.ID, err = oid.Parse(id); err != nil {
		return e, err
	}
	e.Value, err = unhex(value)
	return e, err
}

func (c *command) createRequest([]string) (bool, error) {
	t, err := c.common()
	if err != nil {
		return false, err
	}
	if c.key == "" || c.subject == "" {
		return false, errors.New("csr create needs --subject and --key")
	}
	key, err := c.privateKey(c.key, c.password)
	if err != nil {
		return false, err
	}
	defer key.Close()
	der, err := x509.CreateCertificateRequest(nil, &t, key)
	if err != nil {
		return false, err
	}
	return true, c.write(der, "CERTIFICATE REQUEST", public)
}

func (c *command) issue([]string) (bool, error) {
	if c.version < 1 || c.version > 3 {
		return false, fmt.Errorf("--version %d is not 1, 2 or 3", c.version)
	}
	common, err := c.common()
	if err != nil {
		return false, err
	}
	t := &x509.CertificateTemplate{
		Version: c.version, Subject: common.Subject, Hash: common.Hash, KeyUsage: common.KeyUsage, ExtKeyUsage: common.ExtKeyUsage,
		NSCertType: common.NSCertType, SubjectAltNames: common.SubjectAltNames, ExtraExtensions: common.ExtraExtensions,
	}
	if err := c.timesAndSerial(t); err != nil {
		return false, err
	}
	if c.version == 3 && !c.noConstraints {
		t.BasicConstraints = &x509.BasicConstraints{CA: c.isCA, MaxPathLen: c.pathLen}
	}
	pub, err := c.subjectKey(t)
	if err != nil {
		return false, err
	}
	parent, signer, err := c.issuer()
	if err != nil {
		return false, err
	}
	defer signer.Close()
	der, err := x509.CreateCertificate(nil, t, parent, pub, signer)
	if err != nil {
		return false, err
	}
	return true, c.write(der, "CERTIFICATE", public)
}

func (c *command) timesAndSerial(t *x509.CertificateTemplate) (err error) {
	t.NotBefore = time.Now()
	if c.notBefore != "" {
		if t.NotBefore, err = parseTime(c.notBefore); err != nil {
			return err
		}
	}
	t.NotAfter = t.NotBefore.AddDate(0, 0, c.days)
	if c.notAfter != "" {
		if t.NotAfter, err = parseTime(c.notAfter); err != nil {
			return err
		}
	}
	if c.serial != "" {
		serial, err := unhex(c.serial)
		t.SerialNumber = bytes.TrimLeft(serial, "\x00")
		return err
	}
	const serialSize = 16
	t.SerialNumber = make([]byte, serialSize)
	_, err = rand.Read(t.SerialNumber)
	t.SerialNumber[0] = t.SerialNumber[0]&0x7F | 0x40 // positive, and always as long
	return err
}

func parseTime(s string) (t time.Time, err error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err = time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return t, fmt.Errorf("%q is not a time such as 2006-01-02 or 2006-01-02T15:04:05Z", s)
}

// subjectKey finds the key that is certified, nil for the signer's own, and takes from a request what flags do not say.
func (c *command) subjectKey(t *x509.CertificateTemplate) (crypto.PublicKey, error) {
	switch {
	case c.csr != "" && c.pubkey != "":
		return nil, errors.New("--csr and --pubkey are both keys of the subject")
	case c.csr != "":
		r, err := c.request(c.csr)
		if err != nil {
			return nil, err
		}
		if err := r.CheckSignature(); err != nil {
			return nil, fmt.Errorf("%s: not signed by its own key: %w", c.csr, err)
		}
		if c.subject == "" {
			t.Subject = r.Subject
		}
		t.KeyUsage = cmp.Or(t.KeyUsage, r.KeyUsage)
		t.NSCertType = cmp.Or(t.NSCertType, r.NSCertType)
		if len(t.SubjectAltNames) == 0 {
			t.SubjectAltNames = r.SubjectAltNames
		}
		return x509.SubjectPublicKeyInfo(r.RawSubjectPublicKeyInfo), nil
	case c.pubkey != "":
		data, err := c.read(c.pubkey)
		if err != nil {
			return nil, err
		}
		key, err := pk.ParsePublicKey(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.pubkey, err)
		}
		defer key.Close()
		der, err := key.MarshalDER()
		return x509.SubjectPublicKeyInfo(der), err
	case c.caCert != "" && c.key != "":
		key, err := c.privateKey(c.key, c.password)
		if err != nil {
			return nil, err
		}
		defer key.Close()
		public, err := key.PublicKey()
		if err != nil {
			return nil, err
		}
		defer public.Close()
		der, err := public.MarshalDER()
		return x509.SubjectPublicKeyInfo(der), err
	}
	return nil, nil
}

// issuer is who signs: a CA, or without one the subject itself.
func (c *command) issuer() (*x509.Certificate, *pk.PrivateKey, error) {
	if (c.caCert == "") != (c.caKey == "") {
		return nil, nil, errors.New("--ca and --ca-key go together")
	}
	if c.caPassword != "" && c.caKey == "" {
		return nil, nil, errors.New("--ca-password-file goes with --ca-key")
	}
	if c.caCert == "" {
		if c.key == "" {
			return nil, nil, errors.New("issue needs --key, or --ca and --ca-key")
		}
		key, err := c.privateKey(c.key, c.password)
		return nil, key, err
	}
	certs, err := c.certificates(c.caCert)
	if err != nil {
		return nil, nil, err
	}
	key, err := c.privateKey(c.caKey, c.caPassword)
	return certs[0], key, err
}
