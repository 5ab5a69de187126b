package fleet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gombedtls/gombedtls/mbedtls"
)

func dialTCP(ctx context.Context, addr string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "tcp", addr)
}

// versions runs a test for each version of TLS.
func versions(t *testing.T, f func(t *testing.T, version uint16)) {
	for _, v := range []uint16{mbedtls.VersionTLS12, mbedtls.VersionTLS13} {
		t.Run(mbedtls.VersionName(v), func(t *testing.T) {
			t.Parallel()
			f(t, v)
		})
	}
}

func TestSessionIsResumedByAnyProcess(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, version uint16) {
		w := newWorld(t)
		one, two := w.join(), w.join()
		until(t, "both have the key", func() bool { return current(one) != "" && current(one) == current(two) })
		a, b := w.serve(one), w.serve(two)

		s, resumed := w.visit(a, version, nil)
		if resumed {
			t.Error("there was nothing to resume")
		}
		if s, resumed = w.visit(b, version, s); !resumed {
			t.Error("the other process does not resume")
		}

		// After a rotation, tickets of the key before, and of the one after.
		before := current(one)
		if err := two.Rotate(t.Context()); err != nil {
			t.Fatal(err)
		}
		until(t, "both have the next key", func() bool { return current(one) != before && current(one) == current(two) })
		for _, addr := range []string{a, b, a} {
			if s, resumed = w.visit(addr, version, s); !resumed {
				t.Error("not resumed after the rotation")
			}
		}

		// One that has just started, after all others have ended.
		one.Close()
		two.Close()
		if _, resumed = w.visit(w.serve(w.join()), version, s); !resumed {
			t.Error("not resumed after the restart")
		}
	})
}

func TestRevokedKeyResumesNothingAnywhere(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, version uint16) {
		w := newWorld(t)
		one, two := w.join(), w.join()
		until(t, "both have the key", func() bool { return current(one) != "" && current(one) == current(two) })
		a, b := w.serve(one), w.serve(two)
		s, _ := w.visit(a, version, nil)
		bad := current(one)
		if err := two.Revoke(t.Context(), bad); err != nil {
			t.Fatal(err)
		}
		until(t, "both have another key", func() bool {
			return current(one) != bad && current(one) != "" && current(one) == current(two)
		})
		late := w.serve(w.join())
		for _, addr := range []string{a, b, late} {
			if _, resumed := w.visit(addr, version, s); resumed {
				t.Error("a ticket of a revoked key is good")
			}
		}
		if got := one.Stats().TicketsRevoked + two.Stats().TicketsRevoked; got == 0 {
			t.Error("nobody has counted it")
		}
		s, _ = w.visit(a, version, nil)
		if _, resumed := w.visit(b, version, s); !resumed {
			t.Error("the next key is of no use")
		}
	})
}

// News come by themselves, and if they get lost, with the next poll.
func TestNewsArriveAtOnceOrWithThePoll(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		poll   time.Duration // the test has no patience for a minute
		revoke func(*Fleet, string) error
	}{
		"told": {time.Minute, func(f *Fleet, id string) error { return f.Revoke(context.Background(), id) }},
		"asked": {20 * time.Millisecond, func(f *Fleet, id string) error {
			_, err := f.rdb.Pipelined(context.Background(), func(p redis.Pipeliner) error {
				f.revoke(context.Background(), p, id, time.Now().Add(time.Hour))
				return nil
			})
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			slow := func(o *Options) { o.Poll, o.Lead = c.poll, 2*c.poll }
			one, two := w.join(slow), w.join(slow)
			bad := current(one)
			if bad == "" || current(two) != bad {
				t.Fatalf("the keys are %q and %q", bad, current(two))
			}
			if err := c.revoke(two, bad); err != nil {
				t.Fatal(err)
			}
			until(t, "both have another key", func() bool {
				return current(one) != bad && current(one) != "" && current(one) == current(two)
			})
		})
	}
}

func TestRevokeWantsTheIDOfAKey(t *testing.T) {
	t.Parallel()
	f := newWorld(t).join()
	for _, id := range []string{"", "no key", "abcd"} {
		if err := f.Revoke(t.Context(), id); err == nil {
			t.Errorf("%q is revoked", id)
		}
	}
}

func TestOnlyTheElectedWriterWrites(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var fleets []*Fleet
	for range 5 {
		fleets = append(fleets, w.join())
	}
	for range 3 {
		until(t, "there is one writer", func() bool { return len(writers(fleets...)) == 1 })
		until(t, "all have the same key", func() bool {
			for _, f := range fleets {
				if current(f) == "" || current(f) != current(fleets[0]) {
					return false
				}
			}
			return true
		})
		before := current(fleets[0])
		if err := fleets[0].Rotate(t.Context()); err != nil {
			t.Fatal(err)
		}
		until(t, "there is a new key", func() bool { return current(fleets[0]) != before })
	}
	published := uint64(0)
	for _, f := range fleets {
		published += f.Stats().KeysPublished
	}
	if published != 4 {
		t.Errorf("%d keys were published, want 4: one at first, and three", published)
	}

	// When the writer leaves, another takes its place at once.
	var old []*Fleet
	until(t, "there is one to leave", func() bool {
		old = writers(fleets...)
		return len(old) == 1
	})
	old[0].Close()
	until(t, "there is another writer", func() bool { return len(writers(fleets...)) == 1 })
}

