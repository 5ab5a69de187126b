package mbedtls

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/gombedtls/gombedtls/cbridge"
)

// CertPool is a set of trusted certificates. It may be shared by Configs and goroutines; what is added after a Config
// was first used is not seen by that one.
type CertPool struct {
	mu     sync.Mutex
	ders   [][]byte
	seen   map[string]bool
	parsed *cbridge.Crt // of all ders; nil until needed
}

// NewCertPool makes an empty pool.
func NewCertPool() *CertPool { return new(CertPool) }

// AddCert adds one certificate.
func (p *CertPool) AddCert(cert *x509.Certificate) { p.AddDER(cert.Raw) }

// AddDER adds one certificate in DER. Whether the library can parse it shows when a Config is first used.
func (p *CertPool) AddDER(der []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.seen[string(der)] {
		return
	}
	if p.seen == nil {
		p.seen = map[string]bool{}
	}
	der = bytes.Clone(der)
	p.seen[string(der)] = true
	p.ders = append(p.ders, der)
	p.parsed = nil // Configs that use it keep it
}

// AppendCertsFromPEM adds every certificate in data that the library can parse, and reports how many: an error if none.
func (p *CertPool) AppendCertsFromPEM(data []byte) (n int, err error) {
	crt, err := cbridge.NewCrt()
	if err != nil {
		return 0, err
	}
	defer crt.Close()
	if _, err := crt.Parse(data); err != nil {
		return 0, fmt.Errorf("mbedtls: certificates: %w", err)
	}
	for _, der := range crt.DER() {
		p.AddDER(der)
		n++
	}
	return n, nil
}

// Len is the number of certificates.
func (p *CertPool) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.ders)
}

// String tells the size, for errors.
func (p *CertPool) String() string { return fmt.Sprintf("pool of %d certificates", p.Len()) }

// chain is the library's form of the pool, shared by all Configs.
func (p *CertPool) chain() (*cbridge.Crt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.parsed != nil {
		return p.parsed, nil
	}
	crt, err := p.parse()
	if err == nil {
		p.parsed = crt
	}
	return crt, err
}

// ownChain is chain for one Config alone.
func (p *CertPool) ownChain() (*cbridge.Crt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.parse()
}

func (p *CertPool) parse() (*cbridge.Crt, error) {
	if len(p.ders) == 0 {
		return nil, errors.New("the pool is empty")
	}
	crt, err := cbridge.NewCrt()
	if err != nil {
		return nil, err
	}
	for i, der := range p.ders {
		if _, err := crt.Parse(der); err != nil {
			crt.Close()
			return nil, fmt.Errorf("certificate %d of the pool: %w", i, err)
		}
	}
	return crt, nil
}

// systemRoots are where Linux distributions keep one file of all roots, and systemRootDirs where they keep many; the
// places are those of crypto/x509.
var (
	systemRoots = []string{
		"/etc/ssl/certs/ca-certificates.crt",
		"/etc/pki/tls/certs/ca-bundle.crt",
		"/etc/ssl/ca-bundle.pem",
		"/etc/pki/tls/cacert.pem",
		"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
		"/etc/ssl/cert.pem",
	}
	systemRootDirs = []string{"/etc/ssl/certs", "/etc/pki/tls/certs"}
)

var loadSystemRoots = sync.OnceValues(func() (*CertPool, error) {
	files, dirs := systemRoots, systemRootDirs
	if f := os.Getenv("SSL_CERT_FILE"); f != "" {
		files = []string{f}
	}
	if d := os.Getenv("SSL_CERT_DIR"); d != "" {
		dirs = filepath.SplitList(d)
	}
	return loadRoots(files, dirs)
})

// SystemCertPool is a copy of the system's set of trusted roots, read once: from $SSL_CERT_FILE and $SSL_CERT_DIR if those are
// set, else from where Linux distributions keep it. Roots that the library cannot parse are left out.
func SystemCertPool() (*CertPool, error) {
	p, err := loadSystemRoots()
	if err != nil {
		return nil, err
	}
	return p.clone(), nil
}

func (p *CertPool) clone() *CertPool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return &CertPool{ders: slices.Clone(p.ders), seen: maps.Clone(p.seen), parsed: p.parsed}
}

// loadRoots reads the first of files that has certificates, or else all of the first directory that does.
func loadRoots(files, dirs []string) (*CertPool, error) {
	pool := NewCertPool()
	add := func(file string) {
		if data, err := os.ReadFile(file); err == nil && pemCertificates(data) > 0 {
			_, _ = pool.AppendCertsFromPEM(data) // a broken root is not trusted, and that is all
		}
	}
	for _, f := range files {
		if add(f); pool.Len() > 0 {
			return pool, nil
		}
	}
	for _, d := range dirs {
		entries, err := os.ReadDir(d)
		if err != nil {
			continue
		}
		for _, e := range entries {
			add(filepath.Join(d, e.Name()))
		}
		if pool.Len() > 0 {
			return pool, nil
		}
	}
	return nil, fmt.Errorf("mbedtls: no system roots in %q or %q: set Config.RootCAs, or SSL_CERT_FILE", files, dirs)
}
