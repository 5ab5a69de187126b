package fleet

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gombedtls/gombedtls/mbedtls"
)

// A connection that has moved, or waits to be, has a hash in Redis: saved, its sealed state, if it is parked; token, which
// tells its last parking from others; owner, the node that has it; run, the server's run id. Until the owner shows that it
// goes on there, but not for long, given is the state that it took, and taking tells that attempt from others: if the answer
// is lost, the same attempt gets it again.
//
// A saved connection must never be used twice: the nonces of its records would repeat. So each step is one script, and is
// good only where the one before it was: nobody parks what he does not own, nobody takes what is not parked. A server that
// was restarted from a dump, or a replica that took another's place, may have the past for the present. It has another run
// id, and forgets what has an older one: those connections are lost.
const entry = `
local conn, me, ttl = KEYS[1], ARGV[1], ARGV[2]
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
local e = redis.call('HMGET', conn, 'run', 'owner', 'token', 'saved')
if e[1] ~= run then
  redis.call('DEL', conn)
  e = {run, false, false, false}
end
local owner, token, saved = e[2], e[3], e[4]
local function set(...)
  redis.call('DEL', conn)
  redis.call('HSET', conn, 'run', run, ...)
  redis.call('PEXPIRE', conn, ttl)
end
`

var (
	// park saves a connection of this node, and tells whether it is parked. A command that comes late, or twice, does
	// nothing.
	park = redis.NewScript(entry + `
local mine, state = ARGV[3], ARGV[4]
if token == mine then
  return saved and 1 or 0
end
if saved or (owner and owner ~= me) then
  return 0
end
set('token', mine, 'saved', state)
return 1
`)

	// takeBack undoes a parking of which nobody knows whether it has happened, and keeps it from happening later. It tells
	// whether the connection is this node's.
	takeBack = redis.NewScript(entry + `
local mine = ARGV[3]
if token == mine and not saved then
  return owner == me and 1 or 0
end
if token ~= mine and (saved or (owner and owner ~= me)) then
  return 0
end
set('token', mine, 'owner', me)
return 1
`)

	// take makes a parked connection this node's, and returns it; else the node that has it, and the sealed address of that.
	take = redis.NewScript(entry + `
local nodes, began, mine = KEYS[2], ARGV[3], ARGV[4]
if saved then
  set('token', token, 'owner', me, 'taking', mine, 'given', saved)
  return {saved, me, ''}
end
local last = redis.call('HMGET', conn, 'taking', 'given')
if last[1] == mine and last[2] then
  return {last[2], me, ''}
end
local node = owner or began
return {'', node, redis.call('HGET', nodes, node) or ''}
`)

	// hold keeps the entry of a connection that this node has taken.
	hold = redis.NewScript(entry + `
if saved or (owner and owner ~= me) then
  return 0
end
if owner then
  redis.call('HDEL', conn, 'given')
  redis.call('PEXPIRE', conn, ttl)
else
  set('owner', me)
end
return 1
`)
)

func (f *Fleet) connKey(id string) string { return f.options.key("conn:" + fmt.Sprintf("%x", id)) }
func connLabel(id string) string          { return fmt.Sprintf("connection %x", id) }

// heldFor is how long the entry of a connection that is somewhere lives without a sign of life of its node.
func (l *Listener) heldFor() int64 { return 4 * l.f.options.NodeTimeout.Milliseconds() }

// Park ends a connection of the listener here, without a word to its client, and leaves it in Redis, sealed. With the
// client's next record it goes on, from an Accept: in the process that it began in, if that still runs, else in one that
// gets the record. What was Read from it so far is not kept. The client must have said something;
// [mbedtls.Conn.MarshalBinary] has all the conditions. If it cannot be saved, or Redis cannot be reached, nothing happens
// to it. If Redis falls silent in the middle, it goes on here, and Accept returns it again; or, if nobody can tell whether
// it is parked, it is lost.
func (l *Listener) Park(ctx context.Context, c *mbedtls.Conn) error {
	id := string(c.OwnConnectionID())
	if !l.f.secrets.isID([]byte(id)) {
		return fmt.Errorf("fleet: Park: the connection with %v has no connection ID of the fleet", c.RemoteAddr())
	}
	ctx, cancel := context.WithTimeout(ctx, l.f.options.Timeout)
	defer cancel()
	if err := l.f.rdb.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("fleet: Park: %w", err)
	}
	lock := l.stripe(id)
	lock.Lock()
	defer lock.Unlock()
	saved, err := c.MarshalBinary()
	if err != nil {
		return err
	}
	defer clear(saved)
	c.Close()
	token := rand.Text()
	parked, err := l.parkState(ctx, id, token, l.f.secrets.seal(connLabel(id), saved))
	if parked {
		l.f.stats.parked.Add(1)
		l.known.Remove(id)
		return nil
	}
	if err == nil {
		err = errors.New("fleet: Park: another process has the connection") // which is lost here
	} else if l.takeBack(id, token) {
		back, resumeErr := l.inner.Resume(saved)
		if resumeErr == nil {
			l.offer(back)
			return fmt.Errorf("fleet: Park: the connection goes on here: %w", err)
		}
		err = errors.Join(err, resumeErr)
	}
	l.f.stats.lost.Add(1)
	return fmt.Errorf("fleet: Park: the connection with %v is lost: %w", c.RemoteAddr(), err)
}

