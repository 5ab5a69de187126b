package mbedtls

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/emulator"
)

// idleClients is an environment variable: the version and the address of the server, for a process that is all its clients.
const idleClients = "GOMBEDTLS_TEST_IDLE"

// What an idle connection may take, in bytes: in Go, mostly its goroutine's stack of 2 or 4 KiB; in C, the library's
// context, and no ring.
const (
	maxIdleGo = 7 << 10
	maxIdleC  = 50_000
)

// idleConnections is how many there are.
func idleConnections() int { return many(2000) }

func TestIdleServerConnectionsAreSmall(t *testing.T) {
	if clients := os.Getenv(idleClients); clients != "" {
		beIdle(t, clients)
		return
	}
	if !alone(t) {
		return
	}
	versions(t, func(t *testing.T, version uint16) {
		_, server := configs(t)
		server.MinVersion, server.MaxVersion = version, version
		l, err := Listen("tcp", "127.0.0.1:0", server)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		var parked sync.WaitGroup
		defer parked.Wait()
		conns := make([]net.Conn, 0, idleConnections())
		defer func() {
			for _, c := range conns {
				c.Close()
			}
		}()
		heap, stack, c := liveHeap(), stackMemory(), cbridge.Allocations().LiveBytes
		_, said, end := clientsProcess(t, idleClients+"="+fmt.Sprintf("%d %s", version, l.Addr()))
		defer end()
		answered := make(chan error)
		for range idleConnections() {
			conn, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			conns = append(conns, conn)
			parked.Go(func() { serveIdle(conn, answered) })
			if err := <-answered; err != nil {
				t.Fatal(err)
			}
		}
		if line, err := said.ReadString('\n'); err != nil || line != "idle\n" {
			t.Fatalf("the clients say %q, %v", line, err)
		}
		each := func(now, before int64) int64 { return (now - before) / int64(idleConnections()) }
		heapEach, stackEach, cEach := each(liveHeap(), heap), each(stackMemory(), stack), each(cbridge.Allocations().LiveBytes, c)
		t.Logf("an idle connection: Go heap %d bytes, stack %d bytes, C heap %d bytes", heapEach, stackEach, cEach)
		if heapEach+stackEach > maxIdleGo || cEach > maxIdleC {
			t.Errorf("want at most %d bytes in Go, and %d in C", maxIdleGo, maxIdleC)
		}
	})
}

// serveIdle answers one byte, and waits for another.
func serveIdle(conn net.Conn, answered chan<- error) {
	b := make([]byte, 1)
	_, err := conn.Read(b)
	if err == nil {
		_, err = conn.Write(b)
	}
	answered <- err
	if err == nil {
		_, _ = conn.Read(b) // until Close
	}
}

// clientsProcess runs the test in a process of its own, with that in its environment, where it is the clients. tell
// is what they read, and said what they write; end closes the one, and waits for the end of the other.
func clientsProcess(t *testing.T, environment string) (tell io.Writer, said *bufio.Reader, end func()) {
	t.Helper()
	name, _, _ := strings.Cut(t.Name(), "/")
	cmd := emulator.Command(os.Args[0], "-test.run=^"+name+"$")
	cmd.Env = append(os.Environ(), environment)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said = bufio.NewReader(out)
	return in, said, func() {
		in.Close()
		rest, _ := io.ReadAll(said)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the clients: %v\n%s", err, rest)
		}
	}
}

// beIdle is the clients' process. Nobody knows the server's root there.
func beIdle(t *testing.T, clients string) {
	var version uint16
	var addr string
	if _, err := fmt.Sscan(clients, &version, &addr); err != nil {
		t.Fatal(err)
	}
	client := &Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version}
	defer client.Close()
	for range idleConnections() {
		c, err := Dial("tcp", addr, client)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		b := make([]byte, 1)
		if _, err := c.Write(b); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(b); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Println("idle")
	_, _ = io.Copy(io.Discard, os.Stdin)
}
