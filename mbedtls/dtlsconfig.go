package mbedtls

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
)

// DTLSOptions are what a [Config] has for DTLS alone. Connections over streams do not look at them. The zero value is
// safe: the library's defaults, with cookies.
type DTLSOptions struct {
	// HandshakeTimeoutMin is how long this end waits for an answer before it sends its messages again, and twice as long
	// each time after that, but no longer than HandshakeTimeoutMax: after one wait of that length, the handshake fails with
	// ErrSSLTimeout. In whole milliseconds, below 2^32. 0 is the Policy's, if it has one, else 1 s and 60 s, so that messages go out at 0, 1, 3, 7, 15, 31
	// and 63 s, and the end is at 123 s (mbedtls_ssl_conf_handshake_timeout, RFC 6347 section 4.2.4).
	HandshakeTimeoutMin, HandshakeTimeoutMax time.Duration

	// MTU bounds the datagrams that this end sends, in bytes without the headers of UDP and IP, up to 65535 and no less
	// than a record of one byte needs (at most 256): longer messages of the handshake are fragmented, and Write takes that
	// much less. 0 is no bound. Who finds out more about the path tells Conn.SetMTU. From the second retransmission on,
	// the library tries 508 bytes by itself (mbedtls_ssl_set_mtu).
	MTU int

	// DisablePacking sends each record in a datagram of its own (mbedtls_ssl_set_datagram_packing).
	DisablePacking bool

	// InsecureDisableAntiReplay takes records that were taken before. Then a peer's address is never changed either, since
	// nobody knows which record is the newest (mbedtls_ssl_conf_dtls_anti_replay).
	InsecureDisableAntiReplay bool

	// BadMACLimit breaks a connection with ErrSSLInvalidMAC at so many records that are not authentic; 0 ignores any
	// number, which keeps others from ending a connection (mbedtls_ssl_conf_dtls_badmac_limit).
	BadMACLimit int

	// Cookies are the keys of the cookies by which a server finds out, before it keeps anything, that a client can be
	// reached at its address (RFC 6347 section 4.2.1); nil makes some for this Config. Servers that take each other's
	// clients share them (mbedtls_ssl_conf_dtls_cookies).
	Cookies *CookieKeys

	// WriteCookie and CheckCookie take the place of Cookies. WriteCookie makes a cookie, of 1 to 255 bytes, for a client
	// by its transport id; CheckCookie reports whether it is one that WriteCookie made for that client, not too long ago.
	// An error of WriteCookie fails the handshake. Both are called for each ClientHello from an unknown source, by several
	// goroutines at once, a listener's reader among them, where a panic ends the process: they must be fast, and keep
	// nothing.
	WriteCookie func(clientID []byte) ([]byte, error)
	CheckCookie func(clientID, cookie []byte) bool

	// InsecureDisableCookies makes a server work for clients that it has not seen to exist: anybody can make it send its
	// certificates, many times the size of a ClientHello, to anybody else, can fill its memory, and can end handshakes.
	InsecureDisableCookies bool

	// ClientTransportID is what a server binds cookies to; nil is the IP address and port of the client, or the text of
	// an address that is not UDP's (mbedtls_ssl_set_client_transport_id). It is called as CheckCookie is.
	ClientTransportID func(net.Addr) []byte

	// ConnectionID offers and accepts connection IDs (RFC 9146): a peer that has got one is known by it when its address
	// changes. nil does neither.
	ConnectionID *ConnectionID

	// SRTPProfiles are what this end offers or takes for SRTP, in order of preference; nil is no SRTP
	// (mbedtls_ssl_conf_dtls_srtp_protection_profiles, RFC 5764).
	SRTPProfiles []SRTPProfile

	// SRTPMKI is the master key identifier that a client offers, of up to 255 bytes (mbedtls_ssl_dtls_srtp_set_mki_value).
	// AcceptSRTPMKI makes a server take the client's, and a client take it back from the server
	// (mbedtls_ssl_conf_srtp_mki_value_supported).
	SRTPMKI       []byte
	AcceptSRTPMKI bool
}

