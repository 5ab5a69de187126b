package mbedtls

import (
	"context"
	"crypto"
	"crypto/tls"
	"encoding/json"
	"errors"
	"expvar"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gombedtls/gombedtls/internal/testpki"
)

var _ interface {
	Metrics
	expvar.Var
} = (*Counters)(nil)

// withoutChance leaves of a snapshot what is the same each time.
var withoutChance = cmp.Options{
	cmpopts.IgnoreFields(CountersSnapshot{}, "WireReceived", "WireSent", "Process"),
	cmpopts.IgnoreFields(HandshakeCount{}, "Seconds"),
}

// metered gives both ends Counters of their own.
func metered(client, server *Config) (c, s *Counters) {
	c, s = new(Counters), new(Counters)
	client.Metrics, server.Metrics = c, s
	return c, s
}

func mustCount(t *testing.T, end string, counters *Counters, want CountersSnapshot) {
	t.Helper()
	if diff := cmp.Diff(want, counters.Snapshot(), withoutChance); diff != "" {
		t.Errorf("%s: %s", end, diff)
	}
}

func TestMetricsCountHandshakesDataAndClosing(t *testing.T) {
	for name, c := range map[string]struct {
		connect func(t testing.TB, client, server *Config) (c, s *Conn)
		version uint16
		suite   string
	}{
		"TLS 1.2":  {connected, VersionTLS12, "TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256"},
		"TLS 1.3":  {connected, VersionTLS13, "TLS1-3-AES-128-GCM-SHA256"},
		"DTLS 1.2": {connectedDTLS, VersionDTLS12, "TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256"},
	} {
		t.Run(name, func(t *testing.T) {
			client, server := configs(t)
			suite, _ := CipherSuiteByName(c.suite)
			server.MinVersion, server.MaxVersion = c.version, c.version
			server.CipherSuites, server.Groups = []uint16{suite.ID}, []Group{X25519}
			atClient, atServer := metered(client, server)
			near, far := c.connect(t, client, server)
			exchange(t, near, far, 17)
			count := HandshakeCount{Version: VersionName(c.version), CipherSuite: c.suite, Group: X25519.String(), Result: "ok", Count: 1}
			wantClient := CountersSnapshot{ConnectionsOpen: 1, DataSent: 17, DataReceived: 17}
			wantServer := wantClient
			count.Side = "client"
			wantClient.Handshakes = []HandshakeCount{count}
			count.Side = "server"
			wantServer.Handshakes = []HandshakeCount{count}
			mustCount(t, "client", atClient, wantClient)
			mustCount(t, "server", atServer, wantServer)
			// Of DTLS, the listener has answered the first ClientHello before there was a connection.
			c, s := atClient.Snapshot(), atServer.Snapshot()
			same := c.WireSent == s.WireReceived && c.WireReceived == s.WireSent
			if !same && name != "DTLS 1.2" || s.WireReceived <= s.DataReceived || s.WireSent <= s.DataSent {
				t.Errorf("on the wire: %+v, %+v", c, s)
			}

			near.Close()
			if _, err := far.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
				t.Errorf("Read: %v", err)
			}
			far.Close()
			far.Close()
			notify := AlertCount{Level: "warning", Alert: AlertCloseNotify.Name(), Count: 1}
			received, sent := notify, notify
			sent.Sent = true
			wantClient.ConnectionsOpen, wantClient.Alerts = 0, []AlertCount{sent}
			wantServer.ConnectionsOpen, wantServer.Alerts = 0, []AlertCount{received, sent}
			mustCount(t, "client after Close", atClient, wantClient)
			mustCount(t, "server after Close", atServer, wantServer)
		})
	}
}

