// Package redis is a store of sessions in Redis 6 or Valkey, for any number of processes.
//
// A server that is dead or slow costs a handshake no more than Options.Timeout for each call, and after some failures, for a
// while, nothing: calls then fail at once. How many entries there are is bounded by their lifetime and by the server's own
// maxmemory; it may drop any of them at any time.
package redis

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/sony/gobreaker/v2"

	"github.com/gombedtls/gombedtls/internal/bounded"
	"github.com/gombedtls/gombedtls/mbedtls"
	"github.com/gombedtls/gombedtls/mbedtls/sessionstore"
)

// Options are for [Open].
type Options struct {
	// Client is the connection to the server, a cluster or any other kind; it stays the caller's, to be closed after the last
	// use of the store.
	Client redis.UniversalClient

	// Secret is what the rows are encrypted under. With a passphrase, the salt is in the server: if that loses its data,
	// processes that start later have another key than those that run. With a key, they have not.
	Secret sessionstore.Secret

	// Prefix begins all keys; "" is "{gombedtls:session}:". In a cluster, it must have a part in braces, which keeps all
	// keys in one slot.
	Prefix string

	// Timeout bounds each call, whatever the Client's own bounds are; 0 is 100 ms.
	Timeout time.Duration

	// Failures is how many calls must fail, one after the other, before the store lets the server alone for Cooldown; then
	// one call tries whether it works again. 0 are 3 failures and 5 seconds.
	Failures int
	Cooldown time.Duration

	// PerServer is how many of a client's sessions are kept for each server, the newest; 0 is 32.
	PerServer int

	// Lifetime and Now are as in [sessionstore.Options].
	Lifetime time.Duration
	Now      func() time.Time
}

const (
	defaultPrefix    = "{gombedtls:session}:"
	defaultTimeout   = 100 * time.Millisecond
	defaultFailures  = 3
	defaultCooldown  = 5 * time.Second
	defaultPerServer = 32
)

// Store is a mbedtls.SessionStore in Redis. Its methods may be called by several goroutines. There is nothing to close.
type Store struct {
	client    redis.UniversalClient
	options   sessionstore.Options
	sealer    *sessionstore.Sealer
	prefix    string
	perServer int
	timeout   time.Duration
	caller    bounded.Caller
	breaker   *gobreaker.CircuitBreaker[[]byte]
}

var _ mbedtls.SessionStore = (*Store)(nil)

// Open opens a store. It needs the server, to learn whether the Secret is the store's: a wrong one is
// [sessionstore.ErrWrongKey].
func Open(ctx context.Context, o Options) (*Store, error) {
	common, err := sessionstore.Options{Lifetime: o.Lifetime, Now: o.Now}.Complete()
	if err != nil {
		return nil, err
	}
	if o.Client == nil {
		return nil, errors.New("redis: Options.Client: must be set")
	}
	if o.Prefix == "" {
		o.Prefix = defaultPrefix
	}
	for _, f := range []struct {
		name    string
		value   *time.Duration
		instead time.Duration
	}{{"Timeout", &o.Timeout, defaultTimeout}, {"Cooldown", &o.Cooldown, defaultCooldown}} {
		if *f.value < 0 {
			return nil, fmt.Errorf("redis: Options.%s: %v: must not be negative", f.name, *f.value)
		}
		if *f.value == 0 {
			*f.value = f.instead
		}
	}
	for _, f := range []struct {
		name    string
		value   *int
		instead int
	}{{"Failures", &o.Failures, defaultFailures}, {"PerServer", &o.PerServer, defaultPerServer}} {
		if *f.value < 0 {
			return nil, fmt.Errorf("redis: Options.%s: %d: must not be negative", f.name, *f.value)
		}
		if *f.value == 0 {
			*f.value = f.instead
		}
	}
	s := &Store{client: o.Client, options: common, prefix: o.Prefix, perServer: o.PerServer, timeout: o.Timeout}
	if s.sealer, err = o.Secret.Open(ctx, headers{s}); err != nil {
		return nil, err
	}
	s.breaker = gobreaker.NewCircuitBreaker[[]byte](gobreaker.Settings{
		Name:        "redis session store",
		Timeout:     o.Cooldown,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= uint32(o.Failures) },
		// A handshake that was given up says nothing about the server.
		IsExcluded: func(err error) bool { return errors.Is(err, context.Canceled) },
	})
	return s, nil
}

