package sessionstore

import (
	"context"
	"time"

	"github.com/gombedtls/gombedtls/mbedtls"
)

// None is a store that keeps nothing.
type None struct{}

var _ mbedtls.SessionStore = None{}

// Save is of mbedtls.SessionStore, as are the others.
func (None) Save(ctx context.Context, _ *mbedtls.SessionEntry) error { return ctx.Err() }

// ByID finds nothing.
func (None) ByID(ctx context.Context, _ []byte) (*mbedtls.SessionEntry, error) { return nil, ctx.Err() }

// ByServer finds nothing.
func (None) ByServer(ctx context.Context, _ mbedtls.SessionServer) (*mbedtls.SessionEntry, error) {
	return nil, ctx.Err()
}

// Remove has nothing to do.
func (None) Remove(ctx context.Context, _ []byte) error { return ctx.Err() }

// Lifetime is 0.
func (None) Lifetime() time.Duration { return 0 }