// A fleet whose Redis has lost the number of the term has a writer all the same.
func TestLostTermBeginsANewOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rdb := w.redis.Client()
	one, two := w.join(), w.join()
	until(t, "both have the key", func() bool { return current(one) != "" && current(one) == current(two) })
	if err := rdb.Del(t.Context(), one.options.key("term")).Err(); err != nil {
		t.Fatal(err)
	}
	before := current(one)
	if err := one.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	until(t, "both have the next key", func() bool { return current(one) != before && current(one) == current(two) })
}

// A writer that was asleep while another was elected finds out when it writes, if not before.
func TestWriterOfAnEarlierTermIsRefused(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newWorld(t)
	rdb := w.redis.Client()
	sleepy := w.join()
	until(t, "it is the writer, and has written", func() bool { return sleepy.Stats().Writer && current(sleepy) != "" })
	term, err := rdb.Get(ctx, sleepy.options.key("term")).Int64()
	if err != nil {
		t.Fatal(err)
	}
	sleepy.stop() // it is asleep: it neither renews its term, nor resigns
	sleepy.running.Wait()
	awake := w.join()
	until(t, "the other is elected", func() bool { return awake.Stats().Writer })
	before, stats := rdb.Get(ctx, sleepy.options.key("tickets")).Val(), sleepy.Stats() // on a slow machine it may have been refused before

	if err := sleepy.write(ctx, term, true); !errors.Is(err, errFenced) {
		t.Errorf("the write is not refused: %v", err)
	}
	if rdb.Get(ctx, sleepy.options.key("tickets")).Val() != before {
		t.Error("it has changed the keys")
	}
	if st := sleepy.Stats(); st.WritesRefused != stats.WritesRefused+1 || st.Writer || st.KeysPublished != stats.KeysPublished {
		t.Errorf("%+v", st)
	}
	// A lost term counter does not make an old token good again.
	if err := rdb.Del(ctx, sleepy.options.key("term")).Err(); err != nil {
		t.Fatal(err)
	}
	if err := sleepy.write(ctx, term, true); !errors.Is(err, errFenced) {
		t.Errorf("the write is not refused after the loss: %v", err)
	}
}

// In a Redis that is empty again, the next writer has the number of the term that a sleeping one had.
func TestWriterOfAnEarlierTermIsRefusedByAnEmptyRedis(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	once := func(o *Options) { o.Lead, o.Poll = 2*time.Minute, time.Minute } // there is one election
	sleepy := w.join(once)
	until(t, "it is the writer, and has written", func() bool { return sleepy.Stats().Writer && current(sleepy) != "" })
	sleepy.stop() // it is asleep: it neither renews its term, nor resigns
	sleepy.running.Wait()
	w.redis.Kill()
	w.redis.Restart()
	awake := w.join(once)
	until(t, "the other is elected", func() bool { return awake.Stats().Writer })
	const first = 1
	if term := w.redis.Client().Get(t.Context(), awake.options.key("term")).Val(); term != fmt.Sprint(first) {
		t.Fatalf("the term is %s, want the first again", term)
	}
	if err := sleepy.write(t.Context(), first, true); !errors.Is(err, errFenced) {
		t.Errorf("the write is not refused: %v", err)
	}
}

// Without Redis, handshakes and resumption go on, at once; with a new and empty one, the keys are the same.
func TestDeadRedisDelaysNoHandshake(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, version uint16) {
		w := newWorld(t)
		const timeout = 5 * time.Second
		patient := func(o *Options) { o.Timeout = timeout }
		one, two := w.join(patient), w.join(patient)
		until(t, "both have the key", func() bool { return current(one) != "" && current(one) == current(two) })
		a, b := w.serve(one), w.serve(two)
		s, _ := w.visit(a, version, nil)
		for _, fault := range []struct {
			name       string
			begin, end func()
		}{{"paused", w.redis.Pause, w.redis.Resume}, {"killed", w.redis.Kill, w.redis.Restart}} {
			fault.begin()
			errorsBefore := one.Stats().RedisErrors
			until(t, "the process notices", func() bool { return one.Stats().RedisErrors > errorsBefore })
			var resumed bool
			began := time.Now()
			for _, addr := range []string{a, b} {
				if s, resumed = w.visit(addr, version, s); !resumed {
					t.Errorf("%s: not resumed", fault.name)
				}
				w.visit(addr, version, nil)
			}
			// All four together take some milliseconds; whoever waits for Redis takes that long for each.
			if took := time.Since(began); took > timeout {
				t.Errorf("%s: four handshakes took %v", fault.name, took)
			}
			fault.end()
		}
		key := current(one)
		late := w.join() // into a Redis that has lost all
		until(t, "the new process has the old key", func() bool {
			return slices.ContainsFunc(late.TicketKeys(), func(k TicketKey) bool { return k.ID == key })
		})
		if _, resumed := w.visit(w.serve(late), version, s); !resumed {
			t.Error("not resumed by the new process")
		}
	})
}

