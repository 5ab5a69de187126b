package fleet_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/internal/emulator"
	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/redistest"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
	"github.com/gombedtls/gombedtls/mbedtls/fleet"
)

// world is a fleet, and what its clients trust.
type world struct {
	t       *testing.T
	redis   *redistest.Server
	options serverOptions
	ca      *testpki.CA
	caFile  string
	dir     string
	started int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, redis: redistest.Start(t), ca: testpki.NewCA(testpki.P256, "Test Root"), dir: t.TempDir()}
	files, err := testpki.Write(w.dir, "server", w.ca.Issue(testpki.Leaf{}))
	if err == nil {
		w.caFile, err = w.ca.Write(w.dir, "ca")
	}
	if err != nil {
		t.Fatal(err)
	}
	w.options = serverOptions{Redis: w.redis.Addr, Key: make([]byte, fleet.KeyLen), Poll: 100 * time.Millisecond, Cert: files.Cert, KeyFile: files.Key}
	rand.Read(w.options.Key) // never fails
	return w
}

// client is a config for clients, of that version if it is not 0.
func (w *world) client(version uint16) *mbedtls.Config {
	pool := mbedtls.NewCertPool()
	pool.AddCert(w.ca.Cert)
	c := &mbedtls.Config{RootCAs: pool, ServerName: "localhost", MinVersion: version, MaxVersion: version,
		DTLS: mbedtls.DTLSOptions{ConnectionID: new(mbedtls.ConnectionID), HandshakeTimeoutMin: 200 * time.Millisecond}}
	w.t.Cleanup(func() { c.Close() })
	return c
}

// server is a process of the fleet.
type server struct {
	*peers.Process
	t        *testing.T
	name     string
	tcp      string
	udp      netip.AddrPort
	commands int
}

func (w *world) start() *server {
	w.t.Helper()
	o := w.options
	w.started++
	o.Name = fmt.Sprintf("server-%d", w.started)
	argument, err := json.Marshal(o)
	if err != nil {
		w.t.Fatal(err)
	}
	line := emulator.CommandLine(os.Args[0], "-test.run=^TestServerProcess$", string(argument))
	p, err := peers.Start(context.Background(), o.Name, line[0], line[1:]...)
	if err != nil {
		w.t.Fatal(err)
	}
	s := &server{Process: p, t: w.t, name: o.Name}
	w.t.Cleanup(s.Stop)
	var at addresses
	s.await(started, &at)
	s.tcp, s.udp = at.TCP, netip.MustParseAddrPort(at.UDP)
	return s
}

// patience is how long a server may take for anything. One that takes longer is ended, which ends all waiting for it.
var patience = emulator.Patience(time.Minute)

// await waits for what the server says under that number.
func (s *server) await(number int, answer any) {
	s.t.Helper()
	defer time.AfterFunc(patience, s.Stop).Stop()
	line, err := s.AwaitOutput(s.Stdout, regexp.MustCompile(fmt.Sprintf(`(?m)^@%d (.*)$`, number)))
	if err == nil {
		err = json.Unmarshal([]byte(line[1]), answer)
	}
	if err != nil {
		s.t.Fatal(s.Explain(err))
	}
}

// tell gives the server a command, and returns what it knows after that.
func (s *server) tell(command string) (r report) {
	s.t.Helper()
	s.commands++
	if _, err := fmt.Fprintf(s.Stdin, "%d %s\n", s.commands, command); err != nil {
		s.t.Fatal(s.Explain(err))
	}
	s.await(s.commands, &r)
	return r
}

func (s *server) report() report { s.t.Helper(); return s.tell("report") }

// current is the ID of the key that the server makes tickets with; "" if there is none.
func (r report) current() string {
	for _, k := range r.Keys {
		if k.Current {
			return k.ID
		}
	}
	return ""
}

// kill ends the process by SIGKILL.
func (s *server) kill() {
	s.t.Helper()
	s.signal(syscall.SIGKILL)
	<-s.Done()
}

func (s *server) signal(sig os.Signal) {
	s.t.Helper()
	if err := s.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

// drain makes the server hand over its connections, and end after that.
func (s *server) drain() {
	s.t.Helper()
	if err := s.Stdin.Close(); err != nil {
		s.t.Error(err)
	}
	var nothing any
	s.await(drained, &nothing)
}

// quit ends the process in an orderly way.
func (s *server) quit() {
	s.t.Helper()
	s.drain()
	s.ended()
}

// ended waits until the process has ended by itself.
func (s *server) ended() {
	s.t.Helper()
	defer time.AfterFunc(patience, s.Stop).Stop()
	if err := s.Wait(); err != nil {
		s.t.Error(err)
	}
}

// until waits for something that happens soon.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(30 * time.Second); !done(); <-ticker.C {
		if time.Now().After(deadline) {
			t.Fatalf("in vain: %s", what)
		}
	}
}

// agreed waits until all servers make tickets with the same key, and not with that one. It returns the key's ID.
func agreed(t *testing.T, not string, servers ...*server) (key string) {
	t.Helper()
	until(t, "all servers have the same new key", func() bool {
		key = servers[0].report().current()
		for _, s := range servers[1:] {
			if s.report().current() != key {
				return false
			}
		}
		return key != "" && key != not
	})
	return key
}

// writer is the elected writer, once there is one of them.
func writer(t *testing.T, servers ...*server) (elected *server) {
	t.Helper()
	until(t, "there is one writer", func() bool {
		writers := 0
		for _, s := range servers {
			if s.report().Fleet.Writer {
				elected = s
				writers++
			}
		}
		return writers == 1
	})
	return elected
}