// call bounds a call to the server. Nothing, without an error, is nil.
func (s *Store) call(ctx context.Context, op string, f func(context.Context) ([]byte, error)) ([]byte, error) {
	value, err := s.breaker.Execute(func() ([]byte, error) {
		ctx, cancel := context.WithTimeout(ctx, s.timeout)
		defer cancel()
		value, err := bounded.Call(&s.caller, ctx, f)
		if errors.Is(err, redis.Nil) {
			return nil, nil
		}
		return value, err
	})
	if err != nil {
		return nil, fmt.Errorf("redis: %s: %w", op, err)
	}
	return value, nil
}

// Lifetime is that of the Options.
func (s *Store) Lifetime() time.Duration { return s.options.Lifetime }

// Save is of mbedtls.SessionStore, as are the others.
func (s *Store) Save(ctx context.Context, e *mbedtls.SessionEntry) error {
	row, err := s.sealer.SealFor(s.options, e)
	if err != nil {
		return err
	}
	if row == nil {
		return s.Remove(ctx, e.ID)
	}
	name, value, ttl := rowName(row.Key), encodeRow(row), row.Expires.Sub(s.options.Now())
	_, err = s.call(ctx, "Save", func(ctx context.Context) ([]byte, error) {
		if row.Server == nil {
			return nil, s.client.Set(ctx, s.rowKey(name), value, ttl).Err()
		}
		list := s.listKey(row.Server)
		var old *redis.StringSliceCmd
		if _, err := s.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.Set(ctx, s.rowKey(name), value, ttl)
			p.LRem(ctx, list, 0, name)
			p.LPush(ctx, list, name)
			old = p.LRange(ctx, list, int64(s.perServer), -1)
			p.LTrim(ctx, list, 0, int64(s.perServer-1))
			p.PExpire(ctx, list, s.options.Lifetime)
			return nil
		}); err != nil || len(old.Val()) == 0 {
			return nil, err
		}
		keys := make([]string, len(old.Val()))
		for i, name := range old.Val() {
			keys[i] = s.rowKey(name)
		}
		return nil, s.client.Del(ctx, keys...).Err()
	})
	return err
}

// ByID finds an entry.
func (s *Store) ByID(ctx context.Context, id []byte) (*mbedtls.SessionEntry, error) {
	key := s.sealer.RowKey(id)
	value, err := s.call(ctx, "ByID", func(ctx context.Context) ([]byte, error) {
		return s.client.Get(ctx, s.rowKey(rowName(key))).Bytes()
	})
	if err != nil || value == nil {
		return nil, err
	}
	return s.open(ctx, key, value)
}

// ByServer finds the newest entry for a server.
func (s *Store) ByServer(ctx context.Context, server mbedtls.SessionServer) (*mbedtls.SessionEntry, error) {
	key := s.sealer.ServerKey(server)
	found, err := s.call(ctx, "ByServer", func(ctx context.Context) ([]byte, error) {
		text, err := take.Run(ctx, s.client, []string{s.listKey(key)}, s.rowKey(""), key, s.options.Now().UnixMilli(), rowNameLen, rowHead).Text()
		return []byte(text), err
	})
	if err != nil || found == nil {
		return nil, err
	}
	name, value := found[:rowNameLen], found[rowNameLen:] // the script has looked at their lengths
	row, err := base64.RawURLEncoding.AppendDecode(nil, name)
	if err != nil {
		return nil, fmt.Errorf("redis: ByServer: a list has %q, which is no row: %w", name, err)
	}
	return s.open(ctx, row, value)
}

