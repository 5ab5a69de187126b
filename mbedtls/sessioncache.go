package mbedtls

import (
	"bytes"
	"context"
	"fmt"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/gombedtls/gombedtls/cbridge"
)

// ClientSessionCache keeps the sessions of clients by server, for any number of Configs and goroutines. Keys are server
// names, or addresses where there is no name. A session is not resumed by a Config that demands more of the server's
// certificate than the one that made it (RootCAs are not compared: do not share a cache between Configs that differ in
// them).
type ClientSessionCache interface {
	// Get finds the session of a server.
	Get(key string) (session *Session, ok bool)

	// Put keeps a session, in place of an earlier one; nil drops that.
	Put(key string, session *Session)
}

// defaultSessionCapacity is that of crypto/tls.
const defaultSessionCapacity = 64

type lruSessionCache struct{ *lru.Cache[string, *Session] }

// NewLRUClientSessionCache makes a cache for the sessions of that many servers, those last used; less than 1 is 64.
func NewLRUClientSessionCache(capacity int) ClientSessionCache {
	if capacity < 1 {
		capacity = defaultSessionCapacity
	}
	c, err := lru.New[string, *Session](capacity)
	if err != nil {
		panic(err) // only a capacity that is not positive
	}
	return lruSessionCache{c}
}

// Put is of ClientSessionCache.
func (c lruSessionCache) Put(key string, session *Session) {
	if session == nil {
		c.Remove(key)
		return
	}
	c.Add(key, session)
}

func (c *core) sessionKey() string {
	key := c.serverName
	if addr := c.shell.RemoteAddr(); key == "" && addr != nil {
		key = addr.String()
	}
	if c.isDTLS() && key != "" { // another server, perhaps, than the one of that name that speaks TLS
		key = "dtls:" + key
	}
	return key
}

// ServerSessionCache keeps the TLS 1.2 sessions of servers by their ids, for any number of Configs and goroutines. A
// session holds secrets. Of those it brings back, a server resumes the ones that its Config might have made. An error
// fails the handshake, and is found in the error of Handshake by [errors.Is]: what can be done without the cache should
// be logged instead.
//
// Get and Put are called from inside of the library, and must not call a method of the connection that they are called
// for. While they wait, they hold an OS thread (mbedtls_ssl_conf_session_cache).
type ServerSessionCache interface {
	// Get finds a session; nil if there is none, or it is too old.
	Get(id []byte) (session []byte, err error)

	// Put keeps a session. Both slices are the cache's from then on.
	Put(id, session []byte) error

	// Delete drops a session, if it is there: its connection failed (RFC 5246 section 7.2.2).
	Delete(id []byte) error
}

// SessionCache is the library's own ServerSessionCache, in memory. Its entries are a list, which each look-up goes
// through.
type SessionCache struct{ lib *cbridge.SessionCache }

// NewSessionCache makes a cache of at most maxEntries sessions, 0 is 50, which last for timeout, in whole seconds, 0 is a
// day. The oldest makes room (mbedtls_ssl_cache_set_max_entries, …_set_timeout).
func NewSessionCache(maxEntries int, timeout time.Duration) (*SessionCache, error) {
	if maxEntries == 0 {
		maxEntries = 50
	}
	if timeout == 0 {
		timeout = 24 * time.Hour
	}
	if maxEntries < 0 || maxEntries > 1<<31-1 {
		return nil, fmt.Errorf("mbedtls: NewSessionCache: maxEntries: %d: must be from 0 to %d", maxEntries, 1<<31-1)
	}
	if timeout < time.Second || timeout > (1<<31-1)*time.Second {
		return nil, fmt.Errorf("mbedtls: NewSessionCache: timeout: %v: must be 0, or from a second to %d seconds", timeout, 1<<31-1)
	}
	lib, err := cbridge.NewSessionCache(maxEntries, timeout)
	if err != nil {
		return nil, err
	}
	return &SessionCache{lib}, nil
}

// Get is of ServerSessionCache.
func (c *SessionCache) Get(id []byte) ([]byte, error) {
	s, err := c.lib.Get(id)
	if err != nil || s == nil {
		return nil, err
	}
	defer s.Close()
	return s.Save()
}

// Put is of ServerSessionCache. It takes what Get of another cache gave.
func (c *SessionCache) Put(id, session []byte) error {
	s, err := cbridge.LoadSession(session)
	if err != nil {
		return err
	}
	defer s.Close()
	if len(id) == 0 || len(id) > 32 {
		return fmt.Errorf("mbedtls: SessionCache.Put: a session id of %d bytes", len(id))
	}
	return c.lib.Set(id, s)
}

// Delete is of ServerSessionCache (mbedtls_ssl_cache_remove).
func (c *SessionCache) Delete(id []byte) error { return c.lib.Remove(id) }

// Close wipes the cache once no Config uses it, without waiting for the garbage collector.
func (c *SessionCache) Close() error { return c.lib.Close() }

func (c *Config) setServerCache(cc *cbridge.Config) error {
	switch cache := c.ServerSessionCache.(type) {
	case nil:
		return nil
	case *SessionCache:
		return field("ServerSessionCache", "set", cc.SetSessionCache(cache.lib))
	default:
		return field("ServerSessionCache", "set", cc.SetCacheFuncs(cbridge.CacheFuncs{
			Get: func(_ context.Context, id []byte) ([]byte, error) {
				session, err := cache.Get(bytes.Clone(id))
				return bytes.Clone(session), err // the copy is wiped
			},
			Set: func(_ context.Context, id, session []byte) error {
				return cache.Put(bytes.Clone(id), bytes.Clone(session))
			},
		}))
	}
}

// forget drops the session of a server's connection that failed.
func (c *core) forget(ssl *cbridge.SSL, failed error) {
	if codeOf(failed) != 0 {
		c.dropSession(ssl)
	}
}

// dropSession drops the session of a server's connection, whose user does not want it, or that has failed (RFC 5246 section
// 7.2.2).
func (c *core) dropSession(ssl *cbridge.SSL) {
	cache, store := c.config.ServerSessionCache, c.config.SessionStore
	if !c.server || cache == nil && store == nil {
		return
	}
	id := ssl.SessionID()
	switch {
	case len(id) == 0:
	case store != nil:
		c.config.removeSession(c.storeWait, id)
	default:
		_ = cache.Delete(id) // whatever is the reason is what to report
	}
}
