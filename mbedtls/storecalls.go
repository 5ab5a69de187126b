package mbedtls

import (
	"bytes"
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/bounded"
)

const defaultSessionStoreTimeout = 500 * time.Millisecond

// SessionStoreStats count the calls to a Config's SessionStore.
type SessionStoreStats struct {
	Lookups  uint64 // calls of ByID and ByServer
	Hits     uint64 // of those, the ones that found an entry
	Saves    uint64
	Removals uint64
	Failures uint64 // calls that failed, or that came back with what cannot be used; in Lookups, Saves and Removals, too
	Timeouts uint64 // of those, the ones that did not come back in time
}

// SessionStoreStats tells what the SessionStore has been called for by this Config's connections so far. A connection
// whose call failed goes on without: what that costs is a full handshake. Each failure is also logged, as a warning, if
// there is a Logger.
func (c *Config) SessionStoreStats() SessionStoreStats {
	s := &c.storeCalls
	return SessionStoreStats{
		Lookups: s.lookups.Load(), Hits: s.hits.Load(), Saves: s.saves.Load(), Removals: s.removals.Load(),
		Failures: s.failures.Load(), Timeouts: s.timeouts.Load(),
	}
}

// storeCalls are a Config's calls to its SessionStore.
type storeCalls struct {
	caller                                             bounded.Caller
	lookups, hits, saves, removals, failures, timeouts atomic.Uint64
}

// storeWait bounds the calls to a SessionStore that come out of one handshake: together they take no longer than
// Config.SessionStoreTimeout. Once the handshake is over, each has as long for itself.
type storeWait struct {
	ctx  context.Context
	left time.Duration // of the handshake's goroutine
	over atomic.Bool
}

// waitForStore begins a handshake whose context is ctx. The context that it returns tells closures inside of the library
// about that; over is for its end.
func (c *Conn) waitForStore(ctx context.Context) (_ context.Context, over func()) {
	if c.config.SessionStore == nil {
		return ctx, func() {}
	}
	c.storeWait = &storeWait{ctx: ctx, left: c.config.storeTimeout()}
	return context.WithValue(ctx, storeWaitKey{}, c.storeWait), func() { c.storeWait.over.Store(true) }
}

type storeWaitKey struct{}

// storeWaitOf is for closures inside of the library.
func storeWaitOf(ctx context.Context) *storeWait {
	w, _ := ctx.Value(storeWaitKey{}).(*storeWait)
	return w
}

func (c *Config) storeTimeout() time.Duration {
	if c.SessionStoreTimeout == 0 {
		return defaultSessionStoreTimeout
	}
	return c.SessionStoreTimeout
}

// during calls f with a context that is bounded by w; nil is a connection without a handshake of its own. What is found is
// of no use to a handshake that has been given up, what is saved is of use to others.
func during[T any](c *Config, w *storeWait, op string, cancels bool, f func(context.Context, SessionStore) (T, error)) (value T, ok bool) {
	ctx, timeout := context.Background(), c.storeTimeout()
	counted := w != nil && !w.over.Load()
	if w != nil {
		ctx = w.ctx
	}
	if counted {
		timeout = w.left
	}
	if !counted || !cancels {
		ctx = context.WithoutCancel(ctx)
	}
	began := time.Now()
	bound, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	value, err := bounded.Call(&c.storeCalls.caller, bound, func(ctx context.Context) (T, error) { return f(ctx, c.SessionStore) })
	if counted {
		w.left -= time.Since(began)
	}
	if err == nil {
		return value, true
	}
	if ctx.Err() == nil { // else it is the handshake that was given up
		if bound.Err() != nil {
			c.storeCalls.timeouts.Add(1)
		}
		c.storeFailed(w, op, err)
	}
	return value, false
}

// storeFailed counts and logs a failure.
func (c *Config) storeFailed(w *storeWait, op string, err error) {
	c.storeCalls.failures.Add(1)
	if c.Logger == nil {
		return
	}
	ctx := context.Background()
	if w != nil {
		ctx = w.ctx
	}
	c.Logger.LogAttrs(ctx, slog.LevelWarn, "session store: "+op+" failed", slog.Any("error", err))
}

func (c *Config) findSession(w *storeWait, op string, find func(context.Context, SessionStore) (*SessionEntry, error)) *SessionEntry {
	if c.SessionStore.Lifetime() <= 0 {
		return nil
	}
	c.storeCalls.lookups.Add(1)
	e, _ := during(c, w, op, true, find)
	if e != nil {
		c.storeCalls.hits.Add(1)
	}
	return e
}

// saveSession saves an entry, and wipes it then.
func (c *Config) saveSession(w *storeWait, e *SessionEntry) {
	lifetime := c.SessionStore.Lifetime()
	if lifetime <= 0 {
		clear(e.Data)
		return
	}
	if end := time.Now().Add(lifetime); e.Expires.IsZero() || e.Expires.After(end) {
		e.Expires = end
	}
	c.storeCalls.saves.Add(1)
	var began atomic.Bool
	during(c, w, "Save", false, func(ctx context.Context, s SessionStore) (struct{}, error) {
		if !began.CompareAndSwap(false, true) {
			return struct{}{}, nil // nobody waits, and the data is wiped
		}
		defer clear(e.Data)
		return struct{}{}, s.Save(ctx, e)
	})
	if began.CompareAndSwap(false, true) { // it was too late to make the call
		clear(e.Data)
	}
}

func (c *Config) removeSession(w *storeWait, id []byte) {
	if c.SessionStore.Lifetime() <= 0 {
		return
	}
	c.storeCalls.removals.Add(1)
	during(c, w, "Remove", false, func(ctx context.Context, s SessionStore) (struct{}, error) {
		return struct{}{}, s.Remove(ctx, id)
	})
}

// setSessionStore is for both ends.
func (c *Config) setSessionStore(cc *cbridge.Config, server bool) error {
	if c.SessionStoreTimeout < 0 {
		return badField("SessionStoreTimeout", c.SessionStoreTimeout, "must not be negative")
	}
	switch {
	case c.SessionStore == nil:
		return nil
	case !server && c.ClientSessionCache != nil:
		return badField("ClientSessionCache", "set", "is in the way of SessionStore")
	case server && c.ServerSessionCache != nil:
		return badField("ServerSessionCache", "set", "is in the way of SessionStore")
	case !server:
		return nil
	}
	return field("SessionStore", "set", cc.SetCacheFuncs(cbridge.CacheFuncs{
		Get: func(ctx context.Context, id []byte) ([]byte, error) {
			id = bytes.Clone(id)
			e := c.findSession(storeWaitOf(ctx), "ByID", func(ctx context.Context, s SessionStore) (*SessionEntry, error) { return s.ByID(ctx, id) })
			if e == nil {
				return nil, nil
			}
			return e.Data, nil
		},
		Set: func(ctx context.Context, id, session []byte) error {
			c.saveSession(storeWaitOf(ctx), &SessionEntry{ID: bytes.Clone(id), Data: bytes.Clone(session)})
			return nil
		},
	}))
}
