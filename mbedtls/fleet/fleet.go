package fleet

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// Fleet is what one process has of the fleet. Its methods may be called by several goroutines.
type Fleet struct {
	rdb     redis.UniversalClient
	options Options
	timing  timing
	secrets secrets
	me      string // tells the processes apart that want to be the writer

	ring   atomic.Pointer[ring]
	writer atomic.Bool
	down   atomic.Bool // Redis has failed since the last update that went well
	stats  counters

	news    chan struct{} // has an element if Redis is to be asked at once
	sub     *redis.PubSub
	failing error // of run: why Redis could not be used
	ctx     context.Context
	stop    context.CancelFunc
	running sync.WaitGroup
	closed  atomic.Bool
}

// Stats counts what a process has seen since it joined.
type Stats struct {
	Writer bool // it is the elected writer
	Keys   int  // ticket keys that it has

	TicketsMade    uint64
	TicketsOpened  uint64 // sessions that were offered to the library, which has its own demands
	TicketsExpired uint64
	TicketsRevoked uint64 // made with a key that was revoked
	TicketsUnknown uint64 // made with a key that this process does not have, or no tickets at all
	TicketsUseless uint64 // made for want of a key, and good for nothing

	KeysPublished uint64 // by this process
	WritesRefused uint64 // of this process, since there was a newer writer
	RedisErrors   uint64

	Listener ListenerStats // of all listeners together
}

// ListenerStats counts what became of DTLS records that came for connections of other processes.
type ListenerStats struct {
	Forwarded uint64 // records sent on to another process
	Received  uint64 // records that came from another process for a connection here
	Parked    uint64 // connections
	Taken     uint64 // connections that were parked and go on here
	Lost      uint64 // connections that could neither be parked nor go on

	DroppedForged  uint64 // what was not from a process of the fleet, or had an ID that is not the fleet's
	DroppedNowhere uint64 // records of connections that nobody has
	DroppedFull    uint64 // too many waited for Redis
}

type counters struct {
	ticketsMade, ticketsOpened, ticketsExpired, ticketsRevoked, ticketsUnknown, ticketsUseless atomic.Uint64
	keysPublished, writesRefused, redisErrors                                                  atomic.Uint64
	forwarded, received, parked, taken, lost, forged, nowhere, full                            atomic.Uint64
}

// Join makes the process one of the fleet. It fails if the options cannot be used, or if Redis refuses them: wrong
// credentials, say, or a fleet with another Key. If Redis cannot be reached, or is not ready (it loads its data, or its
// cluster is down), it goes on without, and has no ticket keys until it can. rdb is still the caller's, to close after Close.
func Join(ctx context.Context, rdb redis.UniversalClient, options Options) (*Fleet, error) {
	options, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	secrets, err := newSecrets(options.Name, options.Key, options.OldKeys)
	if err != nil {
		return nil, err
	}
	f := &Fleet{rdb: rdb, options: options, timing: options.timing(), secrets: secrets, me: rand.Text(), news: make(chan struct{}, 1)}
	f.ring.Store(new(ring))
	f.ctx, f.stop = context.WithCancel(context.Background())
	if err := f.update(ctx); err != nil && (!passing(err) || ctx.Err() != nil) {
		f.stop()
		return nil, err
	}
	f.sub = rdb.Subscribe(f.ctx, options.key("news"))
	f.running.Go(func() { f.run(f.sub.ChannelWithSubscriptions()) })
	return f, nil
}

// passing tells whether Redis has not answered, or that it cannot do so yet, as opposed to what it will say again.
func passing(err error) bool {
	for _, notYet := range []func(error) bool{
		redis.IsLoadingError, redis.IsMasterDownError, redis.IsClusterDownError, redis.IsTryAgainError,
	} {
		if notYet(err) {
			return true
		}
	}
	var answer redis.Error
	return !errors.As(err, &answer) && !errors.Is(err, ErrSealed)
}

// run follows the fleet until Close. What was published before a subscription, or while there was none, is asked for when
// there is one.
func (f *Fleet) run(published <-chan any) {
	ticker := time.NewTicker(f.options.Poll)
	defer ticker.Stop()
	var last time.Time
	for {
		select {
		case <-f.ctx.Done():
			return
		case <-published:
		case <-ticker.C:
		case <-f.news:
			if time.Since(last) < f.options.Poll/4 { // strangers may ask as often as they want
				continue
			}
		}
		_ = f.update(f.ctx) // it is logged and counted
		last = time.Now()
	}
}

