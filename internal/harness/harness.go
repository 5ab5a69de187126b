// Package harness is how the interop programs reach below package mbedtls: what no user of it would need, and only the
// C library's own test programs do.
package harness

import (
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
)

// Hooks are for a Config of package mbedtls. A Config that has any, leaves all judgement to the C library: what package
// mbedtls would refuse by itself, or choose by itself in place of the library, it lets pass.
type Hooks struct {
	// Config has the last word on the library's config, after everything that the Config says is set.
	Config func(*cbridge.Config) error

	// Context has the last word on each new context, and on one that starts over after a HelloVerifyRequest, before the
	// handshake.
	Context func(*cbridge.SSL) error

	// Result is told what each call into a handshake returned, nil and requests to be called again included, and says
	// what the connection goes on with.
	Result func(error) error
}

// Package mbedtls sets these, which it does not export.
var (
	// Attach gives a *mbedtls.Config, which must not have been used yet, its hooks.
	Attach func(config any, h *Hooks)

	// SessionCache makes a *mbedtls.SessionCache.
	SessionCache func(*cbridge.SessionCache) any

	// TicketKeys is mbedtls.NewTicketKeys without its bounds of the lifetime, also for 0.
	TicketKeys func(cipher int, lifetime time.Duration) (any, error)

	// Context is the library's context of a *mbedtls.Conn; nil before its handshake. It must not be used while another
	// goroutine uses the connection.
	Context func(conn any) *cbridge.SSL
)