func TestMetricsCountHandshakesThatFail(t *testing.T) {
	stranger := testpki.NewCA(testpki.P256, "stranger")
	versions(t, func(t *testing.T, version uint16) {
		for name, c := range map[string]struct {
			change         func(client, server *Config)
			result         [2]string // of client and server
			sent, received [2]AlertError
		}{
			"the client refuses the certificate": {
				change: func(client, server *Config) {
					client.RootCAs = NewCertPool()
					client.RootCAs.AddCert(stranger.Cert)
					client.MaxVersion = VersionTLS12 // or the server cannot read the alert, which Mbed TLS does not encrypt
				},
				result: [2]string{"certificate", "alert"}, sent: [2]AlertError{AlertUnknownCA}, received: [2]AlertError{1: AlertUnknownCA},
			},
			"the server refuses the certificate": {
				change: func(client, server *Config) {
					client.Certificates = []Certificate{mustFromTLS(t, stranger.Issue(testpki.Leaf{}))}
					server.ClientAuth, server.ClientCAs = RequireAndVerifyClientCert, roots()
					client.MaxVersion = VersionTLS12 // or the client is through before it is told
				},
				result: [2]string{"alert", "certificate"}, sent: [2]AlertError{1: AlertUnknownCA}, received: [2]AlertError{AlertUnknownCA},
			},
			"VerifyConnection refuses": {
				change: func(client, server *Config) {
					client.VerifyConnection = func(ConnectionState) error { return errors.New("no") }
				},
				result: [2]string{"error", "ok"}, sent: [2]AlertError{AlertBadCertificate}, // which the server has yet to Read
			},
			"no protocol in common": {
				change: func(client, server *Config) {
					client.NextProtos, server.NextProtos = []string{"a"}, []string{"b"}
				},
				result: [2]string{"alert", "error"}, sent: [2]AlertError{1: AlertNoApplicationProtocol}, received: [2]AlertError{AlertNoApplicationProtocol},
			},
		} {
			t.Run(name, func(t *testing.T) {
				client, server := configs(t)
				client.MinVersion, client.MaxVersion = VersionTLS12, version
				server.MaxVersion = version
				c.change(client, server)
				counters := [2]*Counters{}
				counters[0], counters[1] = metered(client, server)
				near, far := ends(t, client, server)
				handshakes(near, far)
				for i, end := range []string{"client", "server"} {
					got := counters[i].Snapshot()
					if len(got.Handshakes) != 1 || got.Handshakes[0].Count != 1 || (got.ConnectionsOpen == 1) != (c.result[i] == "ok") {
						t.Fatalf("%s: %+v", end, got)
					}
					if result := got.Handshakes[0].Result; result != c.result[i] {
						t.Errorf("%s: the result is %q, want %q", end, result, c.result[i])
					}
					var want []AlertCount
					for _, a := range []struct {
						sent  bool
						alert AlertError
					}{{false, c.received[i]}, {true, c.sent[i]}} {
						if a.alert != 0 {
							want = append(want, AlertCount{Sent: a.sent, Level: "fatal", Alert: a.alert.Name(), Count: 1})
						}
					}
					if diff := cmp.Diff(want, got.Alerts); diff != "" {
						t.Errorf("%s: %s", end, diff)
					}
				}
			})
		}
	})
}

func mustFromTLS(t *testing.T, c tls.Certificate) Certificate {
	t.Helper()
	cert, err := FromTLSCertificate(c)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// What ends a handshake of a client whose server says nothing, and how that is counted: once.
func TestMetricsCountAHandshakeOnceHoweverItEnds(t *testing.T) {
	for result, end := range map[string]func(c *Conn, other net.Conn) error{
		"timeout": func(c *Conn, _ net.Conn) error {
			c.SetDeadline(time.Now().Add(10 * time.Millisecond))
			err := c.Handshake()
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				return err
			}
			c.SetDeadline(time.Now().Add(10 * time.Millisecond)) // it goes on, and that is not another one
			return c.Handshake()
		},
		"canceled": func(c *Conn, _ net.Conn) error {
			ctx, cancel := context.WithCancel(context.Background())
			time.AfterFunc(10*time.Millisecond, cancel)
			return c.HandshakeContext(ctx)
		},
		"disconnected": func(c *Conn, other net.Conn) error {
			other.Close()
			return c.Handshake()
		},
		"config": func(c *Conn, _ net.Conn) error {
			c.config.CipherSuites = []uint16{0xFFFF}
			return c.Handshake()
		},
	} {
		t.Run(result, func(t *testing.T) {
			client, server := configs(t)
			counters, _ := metered(client, server)
			a, b := tcpPair(t)
			c := Client(a, client)
			if err := end(c, b); err == nil {
				t.Error("the handshake is complete")
			}
			c.Close()
			mustCount(t, "client", counters, CountersSnapshot{Handshakes: []HandshakeCount{{Side: "client", Result: result, Count: 1}}})
		})
	}
}

func TestMetricsDoNotCountAConnectionThatBeganNothing(t *testing.T) {
	client, server := configs(t)
	counters, _ := metered(client, server)
	c, _ := ends(t, client, server)
	c.Close()
	mustCount(t, "client", counters, CountersSnapshot{})
}

func TestMetricsTellResumedHandshakesApart(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		client, server := configs(t)
		keys, err := NewTicketKeys(TicketAES256GCM, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { keys.Close() })
		server.TicketKeys, server.MaxVersion = keys, version
		client.ClientSessionCache = NewLRUClientSessionCache(1)
		atClient, atServer := metered(client, server)
		for range 2 {
			c, s := connected(t, client, server)
			exchange(t, s, c, 1) // with a ticket
			c.Close()
			s.Close()
		}
		for end, counters := range map[string]*Counters{"client": atClient, "server": atServer} {
			got := map[bool]int64{}
			for _, h := range counters.Snapshot().Handshakes {
				got[h.Resumed] += h.Count
			}
			if diff := cmp.Diff(map[bool]int64{false: 1, true: 1}, got); diff != "" {
				t.Errorf("%s: %s", end, diff)
			}
		}
	})
}

