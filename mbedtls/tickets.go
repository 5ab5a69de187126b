package mbedtls

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
)

// TicketCipher is the cipher that protects a server's tickets; the zero value is AES-256-GCM.
type TicketCipher int

// The ciphers that the library takes for tickets.
const (
	TicketAES256GCM TicketCipher = iota
	TicketAES192GCM
	TicketAES128GCM
	TicketAES256CCM
	TicketAES192CCM
	TicketAES128CCM
	TicketChaCha20Poly1305
	TicketARIA256GCM
	TicketARIA192GCM
	TicketARIA128GCM
	TicketARIA256CCM
	TicketARIA192CCM
	TicketARIA128CCM
	TicketCamellia256GCM
	TicketCamellia192GCM
	TicketCamellia128GCM
	TicketCamellia256CCM
	TicketCamellia192CCM
	TicketCamellia128CCM
)

var ticketCiphers = map[TicketCipher]struct {
	name, cipher, mode string // cipher and mode are the options that it needs
	lib                cbridge.TicketCipher
	keyLen             int
}{
	TicketAES256GCM:        {"AES-256-GCM", "MBEDTLS_AES_C", "MBEDTLS_GCM_C", cbridge.TicketAES256GCM, 32},
	TicketAES192GCM:        {"AES-192-GCM", "MBEDTLS_AES_C", "MBEDTLS_GCM_C", cbridge.TicketAES192GCM, 24},
	TicketAES128GCM:        {"AES-128-GCM", "MBEDTLS_AES_C", "MBEDTLS_GCM_C", cbridge.TicketAES128GCM, 16},
	TicketAES256CCM:        {"AES-256-CCM", "MBEDTLS_AES_C", "MBEDTLS_CCM_C", cbridge.TicketAES256CCM, 32},
	TicketAES192CCM:        {"AES-192-CCM", "MBEDTLS_AES_C", "MBEDTLS_CCM_C", cbridge.TicketAES192CCM, 24},
	TicketAES128CCM:        {"AES-128-CCM", "MBEDTLS_AES_C", "MBEDTLS_CCM_C", cbridge.TicketAES128CCM, 16},
	TicketChaCha20Poly1305: {"ChaCha20-Poly1305", "MBEDTLS_CHACHA20_C", "MBEDTLS_CHACHAPOLY_C", cbridge.TicketChaCha20Poly1305, 32},
	TicketARIA256GCM:       {"ARIA-256-GCM", "MBEDTLS_ARIA_C", "MBEDTLS_GCM_C", cbridge.TicketARIA256GCM, 32},
	TicketARIA192GCM:       {"ARIA-192-GCM", "MBEDTLS_ARIA_C", "MBEDTLS_GCM_C", cbridge.TicketARIA192GCM, 24},
	TicketARIA128GCM:       {"ARIA-128-GCM", "MBEDTLS_ARIA_C", "MBEDTLS_GCM_C", cbridge.TicketARIA128GCM, 16},
	TicketARIA256CCM:       {"ARIA-256-CCM", "MBEDTLS_ARIA_C", "MBEDTLS_CCM_C", cbridge.TicketARIA256CCM, 32},
	TicketARIA192CCM:       {"ARIA-192-CCM", "MBEDTLS_ARIA_C", "MBEDTLS_CCM_C", cbridge.TicketARIA192CCM, 24},
	TicketARIA128CCM:       {"ARIA-128-CCM", "MBEDTLS_ARIA_C", "MBEDTLS_CCM_C", cbridge.TicketARIA128CCM, 16},
	TicketCamellia256GCM:   {"CAMELLIA-256-GCM", "MBEDTLS_CAMELLIA_C", "MBEDTLS_GCM_C", cbridge.TicketCamellia256GCM, 32},
	TicketCamellia192GCM:   {"CAMELLIA-192-GCM", "MBEDTLS_CAMELLIA_C", "MBEDTLS_GCM_C", cbridge.TicketCamellia192GCM, 24},
	TicketCamellia128GCM:   {"CAMELLIA-128-GCM", "MBEDTLS_CAMELLIA_C", "MBEDTLS_GCM_C", cbridge.TicketCamellia128GCM, 16},
	TicketCamellia256CCM:   {"CAMELLIA-256-CCM", "MBEDTLS_CAMELLIA_C", "MBEDTLS_CCM_C", cbridge.TicketCamellia256CCM, 32},
	TicketCamellia192CCM:   {"CAMELLIA-192-CCM", "MBEDTLS_CAMELLIA_C", "MBEDTLS_CCM_C", cbridge.TicketCamellia192CCM, 24},
	TicketCamellia128CCM:   {"CAMELLIA-128-CCM", "MBEDTLS_CAMELLIA_C", "MBEDTLS_CCM_C", cbridge.TicketCamellia128CCM, 16},
}