// lookAgain asks Redis for news.
func (f *Fleet) lookAgain() {
	select {
	case f.news <- struct{}{}:
	default:
	}
}

// update is one exchange with Redis: it renews the election, takes what is new, and adds a key if this process is to.
func (f *Fleet) update(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, f.options.Timeout)
	defer cancel()
	err := f.follow(ctx)
	f.noteRedis(err)
	return err
}

// noteRedis logs when Redis fails, and when that ends. It is the goroutine's of update alone.
func (f *Fleet) noteRedis(err error) {
	log := f.options.Logger
	switch {
	case errors.Is(err, context.Canceled): // Close
		return
	case err != nil:
		f.countRedis(err)
		if f.failing == nil {
			log.Warn("fleet: Redis fails; going on with the ticket keys that are known", "error", err, "keys", len(f.ring.Load().keys))
		}
	case f.failing != nil:
		log.Info("fleet: Redis is back")
	}
	f.failing = err
	f.down.Store(err != nil)
}

// countRedis counts a failure.
func (f *Fleet) countRedis(err error) {
	if err != nil && f.ctx.Err() == nil {
		f.stats.redisErrors.Add(1)
		f.down.Store(true)
	}
}

// TicketKeys are the ticket keys that this process has, in the order in which they take over. Keys that were revoked are
// not among them.
func (f *Fleet) TicketKeys() []TicketKey { return f.ring.Load().describe(time.Now(), f.timing) }

// Rotate asks the elected writer for a new ticket key, which takes over after Options.Lead, before Options.Rotation has
// passed. It has no effect while a key waits to take over.
func (f *Fleet) Rotate(ctx context.Context) error {
	err := f.rdb.Set(ctx, f.options.key("rotate"), 1, f.options.Rotation).Err()
	return f.publish(ctx, "Rotate", err)
}

// Revoke makes all processes refuse tickets of the key, by its TicketKey.ID: at once those that hear of it, the others at
// their next Poll; those that have no Redis when they have it again. If it was the current one, the key before it makes
// the tickets until there is a new one.
func (f *Fleet) Revoke(ctx context.Context, id string) error {
	if raw, err := hex.DecodeString(id); err != nil || len(raw) != ticketKeyIDLen {
		return fmt.Errorf("fleet: Revoke: %q: is not the ID of a ticket key", id)
	}
	_, err := f.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
		f.revoke(ctx, p, id, time.Now().Add(f.timing.longest()))
		return nil
	})
	return f.publish(ctx, "Revoke", err)
}

// publish tells all processes that there is something new in Redis, unless it did not get there.
func (f *Fleet) publish(ctx context.Context, what string, err error) error {
	if err == nil {
		err = f.rdb.Publish(ctx, f.options.key("news"), "").Err()
	}
	if err != nil {
		return fmt.Errorf("fleet: %s: %w", what, err)
	}
	return nil
}

// Stats counts what the process has seen.
func (f *Fleet) Stats() Stats {
	s := &f.stats
	return Stats{
		Writer: f.writer.Load(), Keys: len(f.ring.Load().keys),
		TicketsMade: s.ticketsMade.Load(), TicketsOpened: s.ticketsOpened.Load(), TicketsExpired: s.ticketsExpired.Load(),
		TicketsRevoked: s.ticketsRevoked.Load(), TicketsUnknown: s.ticketsUnknown.Load(), TicketsUseless: s.ticketsUseless.Load(),
		KeysPublished: s.keysPublished.Load(), WritesRefused: s.writesRefused.Load(), RedisErrors: s.redisErrors.Load(),
		Listener: ListenerStats{
			Forwarded: s.forwarded.Load(), Received: s.received.Load(), Parked: s.parked.Load(), Taken: s.taken.Load(),
			Lost: s.lost.Load(), DroppedForged: s.forged.Load(), DroppedNowhere: s.nowhere.Load(), DroppedFull: s.full.Load(),
		},
	}
}

// Close leaves the fleet: if this process is the writer, another is elected. Close its listeners first. Configs that
// Configure has set still make and take tickets with the keys that there are.
func (f *Fleet) Close() error {
	if !f.closed.CompareAndSwap(false, true) {
		return errClosed
	}
	f.stop()
	f.running.Wait()
	err := f.sub.Close()
	if f.writer.Swap(false) {
		ctx, cancel := context.WithTimeout(context.Background(), f.options.Timeout)
		defer cancel()
		_ = resign.Run(ctx, f.rdb, []string{f.options.key("writer"), f.options.key("news")}, f.me).Err() // else it lapses
	}
	return err
}

var errClosed = errors.New("fleet: is closed")
