package mbedtls

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"github.com/gombedtls/gombedtls/cbridge"
)

// asksForCredentials tells whether a closure is asked in the handshake, which may wait.
func (c *Config) asksForCredentials() bool {
	return c.GetConfigForClient != nil || c.GetCertificate != nil || c.GetTrustedCAs != nil || c.GetPSK != nil
}

// hasOtherCredentials tells whether a server can do without Certificates.
func (c *Config) hasOtherCredentials() bool {
	return c.GetConfigForClient != nil || c.GetCertificate != nil || c.hasSharedSecret(true)
}

// hasSharedSecret tells whether there is one for that end.
func (c *Config) hasSharedSecret(server bool) bool {
	return c.PSK != nil || server && c.GetPSK != nil || c.hasECJPAKE()
}

var clientAuthModes = map[ClientAuthType]cbridge.AuthMode{
	NoClientCert:               cbridge.VerifyNone,
	RequestClientCert:          cbridge.VerifyOptional, // and Conn looks at the result: see checkClient
	RequireAnyClientCert:       cbridge.VerifyOptional,
	VerifyClientCertIfGiven:    cbridge.VerifyOptional,
	RequireAndVerifyClientCert: cbridge.VerifyRequired,
}

// clientAuthMode is the library's mode for ClientAuth.
func (c *Config) clientAuthMode() (cbridge.AuthMode, error) {
	mode, ok := clientAuthModes[c.ClientAuth]
	if !ok {
		return 0, badField("ClientAuth", int(c.ClientAuth), "no such ClientAuthType")
	}
	if c.ClientAuth >= VerifyClientCertIfGiven && c.ClientCAs == nil && c.GetTrustedCAs == nil && !c.unjudged() {
		return 0, badField("ClientCAs", "nil", "must be set, since ClientAuth verifies client certificates")
	}
	return mode, nil
}

// setSelection makes the library ask Conn about each ClientHello.
func (c *Config) setSelection(cc *cbridge.Config, server bool) error {
	if !server {
		return nil
	}
	const option = "MBEDTLS_SSL_SERVER_NAME_INDICATION"
	if (c.GetConfigForClient != nil || c.GetCertificate != nil) && !cbridge.Feature(option) {
		return field("GetCertificate", "set", &NotBuiltError{Option: option})
	}
	if c.ClientCAHints != nil {
		chain, err := c.ClientCAHints.chain()
		if err != nil {
			return badField("ClientCAHints", c.ClientCAHints, "%w", err)
		}
		if err := field("ClientCAHints", c.ClientCAHints, cc.SetDNHints(chain)); err != nil {
			return err
		}
	}
	if c.GetConfigForClient != nil || c.GetCertificate != nil {
		if err := cc.SetSigners(); err != nil {
			return err
		}
	}
	return cc.SetCertSelect(func(ssl *cbridge.SSL) error { return ssl.UserData().(*core).selectCredentials(ssl) })
}

// selectCredentials runs inside of the library, with mu held, once the ClientHello is parsed.
func (c *core) selectCredentials(ssl *cbridge.SSL) error {
	if err := c.shell.selectProtocol(ssl); err != nil {
		return err
	}
	if ssl.HelloRetried() { // what was chosen for the first ClientHello still holds
		return nil
	}
	c.serverName = string(ssl.HandshakeSNI())
	if c.config.GetConfigForClient == nil && c.config.GetCertificate == nil {
		return nil
	}
	hello := parseClientHello(ssl.ClientHello())
	hello.Conn = c.shell.netConn()
	get := c.config.GetCertificate
	var choice *handshakeChoice
	if c.config.GetConfigForClient != nil {
		conf, err := c.config.GetConfigForClient(hello)
		if err != nil {
			return err
		}
		c.clientAuth = c.config.ClientAuth
		if conf != nil && conf != c.config {
			if choice, err = c.apply(ssl, conf); err != nil {
				return fmt.Errorf("the Config of GetConfigForClient: %w", err)
			}
			get = conf.GetCertificate
		}
	}
	if get != nil {
		cert, err := get(hello)
		if err != nil {
			return err
		}
		if r := c.config.rules(); cert != nil && r != nil {
			if err := r.checkOwn(cert, "GetCertificate"); err != nil {
				return err
			}
		}
		if cert != nil {
			err := c.config.certs.use(cert, func(p *parsedCertificate) error { return ssl.AddHandshakeOwnCert(p.crt, p.key.Bridge()) })
			if err != nil {
				return fmt.Errorf("the Certificate of GetCertificate: %w", err)
			}
			return nil
		}
	}
	if choice != nil {
		for _, cert := range choice.certs {
			if err := ssl.AddHandshakeOwnCert(cert.crt, cert.key.Bridge()); err != nil {
				return err
			}
		}
	}
	return nil
}

// apply makes the handshake verify the client as conf says.
func (c *core) apply(ssl *cbridge.SSL, conf *Config) (*handshakeChoice, error) {
	choice, err := conf.choice()
	if err != nil {
		return nil, err
	}
	if c.config.GetTrustedCAs == nil {
		if conf.GetTrustedCAs != nil {
			return nil, badField("GetTrustedCAs", "set", "cannot be chosen for one handshake")
		}
		if err := ssl.SetHandshakeCAs(choice.cas, choice.crls); err != nil {
			return nil, err
		}
	} else if conf.ClientCAs != nil || len(conf.CRLs) > 0 {
		return nil, badField("ClientCAs", conf.ClientCAs, "must not be set, nor CRLs: the listener's Config has GetTrustedCAs")
	}
	if choice.hints != nil {
		if err := ssl.SetHandshakeDNHints(choice.hints); err != nil {
			return nil, err
		}
	}
	if conf.ClientAuth >= VerifyClientCertIfGiven && conf.ClientCAs == nil && c.config.GetTrustedCAs == nil {
		return nil, badField("ClientCAs", "nil", "must be set, since ClientAuth verifies client certificates")
	}
	if r := c.config.rules(); r != nil {
		if err := r.checkCertificates(conf); err != nil {
			return nil, err
		}
	}
	c.clientAuth = conf.ClientAuth
	return choice, ssl.SetHandshakeAuthMode(choice.mode)
}