// String is the cipher's name, such as "AES-256-GCM".
func (c TicketCipher) String() string {
	if t, ok := ticketCiphers[c]; ok {
		return t.name
	}
	return fmt.Sprintf("TicketCipher(%d)", int(c))
}

// KeyLen is the length of the cipher's keys in bytes; 0 if there is no such cipher.
func (c TicketCipher) KeyLen() int { return ticketCiphers[c].keyLen }

// Bounds of a ticket's lifetime (RFC 8446 section 4.6.1).
const (
	defaultTicketLifetime = 24 * time.Hour
	minTicketLifetime     = time.Second
	maxTicketLifetime     = 7 * 24 * time.Hour
)

// TicketKeys are the keys that a server protects tickets with: the current one, which all new tickets are made with, and
// the one before it, which still opens them. Servers with the same TicketKeys resume each other's sessions, and so do
// processes that are fed the same keys with Rotate. Such servers should ask the same of clients: a TLS 1.2 session is
// resumed by another Config only if the client's certificate would pass there, too.
//
// A ticket may be used for a key's Lifetime. When the current key is that old, the next handshake puts a new random one
// in its place. Who feeds keys from outside does so more often than that, so that all processes keep to those keys: twice
// in a Lifetime suits, since a ticket is lost with the second rotation after it was made. The age of TLS 1.3 tickets must
// be known to within 6 seconds, so that processes that share keys must have the same time when they start.
//
// Its methods may be called at any time, by several goroutines.
type TicketKeys struct {
	lib      *cbridge.TicketKeys
	cipher   TicketCipher
	lifetime time.Duration

	mu   sync.Mutex
	last [cbridge.TicketKeyNameLen]byte
	fed  bool
}

// TicketKey is one key. Its name is sent in clear with each ticket, tells the keys of a server apart, and must be
// different for each.
type TicketKey struct {
	Name   [4]byte
	Secret []byte // TicketCipher.KeyLen() random bytes
}

// NewTicketKeys makes keys, at first random ones. lifetime is in whole seconds, at most 7 days; 0 is a day
// (mbedtls_ssl_ticket_setup).
func NewTicketKeys(cipher TicketCipher, lifetime time.Duration) (*TicketKeys, error) {
	if lifetime == 0 {
		lifetime = defaultTicketLifetime
	}
	if lifetime < minTicketLifetime || lifetime > maxTicketLifetime {
		return nil, fmt.Errorf("mbedtls: NewTicketKeys: lifetime: %v: must be 0, or from %v to %v", lifetime, minTicketLifetime, maxTicketLifetime)
	}
	return newTicketKeys(cipher, lifetime)
}

func newTicketKeys(cipher TicketCipher, lifetime time.Duration) (*TicketKeys, error) {
	c, ok := ticketCiphers[cipher]
	if !ok {
		return nil, fmt.Errorf("mbedtls: NewTicketKeys: cipher: %v: there is no such", cipher)
	}
	for _, option := range []string{c.cipher, c.mode} {
		if !cbridge.Feature(option) {
			return nil, fmt.Errorf("mbedtls: NewTicketKeys: cipher: %v: %w", cipher, &NotBuiltError{Option: option})
		}
	}
	lib, err := cbridge.NewTicketKeys(c.lib, lifetime)
	if err != nil {
		return nil, fmt.Errorf("mbedtls: NewTicketKeys: %w", err)
	}
	return &TicketKeys{lib: lib, cipher: cipher, lifetime: lifetime}, nil
}

