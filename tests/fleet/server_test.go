package fleet_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gombedtls/gombedtls/mbedtls"
	"github.com/gombedtls/gombedtls/mbedtls/fleet"
)

// serverOptions are the argument of a server's process, in JSON.
type serverOptions struct {
	Name          string
	Redis         string // address
	Key           []byte
	Poll          time.Duration
	Cert, KeyFile string
}

// What a server says by itself has these numbers, and its answers those of the commands.
const (
	started = 0
	drained = -1 // it has handed over its connections
)

// addresses are the first that a server says.
type addresses struct{ TCP, UDP string }

// report is what a server knows.
type report struct {
	Fleet fleet.Stats
	Keys  []fleet.TicketKey
	DTLS  mbedtls.DTLSStats
}

// fleetTimeout bounds what a server waits for Redis. Nobody who connects must notice it.
const fleetTimeout = time.Second

// TestServerProcess is a process of the fleet, if the test binary was started for that: a server for TLS and one for DTLS,
// which answer with their name. It does what it is told on stdin, until that ends; then it hands over its connections.
func TestServerProcess(t *testing.T) {
	if flag.NArg() == 0 {
		return
	}
	var o serverOptions
	if err := json.Unmarshal([]byte(flag.Arg(0)), &o); err != nil {
		t.Fatal(err)
	}
	if err := serve(o); err != nil {
		t.Fatal(err)
	}
}

func serve(o serverOptions) error {
	rdb := redis.NewClient(&redis.Options{Addr: o.Redis})
	defer rdb.Close()
	f, err := fleet.Join(context.Background(), rdb, fleet.Options{
		Key: o.Key, TicketLifetime: time.Hour, Lead: 3 * o.Poll, Poll: o.Poll,
		Timeout: fleetTimeout, NodeTimeout: time.Second,
	})
	if err != nil {
		return err
	}
	defer f.Close()
	cert, err := mbedtls.LoadX509KeyPair(o.Cert, o.KeyFile)
	if err != nil {
		return err
	}
	config := &mbedtls.Config{Certificates: []mbedtls.Certificate{cert}}
	defer config.Close()
	dtls, err := f.ListenDTLS(nil, "udp", "127.0.0.1:0", config)
	if err != nil {
		return err
	}
	f.Configure(config)
	tls, err := mbedtls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		return err
	}
	var serving sync.WaitGroup
	for _, l := range []net.Listener{tls, dtls} {
		serving.Go(func() { acceptAll(l, o.Name, &serving) })
	}
	say(started, addresses{tls.Addr().String(), dtls.Addr().String()})
	commands(f, dtls)

	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	err = errors.Join(tls.Close(), dtls.Shutdown(ctx))
	say(drained, nil)
	serving.Wait()
	return err
}

func acceptAll(l net.Listener, name string, serving *sync.WaitGroup) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		serving.Go(func() { answerAll(c, name) })
	}
}

// answerAll answers each request with the server's name and the request.
func answerAll(c net.Conn, name string) {
	defer c.Close()
	buf := make([]byte, 2000)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		if _, err := fmt.Fprintf(c, "%s %s", name, buf[:n]); err != nil {
			return
		}
	}
}

// commands does what stdin says: lines with a number, a word, and sometimes an argument.
func commands(f *fleet.Fleet, dtls *fleet.Listener) {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var number int
		var word, argument string
		_, _ = fmt.Sscan(lines.Text(), &number, &word, &argument) // there may be no argument
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		var err error
		switch word {
		case "rotate":
			err = f.Rotate(ctx)
		case "revoke":
			err = f.Revoke(ctx, argument)
		}
		cancel()
		if err != nil {
			say(number, err.Error())
			continue
		}
		say(number, report{f.Stats(), f.TicketKeys(), dtls.Stats()})
	}
}

// say answers a command.
func say(number int, what any) {
	data, err := json.Marshal(what)
	if err != nil {
		data = []byte(err.Error())
	}
	fmt.Printf("\n@%d %s\n", number, strings.TrimSpace(string(data)))
}