// ConnectionID says which connection IDs this end wants to be known by.
type ConnectionID struct {
	// Length is that of this end's own IDs, up to [MaxConnectionIDLen] bytes. With 0 this end uses the peer's, and has
	// none itself. Servers that share a socket, or move connections, use one length (mbedtls_ssl_conf_cid).
	Length int

	// Generate makes an ID of Length bytes; nil is random ones. A listener asks again for one that is in use, a few
	// times. It is called by several goroutines at once. An error fails the handshake.
	Generate func() ([]byte, error)

	// FailUnexpected breaks the connection with ErrSSLUnexpectedCID at a record with another ID than its own, authentic
	// or not: whoever can send to it can end it. Else such a record is ignored.
	FailUnexpected bool
}

// MaxConnectionIDLen is the longest connection ID that this build takes for its own, in bytes.
const MaxConnectionIDLen = cbridge.MaxOwnCIDLen

// MaxHandshakeBuffering is how many bytes of messages that came before their turn a handshake of DTLS keeps in this build;
// what is above it comes again (MBEDTLS_SSL_DTLS_MAX_BUFFERING).
const MaxHandshakeBuffering = cbridge.MaxBuffering

const maxDuration = time.Duration(1<<32-1) * time.Millisecond

const maxMTU = 1<<16 - 1

// badDTLS is badField for a field of DTLSOptions.
func badDTLS(name string, value any, format string, args ...any) error {
	return badField("DTLS."+name, value, format, args...)
}

// setDTLS sets what is for connections over datagrams.
func (c *Config) setDTLS(cc *cbridge.Config, server bool) error {
	if cc.Transport() != cbridge.Datagram {
		return nil
	}
	return errors.Join(c.setTimers(cc), c.DTLS.setRecords(cc), c.DTLS.setConnectionID(cc), c.DTLS.setSRTP(cc, server),
		optional(server, func() error { return c.setCookies(cc) }))
}

func (c *Config) setTimers(cc *cbridge.Config) error {
	for _, f := range []struct {
		name  string
		value time.Duration
	}{{"HandshakeTimeoutMin", c.DTLS.HandshakeTimeoutMin}, {"HandshakeTimeoutMax", c.DTLS.HandshakeTimeoutMax}} {
		if f.value < 0 || f.value > maxDuration || f.value%time.Millisecond != 0 {
			return badDTLS(f.name, f.value, "must be whole milliseconds up to %v", maxDuration)
		}
	}
	minimum, maximum := c.handshakeTimeouts()
	if minimum > maximum {
		return badDTLS("HandshakeTimeoutMin", minimum, "is above HandshakeTimeoutMax, %v", maximum)
	}
	return cc.SetHandshakeTimeout(minimum, maximum)
}

// handshakeTimeouts are HandshakeTimeoutMin and HandshakeTimeoutMax, or what stands for a 0: the policy's, if it has one.
func (c *Config) handshakeTimeouts() (minimum, maximum time.Duration) {
	minimum, maximum = c.DTLS.HandshakeTimeoutMin, c.DTLS.HandshakeTimeoutMax
	if r := c.rules(); r != nil {
		minimum, maximum = cmp.Or(minimum, r.DTLSInitialTimeout), cmp.Or(maximum, r.DTLSMaximumTimeout)
	}
	minimum = cmp.Or(minimum, time.Second)
	return minimum, cmp.Or(maximum, max(minimum, time.Minute))
}

func (o *DTLSOptions) setRecords(cc *cbridge.Config) error {
	if o.MTU != 0 {
		if err := checkMTU(o.MTU); err != nil {
			return badDTLS("MTU", o.MTU, "%w", err)
		}
	}
	if o.BadMACLimit < 0 || int64(o.BadMACLimit) > 1<<31-1 {
		return badDTLS("BadMACLimit", o.BadMACLimit, "must be from 0 to %d", int64(1<<31-1))
	}
	return errors.Join(
		field("DTLS.BadMACLimit", o.BadMACLimit, optional(o.BadMACLimit != 0, func() error { return cc.SetBadMACLimit(uint(o.BadMACLimit)) })),
		field("DTLS.InsecureDisableAntiReplay", true, optional(o.InsecureDisableAntiReplay && cbridge.Feature("MBEDTLS_SSL_DTLS_ANTI_REPLAY"),
			func() error { return cc.SetAntiReplay(false) })),
	)
}