// When the last key is too old, there are full handshakes, with tickets that are good for nothing.
func TestWithoutAKeyHandshakesAreFull(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, version uint16) {
		w := newWorld(t)
		w.redis.Kill()
		f := w.join() // Redis cannot be reached: it goes on without
		addr := w.serve(f)
		s, _ := w.visit(addr, version, nil)
		if _, resumed := w.visit(addr, version, s); resumed {
			t.Error("resumed without a key")
		}
		if st := f.Stats(); st.TicketsUseless < 2 || st.TicketsMade != 0 || st.RedisErrors == 0 || st.Keys != 0 {
			t.Errorf("%+v", st)
		}
		w.redis.Restart()
		until(t, "there is a key", func() bool { return current(f) != "" })
		s, _ = w.visit(addr, version, nil)
		if _, resumed := w.visit(addr, version, s); !resumed {
			t.Error("not resumed once there is a key")
		}
	})
}

func TestTicketExpiresBeforeItsKey(t *testing.T) {
	t.Parallel()
	f := newWorld(t).join(func(o *Options) { o.TicketLifetime, o.Rotation = time.Second, time.Hour })
	until(t, "there is a key", func() bool { return current(f) != "" })
	ticket, lifetime, err := f.writeTicket([]byte("session"))
	if err != nil || lifetime != time.Second {
		t.Fatal(lifetime, err)
	}
	if s, err := f.parseTicket(ticket); err != nil || string(s) != "session" {
		t.Errorf("%q, %v", s, err)
	}
	until(t, "the ticket expires", func() bool {
		s, err := f.parseTicket(ticket)
		return s == nil && err == nil
	})
	if st := f.Stats(); st.TicketsExpired != 1 || st.Keys != 1 {
		t.Errorf("%+v", st)
	}
}

func TestAlteredTicketIsRefused(t *testing.T) {
	t.Parallel()
	f := newWorld(t).join()
	until(t, "there is a key", func() bool { return current(f) != "" })
	ticket, _, err := f.writeTicket([]byte("session"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range ticket {
		ticket[i] ^= 1
		if s, err := f.parseTicket(ticket); s != nil || err != nil {
			t.Errorf("byte %d altered: %q, %v", i, s, err)
		}
		ticket[i] ^= 1
	}
	for n := range ticket {
		if s, err := f.parseTicket(ticket[:n]); s != nil || err != nil {
			t.Errorf("%d bytes: %q, %v", n, s, err)
		}
	}
}

func TestFleetsOfOneRedisDoNotMeet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one := w.join()
	until(t, "there is a key", func() bool { return current(one) != "" })
	other := quick()
	other.Key = testKey(8)
	if _, err := Join(t.Context(), w.redis.Client(), other); !errors.Is(err, ErrSealed) {
		t.Errorf("another Key: %v", err)
	}
	other.Name = "another"
	two := join(t, w.redis.Client(), other)
	until(t, "it has a key of its own", func() bool { return current(two) != "" && current(two) != current(one) })
	other.Key = quick().Key
	other.Name = "a third"
	three := join(t, w.redis.Client(), other)
	if _, err := three.secrets.open("this", one.secrets.seal("this", nil)); !errors.Is(err, ErrSealed) {
		t.Errorf("another Name, with the same Key: %v", err)
	}
	if three.secrets.isID(one.secrets.newID("node-1")) {
		t.Error("another Name, with the same Key: the connection ID is good")
	}

	// The Key changes, one process after the other.
	next := w.join(func(o *Options) { o.Key, o.OldKeys = testKey(9), [][]byte{testKey(7)} })
	until(t, "it reads what was sealed under the old one", func() bool { return current(next) == current(one) })
}

func TestRedisThatRefusesIsAnError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rdb := redis.NewClient(&redis.Options{Addr: w.redis.Addr, DB: 99})
	defer rdb.Close()
	if _, err := Join(t.Context(), rdb, quick()); err == nil {
		t.Error("no error")
	}
}

// A replica without its master answers each question with MASTERDOWN.
func TestRedisThatIsNotReadyIsWaitedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rdb := w.redis.Client()
	replica := func(of ...any) {
		t.Helper()
		if err := rdb.Do(t.Context(), append([]any{"REPLICAOF"}, of...)...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := rdb.ConfigSet(t.Context(), "replica-serve-stale-data", "no").Err(); err != nil {
		t.Fatal(err)
	}
	replica("127.0.0.1", 1) // where no server is
	f := w.join()
	if st := f.Stats(); st.Keys != 0 || st.RedisErrors == 0 {
		t.Errorf("%+v", st)
	}
	replica("NO", "ONE")
	until(t, "there is a key", func() bool { return current(f) != "" })
}

func TestFleetIsClosedOnce(t *testing.T) {
	t.Parallel()
	f := newWorld(t).join()
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if err := f.Close(); err == nil {
		t.Error("the second Close has no error")
	}
}
