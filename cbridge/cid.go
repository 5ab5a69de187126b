package cbridge

// #include "bridge.h"
import "C"

import "unsafe"

const optionCID = "MBEDTLS_SSL_DTLS_CONNECTION_ID"

// The longest connection IDs of this build, in bytes: of records that come in, and that go out
// (MBEDTLS_SSL_CID_IN_LEN_MAX, …_OUT_LEN_MAX).
const (
	MaxOwnCIDLen  = C.MBEDTLS_SSL_CID_IN_LEN_MAX
	MaxPeerCIDLen = C.MBEDTLS_SSL_CID_OUT_LEN_MAX
)

// LegacyCID says that the build speaks draft-ietf-tls-dtls-connection-id-05, which no peer of RFC 9146 understands
// (MBEDTLS_SSL_DTLS_CONNECTION_ID_COMPAT).
const LegacyCID = C.GM_LEGACY_CID != 0

// SetCID sets how long the connection IDs are that the Config's own connections have, all of them: 0, the default, to
// MaxOwnCIDLen bytes (mbedtls_ssl_conf_cid). A record with another one is dropped; with failUnexpected, it ends the
// connection with ErrSSLUnexpectedCID.
func (c *Config) SetCID(length int, failUnexpected bool) error {
	return c.set("mbedtls_ssl_conf_cid", optionCID, func(cc *C.gm_config) C.int {
		return C.gm_conf_cid(cc, C.size_t(length), flag(failUnexpected))
	})
}

// SetCID makes the next handshake negotiate connection IDs (mbedtls_ssl_set_cid). The peer shall send own in its
// records; it must be as long as the Config says. An empty one asks for none, and lets the peer ask for its own.
func (s *SSL) SetCID(on bool, own []byte) error {
	return s.during("mbedtls_ssl_set_cid", optionCID, func(c *C.gm_ssl) C.int {
		return C.gm_ssl_set_cid(c, flag(on), cbytes(own), C.size_t(len(own)))
	})
}

// OwnCID is what SetCID set; on is false if the connection ID is empty, too (mbedtls_ssl_get_own_cid). Whether the peer
// took part, PeerCID tells.
func (s *SSL) OwnCID() (cid []byte, on bool) {
	return cidOf(query(s, func(c *C.gm_ssl) C.gm_cid { return C.gm_ssl_own_cid(c) }))
}

// PeerCID is the connection ID in the records that are sent; it may be empty. on tells, after the handshake, whether
// either end has one (mbedtls_ssl_get_peer_cid).
func (s *SSL) PeerCID() (cid []byte, on bool) {
	return cidOf(query(s, func(c *C.gm_ssl) C.gm_cid { return C.gm_ssl_peer_cid(c) }))
}

func cidOf(c C.gm_cid) (cid []byte, on bool) {
	return C.GoBytes(unsafe.Pointer(&c.p[0]), C.int(c.len)), c.on == C.MBEDTLS_SSL_CID_ENABLED
}
