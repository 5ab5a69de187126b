package sessionstore

import (
	"bytes"
	"context"
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/gombedtls/gombedtls/mbedtls"
)

// A store has as many shards as keep goroutines from waiting for each other often, if each is large enough that it hardly
// matters which one an entry falls into.
const (
	maxShards  = 16
	shardLarge = 64
)

// Memory is a store in memory. The entries that were used longest ago make room for new ones; those that leave are wiped.
// An entry that has expired leaves when it is looked for, or by a later Save.
type Memory struct {
	options Options
	seed    maphash.Seed
	ids     []idShard
	servers []serverShard
}

// idShard has the entries with some ids. Its lock is taken before that of a serverShard, never after it.
type idShard struct {
	mu      sync.Mutex
	entries *simplelru.LRU[string, *mbedtls.SessionEntry]
}

// serverShard has the ids of the entries for some servers, by their keys; the newest comes last.
type serverShard struct {
	mu  sync.Mutex
	ids map[string][]string
}

var _ mbedtls.SessionStore = (*Memory)(nil)

// NewMemory makes a store. Since a large capacity is shared out to parts by hash, some entries may leave a little before it
// is full.
func NewMemory(o Options) (*Memory, error) {
	o, err := o.Complete()
	if err != nil {
		return nil, err
	}
	shards := max(1, min(maxShards, o.Capacity/shardLarge))
	m := &Memory{options: o, seed: maphash.MakeSeed(), ids: make([]idShard, shards), servers: make([]serverShard, shards)}
	for i := range shards {
		m.servers[i].ids = map[string][]string{}
		if m.ids[i].entries, err = simplelru.NewLRU(o.Capacity/shards, m.dropped); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *Memory) idShard(id string) *idShard {
	return &m.ids[maphash.String(m.seed, id)%uint64(len(m.ids))]
}

func (m *Memory) serverShard(key string) *serverShard {
	return &m.servers[maphash.String(m.seed, key)%uint64(len(m.servers))]
}

// dropped is called for each entry that leaves, with the lock of its idShard.
func (m *Memory) dropped(id string, e *mbedtls.SessionEntry) {
	clear(e.Data)
	if e.Server.Name == "" {
		return
	}
	key := e.Server.Key()
	s := m.serverShard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := slices.DeleteFunc(s.ids[key], func(other string) bool { return other == id })
	if len(ids) == 0 {
		delete(s.ids, key)
	} else {
		s.ids[key] = ids
	}
}

// Save is of mbedtls.SessionStore, as are the others.
func (m *Memory) Save(ctx context.Context, e *mbedtls.SessionEntry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(e.ID) == 0 {
		return ErrNoID
	}
	id := string(e.ID)
	shard := m.idShard(id)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	shard.entries.Remove(id)
	now := m.options.Now()
	for _, oldest, ok := shard.entries.GetOldest(); ok && !oldest.Expires.After(now); _, oldest, ok = shard.entries.GetOldest() {
		shard.entries.RemoveOldest()
	}
	expires, ok := m.options.Expiry(e.Expires)
	if !ok {
		return nil
	}
	kept := cloneEntry(e)
	kept.Expires = expires
	shard.entries.Add(id, kept)
	if e.Server.Name != "" {
		key := e.Server.Key()
		s := m.serverShard(key)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.ids[key] = append(s.ids[key], id)
	}
	return nil
}

// ByID finds an entry.
func (m *Memory) ByID(ctx context.Context, id []byte) (*mbedtls.SessionEntry, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return m.get(string(id), ""), nil
}

// get copies an entry; with the key of a server, only one for that, and it removes what is used once.
func (m *Memory) get(id, server string) *mbedtls.SessionEntry {
	shard := m.idShard(id)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	e, ok := shard.entries.Get(id)
	if !ok {
		return nil
	}
	if !e.Expires.After(m.options.Now()) {
		shard.entries.Remove(id)
		return nil
	}
	if server != "" && server != e.Server.Key() {
		return nil
	}
	found := cloneEntry(e)
	if server != "" && e.Once {
		shard.entries.Remove(id)
	}
	return found
}

// ByServer finds the newest entry for a server.
func (m *Memory) ByServer(ctx context.Context, server mbedtls.SessionServer) (*mbedtls.SessionEntry, error) {
	key := server.Key()
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		id, ok := m.newest(key)
		if !ok {
			return nil, nil
		}
		// Somebody else may have taken it, or saved another with its ID.
		if e := m.get(id, key); e != nil {
			return e, nil
		}
	}
}

func (m *Memory) newest(key string) (id string, ok bool) {
	s := m.serverShard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := s.ids[key]
	if len(ids) == 0 {
		return "", false
	}
	return ids[len(ids)-1], true
}

// Remove drops an entry.
func (m *Memory) Remove(ctx context.Context, id []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	shard := m.idShard(string(id))
	shard.mu.Lock()
	defer shard.mu.Unlock()
	shard.entries.Remove(string(id))
	return nil
}

// Lifetime is that of the Options.
func (m *Memory) Lifetime() time.Duration { return m.options.Lifetime }

// Len is how many entries there are, those that have expired included.
func (m *Memory) Len() (n int) {
	for i := range m.ids {
		m.ids[i].mu.Lock()
		n += m.ids[i].entries.Len()
		m.ids[i].mu.Unlock()
	}
	return n
}

// Clear wipes all entries.
func (m *Memory) Clear() {
	for i := range m.ids {
		m.ids[i].mu.Lock()
		m.ids[i].entries.Purge()
		m.ids[i].mu.Unlock()
	}
}

func cloneEntry(e *mbedtls.SessionEntry) *mbedtls.SessionEntry {
	c := *e
	c.ID, c.Data, c.Server.Protocols = bytes.Clone(e.ID), bytes.Clone(e.Data), slices.Clone(e.Server.Protocols)
	return &c
}
