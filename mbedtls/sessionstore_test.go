package mbedtls

import (
	"bytes"
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// mapStore is a SessionStore that can fail. It has one entry for each server, whatever the port: each connection of these
// tests is to another one.
type mapStore struct {
	mu      sync.Mutex
	byID    map[string]*SessionEntry
	ids     map[string]string // by server
	removed int
	asked   context.Context // of the last call
	fail    func(call string) error
}

func newMapStore() *mapStore {
	return &mapStore{byID: map[string]*SessionEntry{}, ids: map[string]string{}}
}

func (m *mapStore) do(ctx context.Context, call string, f func()) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked = ctx
	if m.fail != nil {
		if err := m.fail(call); err != nil {
			return err
		}
	}
	f()
	return nil
}

func anyPort(s SessionServer) string {
	s.Port = ""
	return s.Key()
}

func (m *mapStore) get(id string) *SessionEntry {
	e := m.byID[id]
	if e == nil {
		return nil
	}
	found := *e
	found.Data = bytes.Clone(e.Data)
	return &found
}

func (m *mapStore) Save(ctx context.Context, e *SessionEntry) error {
	return m.do(ctx, "Save", func() {
		kept := *e
		kept.Data = bytes.Clone(e.Data)
		m.byID[string(e.ID)], m.ids[anyPort(e.Server)] = &kept, string(e.ID)
	})
}

func (m *mapStore) ByID(ctx context.Context, id []byte) (e *SessionEntry, err error) {
	return e, m.do(ctx, "ByID", func() { e = m.get(string(id)) })
}

func (m *mapStore) ByServer(ctx context.Context, server SessionServer) (e *SessionEntry, err error) {
	return e, m.do(ctx, "ByServer", func() {
		id := m.ids[anyPort(server)]
		if e = m.get(id); e != nil && e.Once {
			delete(m.byID, id)
		}
	})
}

func (m *mapStore) Remove(ctx context.Context, id []byte) error {
	return m.do(ctx, "Remove", func() {
		delete(m.byID, string(id))
		m.removed++
	})
}

func (m *mapStore) Lifetime() time.Duration { return time.Hour }

func TestStoreResumesOnBothEnds(t *testing.T) {
	eachMeans(t, func(t *testing.T, client, server *Config) {
		client.ClientSessionCache, client.SessionStore = nil, newMapStore()
		if server.ServerSessionCache != nil {
			server.ServerSessionCache, server.SessionStore = nil, newMapStore()
		}
		for i := range 3 {
			if state, _, _ := visit(t, client, server, nil); state.DidResume != (i > 0) {
				t.Errorf("connection %d: resumed %t", i, state.DidResume)
			}
		}
		if got := client.SessionStoreStats(); got.Lookups != 3 || got.Hits != 2 || got.Saves < 3 || got.Failures != 0 {
			t.Errorf("client: %+v", got)
		}
	})
}

// Entries say what their sessions are for.
func TestStoredEntryTellsWhatItIsFor(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		client, server := configs(t)
		store := newMapStore()
		client.MaxVersion, client.SessionStore = version, store
		client.NextProtos, server.NextProtos = []string{"a", "b"}, []string{"a"}
		server.TicketKeys = ticketKeys(t)
		c, s := connected(t, client, server)
		ping(t, c, s)
		_, port, err := net.SplitHostPort(c.RemoteAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		want := SessionServer{Name: "localhost", Port: port, Protocols: []string{"a", "b"}}
		e := store.byID[store.ids[anyPort(want)]]
		if e == nil {
			t.Fatalf("nothing is stored for %s, but for %v", anyPort(want), store.ids)
		}
		if diff := cmp.Diff(want, e.Server); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if left := time.Until(e.Expires); left <= 59*time.Minute || left > time.Hour {
			t.Errorf("it expires in %v: the store's Lifetime is an hour", left)
		}
		if e.Once != (version == VersionTLS13) {
			t.Errorf("Once: %t", e.Once)
		}
	})
}

// Through a proxy, sessions are those of the server that was asked for, not of the proxy's address.
func TestStoredEntryIsForTheServerBehindAProxy(t *testing.T) {
	client, server := configs(t)
	store := newMapStore()
	client.MaxVersion, client.SessionStore = VersionTLS12, store
	a, b := tcpPair(t)
	s := Server(b, server)
	defer s.Close()
	done := make(chan error, 1)
	go func() { done <- s.Handshake() }()
	d := &Dialer{Config: client, NetDial: func(context.Context, string, string) (net.Conn, error) { return a, nil }}
	c, err := d.Dial("tcp", "localhost:8443")
	if err := errors.Join(err, <-done); err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, e := range store.byID {
		if want := (SessionServer{Name: "localhost", Port: "8443"}); cmp.Diff(want, e.Server) != "" {
			t.Errorf("%+v, want %+v", e.Server, want)
		}
		return
	}
	t.Error("nothing is stored")
}

