package main

import (
	"bytes"
	"errors"
	"io"
	"net"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/emulator"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// program is a run of the program in this process. SIGTERM goes to all of it, so that these tests are not parallel.
type program struct {
	t      *testing.T
	status chan int
	addr   string

	mu     sync.Mutex
	output bytes.Buffer
	more   chan struct{} // closed, and replaced, when there is more output
}

// patience bounds what is waited for.
var patience = emulator.Patience(20 * time.Second)

func (p *program) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.more)
	p.more = make(chan struct{})
	return p.output.Write(b)
}

// await waits until the output has text, so many times.
func (p *program) await(text string, times int) string {
	p.t.Helper()
	ended := false
	for timeout := time.After(patience); ; {
		p.mu.Lock()
		output, more := p.output.String(), p.more
		p.mu.Unlock()
		if strings.Count(output, text) >= times {
			return output
		}
		if ended {
			p.t.Fatalf("it ended without %q:\n%s", text, output)
		}
		select {
		case <-more:
		case status := <-p.status:
			p.status <- status
			ended = true
		case <-timeout:
			p.t.Fatalf("%q does not come %d times in:\n%s", text, times, output)
		}
	}
}

var bound = regexp.MustCompile(`Bind on .* ok \((.*)\)`)

// start waits until the program listens.
func start(t *testing.T, args ...string) *program {
	t.Helper()
	if !cbridge.Feature("MBEDTLS_SSL_SRV_C") {
		t.Skip("this build has no MBEDTLS_SSL_SRV_C")
	}
	p := &program{t: t, status: make(chan int, 1), more: make(chan struct{})}
	go func() { p.status <- run(append([]string{"server_addr=127.0.0.1", "server_port=0"}, args...), p) }()
	p.addr = bound.FindStringSubmatch(p.await("Waiting for a remote connection ...", 1))[1]
	return p
}

// stop ends the program, and looks at its status.
func (p *program) stop() {
	p.t.Helper()
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	select {
	case status := <-p.status:
		if status != 0 {
			p.t.Errorf("status %d", status)
		}
		p.await("interrupted by SIGTERM", 1)
	case <-time.After(patience):
		p.t.Fatal("SIGTERM does not end it")
	}
}

// clientConfig is for a client that takes the program's own certificate.
func clientConfig(t *testing.T) *mbedtls.Config {
	c := &mbedtls.Config{InsecureSkipVerify: true}
	t.Cleanup(func() { c.Close() })
	return c
}

// ask makes a connection for a request, and returns the response.
func (p *program) ask(network string, config *mbedtls.Config) (string, mbedtls.ConnectionState) {
	p.t.Helper()
	c, err := mbedtls.Dial(network, p.addr, config)
	if err != nil {
		p.t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		p.t.Fatal(err)
	}
	if _, err := c.Write([]byte("GET / HTTP/1.0\r\n\r\n")); err != nil {
		p.t.Fatal(err)
	}
	response, err := io.ReadAll(c)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(response), c.ConnectionState()
}

// transports runs a test for each network, with the value of dtls.
func transports(t *testing.T, f func(t *testing.T, network, dtls string)) {
	for network, dtls := range map[string]string{"tcp": "0", "udp": "1"} {
		if dtls == "0" || cbridge.Feature("MBEDTLS_SSL_PROTO_DTLS") {
			t.Run(network, func(t *testing.T) { f(t, network, dtls) })
		}
	}
}

func TestSIGTERMEndsWhateverWaits(t *testing.T) {
	transports(t, func(t *testing.T, network, dtls string) {
		for waiting, begin := range map[string]func(t *testing.T, p *program) io.Closer{
			"for a client": func(*testing.T, *program) io.Closer { return io.NopCloser(nil) },
			"for a handshake": func(t *testing.T, p *program) io.Closer {
				c, err := net.Dial(network, p.addr)
				if err != nil {
					t.Fatal(err)
				}
				if network == "udp" { // the beginning of a ClientHello, at least
					_, err = c.Write([]byte{22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1})
				}
				if err != nil {
					t.Fatal(err)
				}
				p.await("Performing the SSL/TLS handshake...", 1)
				return c
			},
			"for data": func(t *testing.T, p *program) io.Closer {
				c, err := mbedtls.Dial(network, p.addr, clientConfig(t))
				if err != nil {
					t.Fatal(err)
				}
				p.await("< Read from client:", 1)
				return c
			},
		} {
			t.Run(waiting, func(t *testing.T) {
				p := start(t, "dtls="+dtls)
				defer begin(t, p).Close()
				p.stop()
			})
		}
	})
}

func TestClientsComeOneAfterAnother(t *testing.T) {
	transports(t, func(t *testing.T, network, dtls string) {
		p := start(t, "dtls="+dtls)
		defer p.stop()
		config := clientConfig(t)
		config.ClientSessionCache = mbedtls.NewLRUClientSessionCache(0)
		config.ServerName = "localhost"
		for i := range 3 {
			response, st := p.ask(network, config)
			if want := "using: " + mbedtls.CipherSuiteName(st.CipherSuite); !strings.Contains(response, want) {
				t.Errorf("response %q lacks %q", response, want)
			}
			if st.DidResume != (i > 0) {
				t.Errorf("connection %d: resumed %v", i, st.DidResume)
			}
			p.await("Closing the connection... done", i+1)
		}
	})
}

func TestEachClientGetsTheSharedSecrets(t *testing.T) {
	for name, c := range map[string]struct {
		arg    string
		config *mbedtls.Config
	}{
		"EC J-PAKE": {"ecjpake_pw=good password", &mbedtls.Config{ECJPAKEPassword: []byte("good password")}},
		"PSK":       {"psk_list=abc,dead,def,beef", &mbedtls.Config{PSK: &mbedtls.PSK{Identity: "def", Key: []byte{0xbe, 0xef}}}},
	} {
		t.Run(name, func(t *testing.T) {
			defer c.config.Close()
			c.config.InsecureSkipHostname = true
			if err := c.config.Validate(false); errors.Is(err, errors.ErrUnsupported) {
				t.Skip(err)
			} else if err != nil {
				t.Fatal(err)
			}
			p := start(t, c.arg)
			defer p.stop()
			for range 2 {
				if response, _ := p.ask("tcp", c.config); !strings.HasPrefix(response, "HTTP/1.0 200 OK\r\n") {
					t.Errorf("response %q", response)
				}
			}
		})
	}
}
