package cbridge

// #include "bridge.h"
import "C"

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"time"
	"unsafe"
)

const (
	optionCookieC     = "MBEDTLS_SSL_COOKIE_C"
	optionHelloVerify = "MBEDTLS_SSL_DTLS_HELLO_VERIFY"
)

// MaxCookieLen is the longest cookie that HelloVerifyRequest holds, in bytes: RFC 6347, section 4.2.1.
const MaxCookieLen = math.MaxUint8

// ErrInvalidCookie is the error of Check for a cookie that is none of the context's, or not of this client, or too old.
var ErrInvalidCookie = errors.New("cbridge: the cookie is not valid")

// CookieCtx is an mbedtls_ssl_cookie_ctx: the key that a server makes its cookies with, so that it need keep nothing of
// a client before that has shown its address. Any number of Configs may share it.
type CookieCtx struct {
	res *resource
	c   *C.mbedtls_ssl_cookie_ctx
}

// NewCookieCtx makes a random key (mbedtls_ssl_cookie_setup). Its cookies are good for a minute.
func NewCookieCtx() (*CookieCtx, error) {
	if !Feature(optionCookieC) {
		return nil, &NotBuiltError{Option: optionCookieC}
	}
	if err := initialize(); err != nil {
		return nil, err
	}
	c := C.gm_cookie_new()
	if c == nil {
		return nil, errNoMemory
	}
	k := &CookieCtx{c: c}
	k.res = own(k, func() { C.gm_cookie_delete(c) })
	if ret := C.gm_cookie_setup(c, processDrbg.c); ret != 0 {
		k.Close()
		return nil, newError("mbedtls_ssl_cookie_setup", int(ret), nil)
	}
	return k, nil
}

// during runs f on the C context, unless that is closed.
func (k *CookieCtx) during(op string, f func() C.int) error {
	if err := k.res.acquire(); err != nil {
		return err
	}
	defer runtime.KeepAlive(k)
	defer k.res.release()
	return check(f(), op, optionCookieC)
}

// SetTimeout sets how long cookies are good for, in whole seconds, at least one; with 0, they are so for ever
// (mbedtls_ssl_cookie_set_timeout). No other call may run on the context, nor on a connection that uses it.
func (k *CookieCtx) SetTimeout(d time.Duration) error {
	const op = "mbedtls_ssl_cookie_set_timeout"
	if d < 0 || d > 0 && d < time.Second || d/time.Second > math.MaxUint32 {
		return newError(op, int(ErrSSLBadInputData), nil)
	}
	return k.during(op, func() C.int { return C.gm_cookie_set_timeout(k.c, seconds(d)) })
}

// Write makes a cookie for a client (mbedtls_ssl_cookie_write). The id is whatever stands for the client's address; nil
// is ErrSSLBadInputData.
func (k *CookieCtx) Write(clientID []byte) ([]byte, error) {
	cookie := make([]byte, C.GM_COOKIE_ROOM)
	var n C.size_t
	err := k.during("mbedtls_ssl_cookie_write", func() C.int {
		return C.gm_cookie_write(k.c, cbytes(cookie), cbytes(clientID), C.size_t(len(clientID)), &n)
	})
	if err != nil {
		return nil, err
	}
	return cookie[:n], nil
}

// Check tells whether Write made the cookie, for that client, and not too long ago (mbedtls_ssl_cookie_check). If not,
// the error matches ErrInvalidCookie.
func (k *CookieCtx) Check(cookie, clientID []byte) error {
	err := k.during("mbedtls_ssl_cookie_check", func() C.int {
		return C.gm_cookie_check(k.c, cbytes(cookie), C.size_t(len(cookie)), cbytes(clientID), C.size_t(len(clientID)))
	})
	var e *Error
	if errors.As(err, &e) && e.Code != ErrSSLBadInputData {
		e.Cause = ErrInvalidCookie // the library's code for it depends on the build
	}
	return err
}

// Close wipes and frees the key once no Config uses it.
func (k *CookieCtx) Close() error {
	k.res.close()
	return nil
}

// SetCookies makes a server ask each client for a cookie of k (mbedtls_ssl_conf_dtls_cookies with
// mbedtls_ssl_cookie_write and …_check). Every connection then needs [SSL.SetClientTransportID].
func (c *Config) SetCookies(k *CookieCtx) error {
	return c.use(func(cc *C.gm_config) error {
		if err := c.kept.keep(k.res); err != nil {
			return err
		}
		return check(C.gm_conf_cookies(cc, k.c), "mbedtls_ssl_conf_dtls_cookies", optionHelloVerify)
	})
}