// All connections of both ends share one Counters.
func TestMetricsAreExactUnderConcurrency(t *testing.T) {
	const connections, writes = 16, 50
	client, server := configs(t)
	counters := new(Counters)
	client.Metrics, server.Metrics = counters, counters
	var all sync.WaitGroup
	for range connections {
		c, s := connected(t, client, server)
		for _, pair := range [][2]*Conn{{c, s}, {s, c}} {
			all.Go(func() {
				for range writes {
					if _, err := pair[0].Write(make([]byte, 100)); err != nil {
						t.Error(err)
					}
				}
			})
			all.Go(func() {
				if _, err := io.ReadFull(pair[1], make([]byte, 100*writes)); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	got := counters.Snapshot()
	if want := int64(2 * connections * 100 * writes); got.DataSent != want || got.DataReceived != want || got.WireSent != got.WireReceived {
		t.Errorf("%d bytes of data: %+v", want, got)
	}
	if got.ConnectionsOpen != 2*connections {
		t.Errorf("%d connections are open", got.ConnectionsOpen)
	}
}

func TestStatsCountAHandshakeThatWaitsForItsKey(t *testing.T) {
	signing, goOn := make(chan struct{}), make(chan struct{})
	cert := remote(t, testpki.P256, func(context.Context, crypto.SignerOpts) error {
		close(signing)
		<-goOn
		return nil
	})
	client, server := remoteConfigs(t, VersionTLS13, true, cert)
	c, s := ends(t, client, server)
	done := make(chan error, 2)
	go func() { done <- c.Handshake() }()
	go func() { done <- s.Handshake() }()
	<-signing
	until(t, func() bool { return ReadStats().HandshakesParked == 1 })
	if n := ReadStats().Handles; n < 4 {
		t.Errorf("%d handles for two connections and two Configs", n)
	}
	close(goOn)
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if got := ReadStats(); got.HandshakesParked != 0 || got.HandshakesComputing != 0 {
		t.Errorf("after the handshake: %+v", got)
	}
}

func TestCountersAreAVarOfExpvar(t *testing.T) {
	client, server := configs(t)
	counters, _ := metered(client, server)
	connected(t, client, server)
	expvar.Publish(t.Name(), counters)
	var got CountersSnapshot
	if err := json.Unmarshal([]byte(expvar.Get(t.Name()).String()), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(counters.Snapshot(), got, cmpopts.IgnoreFields(CountersSnapshot{}, "Process")); diff != "" {
		t.Error(diff)
	}
}

// A Channel is metered as a Conn is.
func TestMetricsCountChannels(t *testing.T) {
	client, server := configs(t)
	atClient, atServer := metered(client, server)
	var near, far *Channel
	var toNear, toFar []byte
	options := func(isServer bool, out *[]byte) ChannelOptions {
		return ChannelOptions{
			Server:             isServer,
			Emit:               func(data []byte) { *out = append(*out, data...) },
			RecordReceived:     func(uint64, []byte) {},
			AlertReceived:      func(AlertLevel, AlertError) {},
			SessionEstablished: func(ConnectionState) (bool, error) { return true, nil },
		}
	}
	near, err := NewChannel(client, options(false, &toFar))
	if err != nil {
		t.Fatal(err)
	}
	if far, err = NewChannel(server, options(true, &toNear)); err != nil {
		t.Fatal(err)
	}
	pass := func() {
		for len(toNear)+len(toFar) > 0 {
			for _, way := range []struct {
				data *[]byte
				to   *Channel
			}{{&toFar, far}, {&toNear, near}} {
				data := *way.data
				*way.data = nil
				if _, err := way.to.Receive(data); err != nil && err != io.EOF && err != net.ErrClosed {
					t.Fatal(err)
				}
			}
		}
	}
	if err := near.Handshake(); err != nil {
		t.Fatal(err)
	}
	pass()
	if _, err := near.Send(make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	pass()
	c, s := atClient.Snapshot(), atServer.Snapshot()
	if c.ConnectionsOpen != 1 || s.ConnectionsOpen != 1 || c.DataSent != 100 || s.DataReceived != 100 || c.WireSent != s.WireReceived || c.WireReceived != s.WireSent {
		t.Errorf("%+v, %+v", c, s)
	}
	near.Close()
	pass()
	far.Close()
	c, s = atClient.Snapshot(), atServer.Snapshot()
	if c.ConnectionsOpen != 0 || s.ConnectionsOpen != 0 || len(c.Handshakes) != 1 || len(s.Alerts) != 2 {
		t.Errorf("after Close: %+v, %+v", c, s)
	}
}
