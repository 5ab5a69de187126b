package redis_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/sony/gobreaker/v2"

	"github.com/gombedtls/gombedtls/internal/redistest"
	"github.com/gombedtls/gombedtls/mbedtls"
	"github.com/gombedtls/gombedtls/mbedtls/sessionstore"
	"github.com/gombedtls/gombedtls/mbedtls/sessionstore/redis"
	"github.com/gombedtls/gombedtls/mbedtls/sessionstore/storetest"
)

// patient is longer than any call takes on a slow machine.
const patient = 10 * time.Second

// place is a server of its own.
func place(t testing.TB) storetest.Place {
	server := redistest.Start(t)
	return storetest.Place{
		Open: func(t testing.TB, o storetest.Options) (mbedtls.SessionStore, error) {
			return redis.Open(context.Background(), redis.Options{
				Client: server.Client(), Secret: o.Secret(), Timeout: patient,
				PerServer: o.Capacity, Lifetime: o.Lifetime, Now: o.Now,
			})
		},
		Corrupt: func(t testing.TB) {
			ctx, c := context.Background(), server.Client()
			keys, err := c.Keys(ctx, "*:row:*").Result()
			if err != nil {
				t.Fatal(err)
			}
			for _, key := range keys {
				row, err := c.Get(ctx, key).Bytes()
				if err != nil {
					t.Fatal(err)
				}
				row[len(row)-1] ^= 1
				if err := c.Set(ctx, key, row, goredis.KeepTTL).Err(); err != nil {
					t.Fatal(err)
				}
			}
		},
	}
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, place)
}

var secret = sessionstore.Secret{Key: []byte("0123456789abcdef0123456789abcdef")}

