// Package redistest runs real Redis servers for tests.
package redistest

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"github.com/gombedtls/gombedtls/internal/peers"
)

// What the clients log of servers that were ended is hundreds of lines, among which a failure is not found.
func init() { logging.Disable() }

// Server is a Redis server of one test. It listens on a Unix socket, and keeps its data in memory alone: Kill and Stop
// lose them.
type Server struct {
	// Addr is the path of the socket, which [redis.Options] takes for its Addr.
	Addr string

	t       testing.TB
	process *peers.Process
}

var ready = regexp.MustCompile(`(?i)ready to accept connections`)

// startTimeout bounds how long a server may take to be ready.
const startTimeout = 30 * time.Second

// Start starts a server, which ends with the test at the latest.
func Start(t testing.TB) *Server {
	t.Helper()
	dir, err := os.MkdirTemp("", "redis") // the path of a socket may have 107 bytes, and that of t.TempDir may be longer
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &Server{Addr: filepath.Join(dir, "sock"), t: t}
	s.Restart()
	t.Cleanup(s.Kill)
	return s
}

// Restart starts the server again, at the same address, after Stop or Kill.
func (s *Server) Restart() {
	s.t.Helper()
	p, err := peers.Start(context.Background(), "redis-server", "redis-server", "--port", "0", "--unixsocket", s.Addr,
		"--dir", filepath.Dir(s.Addr), "--save", "", "--appendonly", "no", "--daemonize", "no")
	if err != nil {
		s.t.Fatal(err)
	}
	s.process = p
	late := time.AfterFunc(startTimeout, p.Stop)
	defer late.Stop()
	if _, err := p.AwaitOutput(p.Stdout, ready); err != nil {
		p.Stop()
		s.t.Fatal(err)
	}
}

// Client makes a client, which is closed with the test.
func (s *Server) Client() *redis.Client {
	c := redis.NewClient(&redis.Options{Addr: s.Addr})
	s.t.Cleanup(func() { c.Close() })
	return c
}

// Stop ends the server in an orderly way, and waits for that. It may be called more than once.
func (s *Server) Stop() { s.process.Stop() }

// Kill ends the server by SIGKILL, and waits for that. It may be called more than once.
func (s *Server) Kill() {
	_ = s.process.Signal(syscall.SIGKILL) // it may have ended
	<-s.process.Done()
	s.process.Stop()
}

// Pause keeps the server from answering, with its connections open, until Resume.
func (s *Server) Pause() { s.signal(syscall.SIGSTOP) }

// Resume ends Pause.
func (s *Server) Resume() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := s.process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}
