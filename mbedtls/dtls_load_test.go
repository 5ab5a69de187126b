package mbedtls

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gombedtls/gombedtls/cbridge"
)

// residentSet is the process's, in bytes.
func residentSet(t testing.TB) int64 {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if kib, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(kib), " kB"), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n << 10
		}
	}
	t.Fatal("/proc/self/status has no VmRSS")
	return 0
}

// crowdClients is an environment variable: the address of the server, for a process that is the crowd.
const crowdClients = "GOMBEDTLS_TEST_CROWD"

// crowdSize is how many clients there are at once.
func crowdSize() int {
	if raceEnabled {
		return 1000
	}
	return many(10_000)
}

// A server of 10,000 idle connections on one socket needs few threads, and a bounded amount of memory for each.
func TestDTLSServesACrowdOnOneSocket(t *testing.T) {
	if addr := os.Getenv(crowdClients); addr != "" {
		crowd(t, addr)
		return
	}
	if !alone(t) {
		return
	}
	const limit, perConnection = 50, 64 << 10
	n := crowdSize()
	server := pskConfig()
	defer server.Close()
	l := listenDTLS(t, new(DTLSListenConfig), server)
	stop := echoDTLS(l)
	defer stop()
	threadsBefore, c, heap, rss := threads(t), cbridge.Allocations(), liveHeap()+stackMemory(), residentSet(t)

	tell, said, end := clientsProcess(t, crowdClients+"="+l.Addr().String())
	line, err := said.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "connected") {
		t.Fatalf("the crowd says %q, %v", line, err)
	}
	until(t, func() bool { return l.Stats().HalfOpen == 0 }) // the last client is done a moment before its server
	if st := l.Stats(); st.Conns != n {
		t.Errorf("%+v", st)
	}
	used := cbridge.Allocations().LiveBytes - c.LiveBytes + liveHeap() + stackMemory() - heap
	t.Logf("%s%d threads, before %d; per connection: C heap %d bytes, Go heap and stacks %d bytes, resident set %d bytes",
		line, threads(t), threadsBefore, (cbridge.Allocations().LiveBytes-c.LiveBytes)/int64(n), (liveHeap()+stackMemory()-heap)/int64(n),
		(residentSet(t)-rss)/int64(n))
	if got := threads(t); got > limit {
		t.Errorf("%d threads, want at most %d", got, limit)
	}
	if got := used / int64(n); got > perConnection {
		t.Errorf("%d bytes per connection, want at most %d", got, perConnection)
	}
	if _, err := fmt.Fprintln(tell, "ask"); err != nil {
		t.Fatal(err)
	}
	if line, err = said.ReadString('\n'); err != nil || !strings.HasPrefix(line, "asked") {
		t.Fatalf("the crowd says %q, %v", line, err)
	}
	t.Log(line)
	end()
}

// stackMemory is what goroutines' stacks take, in bytes.
func stackMemory() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.StackInuse)
}

func pskConfig() *Config {
	return &Config{PSK: &PSK{Identity: "device", Key: bytes.Repeat([]byte{7}, 16)}}
}

// crowd is the process of the clients.
func crowd(t *testing.T, addr string) {
	client := pskConfig()
	defer client.Close()
	conns := make([]*Conn, crowdSize())
	defer func() {
		for _, c := range conns {
			if c != nil {
				c.Close()
			}
		}
	}()
	each := func(what string, f func(i int) error) {
		var g errgroup.Group
		g.SetLimit(64)
		began := time.Now()
		for i := range conns {
			g.Go(func() error { return f(i) })
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		took := time.Since(began)
		fmt.Printf("%s %d in %v, %.0f/s\n", what, len(conns), took.Round(time.Millisecond), float64(len(conns))/took.Seconds())
	}
	each("connected", func(i int) (err error) {
		conns[i], err = DialDTLS("udp", addr, client)
		return err
	})
	if line, _ := bufio.NewReader(os.Stdin).ReadString('\n'); line != "ask\n" {
		t.Fatalf("asked to %q", line)
	}
	var again atomic.Int64
	each("asked", func(i int) error {
		sent, err := ask(conns[i], "are you there?")
		again.Add(int64(sent - 1))
		return err
	})
	_, _ = io.ReadAll(os.Stdin) // until the parent is done
}