type storeContextKey struct{}

func TestHandshakesContextReachesTheStore(t *testing.T) {
	client, server := configs(t)
	stores := map[string]*mapStore{"client": newMapStore(), "server": newMapStore()}
	client.MaxVersion, client.SessionStore, server.SessionStore = VersionTLS12, stores["client"], stores["server"]
	c, s := ends(t, client, server)
	ctx := context.WithValue(context.Background(), storeContextKey{}, "a value")
	done := make(chan error, 1)
	go func() { done <- s.HandshakeContext(ctx) }()
	if err := errors.Join(c.HandshakeContext(ctx), <-done); err != nil {
		t.Fatal(err)
	}
	for end, store := range stores {
		if got := store.asked.Value(storeContextKey{}); got != "a value" {
			t.Errorf("%s: %v", end, got)
		}
		if deadline, ok := store.asked.Deadline(); !ok || time.Until(deadline) > defaultSessionStoreTimeout {
			t.Errorf("%s: the deadline is %v, %t", end, deadline, ok)
		}
	}
}

func TestFailedConnectionIsRemovedFromTheStore(t *testing.T) {
	client, server := configs(t)
	store := newMapStore()
	client.MaxVersion, server.SessionStore = VersionTLS12, store
	c, s := connected(t, client, server)
	if len(store.byID) != 1 {
		t.Fatalf("%d sessions", len(store.byID))
	}
	if _, err := c.conn.Write([]byte("\x17\x03\x03\x00\x20 this is not an encrypted record!")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read(make([]byte, 1)); err == nil {
		t.Error("read a forged record")
	}
	if len(store.byID) != 0 || store.removed != 1 {
		t.Errorf("%d sessions, %d removed", len(store.byID), store.removed)
	}
}

// A session that leads nowhere is dropped, and so is one that another build made.
func TestUselessSessionIsRemovedFromTheStore(t *testing.T) {
	client, server := configs(t)
	store := newMapStore()
	client.MaxVersion, client.SessionStore = VersionTLS12, store
	server.TicketKeys = ticketKeys(t)
	visit(t, client, server, nil)
	failure := errors.New("the server's own")
	broken := changed(t, server, func(c *Config) { c.VerifyConnection = func(ConnectionState) error { return failure } })
	c, s := ends(t, client, broken)
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	if clientErr, _ := handshakes(c, s); clientErr == nil {
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Error("read from a server that refused")
		}
	}
	store.mu.Lock()
	for _, e := range store.byID {
		e.Data = []byte("of another build")
	}
	before := store.removed
	store.mu.Unlock()
	if state, _, _ := visit(t, client, server, nil); state.DidResume {
		t.Error("resumed")
	}
	if got := client.SessionStoreStats(); got.Failures != 1 || store.removed != before+1 {
		t.Errorf("%+v, %d removed, of those %d before", got, store.removed, before)
	}
}

func TestPanicOfAStoreReachesTheCaller(t *testing.T) {
	for _, call := range []string{"ByServer", "Save"} {
		t.Run(call, func(t *testing.T) {
			client, server := configs(t)
			store := newMapStore()
			store.fail = func(c string) error {
				if c == call {
					panic("from " + call)
				}
				return nil
			}
			client.MaxVersion, client.SessionStore = VersionTLS12, store
			c, s := ends(t, client, server)
			server.SessionStore = newMapStore() // so that there is a session to save
			done := make(chan error, 1)
			go func() { done <- s.Handshake() }()
			func() {
				defer func() {
					if v := recover(); v != "from "+call {
						t.Errorf("recovered %v", v)
					}
					c.Close()
				}()
				c.Handshake()
			}()
			s.Close()
			<-done
		})
	}
}

func TestStoreResumesDTLS(t *testing.T) {
	client, server := configs(t)
	store := newMapStore() // of both ends, as in one process
	client.SessionStore, server.SessionStore = store, store
	l := listenDTLS(t, new(DTLSListenConfig), server)
	for i := range 3 {
		c, s := dialDTLS(t, l, client)
		for end, conn := range map[string]*Conn{"client": c, "server": s} {
			if resumed := conn.ConnectionState().DidResume; resumed != (i > 0) {
				t.Errorf("connection %d: the %s resumed: %t", i, end, resumed)
			}
		}
		c.Close()
		s.Close()
	}
	for _, e := range store.byID {
		if e.Server.Name != "" && !e.Server.DTLS {
			t.Errorf("%+v is not for DTLS", e.Server)
		}
	}
}
