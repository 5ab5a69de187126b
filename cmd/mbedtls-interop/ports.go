package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Below the ports that Linux gives to clients, so that no client of another test has one of ours.
const firstPort, lastPort = 20000, 32000

// ports gives away ports that nothing on the machine uses, for TCP and for UDP.
type ports struct {
	mu    sync.Mutex
	taken map[int]bool
}

// take returns a free port. It is taken until release.
func (p *ports) take() (int, error) {
	for range 1000 {
		if port := firstPort + rand.IntN(lastPort-firstPort); p.takeThis(port) {
			return port, nil
		}
	}
	return 0, fmt.Errorf("no free port between %d and %d", firstPort, lastPort)
}

// takeThis takes a port unless it is in use.
func (p *ports) takeThis(port int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken[port] || !isFree(port) {
		return false
	}
	if p.taken == nil {
		p.taken = map[int]bool{}
	}
	p.taken[port] = true
	return true
}

func (p *ports) release(taken ...int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, port := range taken {
		delete(p.taken, port)
	}
}

func isFree(port int) bool {
	// A process that is being started has copies of our sockets until it runs its program: the port would stay in use.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	address := fmt.Sprintf(":%d", port)
	tcp, err := net.Listen("tcp", address)
	if err != nil {
		return false
	}
	defer tcp.Close()
	udp, err := net.ListenPacket("udp", address)
	if err != nil {
		return false
	}
	udp.Close()
	return true
}

// await takes a port that programs use whatever they are told, when neither they nor another run of this program on the
// machine has it.
func (p *ports) await(ctx context.Context, port int) (release func(), err error) {
	lock, err := os.OpenFile(filepath.Join(os.TempDir(), fmt.Sprintf("mbedtls-interop-%d.lock", port)), os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil, err
	}
	for syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil || !p.takeThis(port) {
		select {
		case <-ctx.Done():
			lock.Close()
			return nil, context.Cause(ctx)
		case <-time.After(time.Second):
		}
	}
	return func() {
		p.release(port)
		lock.Close()
	}, nil
}