// Rotate makes key the current one; the one that was current still opens tickets, and the one before that is wiped. A
// process that joins a fleet rotates to the previous key first, then to the current one (mbedtls_ssl_ticket_rotate).
// key.Secret is copied.
func (k *TicketKeys) Rotate(key TicketKey) error {
	if want := k.cipher.KeyLen(); len(key.Secret) != want {
		return fmt.Errorf("mbedtls: TicketKeys.Rotate: Secret: %d bytes: %v has %d", len(key.Secret), k.cipher, want)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fed && key.Name == k.last {
		return fmt.Errorf("mbedtls: TicketKeys.Rotate: Name: %x: is the current key's", key.Name)
	}
	if err := k.lib.Rotate(key.Name, key.Secret, k.lifetime); err != nil {
		return err
	}
	k.last, k.fed = key.Name, true
	return nil
}

// Lifetime is how long a ticket may be used.
func (k *TicketKeys) Lifetime() time.Duration { return k.lifetime }

// Close wipes the keys once no Config uses them, without waiting for the garbage collector.
func (k *TicketKeys) Close() error { return k.lib.Close() }

// setResumption is for both ends.
func (c *Config) setResumption(cc *cbridge.Config, server bool) error {
	if err := c.setSessionStore(cc, server); err != nil {
		return err
	}
	if !server {
		err := cc.SetSessionTickets(!c.SessionTicketsDisabled)
		if errors.Is(err, errors.ErrUnsupported) {
			return nil // TLS 1.2 resumes by id without
		}
		return err
	}
	// The library takes a session before it asks which Config applies: the demands of that one would not be met.
	for name, set := range map[string]bool{
		"TicketKeys":         c.TicketKeys != nil,
		"WriteTicket":        c.WriteTicket != nil,
		"ServerSessionCache": c.ServerSessionCache != nil,
		"SessionStore":       c.SessionStore != nil,
	} {
		if set && c.GetConfigForClient != nil {
			return badField(name, "set", "cannot be used with GetConfigForClient, whose choice comes after a session is resumed")
		}
	}
	demands := map[ClientAuthType]struct{ cert, verified bool }{
		RequireAnyClientCert:       {true, false},
		VerifyClientCertIfGiven:    {false, true},
		RequireAndVerifyClientCert: {true, true},
	}[c.ClientAuth]
	return errors.Join(
		cc.SetResumptionDemands(demands.cert, demands.verified),
		c.setTickets(cc),
		c.setServerCache(cc),
	)
}

func (c *Config) setTickets(cc *cbridge.Config) error {
	switch {
	case c.NewSessionTickets < 0 || c.NewSessionTickets > 1<<16-1:
		return badField("NewSessionTickets", c.NewSessionTickets, "must be from 0 to %d", 1<<16-1)
	case (c.WriteTicket == nil) != (c.ParseTicket == nil):
		return badField("WriteTicket", "set", "WriteTicket and ParseTicket go together")
	case c.WriteTicket != nil && c.TicketKeys != nil:
		return badField("TicketKeys", "set", "is in the way of WriteTicket and ParseTicket")
	case c.SessionTicketsDisabled, c.WriteTicket == nil && c.TicketKeys == nil:
		return nil
	}
	var err error
	if c.TicketKeys != nil {
		err = field("TicketKeys", "set", cc.SetTicketKeys(c.TicketKeys.lib))
	} else {
		err = field("WriteTicket", "set", cc.SetTicketFuncs(cbridge.TicketFuncs{Write: c.writeTicket, Parse: c.parseTicket}))
	}
	if err != nil {
		return err
	}
	count := max(c.NewSessionTickets, 1)
	if c.ClientAuth != NoClientCert && !c.unjudged() {
		count = 0 // a TLS 1.3 ticket of the library does not say whose it is
	}
	if !cbridge.Feature("MBEDTLS_SSL_PROTO_TLS1_3") {
		return nil
	}
	return field("NewSessionTickets", c.NewSessionTickets, cc.SetNewSessionTickets(uint16(count)))
}

func (c *Config) writeTicket(session []byte) ([]byte, time.Duration, error) {
	state := bytes.Clone(session)
	defer clear(state)
	ticket, lifetime, err := c.WriteTicket(state)
	if r := c.rules(); r != nil && r.SessionTicketLifetime > 0 {
		lifetime = min(lifetime, r.SessionTicketLifetime)
	}
	if err == nil && (lifetime < minTicketLifetime || lifetime > maxTicketLifetime) {
		err = badField("WriteTicket", lifetime, "gives a lifetime that is not from %v to %v", minTicketLifetime, maxTicketLifetime)
	}
	return ticket, lifetime, err
}

func (c *Config) parseTicket(ticket []byte) ([]byte, error) {
	session, err := c.ParseTicket(bytes.Clone(ticket))
	if r := c.rules(); r != nil && r.SessionTicketLifetime > 0 && ticketAge(session) > r.SessionTicketLifetime {
		return nil, err
	}
	return bytes.Clone(session), err // the copy is wiped
}

// ticketAge is how long ago the ticket of a server's session was made; 0 if that cannot be read, which the library will
// find, too.
func ticketAge(session []byte) time.Duration {
	lib, err := cbridge.LoadSession(session)
	if err != nil {
		return 0
	}
	defer lib.Close()
	made, err := lib.TicketCreated()
	if err != nil {
		return 0
	}
	return cbridge.MSTime().Sub(made)
}

// resumptionMayWait tells whether closures may make a handshake wait inside of the library.
func (c *Config) resumptionMayWait() bool {
	_, builtin := c.ServerSessionCache.(*SessionCache)
	return c.WriteTicket != nil || c.SessionStore != nil || c.ServerSessionCache != nil && !builtin
}
