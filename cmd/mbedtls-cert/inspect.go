package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"github.com/gombedtls/gombedtls/mbedtls/oid"
	"github.com/gombedtls/gombedtls/mbedtls/x509"
)

// certificate is what --json prints of one.
type certificate struct {
	File               string    `json:"file"`
	Version            int       `json:"version"`
	Serial             string    `json:"serial"`
	Subject            string    `json:"subject"`
	Issuer             string    `json:"issuer"`
	NotBefore          time.Time `json:"not_before"`
	NotAfter           time.Time `json:"not_after"`
	Key                string    `json:"key"`
	KeyBits            int       `json:"key_bits"`
	SignatureAlgorithm string    `json:"signature_algorithm"`
	CA                 bool      `json:"ca"`
	MaxPathLen         *int      `json:"max_path_len,omitempty"`
	SubjectAltNames    []string  `json:"subject_alt_names,omitempty"`
	KeyUsage           string    `json:"key_usage,omitempty"`
	ExtKeyUsage        []string  `json:"ext_key_usage,omitempty"`
	NSCertType         string    `json:"ns_cert_type,omitempty"`
	Policies           []string  `json:"policies,omitempty"`
	SubjectKeyID       string    `json:"subject_key_id,omitempty"`
	AuthorityKeyID     string    `json:"authority_key_id,omitempty"`
}

func describe(file string, c *x509.Certificate) certificate {
	d := certificate{
		File: file, Version: c.Version, Serial: hex.EncodeToString(c.SerialNumber), Subject: c.Subject.String(),
		Issuer: c.Issuer.String(), NotBefore: c.NotBefore, NotAfter: c.NotAfter, Key: c.KeyType, KeyBits: c.KeyBits,
		SignatureAlgorithm: c.SignatureAlgorithm.String(), CA: c.IsCA, SubjectAltNames: texts(c.SubjectAltNames),
		KeyUsage: c.KeyUsage.String(), ExtKeyUsage: purposes(c.ExtKeyUsage), NSCertType: c.NSCertType.String(),
		Policies: texts(c.Policies), SubjectKeyID: hex.EncodeToString(c.SubjectKeyID),
		AuthorityKeyID: hex.EncodeToString(c.AuthorityKeyID.KeyID),
	}
	if c.MaxPathLen >= 0 {
		d.MaxPathLen = &c.MaxPathLen
	}
	return d
}

func texts[T fmt.Stringer](values []T) (texts []string) {
	for _, v := range values {
		texts = append(texts, v.String())
	}
	return texts
}

func purposes(oids []oid.OID) (texts []string) {
	for _, o := range oids {
		text, err := o.ExtendedKeyUsage()
		if err != nil {
			text = o.String()
		}
		texts = append(texts, text)
	}
	return texts
}

// certificates reads those of a file, none of which may be broken.
func (c *command) certificates(file string) ([]*x509.Certificate, error) {
	data, err := c.read(file)
	if err != nil {
		return nil, err
	}
	certs, err := x509.ParseCertificates(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return certs, nil
}

func (c *command) inspect(files []string) (bool, error) {
	var all []certificate
	for _, file := range files {
		certs, err := c.certificates(file)
		if err != nil {
			return false, err
		}
		for i, cert := range certs {
			if c.json {
				all = append(all, describe(file, cert))
				continue
			}
			info, err := cert.Info("  ")
			if err != nil {
				return false, err
			}
			fmt.Fprintf(c.stdout, "%s, certificate %d:\n%s", file, i+1, info)
		}
	}
	if c.json {
		return true, c.writeJSON(all)
	}
	return true, nil
}

// request is what --json prints of one.
type request struct {
	Version            int      `json:"version"`
	Subject            string   `json:"subject"`
	Key                string   `json:"key"`
	KeyBits            int      `json:"key_bits"`
	SignatureAlgorithm string   `json:"signature_algorithm"`
	SubjectAltNames    []string `json:"subject_alt_names,omitempty"`
	KeyUsage           string   `json:"key_usage,omitempty"`
	NSCertType         string   `json:"ns_cert_type,omitempty"`
	Signed             bool     `json:"signed"` // by the key that it is for
}

func (c *command) request(file string) (*x509.CertificateRequest, error) {
	data, err := c.read(file)
	if err != nil {
		return nil, err
	}
	r, err := x509.ParseCertificateRequest(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return r, nil
}

func (c *command) inspectRequest(args []string) (bool, error) {
	r, err := c.request(args[0])
	if err != nil {
		return false, err
	}
	signed := r.CheckSignature()
	if c.json {
		return signed == nil, c.writeJSON(request{r.Version, r.Subject.String(), r.KeyType, r.KeyBits,
			r.SignatureAlgorithm.String(),
			texts(r.SubjectAltNames), r.KeyUsage.String(), r.NSCertType.String(), signed == nil})
	}
	info, err := r.Info("  ")
	if err != nil {
		return false, err
	}
	verdict := "signed by its own key"
	if signed != nil {
		verdict = "not signed by its own key: " + signed.Error()
	}
	fmt.Fprintf(c.stdout, "%s:\n%s\n  %s\n", args[0], info, verdict)
	return signed == nil, nil
}

// revocationList is what --json prints of one.
type revocationList struct {
	Version            int       `json:"version"`
	Issuer             string    `json:"issuer"`
	ThisUpdate         time.Time `json:"this_update"`
	NextUpdate         time.Time `json:"next_update,omitzero"`
	SignatureAlgorithm string    `json:"signature_algorithm"`
	Revoked            []revoked `json:"revoked"`
}

type revoked struct {
	Serial string    `json:"serial"`
	Date   time.Time `json:"date"`
}

// crls reads revocation lists; the caller closes them.
func (c *command) crls(files ...string) (*x509.CRLs, error) {
	crls, err := x509.NewCRLs()
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		data, err := c.read(file)
		if err == nil {
			err = crls.Parse(data)
		}
		if err != nil {
			crls.Close()
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	return crls, nil
}

func (c *command) inspectCRL(args []string) (bool, error) {
	crls, err := c.crls(args[0])
	if err != nil {
		return false, err
	}
	defer crls.Close()
	lists, err := crls.RevocationLists()
	if err != nil {
		return false, err
	}
	var all []revocationList
	for i, l := range lists {
		if !c.json {
			info, err := l.Info("  ")
			if err != nil {
				return false, err
			}
			if _, err := io.WriteString(c.stdout, fmt.Sprintf("%s, list %d:\n%s\n", args[0], i+1, info)); err != nil {
				return false, err
			}
			continue
		}
		d := revocationList{l.Version, l.Issuer.String(), l.ThisUpdate, l.NextUpdate, l.SignatureAlgorithm.String(), []revoked{}}
		for _, r := range l.RevokedCertificates {
			d.Revoked = append(d.Revoked, revoked{hex.EncodeToString(r.SerialNumber), r.Date})
		}
		all = append(all, d)
	}
	if c.json {
		return true, c.writeJSON(all)
	}
	return true, nil
}