func open(t testing.TB, server *redistest.Server, change func(*redis.Options)) *redis.Store {
	t.Helper()
	o := redis.Options{Client: server.Client(), Secret: secret, Timeout: patient}
	if change != nil {
		change(&o)
	}
	s, err := redis.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func entry(id string) *mbedtls.SessionEntry {
	return &mbedtls.SessionEntry{ID: []byte(id), Server: mbedtls.SessionServer{Name: "host.example", Port: "443"}, Data: []byte("a secret of " + id)}
}

// All keys expire, but for the header, and none tells what it is for.
func TestKeysExpireAndTellNothing(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := open(t, server, func(o *redis.Options) { o.Prefix, o.Lifetime = "mine:", time.Hour })
	ctx, c := context.Background(), server.Client()
	short := entry("short")
	short.Expires = time.Now().Add(time.Minute)
	for _, e := range []*mbedtls.SessionEntry{short, entry("long"), {ID: []byte("of a server"), Data: []byte("a secret")}} {
		if err := s.Save(ctx, e); err != nil {
			t.Fatal(err)
		}
	}
	keys, err := c.Keys(ctx, "*").Result()
	if err != nil || len(keys) != 5 { // the header, three rows and a list
		t.Fatalf("keys %q, %v", keys, err)
	}
	minutes := 0
	for _, key := range keys {
		ttl, err := c.PTTL(ctx, key).Result()
		if err != nil || !strings.HasPrefix(key, "mine:") || (key != "mine:header") != (ttl > 0) || ttl > time.Hour {
			t.Errorf("key %q lasts %v, %v", key, ttl, err)
		}
		if ttl > 0 && ttl <= time.Minute {
			minutes++
		}
		dump, err := c.Dump(ctx, key).Bytes()
		if err != nil {
			t.Fatal(err)
		}
		for _, clear := range []string{"host.example", "short", "a secret"} {
			if bytes.Contains(dump, []byte(clear)) || strings.Contains(key, clear) {
				t.Errorf("key %q has %q in clear", key, clear)
			}
		}
	}
	if minutes != 1 {
		t.Errorf("%d keys last a minute at most, want that of one row", minutes)
	}
}

// A row that falls out of its server's list does not stay behind.
func TestNoRowIsLeftBehind(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := open(t, server, func(o *redis.Options) { o.PerServer = 3 })
	for i := range 10 {
		if err := s.Save(context.Background(), entry(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	if keys, err := server.Client().Keys(context.Background(), "*:row:*").Result(); err != nil || len(keys) != 3 {
		t.Errorf("%d rows, %v", len(keys), err)
	}
}

// A dead server costs some calls an error each, which come in time, and then none is made until Cooldown has passed.
func TestDeadServerIsLetAlone(t *testing.T) {
	t.Parallel()
	const bound, cooldown, failures = time.Second, 2 * time.Second, 3
	for name, c := range map[string]struct{ die, live func(*redistest.Server) }{
		"killed": {(*redistest.Server).Kill, (*redistest.Server).Restart},
		"paused": {(*redistest.Server).Pause, (*redistest.Server).Resume},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			s := open(t, server, func(o *redis.Options) { o.Timeout, o.Cooldown, o.Failures = bound, cooldown, failures })
			ctx := context.Background()
			c.die(server)
			for i := range failures {
				began := time.Now()
				if _, err := s.ByID(ctx, []byte("x")); err == nil || errors.Is(err, gobreaker.ErrOpenState) {
					t.Errorf("call %d: %v", i, err)
				}
				if took := time.Since(began); took > bound+5*time.Second {
					t.Errorf("call %d took %v", i, took)
				}
			}
			for _, err := range []error{s.Save(ctx, entry("x")), s.Remove(ctx, []byte("x"))} {
				if !errors.Is(err, gobreaker.ErrOpenState) {
					t.Errorf("after %d failures: %v, want ErrOpenState", failures, err)
				}
			}
			c.live(server)
			deadline := time.Now().Add(patient)
			for err := s.Save(ctx, entry("x")); err != nil; err = s.Save(ctx, entry("x")) {
				if time.Now().After(deadline) {
					t.Fatalf("it does not recover: %v", err)
				}
				<-time.After(bound / 10) // until the cooldown is over
			}
			if e, err := s.ByID(ctx, []byte("x")); e == nil || err != nil {
				t.Errorf("once it works again: %v, %v", e, err)
			}
		})
	}
}

// A call that its caller gives up says nothing about the server.
func TestCallsGivenUpAreNoFailures(t *testing.T) {
	t.Parallel()
	s := open(t, redistest.Start(t), nil)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for range 10 {
		if _, err := s.ByID(ctx, []byte("x")); !errors.Is(err, context.Canceled) {
			t.Fatalf("%v, want context.Canceled", err)
		}
	}
}

// With a key, processes that start after the server has lost its data share sessions with those that run.
func TestKeyNeedsNothingThatTheServerMayLose(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	old := open(t, server, nil)
	server.Kill()
	server.Restart()
	young := open(t, server, nil)
	if err := young.Save(context.Background(), entry("x")); err != nil {
		t.Fatal(err)
	}
	var e *mbedtls.SessionEntry
	var err error
	for range 3 { // the first connections of its pool are dead
		if e, err = old.ByID(context.Background(), []byte("x")); err == nil {
			break
		}
	}
	if e == nil || err != nil {
		t.Errorf("%v, %v", e, err)
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	for want, change := range map[string]func(*redis.Options){
		"Options.Client":    func(o *redis.Options) { o.Client = nil },
		"Options.Timeout":   func(o *redis.Options) { o.Timeout = -1 },
		"Options.Cooldown":  func(o *redis.Options) { o.Cooldown = -1 },
		"Options.Failures":  func(o *redis.Options) { o.Failures = -1 },
		"Options.PerServer": func(o *redis.Options) { o.PerServer = -1 },
		"Options.Lifetime":  func(o *redis.Options) { o.Lifetime = -1 },
		"Secret":            func(o *redis.Options) { o.Secret = sessionstore.Secret{} },
		"no such file or directory": func(o *redis.Options) {
			o.Client = goredis.NewClient(&goredis.Options{Addr: "/nowhere/sock", MaxRetries: -1})
			t.Cleanup(func() { o.Client.Close() })
		},
	} {
		o := redis.Options{Client: server.Client(), Secret: secret}
		change(&o)
		if _, err := redis.Open(context.Background(), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// A server that dies or hangs costs handshakes no more than the bound, and later ones nothing.
func TestDeadServerCostsAFullHandshake(t *testing.T) {
	t.Parallel()
	for name, die := range map[string]func(*redistest.Server){"killed": (*redistest.Server).Kill, "paused": (*redistest.Server).Pause} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			s := open(t, server, func(o *redis.Options) { o.Timeout, o.Cooldown, o.Failures = time.Second, time.Hour, 3 })
			storetest.ExpectFullHandshakes(t, s, func() { die(server) })
		})
	}
}

// Whoever can write to Redis may put anything there.
func TestListThatIsCorruptGivesNothingAndNoPanic(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := open(t, server, nil)
	ctx, client := context.Background(), server.Client()
	e := entry("x")
	e.Server.Name = "localhost"
	if err := s.Save(ctx, e); err != nil {
		t.Fatal(err)
	}
	lists, err := client.Keys(ctx, "*server:*").Result()
	if err != nil || len(lists) != 1 {
		t.Fatal(lists, err)
	}
	rows, err := client.Keys(ctx, "*row:*").Result()
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	prefix, name, _ := strings.Cut(rows[0], "row:")
	row, err := client.Get(ctx, rows[0]).Result()
	if err != nil {
		t.Fatal(err)
	}
	short := strings.Repeat("A", len(name))
	if err := errors.Join(client.Set(ctx, prefix+"row:", row, 0).Err(), client.Set(ctx, prefix+"row:"+short, row[:20], 0).Err(),
		client.LPush(ctx, lists[0], "", short, "no such row").Err()); err != nil {
		t.Fatal(err)
	}
	got, err := s.ByServer(ctx, e.Server)
	if err != nil || got == nil || string(got.ID) != string(e.ID) {
		t.Errorf("%v, %v: want the entry behind what is corrupt", got, err)
	}
}
