package mbedtls

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
)

// CookieKeys are the keys of a DTLS server's cookies: the current one, which all cookies are made with, and the one
// before it, which is still good for those that are on their way. They live in this process alone. Its methods may be
// called by several goroutines.
type CookieKeys struct {
	timeout, rotation time.Duration

	mu                sync.Mutex
	current, previous *cbridge.CookieCtx
	since             time.Time // of current
	closed            bool
}

const (
	defaultCookieTimeout  = time.Minute
	defaultCookieRotation = time.Hour
	maxCookieLen          = cbridge.MaxCookieLen
)

var (
	errBadCookie    = errors.New("mbedtls: not a cookie of this server")
	errCookieClosed = errors.New("mbedtls: the CookieKeys are closed")
)

// NewCookieKeys makes random keys. A cookie is good for timeout, in whole seconds; 0 is a minute, the library's default.
// A key that is older than rotation is put aside, and forgotten with the one after it; 0 is an hour, and less than
// timeout is not possible (mbedtls_ssl_cookie_setup, mbedtls_ssl_cookie_set_timeout).
func NewCookieKeys(timeout, rotation time.Duration) (*CookieKeys, error) {
	if timeout == 0 {
		timeout = defaultCookieTimeout
	}
	if timeout < time.Second || timeout%time.Second != 0 || timeout > maxDuration {
		return nil, fmt.Errorf("mbedtls: NewCookieKeys: timeout: %v: must be whole seconds", timeout)
	}
	if rotation == 0 {
		rotation = max(defaultCookieRotation, timeout)
	}
	if rotation < timeout {
		return nil, fmt.Errorf("mbedtls: NewCookieKeys: rotation: %v: is less than the timeout, %v", rotation, timeout)
	}
	k := &CookieKeys{timeout: timeout, rotation: rotation}
	if err := k.Rotate(); err != nil {
		return nil, fmt.Errorf("mbedtls: NewCookieKeys: %w", err)
	}
	return k, nil
}

// Rotate makes a new key the current one, and forgets the one before the current one.
func (k *CookieKeys) Rotate() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.rotate()
}

// rotate is Rotate with mu held.
func (k *CookieKeys) rotate() error {
	if k.closed {
		return errCookieClosed
	}
	next, err := cbridge.NewCookieCtx()
	if err != nil {
		return err
	}
	if err := next.SetTimeout(k.timeout); err != nil {
		next.Close()
		return err
	}
	if k.previous != nil {
		k.previous.Close()
	}
	k.previous, k.current, k.since = k.current, next, time.Now()
	return nil
}

// Close wipes the keys. Servers that use them then refuse all clients.
func (k *CookieKeys) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	for _, ctx := range []*cbridge.CookieCtx{k.current, k.previous} {
		if ctx != nil {
			ctx.Close()
		}
	}
	return nil
}

func (k *CookieKeys) write(clientID []byte) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if time.Since(k.since) > k.rotation {
		if err := k.rotate(); err != nil {
			return nil, err
		}
	}
	return k.current.Write(clientID)
}

func (k *CookieKeys) check(clientID, cookie []byte) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.current.Check(cookie, clientID) == nil || k.previous != nil && k.previous.Check(cookie, clientID) == nil
}