// SetNoCookies makes a server answer any ClientHello, whoever sent it (mbedtls_ssl_conf_dtls_cookies with NULL).
// Without a choice of cookies, a server over datagrams fails its handshakes with ErrSSLFeatureUnavailable.
func (c *Config) SetNoCookies() error {
	return c.set("mbedtls_ssl_conf_dtls_cookies", optionHelloVerify, func(cc *C.gm_config) C.int {
		return C.gm_conf_cookies(cc, nil)
	})
}

// CookieFuncs are closures in place of a CookieCtx. All slices are C memory, valid only during the call; clientID is
// what SetClientTransportID was given, nil if nothing was. They are called by several connections at once, from
// Handshake, and from Read where a client begins anew on an established connection.
type CookieFuncs struct {
	// Write makes a cookie of at most MaxCookieLen bytes. Its error fails the call that reached it, without an alert:
	// the client's address is not known to be its own. ErrSSLFeatureUnavailable is what that call returns then, as with
	// cookies that nobody set up.
	Write func(clientID []byte) ([]byte, error)

	// Check tells whether the cookie of a ClientHello is one of Write's for that client; the first ClientHello's is
	// empty. Any error sends the client a new one of Write's, as the library does, for whatever reason; in the
	// handshake, it is the Cause of the ErrSSLHelloVerifyRequired that follows. So no client can make Check break a
	// connection.
	Check func(cookie, clientID []byte) error
}

// SetCookieFuncs is SetCookies with closures, both of them (mbedtls_ssl_conf_dtls_cookies).
func (c *Config) SetCookieFuncs(f CookieFuncs) error {
	const op = "mbedtls_ssl_conf_dtls_cookies"
	return c.set(op, optionHelloVerify, func(cc *C.gm_config) C.int {
		if f.Write == nil || f.Check == nil {
			return C.int(ErrSSLBadInputData)
		}
		c.cookies = f
		return C.gm_conf_cookie_closures(cc)
	})
}

// SetClientTransportID tells a server what stands for its client in cookies, such as the address; it is copied, and
// must not be empty (mbedtls_ssl_set_client_transport_id). SessionReset forgets it: it must be set again after
// ErrSSLHelloVerifyRequired.
func (s *SSL) SetClientTransportID(id []byte) error {
	return s.during("mbedtls_ssl_set_client_transport_id", optionHelloVerify, func(c *C.gm_ssl) C.int {
		return C.gm_ssl_set_client_transport_id(c, cbytes(id), C.size_t(len(id)))
	})
}

// gombCookieWrite is reached from a server's mbedtls_ssl_handshake, in the step that answers a ClientHello without a
// valid cookie, and from mbedtls_ssl_read and whatever else reads records, on the goroutine that made the call. It may
// block, and then pins its thread.
//
//export gombCookieWrite
func gombCookieWrite(conf, ssl unsafe.Pointer, id *C.uchar, n C.size_t, to *C.uchar, room C.size_t, written *C.size_t) C.int {
	c := fromHandle[Config](conf)
	if c == nil {
		return C.int(ErrSSLInternalError)
	}
	code := ErrSSLInternalError
	ret := trapOf(c, ssl).run(code, func() error {
		cookie, err := c.cookies.Write(unsafe.Slice((*byte)(id), n))
		if err == ErrSSLFeatureUnavailable { // others may be requests to call again
			code = ErrSSLFeatureUnavailable
		}
		if err != nil {
			return err
		}
		if len(cookie) > int(room) {
			return fmt.Errorf("a cookie of %d bytes: only %d fit", len(cookie), int(room))
		}
		*written = C.size_t(copy(unsafe.Slice((*byte)(to), room), cookie))
		return nil
	})
	if ret != 0 {
		return C.int(code)
	}
	return 0
}

// gombCookieCheck is reached as gombCookieWrite is, before it. On an established connection, nothing may come of a
// cookie that is not valid but the answer.
//
//export gombCookieCheck
func gombCookieCheck(conf, ssl unsafe.Pointer, cookie *C.uchar, n C.size_t, id *C.uchar, idLen C.size_t) C.int {
	c := fromHandle[Config](conf)
	if c == nil {
		return C.int(ErrSSLInternalError)
	}
	t := trapOf(c, ssl)
	before := t.err
	ret := t.run(ErrSSLHelloVerifyRequired, func() error {
		return c.cookies.Check(unsafe.Slice((*byte)(cookie), n), unsafe.Slice((*byte)(id), idLen))
	})
	if ssl != nil {
		if s := fromHandle[SSL](ssl); s != nil && C.gm_ssl_is_handshake_over(s.c) == 1 {
			t.err = before
		}
	}
	return ret
}
