package cbridge

// #include "bridge.h"
import "C"

import (
	"math"
	"time"
)

const optionDTLS = "MBEDTLS_SSL_PROTO_DTLS"

// MaxBuffering is how many bytes of messages that come before their turn a handshake over datagrams keeps
// (MBEDTLS_SSL_DTLS_MAX_BUFFERING).
const MaxBuffering = C.MBEDTLS_SSL_DTLS_MAX_BUFFERING

// MinMTU is the smallest limit that SetMTU takes.
func MinMTU() int { return int(C.gm_min_mtu()) }

// SetAntiReplay drops records that were seen before, or that are too old to tell: RFC 6347, section 4.1.2.6
// (mbedtls_ssl_conf_dtls_anti_replay). It is on from the start, in a build that has it.
func (c *Config) SetAntiReplay(on bool) error {
	return c.set("mbedtls_ssl_conf_dtls_anti_replay", "MBEDTLS_SSL_DTLS_ANTI_REPLAY", func(cc *C.gm_config) C.int {
		return C.gm_conf_anti_replay(cc, flag(on))
	})
}

// SetBadMACLimit ends a connection with the n-th record that is not authentic; with 0, the default, such records are
// only dropped (mbedtls_ssl_conf_dtls_badmac_limit).
func (c *Config) SetBadMACLimit(n uint) error {
	return c.set("mbedtls_ssl_conf_dtls_badmac_limit", optionDTLS, func(cc *C.gm_config) C.int {
		return C.gm_conf_badmac_limit(cc, C.uint(min(n, math.MaxUint32)))
	})
}

// SetHandshakeTimeout sets after how long a flight of the handshake is sent again: first after minimum, then after
// twice as long each time, until maximum has passed once, too (mbedtls_ssl_conf_handshake_timeout). They are whole
// milliseconds, at least one: with none, the library would wait for ever. The defaults are a second and a minute.
func (c *Config) SetHandshakeTimeout(minimum, maximum time.Duration) error {
	const op = "mbedtls_ssl_conf_handshake_timeout"
	lo, hi := minimum.Milliseconds(), maximum.Milliseconds()
	if lo < 1 || lo > hi || hi > math.MaxUint32 {
		return newError(op, int(ErrSSLBadInputData), nil)
	}
	return c.set(op, optionDTLS, func(cc *C.gm_config) C.int {
		return C.gm_conf_handshake_timeout(cc, C.uint32_t(lo), C.uint32_t(hi))
	})
}

// SetDatagramPacking lets several records of a handshake share a datagram, the default
// (mbedtls_ssl_set_datagram_packing).
func (s *SSL) SetDatagramPacking(on bool) error {
	return s.during("mbedtls_ssl_set_datagram_packing", optionDTLS, func(c *C.gm_ssl) C.int {
		return C.gm_ssl_set_datagram_packing(c, flag(on))
	})
}

// SetMTU bounds the datagrams that are written, in bytes without the headers of IP and UDP; 0, the default, is no bound
// (mbedtls_ssl_set_mtu). It must be from [MinMTU] to 65535. Handshake messages are fragmented to fit; Write takes no
// more than fits.
func (s *SSL) SetMTU(mtu int) error {
	if mtu < 0 || mtu > math.MaxUint16 {
		return newError("mbedtls_ssl_set_mtu", int(ErrSSLBadInputData), nil)
	}
	return s.during("mbedtls_ssl_set_mtu", optionDTLS, func(c *C.gm_ssl) C.int { return C.gm_ssl_set_mtu(c, C.int(mtu)) })
}
