package mbedtls

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"strings"
	"time"
)

// SessionStore keeps sessions for later connections, also those of other processes: of clients by server, and the TLS 1.2
// sessions of servers by their ids. Package sessionstore and those below it have stores; storetest tests one. Any number of
// Configs and goroutines may share a store; those that do should demand the same of their peers: a session is not resumed
// by a Config that demands more of the server's certificate than the one that made it, but RootCAs and ClientCAs are not
// compared.
//
// The context of a call is that of HandshakeContext, with Config.SessionStoreTimeout as its deadline. An error of a store
// does not fail a connection, which goes on without the session: see [Config.SessionStoreStats].
type SessionStore interface {
	// Save keeps an entry, in place of one with the same ID. It keeps no reference to e. An entry that has expired is
	// dropped, and one that expires later than the store's Lifetime allows expires when that does.
	Save(ctx context.Context, e *SessionEntry) error

	// ByID finds an entry; nil, without an error, if there is none that has not expired. It is the caller's.
	ByID(ctx context.Context, id []byte) (*SessionEntry, error)

	// ByServer finds the entry for a server that was saved last; nil, without an error, if there is none. An entry with
	// Once is removed by it: no two callers get it, whatever processes they are in.
	ByServer(ctx context.Context, server SessionServer) (*SessionEntry, error)

	// Remove drops an entry, if it is there.
	Remove(ctx context.Context, id []byte) error

	// Lifetime is how long an entry is kept at most; 0 is a store that keeps none, and is not called.
	Lifetime() time.Duration
}

// SessionEntry is one session in a [SessionStore].
type SessionEntry struct {
	ID      []byte        // unique in a store, not empty: of a server's session, the id on the wire
	Server  SessionServer // whose session it is, for a client; a server's session has none
	Expires time.Time     // in milliseconds
	Once    bool          // a ticket of TLS 1.3, which is used once
	Data    []byte        // the session, with its secrets: who has it can resume, and with TLS 1.2 decrypt what was recorded
}

// SessionServer is what a client's sessions are found by: who can resume what with whom.
type SessionServer struct {
	Name      string   // host that was asked for, or the address; "" is no server
	Port      string   // of the connection's other end
	Protocols []string // by ALPN, as offered
	Identity  string   // who the client is: by hash of its certificate, and by PSK identity
	DTLS      bool
}

// Key is a text that two SessionServers have in common if they are the same, and no others have.
func (s SessionServer) Key() string {
	return fmt.Sprintf("%q %q %q %q %t", s.Name, s.Port, s.Protocols, s.Identity, s.DTLS)
}

// sessionServer is what a client's connection looks for.
func (c *core) sessionServer() SessionServer {
	s := SessionServer{Name: c.serverName, Protocols: c.config.NextProtos, Identity: c.config.identity(), DTLS: c.isDTLS()}
	at := c.dialed
	if addr := c.shell.RemoteAddr(); at == "" && addr != nil {
		at = addr.String()
	}
	host, port, err := net.SplitHostPort(at)
	if err != nil { // of another kind, such as a pipe
		host = at
	}
	if s.Port = port; s.Name == "" {
		s.Name = host
	}
	return s
}

// identity is who a client is to a server.
func (c *Config) identity() string {
	var parts []string
	if len(c.Certificates) > 0 && len(c.Certificates[0].Certificate) > 0 {
		sum := sha256.Sum256(c.Certificates[0].Certificate[0])
		parts = append(parts, "cert:"+hex.EncodeToString(sum[:]))
	}
	if c.PSK != nil {
		parts = append(parts, "psk:"+c.PSK.Identity)
	}
	return strings.Join(parts, " ")
}

// sessionCache is where a client's sessions go; nil if they go nowhere.
func (c *core) sessionCache() ClientSessionCache {
	if c.config.SessionStore != nil {
		return storedSessions{c}
	}
	if cache := c.config.ClientSessionCache; cache != nil && c.sessionKey() != "" {
		return cache
	}
	return nil
}

// storedSessions is the SessionStore as the ClientSessionCache of one connection, which knows its key better.
type storedSessions struct{ c *core }

func (s storedSessions) Get(string) (*Session, bool) {
	config := s.c.config
	e := config.findSession(s.c.storeWait, "ByServer", func(ctx context.Context, store SessionStore) (*SessionEntry, error) {
		return store.ByServer(ctx, s.c.sessionServer())
	})
	if e == nil {
		return nil, false
	}
	defer clear(e.Data)
	session := new(Session)
	if err := session.UnmarshalBinary(e.Data); err != nil { // another version or build of the library made it
		config.storeFailed(s.c.storeWait, "ByServer", err)
		config.removeSession(s.c.storeWait, e.ID)
		return nil, false
	}
	session.storeID = e.ID
	return session, true
}

// Put keeps a session; nil drops the one that the connection resumed. A ticket that is used once is gone already.
func (s storedSessions) Put(_ string, session *Session) {
	if session == nil {
		if r := s.c.resuming; r != nil && r.storeID != nil {
			s.c.config.removeSession(s.c.storeWait, r.storeID)
		}
		return
	}
	data, err := session.MarshalBinary()
	if err != nil {
		s.c.config.storeFailed(s.c.storeWait, "Save", err)
		return
	}
	server := s.c.sessionServer()
	e := &SessionEntry{Server: server, Expires: session.Expires(), Once: session.Version() == VersionTLS13, Data: data}
	// The newest session of a server takes the place of the one before it, unless both can be used. A byte more than ids on
	// the wire can have keeps those out of the way of a server's sessions in the same store.
	of := server.Key()
	if e.Once {
		of = string(data)
	}
	sum := sha256.Sum256([]byte(of))
	e.ID = append([]byte{'c'}, sum[:]...)
	s.c.config.saveSession(s.c.storeWait, e)
}
