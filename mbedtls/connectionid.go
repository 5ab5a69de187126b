package mbedtls

import (
	"crypto/rand"
	"fmt"

	"github.com/gombedtls/gombedtls/cbridge"
)

// LegacyConnectionID tells that the linked library has the connection IDs of draft-ietf-tls-dtls-connection-id-05, and none
// of RFC 9146 (MBEDTLS_SSL_DTLS_CONNECTION_ID_COMPAT). Peers of one know nothing of the other.
const LegacyConnectionID = cbridge.LegacyCID

// generate makes an ID.
func (id *ConnectionID) generate() ([]byte, error) {
	own := make([]byte, id.Length)
	if id.Generate == nil {
		rand.Read(own) // never fails
		return own, nil
	}
	own, err := id.Generate()
	if err != nil {
		return nil, fmt.Errorf("mbedtls: Config.DTLS.ConnectionID.Generate: %w", err)
	}
	if len(own) != id.Length {
		return nil, badDTLS("ConnectionID.Generate", fmt.Sprintf("%d bytes", len(own)), "Length is %d", id.Length)
	}
	return own, nil
}

// newConnectionID is this end's for a new connection. A listener's connections all have different ones.
func (c *core) newConnectionID() ([]byte, error) {
	id := c.config.DTLS.ConnectionID
	if c.peer == nil || id.Length == 0 {
		return id.generate()
	}
	return c.peer.newConnectionID(id)
}

// connectionIDs are those in use, as ConnectionState has them. With mu held.
func (c *core) connectionIDs() (own, peer []byte) {
	peer, on := c.ssl.PeerCID()
	if !on {
		return nil, nil
	}
	own, _ = c.ssl.OwnCID()
	return append([]byte{}, own...), append([]byte{}, peer...)
}

// OwnConnectionID is ConnectionState's, without the rest of that.
func (c *Conn) OwnConnectionID() []byte {
	if st := c.state.Load(); st != nil {
		return st.OwnConnectionID
	}
	return nil
}
