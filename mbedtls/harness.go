package mbedtls

import (
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/harness"
)

func init() {
	harness.Attach = func(config any, h *harness.Hooks) { config.(*Config).hooks = h }
	harness.SessionCache = func(lib *cbridge.SessionCache) any { return &SessionCache{lib} }
	harness.TicketKeys = func(cipher int, lifetime time.Duration) (any, error) {
		return newTicketKeys(TicketCipher(cipher), lifetime)
	}
	harness.Context = func(conn any) *cbridge.SSL { return conn.(*Conn).closing.Load() }
}

// unjudged tells whether the library alone decides what is acceptable, for the interop programs.
func (c *Config) unjudged() bool { return c.hooks != nil }

// hookConfig lets the interop programs have the last word on the library's config.
func (c *Config) hookConfig(cc *cbridge.Config, _ bool) error {
	if c.hooks == nil {
		return nil
	}
	if err := cc.SetUnguarded(); err != nil || c.hooks.Config == nil {
		return err
	}
	return c.hooks.Config(cc)
}

// hookContext is hookConfig for a context.
func (c *Config) hookContext(ssl *cbridge.SSL) error {
	if c.hooks == nil || c.hooks.Context == nil {
		return nil
	}
	return c.hooks.Context(ssl)
}

// hookResult is told what a call into the handshake returned.
func (c *Config) hookResult(err error) error {
	if c.hooks == nil || c.hooks.Result == nil {
		return err
	}
	return c.hooks.Result(err)
}