// handshakeChoice is the library's form of what GetConfigForClient chooses.
type handshakeChoice struct {
	certs []*parsedCertificate
	mode  cbridge.AuthMode
	cas   *cbridge.Crt // empty if there are none: those of the listener's Config must not stand in
	crls  *cbridge.Crl
	hints *cbridge.Crt

	close []func() error // of what is its own
}

// builtChoice is made when first needed.
type builtChoice struct {
	once   sync.Once
	choice *handshakeChoice
	err    error
}

func (b *builtChoice) close() {
	b.once.Do(func() { b.err = errConfigClosed })
	if b.choice != nil {
		b.choice.free()
	}
}

func (h *handshakeChoice) free() {
	for _, free := range h.close {
		_ = free()
	}
}

func (c *Config) choice() (*handshakeChoice, error) {
	b := &c.chosen
	b.once.Do(func() {
		h := new(handshakeChoice)
		if b.err = h.build(c); b.err != nil {
			h.free()
			return
		}
		b.choice = h
	})
	return b.choice, b.err
}

func (h *handshakeChoice) build(c *Config) (err error) {
	var ok bool
	if h.mode, ok = clientAuthModes[c.ClientAuth]; !ok {
		return badField("ClientAuth", int(c.ClientAuth), "no such ClientAuthType")
	}
	for i := range c.Certificates {
		p, err := c.Certificates[i].parsed()
		if err != nil {
			return &ConfigError{Field: fmt.Sprintf("Certificates[%d]", i), Value: c.Certificates[i].String(), Err: err}
		}
		h.certs = append(h.certs, p)
		h.close = append(h.close, p.close)
	}
	if c.ClientCAs != nil {
		if h.cas, err = c.ClientCAs.chain(); err != nil {
			return badField("ClientCAs", c.ClientCAs, "%w", err)
		}
	} else {
		if h.cas, err = cbridge.NewCrt(); err != nil {
			return err
		}
		h.close = append(h.close, h.cas.Close)
	}
	if c.ClientCAHints != nil {
		if h.hints, err = c.ClientCAHints.chain(); err != nil {
			return badField("ClientCAHints", c.ClientCAHints, "%w", err)
		}
	}
	if len(c.CRLs) > 0 {
		if h.crls, err = parseCRLs(c.CRLs); err != nil {
			return err
		}
		h.close = append(h.close, h.crls.Close)
	}
	return nil
}

// parsedCertificate is the library's form of a Certificate.
type parsedCertificate struct {
	crt    *cbridge.Crt
	key    *PrivateKey
	shared bool // the key is the Certificate's own
}

func (c *Certificate) parsed() (*parsedCertificate, error) {
	crt, key, err := c.parse()
	if err != nil {
		return nil, err
	}
	return &parsedCertificate{crt, key, key == c.PrivateKey}, nil
}

func (p *parsedCertificate) close() error {
	err := p.crt.Close()
	if !p.shared {
		err = errors.Join(err, p.key.Close())
	}
	return err
}

// certCacheSize bounds how many Certificates a Config keeps parsed. One that is made anew for each handshake is parsed
// each time, and must not pile up.
const certCacheSize = 1000

// certCache keeps what GetCertificate returned in the library's form: to parse it, and to check that the key fits, costs
// more than the rest of a handshake.
type certCache struct {
	mu      sync.Mutex
	entries map[*Certificate]cachedCertificate
	closed  bool
}

type cachedCertificate struct {
	*parsedCertificate
	chain [][]byte
	key   crypto.PrivateKey
}

// use calls f with the library's form of cert, which stays open until f returns.
func (cache *certCache) use(cert *Certificate, f func(*parsedCertificate) error) error {
	cache.mu.Lock()
	defer cache.mu.Unlock()
	if e, ok := cache.entries[cert]; ok {
		if e.key == cert.PrivateKey && slices.EqualFunc(e.chain, cert.Certificate, bytes.Equal) {
			return f(e.parsedCertificate)
		}
	}
	cache.mu.Unlock()
	p, err := cert.parsed()
	cache.mu.Lock()
	if err != nil {
		return err
	}
	if cache.closed || !reflect.TypeOf(cert.PrivateKey).Comparable() {
		defer p.close()
		return f(p)
	}
	if old, ok := cache.entries[cert]; ok {
		_ = old.close()
	} else if len(cache.entries) >= certCacheSize {
		cache.drop()
	}
	if cache.entries == nil {
		cache.entries = map[*Certificate]cachedCertificate{}
	}
	cache.entries[cert] = cachedCertificate{p, slices.Clone(cert.Certificate), cert.PrivateKey}
	return f(p)
}

func (cache *certCache) drop() {
	for _, e := range cache.entries {
		_ = e.close()
	}
	cache.entries = nil
}

func (cache *certCache) close() {
	cache.mu.Lock()
	defer cache.mu.Unlock()
	cache.drop()
	cache.closed = true
}