func (l *Listener) parkState(ctx context.Context, id, token string, sealed []byte) (parked bool, err error) {
	return park.Run(ctx, l.f.rdb, []string{l.f.connKey(id)}, l.node, l.f.options.ParkLifetime.Milliseconds(), token, sealed).Bool()
}

// takeBackAttempts is how often a node asks for a connection back, each time twice as long after the last.
const (
	takeBackAttempts = 5
	takeBackPause    = 50 * time.Millisecond
)

// takeBack tells whether a connection is certainly not parked.
func (l *Listener) takeBack(id, token string) bool {
	for i := range takeBackAttempts {
		ctx, cancel := context.WithTimeout(l.ctx, l.f.options.Timeout)
		mine, err := takeBack.Run(ctx, l.f.rdb, []string{l.f.connKey(id)}, l.node, l.heldFor(), token).Bool()
		cancel()
		if err == nil {
			return mine
		}
		l.f.countRedis(err)
		select {
		case <-time.After(takeBackPause << i):
		case <-l.ctx.Done():
			return false
		}
	}
	return false
}

// whole is the context of a step that Close must not cut short: the connection could be lost.
func (l *Listener) whole() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(l.ctx), l.f.options.Timeout)
}

func (l *Listener) takeState(ctx context.Context, id, token string) (answer []string, err error) {
	keys := []string{l.f.connKey(id), l.f.options.key("nodes")}
	return take.Run(ctx, l.f.rdb, keys, l.node, l.heldFor(), nodeOf(id), token).StringSlice()
}

// locate asks Redis where a connection is, and lets it go on here if it is parked. With its stripe held. After an error, the
// next attempt must have the same token; after an answer, none may have it: the connection would go on twice.
func (l *Listener) locate(id, token string) (p place, here bool, err error) {
	ctx, cancel := l.whole()
	defer cancel()
	answer, err := l.takeState(ctx, id, token)
	if err != nil {
		l.f.countRedis(err)
		return p, false, err
	}
	saved, node, sealedAddr := answer[0], answer[1], answer[2]
	p.until = time.Now().Add(nowhereGood)
	if saved != "" {
		return p, l.goOn(id, []byte(saved)), nil
	}
	if addr, err := l.f.openNode(node, sealedAddr); err == nil && node != l.node {
		return place{addr: addr, until: time.Now().Add(placeGood)}, false, nil
	}
	return p, node == l.node, nil
}

// goOn resumes a connection that was taken from Redis, or puts it back for others.
func (l *Listener) goOn(id string, sealed []byte) bool {
	saved, err := l.f.secrets.open(connLabel(id), sealed)
	if err == nil {
		defer clear(saved)
		var c *mbedtls.Conn
		if c, err = l.inner.Resume(saved); err == nil {
			l.f.stats.taken.Add(1)
			l.offer(c)
			return true
		}
	}
	ctx, cancel := l.whole()
	defer cancel()
	if parked, parkErr := l.parkState(ctx, id, rand.Text(), sealed); !parked {
		l.f.countRedis(parkErr)
		l.f.stats.lost.Add(1)
	}
	l.f.options.Logger.Warn("fleet: a parked connection does not fit here", "error", err)
	return false
}

// holdTaken keeps the entries of the connections that began in other nodes.
func (l *Listener) holdTaken() {
	ctx, cancel := context.WithTimeout(l.ctx, l.f.options.Timeout)
	defer cancel()
	var moved []string
	for _, c := range l.inner.Conns() {
		if id := string(c.OwnConnectionID()); len(id) == idLen && nodeOf(id) != l.node {
			moved = append(moved, l.f.connKey(id))
		}
	}
	if len(moved) == 0 {
		return
	}
	err := hold.Load(ctx, l.f.rdb).Err()
	if err == nil {
		_, err = l.f.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, key := range moved {
				hold.EvalSha(ctx, p, []string{key}, l.node, l.heldFor())
			}
			return nil
		})
	}
	l.f.countRedis(err)
}