// take finds the newest row of the list KEYS[1] that is for the server ARGV[2] and has not expired at ARGV[3], and drops it
// from the list, and from the rows, whose keys begin with ARGV[1], if it may be used once. What is no name of a row, of ARGV[4]
// bytes, or too short for one, of ARGV[5] bytes, is dropped.
var take = redis.NewScript(`
while true do
	local name = redis.call('LINDEX', KEYS[1], 0)
	if not name then return false end
	local row = #name == tonumber(ARGV[4]) and redis.call('GET', ARGV[1] .. name)
	if row and #row >= tonumber(ARGV[5]) and string.sub(row, 10, 41) == ARGV[2] and struct.unpack('>I8', row, 2) > tonumber(ARGV[3]) then
		if string.byte(row, 1) == 1 then
			redis.call('LPOP', KEYS[1])
			redis.call('DEL', ARGV[1] .. name)
		end
		return name .. row
	end
	redis.call('LPOP', KEYS[1])
end`)

// open decrypts a row, and drops one that is corrupt.
func (s *Store) open(ctx context.Context, key, value []byte) (*mbedtls.SessionEntry, error) {
	e, err := s.decrypt(key, value)
	if err != nil {
		return nil, errors.Join(err, s.drop(ctx, "drop a corrupt row", key))
	}
	if !e.Expires.After(s.options.Now()) {
		return nil, nil
	}
	return e, nil
}

func (s *Store) decrypt(key, value []byte) (*mbedtls.SessionEntry, error) {
	row, err := decodeRow(key, value)
	if err != nil {
		return nil, err
	}
	return s.sealer.Open(row)
}

// Remove drops an entry.
func (s *Store) Remove(ctx context.Context, id []byte) error {
	return s.drop(ctx, "Remove", s.sealer.RowKey(id))
}

func (s *Store) drop(ctx context.Context, op string, key []byte) error {
	_, err := s.call(ctx, op, func(ctx context.Context) ([]byte, error) {
		return nil, s.client.Del(ctx, s.rowKey(rowName(key))).Err()
	})
	return err
}

// The keys in Redis: of the header, of rows by name, and of the lists of the rows for a server, the newest first.
func (s *Store) headerKey() string            { return s.prefix + "header" }
func (s *Store) rowKey(name string) string    { return s.prefix + "row:" + name }
func (s *Store) listKey(server []byte) string { return s.prefix + "server:" + rowName(server) }

func rowName(key []byte) string { return base64.RawURLEncoding.EncodeToString(key) }

var rowNameLen = base64.RawURLEncoding.EncodedLen(sessionstore.RowKeyLen)

// A row is 1 byte that tells whether it may be used once, 8 bytes of time, the server's key, and what is sealed.
const rowHead = 1 + 8 + sessionstore.RowKeyLen

func encodeRow(r *sessionstore.Row) []byte {
	data := make([]byte, rowHead, rowHead+len(r.Sealed))
	if r.Once {
		data[0] = 1
	}
	binary.BigEndian.PutUint64(data[1:], uint64(r.Expires.UnixMilli()))
	copy(data[9:], r.Server)
	return append(data, r.Sealed...)
}

func decodeRow(key, data []byte) (*sessionstore.Row, error) {
	if len(data) < rowHead {
		return nil, &sessionstore.CorruptError{Row: key, Err: fmt.Errorf("%d bytes are too few", len(data))}
	}
	r := &sessionstore.Row{
		Key: key, Once: data[0] == 1, Expires: time.UnixMilli(int64(binary.BigEndian.Uint64(data[1:]))), Sealed: data[rowHead:],
	}
	if server := [sessionstore.RowKeyLen]byte(data[9:rowHead]); server != [sessionstore.RowKeyLen]byte{} {
		r.Server = server[:]
	}
	return r, nil
}

// headers is where Redis has what leads from the Secret to the key.
type headers struct{ *Store }

func (h headers) LoadHeader(ctx context.Context) ([]byte, error) {
	header, err := h.client.Get(ctx, h.headerKey()).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("redis: Open: %w", err)
	}
	return header, nil
}

func (h headers) AddHeader(ctx context.Context, header []byte) ([]byte, error) {
	if err := h.client.SetNX(ctx, h.headerKey(), header, 0).Err(); err != nil {
		return nil, fmt.Errorf("redis: Open: %w", err)
	}
	return h.LoadHeader(ctx)
}
