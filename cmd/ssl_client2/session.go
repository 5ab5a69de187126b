package main

import (
	"github.com/gombedtls/gombedtls/mbedtls"
)

// savedSession is what the next connection resumes: the session itself, or its bytes.
type savedSession struct {
	session *mbedtls.Session
	bytes   []byte
	asBytes bool
}

func (s *savedSession) load() (*mbedtls.Session, error) {
	if !s.asBytes {
		return s.session, nil
	}
	session := new(mbedtls.Session)
	if s.bytes == nil {
		return nil, mbedtls.ErrSSLBadInputData
	}
	return session, session.UnmarshalBinary(s.bytes)
}

// save keeps the session that the connection gave, or says why there is none.
func (c *client) save(session *mbedtls.Session, err error) error {
	c.Output.Printf("  . Saving session for reuse...")
	if err != nil {
		return c.Output.Failed("mbedtls_ssl_get_session", err)
	}
	c.saved.session = session
	if !c.saved.asBytes {
		c.Output.Printf(" ok\n")
		return nil
	}
	if c.saved.bytes, err = session.MarshalBinary(); err != nil {
		return c.Output.Failed("mbedtls_ssl_session_save", err)
	}
	c.Output.Printf(" ok\n    [ Saved %d bytes of session data]\n", len(c.saved.bytes))
	return nil
}

// tickets is a cache that keeps nothing: what goes on in it tells of the tickets that come.
type tickets struct{ *client }

// Get is of mbedtls.ClientSessionCache.
func (tickets) Get(string) (*mbedtls.Session, bool) { return nil, false }

// Put is of mbedtls.ClientSessionCache.
func (t tickets) Put(_ string, session *mbedtls.Session) {
	if session == nil || session.Version() != mbedtls.VersionTLS13 {
		return
	}
	c := t.client
	c.Output.Printf(" got new session ticket ( %d ).\n", c.tickets)
	c.tickets++
	if c.Reconnect > 0 && c.saveErr == nil {
		c.saveErr = c.save(session, nil)
	}
}
