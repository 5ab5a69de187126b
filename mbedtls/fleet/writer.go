package fleet

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// elect makes the process the writer, if there is none, or renews its term. Each new term has a higher number, its fencing
// token, without which nothing is written: a writer that was asleep while another was elected writes nothing any more.
// It returns the token, or 0 if another process is the writer. If Redis has lost the number alone, a new term begins.
var elect = redis.NewScript(`
local writer, term = KEYS[1], KEYS[2]
local me, ttl = ARGV[1], ARGV[2]
local holder = redis.call('GET', writer)
if holder and holder ~= me then
  return 0
end
local token = holder and redis.call('GET', term) or redis.call('INCR', term)
redis.call('SET', writer, me, 'PX', ttl)
return tonumber(token)
`)

// publish replaces the ticket keys, unless there was a newer election than the token's. In a Redis that has lost its data,
// the terms are counted from 1 again: therefore the process must be the writer, too.
var publish = redis.NewScript(`
local writer, term, tickets, rotate, news = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local me, token, sealed, ttl = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if redis.call('GET', writer) ~= me or redis.call('GET', term) ~= token then
  return 0
end
redis.call('SET', tickets, sealed, 'PX', ttl)
redis.call('DEL', rotate)
redis.call('PUBLISH', news, '')
return 1
`)

// resign ends a term.
var resign = redis.NewScript(`
local writer, news = KEYS[1], KEYS[2]
if redis.call('GET', writer) == ARGV[1] then
  redis.call('DEL', writer)
  redis.call('PUBLISH', news, '')
end
`)

// errFenced says that the process's term is over.
var errFenced = errors.New("fleet: this process is not the writer any more")

// follow brings the ring up to date, and does what the writer has to do if this process is that.
func (f *Fleet) follow(ctx context.Context) error {
	token, err := elect.Run(ctx, f.rdb, []string{f.options.key("writer"), f.options.key("term")}, f.me, (3 * f.options.Poll).Milliseconds()).Int64()
	if err != nil {
		f.writer.Store(false)
		return fmt.Errorf("fleet: election: %w", err)
	}
	if f.writer.Swap(token > 0) != (token > 0) {
		f.options.Logger.Info("fleet: election", "writer", token > 0, "term", token)
	}
	rotate, err := f.read(ctx) // after the election: what an earlier writer wrote is there
	if err != nil || token == 0 {
		return err
	}
	return f.write(ctx, token, rotate)
}

// read takes what is in Redis into the ring, and tells whether somebody has asked for a new key.
func (f *Fleet) read(ctx context.Context) (rotate bool, err error) {
	now := time.Now()
	p := f.rdb.Pipeline()
	tickets := p.Get(ctx, f.options.key("tickets"))
	restored := p.HVals(ctx, f.options.key("restored"))
	revokedIDs := p.ZRangeByScoreWithScores(ctx, f.options.key("revoked"), &redis.ZRangeBy{Min: strconv.FormatInt(now.Unix(), 10), Max: "+inf"})
	asked := p.Exists(ctx, f.options.key("rotate"))
	if _, err := p.Exec(ctx); err != nil && err != redis.Nil {
		return false, fmt.Errorf("fleet: ticket keys: %w", err)
	}
	var keys []ticketKey
	for _, sealed := range append(restored.Val(), tickets.Val()) {
		if sealed == "" {
			continue
		}
		more, err := openTicketKeys(f.secrets, []byte(sealed))
		if err != nil {
			return false, err
		}
		keys = append(keys, more...)
	}
	revoked := map[ticketKeyID]time.Time{}
	for _, z := range revokedIDs.Val() {
		id, err := hex.DecodeString(fmt.Sprint(z.Member))
		if err == nil && len(id) == ticketKeyIDLen {
			revoked[ticketKeyID(id)] = time.Unix(int64(z.Score), 0)
		}
	}
	r, err := f.ring.Load().with(keys, revoked, now, f.timing)
	if err != nil {
		return false, err
	}
	f.ring.Store(r)
	return asked.Val() > 0, f.restore(ctx, r, keys, revoked)
}

// restore puts back what Redis has lost. It needs no election: these are keys that a writer has published.
func (f *Fleet) restore(ctx context.Context, r *ring, keys []ticketKey, revoked map[ticketKeyID]time.Time) error {
	p := f.rdb.Pipeline()
	for _, k := range r.keys {
		if slices.ContainsFunc(keys, func(there ticketKey) bool { return there.ID == k.ID }) {
			continue
		}
		sealed, err := (&ring{keys: []ticketKey{k}}).seal(f.secrets)
		if err != nil {
			return err
		}
		p.HSet(ctx, f.options.key("restored"), hex.EncodeToString(k.ID[:]), sealed)
		p.PExpire(ctx, f.options.key("restored"), f.timing.longest())
	}
	for id, until := range r.revoked {
		if _, there := revoked[id]; !there {
			f.revoke(ctx, p, hex.EncodeToString(id[:]), until)
		}
	}
	if p.Len() == 0 {
		return nil
	}
	p.Publish(ctx, f.options.key("news"), "")
	_, err := p.Exec(ctx)
	return err
}

// revoke adds a revocation that must be known until then.
func (f *Fleet) revoke(ctx context.Context, p redis.Pipeliner, id string, until time.Time) {
	p.ZAdd(ctx, f.options.key("revoked"), redis.Z{Score: float64(until.Unix()), Member: id})
	p.PExpire(ctx, f.options.key("revoked"), f.timing.longest())
}

// write publishes a new key, if one is due.
func (f *Fleet) write(ctx context.Context, token int64, rotate bool) error {
	now := time.Now()
	r := f.ring.Load()
	k := r.planned(now, f.timing, rotate)
	if k == nil {
		if rotate { // one waits already
			return f.rdb.Del(ctx, f.options.key("rotate")).Err()
		}
		return nil
	}
	next, err := r.with([]ticketKey{*k}, nil, now, f.timing)
	if err != nil {
		return err
	}
	sealed, err := next.seal(f.secrets)
	if err != nil {
		return err
	}
	written, err := publish.Run(ctx, f.rdb,
		[]string{f.options.key("writer"), f.options.key("term"), f.options.key("tickets"), f.options.key("rotate"), f.options.key("news")},
		f.me, token, sealed, f.timing.longest().Milliseconds()).Bool()
	if err != nil {
		return fmt.Errorf("fleet: publishing ticket keys: %w", err)
	}
	if !written {
		f.stats.writesRefused.Add(1)
		f.writer.Store(false)
		f.options.Logger.Warn("fleet: ticket keys were refused", "term", token, "error", errFenced)
		return errFenced
	}
	f.ring.Store(next)
	f.stats.keysPublished.Add(1)
	f.options.Logger.Info("fleet: published a ticket key", "id", hex.EncodeToString(k.ID[:]), "activates", k.Activates, "term", token)
	return nil
}
