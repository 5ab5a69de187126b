package cbridge

// #include "bridge.h"
import "C"

import (
	"errors"
	"fmt"
	"runtime"
	"time"
	"unsafe"
)

// TicketCipher is an AEAD that protects tickets.
type TicketCipher int

// The ciphers that a ticket context takes.
const (
	TicketAES128GCM        TicketCipher = C.MBEDTLS_CIPHER_AES_128_GCM
	TicketAES192GCM        TicketCipher = C.MBEDTLS_CIPHER_AES_192_GCM
	TicketAES256GCM        TicketCipher = C.MBEDTLS_CIPHER_AES_256_GCM
	TicketAES128CCM        TicketCipher = C.MBEDTLS_CIPHER_AES_128_CCM
	TicketAES192CCM        TicketCipher = C.MBEDTLS_CIPHER_AES_192_CCM
	TicketAES256CCM        TicketCipher = C.MBEDTLS_CIPHER_AES_256_CCM
	TicketChaCha20Poly1305 TicketCipher = C.MBEDTLS_CIPHER_CHACHA20_POLY1305
	TicketARIA128GCM       TicketCipher = C.MBEDTLS_CIPHER_ARIA_128_GCM
	TicketARIA192GCM       TicketCipher = C.MBEDTLS_CIPHER_ARIA_192_GCM
	TicketARIA256GCM       TicketCipher = C.MBEDTLS_CIPHER_ARIA_256_GCM
	TicketARIA128CCM       TicketCipher = C.MBEDTLS_CIPHER_ARIA_128_CCM
	TicketARIA192CCM       TicketCipher = C.MBEDTLS_CIPHER_ARIA_192_CCM
	TicketARIA256CCM       TicketCipher = C.MBEDTLS_CIPHER_ARIA_256_CCM
	TicketCamellia128GCM   TicketCipher = C.MBEDTLS_CIPHER_CAMELLIA_128_GCM
	TicketCamellia192GCM   TicketCipher = C.MBEDTLS_CIPHER_CAMELLIA_192_GCM
	TicketCamellia256GCM   TicketCipher = C.MBEDTLS_CIPHER_CAMELLIA_256_GCM
	TicketCamellia128CCM   TicketCipher = C.MBEDTLS_CIPHER_CAMELLIA_128_CCM
	TicketCamellia192CCM   TicketCipher = C.MBEDTLS_CIPHER_CAMELLIA_192_CCM
	TicketCamellia256CCM   TicketCipher = C.MBEDTLS_CIPHER_CAMELLIA_256_CCM
)

// TicketKeyNameLen is the length of a ticket key's name.
const TicketKeyNameLen = C.MBEDTLS_SSL_TICKET_KEY_NAME_BYTES

// TicketKeys is an mbedtls_ssl_ticket_context: the key that a server protects tickets with, and the one before it, which
// still opens them. Any number of Configs may share it.
type TicketKeys struct {
	res *resource
	c   *C.struct_mbedtls_ssl_ticket_context
}

// NewTicketKeys makes two random keys (mbedtls_ssl_ticket_setup). A new one takes over when one is lifetime old: a
// ticket may be used for that long, too.
func NewTicketKeys(cipher TicketCipher, lifetime time.Duration) (*TicketKeys, error) {
	if !Feature("MBEDTLS_SSL_TICKET_C") {
		return nil, &NotBuiltError{Option: "MBEDTLS_SSL_TICKET_C"}
	}
	if err := initialize(); err != nil {
		return nil, err
	}
	c := C.gm_ticket_new()
	if c == nil {
		return nil, errNoMemory
	}
	k := &TicketKeys{c: c}
	k.res = own(k, func() { C.gm_ticket_delete(c) })
	if ret := C.gm_ticket_setup(c, processDrbg.c, C.int(cipher), seconds(lifetime)); ret != 0 {
		k.Close()
		return nil, newError("mbedtls_ssl_ticket_setup", int(ret), nil)
	}
	return k, nil
}

func seconds(d time.Duration) C.uint32_t { return C.uint32_t(d / time.Second) }

// Rotate puts a key in front; the one that was there still opens tickets (mbedtls_ssl_ticket_rotate). Of a key that is
// longer than the cipher's, the library takes the beginning.
func (k *TicketKeys) Rotate(name [TicketKeyNameLen]byte, key []byte, lifetime time.Duration) error {
	if err := k.res.acquire(); err != nil {
		return err
	}
	defer runtime.KeepAlive(k)
	defer k.res.release()
	return check(C.gm_ticket_rotate(k.c, cbytes(name[:]), cbytes(key), C.size_t(len(key)), seconds(lifetime)),
		"mbedtls_ssl_ticket_rotate", "MBEDTLS_SSL_TICKET_C")
}

// Close wipes and frees the keys once no Config uses them.
func (k *TicketKeys) Close() error {
	k.res.close()
	return nil
}

