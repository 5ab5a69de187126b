package cbridge

// #include "bridge.h"
import "C"

import (
	"context"
	"runtime"
	"time"
	"unsafe"
)

// SessionCache is an mbedtls_ssl_cache_context: the TLS 1.2 sessions of a server by their ids. Any number of Configs may
// share it. Its entries are a list, which each look-up goes through.
type SessionCache struct {
	res *resource
	c   *C.struct_mbedtls_ssl_cache_context
}

// NewSessionCache makes a cache of at most maxEntries sessions, which last for timeout, in whole seconds; 0 is forever
// (mbedtls_ssl_cache_init, …_set_max_entries, …_set_timeout).
func NewSessionCache(maxEntries int, timeout time.Duration) (*SessionCache, error) {
	if !Feature("MBEDTLS_SSL_CACHE_C") {
		return nil, &NotBuiltError{Option: "MBEDTLS_SSL_CACHE_C"}
	}
	if err := initialize(); err != nil {
		return nil, err
	}
	c := C.gm_cache_new()
	if c == nil {
		return nil, errNoMemory
	}
	s := &SessionCache{c: c}
	s.res = own(s, func() { C.gm_cache_delete(c) })
	C.gm_cache_limits(c, C.int(maxEntries), C.int(timeout/time.Second))
	return s, nil
}

// Close wipes and frees the cache once no Config uses it.
func (s *SessionCache) Close() error {
	s.res.close()
	return nil
}

// Timeout is how long sessions last; 0 is forever (mbedtls_ssl_cache_get_timeout).
func (s *SessionCache) Timeout() (d time.Duration) {
	_ = s.use(func() error {
		d = time.Duration(C.gm_cache_timeout(s.c)) * time.Second
		return nil
	})
	return d
}

func (s *SessionCache) use(f func() error) error {
	if err := s.res.acquire(); err != nil {
		return err
	}
	defer runtime.KeepAlive(s)
	defer s.res.release()
	return f()
}

// Get finds a session; nil if there is none (mbedtls_ssl_cache_get).
func (s *SessionCache) Get(id []byte) (session *Session, err error) {
	err = s.use(func() error {
		found, err := newSession()
		if err != nil {
			return err
		}
		if ret := C.gm_cache_get(s.c, cbytes(id), C.size_t(len(id)), found.c); ret != 0 {
			found.Close()
			if Code(ret) == ErrSSLCacheEntryNotFound {
				return nil
			}
			return newError("mbedtls_ssl_cache_get", int(ret), nil)
		}
		session = found
		return nil
	})
	return session, err
}

// Set adds a session (mbedtls_ssl_cache_set).
func (s *SessionCache) Set(id []byte, session *Session) error {
	if err := session.res.acquire(); err != nil {
		return err
	}
	defer runtime.KeepAlive(session)
	defer session.res.release()
	return s.use(func() error {
		return check(C.gm_cache_set(s.c, cbytes(id), C.size_t(len(id)), session.c), "mbedtls_ssl_cache_set", "MBEDTLS_SSL_CACHE_C")
	})
}

// Remove drops a session, if it is there (mbedtls_ssl_cache_remove).
func (s *SessionCache) Remove(id []byte) error {
	return s.use(func() error {
		return check(C.gm_cache_remove(s.c, cbytes(id), C.size_t(len(id))), "mbedtls_ssl_cache_remove", "MBEDTLS_SSL_CACHE_C")
	})
}

// SetSessionCache makes a server keep its TLS 1.2 sessions (mbedtls_ssl_conf_session_cache with mbedtls_ssl_cache_get and
// …_set). Of those it finds, it takes those that this Config might have made itself; see resume.c.
func (c *Config) SetSessionCache(s *SessionCache) error {
	return c.use(func(cc *C.gm_config) error {
		if err := c.kept.keep(s.res); err != nil {
			return err
		}
		return check(C.gm_conf_cache(cc, s.c), "mbedtls_ssl_conf_session_cache", "MBEDTLS_SSL_CACHE_C")
	})
}

// CacheFuncs are closures in place of a SessionCache. All slices are C memory, valid only during the call: a session
// holds secrets. ctx is what [SSL.SetContext] says. An error of either fails the handshake.
type CacheFuncs struct {
	// Get finds a session that the library saved; nil without an error leads to a full handshake. What it returns is
	// wiped.
	Get func(ctx context.Context, id []byte) (session []byte, err error)

	// Set adds a session.
	Set func(ctx context.Context, id, session []byte) error
}

// SetCacheFuncs is SetSessionCache with closures (mbedtls_ssl_conf_session_cache).
func (c *Config) SetCacheFuncs(f CacheFuncs) error {
	return c.use(func(cc *C.gm_config) error {
		c.cache = f
		return check(C.gm_conf_cache_closures(cc), "mbedtls_ssl_conf_session_cache", "MBEDTLS_SSL_SRV_C")
	})
}

// gombCacheGet is reached from a server's mbedtls_ssl_handshake, in the step that writes the ServerHello of TLS 1.2, on
// the goroutine that drives the handshake. It may block, and then pins its thread.
//
//export gombCacheGet
func gombCacheGet(conf, ssl unsafe.Pointer, id *C.uchar, n C.size_t, session *C.mbedtls_ssl_session, unknown *C.int) C.int {
	c := fromHandle[Config](conf)
	if c == nil {
		return C.int(ErrSSLInternalError)
	}
	return trapOf(c, ssl).run(ErrSSLInternalError, func() error {
		data, err := c.cache.Get(contextOf(ssl), unsafe.Slice((*byte)(id), n))
		defer clear(data)
		if err != nil {
			return err
		}
		// A session of another build is as good as none.
		*unknown = flag(data == nil || loadInto(session, data) != nil)
		return nil
	})
}

// gombCacheSet is reached from a server's mbedtls_ssl_handshake, in the last step of TLS 1.2, on the goroutine that
// drives the handshake. It may block, and then pins its thread.
//
//export gombCacheSet
func gombCacheSet(conf, ssl unsafe.Pointer, id *C.uchar, n C.size_t, session *C.uchar, size C.size_t) C.int {
	c := fromHandle[Config](conf)
	if c == nil {
		return C.int(ErrSSLInternalError)
	}
	return trapOf(c, ssl).run(ErrSSLInternalError, func() error {
		return c.cache.Set(contextOf(ssl), unsafe.Slice((*byte)(id), n), unsafe.Slice((*byte)(session), size))
	})
}