// mtu is the MTU that a connection begins with.
func (c *Config) mtu() int {
	if r := c.rules(); c.DTLS.MTU == 0 && r != nil {
		return r.MTU
	}
	return c.DTLS.MTU
}

func checkMTU(mtu int) error {
	if mtu < cbridge.MinMTU() || mtu > maxMTU {
		return fmt.Errorf("an MTU is from %d to %d bytes in this build", cbridge.MinMTU(), maxMTU)
	}
	return nil
}

func (o *DTLSOptions) setConnectionID(cc *cbridge.Config) error {
	id := o.ConnectionID
	if id == nil {
		return nil
	}
	if id.Length < 0 || id.Length > MaxConnectionIDLen {
		return badDTLS("ConnectionID.Length", id.Length, "must be from 0 to %d", MaxConnectionIDLen)
	}
	return field("DTLS.ConnectionID", id.Length, cc.SetCID(id.Length, id.FailUnexpected))
}

func (c *Config) setCookies(cc *cbridge.Config) error {
	o := &c.DTLS
	closures := o.WriteCookie != nil
	switch {
	case closures != (o.CheckCookie != nil):
		return badDTLS("WriteCookie", "alone", "WriteCookie and CheckCookie go together")
	case closures && o.Cookies != nil:
		return badDTLS("WriteCookie", "set", "takes the place of Cookies, which is set too")
	case o.InsecureDisableCookies && (closures || o.Cookies != nil):
		return badDTLS("InsecureDisableCookies", true, "and there are Cookies or closures for them")
	case o.InsecureDisableCookies && !cbridge.Feature("MBEDTLS_SSL_DTLS_HELLO_VERIFY"):
		return nil
	case o.InsecureDisableCookies:
		return cc.SetNoCookies()
	}
	jar, err := c.cookieJar()
	if err != nil {
		return field("DTLS.Cookies", "nil", err)
	}
	return field("DTLS.Cookies", "set", cc.SetCookieFuncs(cbridge.CookieFuncs{
		Write: jar.write,
		Check: func(cookie, clientID []byte) error {
			if !jar.check(clientID, cookie) {
				return errBadCookie
			}
			return nil
		},
	}))
}

// cookieJar makes and checks cookies.
type cookieJar interface {
	write(clientID []byte) ([]byte, error)
	check(clientID, cookie []byte) bool
}

// cookieJar is what the options ask for; nil if there are no cookies.
func (c *Config) cookieJar() (cookieJar, error) {
	switch o := &c.DTLS; {
	case o.InsecureDisableCookies:
		return nil, nil
	case o.WriteCookie != nil:
		return cookieClosures{o}, nil
	case o.Cookies != nil:
		return o.Cookies, nil
	}
	c.ownCookies.once.Do(func() { c.ownCookies.keys, c.ownCookies.err = NewCookieKeys(0, 0) })
	return c.ownCookies.keys, c.ownCookies.err
}

type cookieClosures struct{ o *DTLSOptions }

func (c cookieClosures) write(clientID []byte) ([]byte, error) {
	cookie, err := c.o.WriteCookie(slices.Clone(clientID))
	if err == nil && (len(cookie) == 0 || len(cookie) > maxCookieLen) {
		err = badDTLS("WriteCookie", fmt.Sprintf("%d bytes", len(cookie)), "a cookie has 1 to %d bytes", maxCookieLen)
	}
	return cookie, err
}

func (c cookieClosures) check(clientID, cookie []byte) bool {
	return len(cookie) > 0 && c.o.CheckCookie(slices.Clone(clientID), slices.Clone(cookie))
}

// transportID is what a client at addr is bound to.
func (o *DTLSOptions) transportID(addr net.Addr) []byte {
	if o.ClientTransportID != nil {
		return o.ClientTransportID(addr)
	}
	if u, ok := addr.(*net.UDPAddr); ok {
		return addrPortID(u.AddrPort())
	}
	if addr == nil {
		return nil
	}
	return []byte(addr.String())
}

func addrPortID(a netip.AddrPort) []byte {
	id := a.Addr().As16()
	return append(id[:], byte(a.Port()>>8), byte(a.Port()))
}
