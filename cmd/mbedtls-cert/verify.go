package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"

	"github.com/gombedtls/gombedtls/mbedtls/x509"
)

type verifyOptions struct {
	roots, untrusted, revocation list
	name, profile                string
	usage, purpose               string
}

var profiles = map[string]*x509.Profile{
	"default": &x509.ProfileDefault, "next": &x509.ProfileNext, "suiteb": &x509.ProfileSuiteB, "none": &x509.ProfileNone,
}

func (c *command) checkFlags(flags *flag.FlagSet) {
	flags.Var(&c.roots, "ca", "`file` or directory of trusted certificates; may be given several times")
}

func (c *command) verifyFlags(flags *flag.FlagSet) {
	c.checkFlags(flags)
	flags.Var(&c.untrusted, "untrusted", "`file` of more certificates for the chain; may be given several times")
	flags.Var(&c.revocation, "crl", "`file` of revocation lists; may be given several times")
	flags.StringVar(&c.name, "name", "", "host `name`, address or URI that the certificate must be for")
	flags.StringVar(&c.profile, "profile", "default", "which algorithms may be used: default, next, suiteb or none")
	flags.StringVar(&c.usage, "usage", "", "key `usage` that it must allow, such as digitalSignature")
	flags.StringVar(&c.purpose, "purpose", "", "`purpose` that it must allow: serverAuth, clientAuth, or an OID")
}

// trusted reads what --ca names; the caller closes it.
func (c *command) trusted() (*x509.List, error) {
	if len(c.roots) == 0 {
		return nil, errors.New("--ca names no trusted certificates")
	}
	l, err := x509.NewList()
	if err != nil {
		return nil, err
	}
	for _, name := range c.roots {
		if err := addTrusted(l, name); err != nil {
			l.Close()
			return nil, err
		}
	}
	return l, nil
}

func addTrusted(l *x509.List, name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		skipped, err := l.ParseFile(name)
		if err == nil && skipped > 0 {
			err = &x509.FileError{File: name, Skipped: skipped}
		}
		return err
	}
	bad, err := l.ParseDir(name)
	for _, f := range bad {
		err = errors.Join(err, f)
	}
	return err
}

func (c *command) verify(args []string) (bool, error) {
	profile, ok := profiles[c.profile]
	if !ok {
		return false, fmt.Errorf("no profile %q", c.profile)
	}
	var chain []*x509.Certificate
	for _, file := range append(args, c.untrusted...) {
		certs, err := c.certificates(file)
		if err != nil {
			return false, err
		}
		chain = append(chain, certs...)
	}
	o := &x509.VerifyOptions{Profile: profile, Name: c.name}
	if len(c.revocation) > 0 {
		crls, err := c.crls(c.revocation...)
		if err != nil {
			return false, err
		}
		defer crls.Close()
		o.CRLs = crls
	}
	return c.verifyChain(chain, o)
}

// verifyChain prints what is wrong with each certificate, and the verdict.
func (c *command) verifyChain(chain []*x509.Certificate, o *x509.VerifyOptions) (bool, error) {
	misuse, err := c.misuse(chain[0])
	if err != nil {
		return false, err
	}
	roots, err := c.trusted()
	if err != nil {
		return false, err
	}
	defer roots.Close()
	o.Roots = roots
	o.Verify = func(cert *x509.Certificate, depth int, flags x509.VerifyFlags) (x509.VerifyFlags, error) {
		fmt.Fprintf(c.stdout, "%d  %s: %s\n", depth, cert.Subject, flags)
		return flags, nil
	}
	err = chain[0].Verify(o, chain[1:]...)
	var wrong *x509.VerifyError
	switch {
	case errors.As(err, &wrong):
		fmt.Fprintln(c.stdout, "not valid:", wrong.Flags)
	case err != nil:
		return false, err
	case misuse != "":
		fmt.Fprintln(c.stdout, "not valid:", misuse)
	default:
		fmt.Fprintln(c.stdout, "valid")
		return true, nil
	}
	return false, nil
}

// misuse says what the certificate is not for that it should be.
func (c *command) misuse(cert *x509.Certificate) (string, error) {
	if c.usage != "" {
		usage, err := x509.ParseKeyUsage(c.usage)
		if err != nil {
			return "", err
		}
		if cert.CheckKeyUsage(usage) != nil {
			return "not for the key usage " + usage.String(), nil
		}
	}
	if c.purpose != "" {
		purpose, err := parsePurpose(c.purpose)
		if err != nil {
			return "", err
		}
		if cert.CheckExtKeyUsage(purpose) != nil {
			return "not for the purpose " + c.purpose, nil
		}
	}
	return "", nil
}

func (c *command) checkCRL(args []string) (bool, error) {
	crls, err := c.crls(args[0])
	if err != nil {
		return false, err
	}
	defer crls.Close()
	certs, err := c.certificates(args[1])
	if err != nil {
		return false, err
	}
	lists, err := crls.RevocationLists()
	if err != nil {
		return false, err
	}
	// Of a list by another issuer, the library takes no notice.
	if !slices.ContainsFunc(lists, func(l *x509.RevocationList) bool { return l.Issuer.Matches(certs[0].Issuer) }) {
		return false, fmt.Errorf("%s: no list is by the certificate's issuer, %v", args[0], certs[0].Issuer)
	}
	return c.verifyChain(certs, &x509.VerifyOptions{CRLs: crls})
}
