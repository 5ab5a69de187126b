package x509

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/gombedtls/gombedtls/cbridge"
)

// List is certificates in the library's memory: a chain, or what is trusted.
type List struct{ c *cbridge.Crt }

// NewList makes a list of certificates; of none, it is empty.
func NewList(certs ...*Certificate) (*List, error) {
	c, err := cbridge.NewCrt()
	if err != nil {
		return nil, err
	}
	l := &List{c}
	for i, cert := range certs {
		if err := l.add(cert); err != nil {
			l.Close()
			return nil, fmt.Errorf("certificate %d: %w", i, err)
		}
	}
	return l, nil
}

func (l *List) add(cert *Certificate) error {
	if cert == nil {
		return errNoCertificate
	}
	return l.c.ParseDERWithExt(cert.Raw, func([]byte, bool, []byte) error { return nil })
}

// ParseList makes a list of what [List.Parse] takes.
func ParseList(data []byte) (l *List, skipped int, err error) {
	if l, err = NewList(); err != nil {
		return nil, 0, err
	}
	if skipped, err = l.Parse(data); err != nil {
		l.Close()
		return nil, 0, err
	}
	return l, skipped, nil
}

// Parse adds the certificates in data: one in DER, or any number in PEM. It fails if none can be parsed, with the first
// one's error, and else says how many of PEM could not be (mbedtls_x509_crt_parse).
func (l *List) Parse(data []byte) (skipped int, err error) { return l.c.Parse(data) }

// ParseExtensions adds one certificate in DER, as [ParseCertificateExtensions] does
// (mbedtls_x509_crt_parse_der_with_ext_cb).
func (l *List) ParseExtensions(der []byte, f ExtensionFunc) error {
	return l.c.ParseDERWithExt(der, f.bridge())
}

// ParseFile adds the certificates of a file, as Parse does. A file that cannot be read is an *fs.PathError.
func (l *List) ParseFile(name string) (skipped int, err error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return 0, err
	}
	if skipped, err = l.Parse(data); err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	return skipped, nil
}

// FileError says what is wrong with one file of a directory.
type FileError struct {
	File    string
	Skipped int   // how many of its certificates could not be parsed, while others could; Err is nil then
	Err     error // why none could
}

// Error names the file and the reason.
func (e *FileError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("%s: %d certificates cannot be parsed", e.File, e.Skipped)
	}
	return e.Err.Error() // ParseFile and os have the name in it
}

// Unwrap returns the reason.
func (e *FileError) Unwrap() error { return e.Err }

// ParseDir adds the certificates of the files of a directory, in the order of their names, as mbedtls_x509_crt_parse_path
// does: not of directories in it. Files that cannot be read or parsed do not stop it, and are told of. err is for the
// directory itself.
func (l *List) ParseDir(name string) (failed []*FileError, err error) {
	entries, err := os.ReadDir(name)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		path := filepath.Join(name, e.Name())
		if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
			continue
		}
		if skipped, err := l.ParseFile(path); err != nil || skipped > 0 {
			if errors.Is(err, net.ErrClosed) {
				return failed, err
			}
			failed = append(failed, &FileError{path, skipped, err})
		}
	}
	return failed, nil
}

// Certificates are those of the list, in order.
func (l *List) Certificates() ([]*Certificate, error) {
	data, err := l.c.Data()
	if err != nil {
		return nil, err
	}
	certs := make([]*Certificate, len(data))
	for i, d := range data {
		certs[i] = FromBridge(d)
	}
	return certs, nil
}

// Len is the number of certificates; 0 after Close.
func (l *List) Len() int { return len(l.c.DER()) }

// Close frees the list, once no call uses it.
func (l *List) Close() error { return l.c.Close() }

// ParseCertificates parses one certificate in DER, or any number in PEM, none of which may be broken.
func ParseCertificates(data []byte) ([]*Certificate, error) {
	l, skipped, err := ParseList(data)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	certs, err := l.Certificates()
	if begun := bytes.Count(data, []byte("-----BEGIN CERTIFICATE-----")); err == nil && (skipped > 0 || len(certs) < begun) {
		err = &cbridge.Error{Code: cbridge.ErrX509InvalidFormat, Op: "mbedtls_x509_crt_parse",
			Cause: fmt.Errorf("only %d of %d certificates can be parsed", len(certs), max(begun, len(certs)+skipped))}
	}
	if err != nil {
		return nil, err
	}
	return certs, nil
}
