package fleet

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/redis/go-redis/v9"
)

// beat is a sign of life of a node. It forgets those that are silent, and returns the others: names and sealed addresses
// in turn.
var beat = redis.NewScript(`
local nodes, seen = KEYS[1], KEYS[2]
local node, addr, timeout = ARGV[1], ARGV[2], tonumber(ARGV[3])
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
for _, silent in ipairs(redis.call('ZRANGEBYSCORE', seen, '-inf', now - timeout)) do
  redis.call('HDEL', nodes, silent)
  redis.call('ZREM', seen, silent)
end
redis.call('HSET', nodes, node, addr)
redis.call('ZADD', seen, now, node)
redis.call('PEXPIRE', nodes, timeout)
redis.call('PEXPIRE', seen, timeout)
return redis.call('HGETALL', nodes)
`)

// beatsPerTimeout is how often a node gives a sign of life.
const beatsPerTimeout = 5

// beat keeps the node among the others, and the connections that it has taken where records find them, until Shutdown or
// Close.
func (l *Listener) beat() {
	defer l.unregister() // here, so that no beat comes after it
	ticker := time.NewTicker(l.f.options.NodeTimeout / beatsPerTimeout)
	defer ticker.Stop()
	for {
		select {
		case <-l.serving.Done():
			return
		case <-ticker.C:
			l.register()
			l.holdTaken()
		}
	}
}

// register tells Redis where this node is, and learns where the others are.
func (l *Listener) register() {
	ctx, cancel := context.WithTimeout(l.ctx, l.f.options.Timeout)
	defer cancel()
	addr, err := l.forward.LocalAddr().(interface{ AddrPort() netip.AddrPort }).AddrPort().MarshalBinary()
	if err != nil {
		return
	}
	answer, err := beat.Run(ctx, l.f.rdb, []string{l.f.options.key("nodes"), l.f.options.key("seen")},
		l.node, l.f.secrets.seal(nodeLabel(l.node), addr), l.f.options.NodeTimeout.Milliseconds()).StringSlice()
	if err != nil {
		l.f.countRedis(err) // the nodes that are known will do meanwhile
		return
	}
	nodes := map[string]netip.AddrPort{}
	for i := 0; i+1 < len(answer); i += 2 {
		if addr, err := l.f.openNode(answer[i], answer[i+1]); err == nil && answer[i] != l.node {
			nodes[answer[i]] = addr
		}
	}
	l.nodes.Store(&nodes)
}

func nodeLabel(node string) string { return fmt.Sprintf("node %x", node) }

// openNode is where a node takes records.
func (f *Fleet) openNode(node, sealed string) (addr netip.AddrPort, err error) {
	data, err := f.secrets.open(nodeLabel(node), []byte(sealed))
	if err == nil {
		err = addr.UnmarshalBinary(data)
	}
	return addr, err
}

// unregister tells the others that this node is gone.
func (l *Listener) unregister() {
	ctx, cancel := context.WithTimeout(context.Background(), l.f.options.Timeout)
	defer cancel()
	_, err := l.f.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.HDel(ctx, l.f.options.key("nodes"), l.node)
		p.ZRem(ctx, l.f.options.key("seen"), l.node)
		return nil
	})
	l.f.countRedis(err) // if it failed: they find out
}