// SetTicketKeys makes a server issue tickets and take them (mbedtls_ssl_conf_session_tickets_cb with
// mbedtls_ssl_ticket_write and …_parse). Of those it can open, it takes those whose session this Config might have made
// itself; see resume.c.
func (c *Config) SetTicketKeys(k *TicketKeys) error {
	return c.use(func(cc *C.gm_config) error {
		if err := c.kept.keep(k.res); err != nil {
			return err
		}
		return check(C.gm_conf_tickets(cc, k.c), "mbedtls_ssl_conf_session_tickets_cb", "MBEDTLS_SSL_TICKET_C")
	})
}

// TicketFuncs are closures in place of TicketKeys. All slices are C memory, valid only during the call: a session holds
// secrets. Any other error of either fails the handshake.
type TicketFuncs struct {
	// Write makes a ticket of a session that the library saved, and tells how long it may be used: a number of seconds,
	// in TLS 1.3 at most 604800.
	Write func(session []byte) (ticket []byte, lifetime time.Duration, err error)

	// Parse gives back the session. nil without an error leads to a full handshake, and so does an error that matches
	// ErrSSLInvalidMAC or ErrSSLSessionTicketExpired. What it returns is wiped.
	Parse func(ticket []byte) (session []byte, err error)
}

// SetTicketFuncs is SetTicketKeys with closures (mbedtls_ssl_conf_session_tickets_cb).
func (c *Config) SetTicketFuncs(f TicketFuncs) error {
	return c.use(func(cc *C.gm_config) error {
		c.tickets = f
		return check(C.gm_conf_ticket_closures(cc), "mbedtls_ssl_conf_session_tickets_cb", "MBEDTLS_SSL_SESSION_TICKETS")
	})
}

// SkipTickets keeps a server of TLS 1.3, whose handshake is over as [SSL.HandshakeOver] has it, from sending the tickets
// that come after it.
func (s *SSL) SkipTickets() {
	if s.res.acquire() == nil {
		defer s.leave()
		C.gm_ssl_skip_tickets(s.c)
	}
}

// SetNewSessionTickets sets how many tickets a TLS 1.3 server sends after a full handshake
// (mbedtls_ssl_conf_new_session_tickets). After a resumed one it sends one, or none if n is 0.
func (c *Config) SetNewSessionTickets(n uint16) error {
	return c.set("mbedtls_ssl_conf_new_session_tickets", "MBEDTLS_SSL_SESSION_TICKETS", func(cc *C.gm_config) C.int {
		return C.gm_conf_new_session_tickets(cc, C.uint(n))
	})
}

// gombTicketWrite is reached from a server's mbedtls_ssl_handshake, in the step that writes NewSessionTicket, on the
// goroutine that drives the handshake. It may block, and then pins its thread.
//
//export gombTicketWrite
func gombTicketWrite(conf, ssl unsafe.Pointer, session *C.uchar, n C.size_t, to *C.uchar, room C.size_t, written *C.size_t, lifetime *C.uint32_t) C.int {
	c := fromHandle[Config](conf)
	if c == nil {
		return C.int(ErrSSLInternalError)
	}
	return trapOf(c, ssl).run(ErrSSLInternalError, func() error {
		ticket, d, err := c.tickets.Write(unsafe.Slice((*byte)(session), n))
		if err != nil {
			return err
		}
		if len(ticket) > int(room) {
			return fmt.Errorf("a ticket of %d bytes: only %d fit", len(ticket), int(room))
		}
		*written = C.size_t(copy(unsafe.Slice((*byte)(to), room), ticket))
		*lifetime = seconds(d)
		return nil
	})
}

// gombTicketParse is reached from a server's mbedtls_ssl_handshake, in the step that parses ClientHello, on the
// goroutine that drives the handshake. It may block, and then pins its thread.
//
//export gombTicketParse
func gombTicketParse(conf, ssl unsafe.Pointer, session *C.mbedtls_ssl_session, ticket *C.uchar, n C.size_t, refused *C.int) C.int {
	c := fromHandle[Config](conf)
	if c == nil {
		return C.int(ErrSSLInternalError)
	}
	return trapOf(c, ssl).run(ErrSSLInternalError, func() error {
		data, err := c.tickets.Parse(unsafe.Slice((*byte)(ticket), n))
		defer clear(data)
		switch {
		case errors.Is(err, ErrSSLSessionTicketExpired):
			*refused = C.int(ErrSSLSessionTicketExpired)
			return nil
		case errors.Is(err, ErrSSLInvalidMAC):
			*refused = C.int(ErrSSLInvalidMAC)
			return nil
		case err != nil:
			return err
		}
		// A session of another build is as good as none.
		if data == nil || loadInto(session, data) != nil {
			*refused = C.int(ErrSSLInvalidMAC)
		}
		return nil
	})
}
