package mbedtls

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// channelEnd is a Channel, and what its closures saw.
type channelEnd struct {
	*Channel
	out      [][]byte // emitted, and on its way
	got      []byte
	numbers  []uint64
	alerts   []string
	states   []ConnectionState
	messages []string
	err      error // of Receive
}

var (
	channelClient = ChannelOptions{RemoteAddr: &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4433}}
	channelServer = ChannelOptions{Server: true, RemoteAddr: &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 5000}}
)

// newChannelEnd makes a Channel with what o does not have of closures.
func newChannelEnd(t testing.TB, config *Config, o ChannelOptions) *channelEnd {
	t.Helper()
	e := new(channelEnd)
	if o.Emit == nil {
		o.Emit = func(data []byte) { e.out = append(e.out, bytes.Clone(data)) }
	}
	if o.RecordReceived == nil {
		o.RecordReceived = func(number uint64, data []byte) {
			e.got = append(e.got, data...)
			e.numbers = append(e.numbers, number)
		}
	}
	if o.AlertReceived == nil {
		o.AlertReceived = func(level AlertLevel, alert AlertError) {
			e.alerts = append(e.alerts, fmt.Sprintf("%v: %s", level, alert.Name()))
		}
	}
	established := o.SessionEstablished
	o.SessionEstablished = func(st ConnectionState) (bool, error) {
		e.states = append(e.states, st)
		if established == nil {
			return true, nil
		}
		return established(st)
	}
	if o.InspectHandshakeMessage == nil {
		o.InspectHandshakeMessage = func(m HandshakeMessage) error {
			direction := "<"
			if m.Sent {
				direction = ">"
			}
			e.messages = append(e.messages, direction+m.Type.String())
			return nil
		}
	}
	var err error
	if e.Channel, err = NewChannel(config, o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// pass delivers what from has emitted, in pieces of a stream, until to fails.
func pass(from, to *channelEnd, piece int) (moved bool) {
	out := from.out
	from.out = nil
	for _, data := range out {
		pieces := [][]byte{data}
		if piece > 0 && !to.isDTLS() {
			pieces = slices.Collect(slices.Chunk(data, piece))
		}
		for _, p := range pieces {
			if to.err == nil {
				_, to.err = to.Receive(p)
			}
		}
	}
	return len(out) > 0
}

// pump carries everything back and forth, until nothing is under way.
func pump(a, b *channelEnd, piece int) {
	for pass(a, b, piece) || pass(b, a, piece) {
	}
}

// channelPair is two Channels after their handshake.
func channelPair(t testing.TB, client, server *Config, c, s ChannelOptions) (*channelEnd, *channelEnd) {
	t.Helper()
	a, b := newChannelEnd(t, client, c), newChannelEnd(t, server, s)
	if err := a.Handshake(); err != nil {
		t.Fatal(err)
	}
	pump(a, b, 0)
	for _, e := range []*channelEnd{a, b} {
		if e.err != nil || !e.IsActive() {
			t.Fatalf("handshake: %v", e.err)
		}
	}
	return a, b
}

// channelKinds runs a test over each version of both transports.
func channelKinds(t *testing.T, f func(t *testing.T, client, server *Config, c, s ChannelOptions)) {
	for _, version := range []uint16{VersionTLS12, VersionTLS13, VersionDTLS12} {
		t.Run(VersionName(version), func(t *testing.T) {
			client, server := configs(t)
			client.MinVersion, client.MaxVersion = version, version
			c, s := channelClient, channelServer
			c.Datagrams, s.Datagrams = version == VersionDTLS12, version == VersionDTLS12
			f(t, client, server, c, s)
		})
	}
}

func send(t testing.TB, from, to *channelEnd, data []byte) {
	t.Helper()
	if _, err := from.Send(data); err != nil {
		t.Fatal(err)
	}
	pass(from, to, 0)
	if to.err != nil {
		t.Fatal(to.err)
	}
}

func TestChannelsExchangeInPiecesOfAnySize(t *testing.T) {
	for _, piece := range []int{0, 1, 7, 1000, 100_000} {
		t.Run(fmt.Sprint(piece), func(t *testing.T) {
			channelKinds(t, func(t *testing.T, client, server *Config, co, so ChannelOptions) {
				if co.Datagrams && piece > 0 {
					t.Skip("datagrams are whole")
				}
				c, s := newChannelEnd(t, client, co), newChannelEnd(t, server, so)
				if err := c.Handshake(); err != nil {
					t.Fatal(err)
				}
				pump(c, s, piece)
				size := 100_000
				if co.Datagrams {
					size = c.MaxPayload()
				}
				want := make([]byte, size)
				rand.Read(want) // never fails
				for _, ends := range [][2]*channelEnd{{c, s}, {s, c}} {
					from, to := ends[0], ends[1]
					for range 3 {
						if _, err := from.Send(want); err != nil {
							t.Fatal(err)
						}
						pump(from, to, piece)
					}
					if to.err != nil || !bytes.Equal(to.got, bytes.Repeat(want, 3)) {
						t.Fatalf("%d bytes of %d: %v", len(to.got), 3*len(want), to.err)
					}
					for i, n := range to.numbers {
						if i > 0 && n != to.numbers[i-1]+1 {
							t.Fatalf("records %v", to.numbers)
						}
					}
				}
				if len(c.states) != 1 || len(s.states) != 1 || c.states[0].CipherSuite != s.states[0].CipherSuite {
					t.Errorf("%+v, %+v", c.states, s.states)
				}
				if len(c.PeerCertificates()) == 0 {
					t.Error("the client has no certificate of the server")
				}
				const label = "EXPORTER-test"
				a, errA := c.Export(label, nil, 32)
				b, errB := s.Export(label, nil, 32)
				if errA != nil || errB != nil || !bytes.Equal(a, b) {
					t.Errorf("%x, %x: %v, %v", a, b, errA, errB)
				}
			})
		})
	}
}

// TLS counts records under one key from 0, and with DTLS the peer does, per epoch.
func TestChannelReportsRecordNumbers(t *testing.T) {
	channelKinds(t, func(t *testing.T, client, server *Config, co, so ChannelOptions) {
		c, s := channelPair(t, client, server, co, so)
		for _, data := range []string{"a", "b", "c"} {
			send(t, c, s, []byte(data))
		}
		first := map[uint16]uint64{VersionTLS12: 1, VersionTLS13: 0, VersionDTLS12: 1<<48 + 1}[s.states[0].Version] // behind Finished
		if diff := cmp.Diff([]uint64{first, first + 1, first + 2}, s.numbers); diff != "" {
			t.Error(diff)
		}
	})
}

func TestChannelTellsHowMuchOfARecordIsMissing(t *testing.T) {
	client, server := configs(t)
	c, s := channelPair(t, client, server, channelClient, channelServer)
	if _, err := c.Send(make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	record := bytes.Join(c.out, nil)
	for i := range record {
		need, err := s.Receive(record[i : i+1])
		want := len(record) - i - 1
		if i < 4 {
			want = 4 - i
		}
		if need != want || err != nil {
			t.Fatalf("after %d bytes of %d: %d are missing, want %d: %v", i+1, len(record), need, want, err)
		}
	}
	if len(s.got) != 100 {
		t.Errorf("%d bytes", len(s.got))
	}
	if need, err := s.Receive([]byte{23, 3, 3, 0x40, 0xFF}); need != 0x40FF && err == nil {
		t.Errorf("%d bytes are missing: %v", need, err)
	}
}

func TestChannelCloses(t *testing.T) {
	channelKinds(t, func(t *testing.T, client, server *Config, co, so ChannelOptions) {
		c, s := channelPair(t, client, server, co, so)
		if err := c.SendAlert(AlertWarning, AlertCloseNotify); err != nil {
			t.Fatal(err)
		}
		pass(c, s, 0)
		mustBe(t, "Receive", s.err, io.EOF)
		if diff := cmp.Diff([]string{"warning: close notify"}, s.alerts); diff != "" {
			t.Error(diff)
		}
		mustBe(t, "Send after close_notify", sendErr(c), errShutdown)
		if _, err := s.Send([]byte("still")); err != nil { // half-closed
			t.Fatal(err)
		}
		pass(s, c, 0)
		if string(c.got) != "still" || c.err != nil {
			t.Errorf("%q, %v", c.got, c.err)
		}
		if c.IsActive() || c.IsClosed() || !s.IsActive() {
			t.Error("a half-closed Channel is neither active nor closed, its peer is active")
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		pass(s, c, 0)
		mustBe(t, "Receive", c.err, io.EOF)
		mustBe(t, "a second Close", s.Close(), net.ErrClosed)
		mustBe(t, "Send", sendErr(s), net.ErrClosed)
		_, err := s.Receive([]byte("x"))
		mustBe(t, "Receive", err, net.ErrClosed)
		if !s.IsClosed() || s.ConnectionState().Version == 0 {
			t.Error("a closed Channel is closed, and has its state")
		}
	})
}

func TestChannelOptionsAreChecked(t *testing.T) {
	client, server := configs(t)
	whole := ChannelOptions{
		Emit: func([]byte) {}, RecordReceived: func(uint64, []byte) {}, AlertReceived: func(AlertLevel, AlertError) {},
		SessionEstablished: func(ConnectionState) (bool, error) { return true, nil },
	}
	for field, change := range map[string]func(*ChannelOptions){
		"Emit":               func(o *ChannelOptions) { o.Emit = nil },
		"RecordReceived":     func(o *ChannelOptions) { o.RecordReceived = nil },
		"AlertReceived":      func(o *ChannelOptions) { o.AlertReceived = nil },
		"SessionEstablished": func(o *ChannelOptions) { o.SessionEstablished = nil },
		"ChooseProtocol":     func(o *ChannelOptions) { o.ChooseProtocol = func([]string) (string, error) { return "", nil } },
		"RemoteAddr":         func(o *ChannelOptions) { o.Server, o.Datagrams = true, true },
		"Session":            func(o *ChannelOptions) { o.Server, o.Session = true, new(Session) },
	} {
		o := whole
		change(&o)
		config := client
		if o.Server {
			config = server
		}
		if _, err := NewChannel(config, o); err == nil || !bytes.Contains([]byte(err.Error()), []byte("ChannelOptions."+field+": ")) {
			t.Errorf("%s: %v", field, err)
		}
	}
	var wrong *ConfigError
	if _, err := NewChannel(&Config{DebugLevel: 9, RootCAs: roots()}, whole); !errors.As(err, &wrong) {
		t.Errorf("%v, want a ConfigError", err)
	}
}

// What either end's user does not want to keep is not resumed.
func TestChannelAlerts(t *testing.T) {
	channelKinds(t, func(t *testing.T, client, server *Config, co, so ChannelOptions) {
		c, s := channelPair(t, client, server, co, so)
		if err := c.SendAlert(AlertWarning, AlertUserCanceled); err != nil {
			t.Fatal(err)
		}
		send(t, c, s, []byte("x"))
		if err := c.SendAlert(AlertWarning, AlertUserCanceled); err != nil {
			t.Fatal(err)
		}
		if err := c.SendAlert(AlertFatal, AlertDecodeError); err != nil {
			t.Fatal(err)
		}
		pass(c, s, 0)
		mustBe(t, "server", s.err, AlertDecodeError)
		want := []string{"warning: user canceled", "warning: user canceled", "fatal: decode error"}
		if diff := cmp.Diff(want, s.alerts); diff != "" {
			t.Error(diff)
		}
		mustBe(t, "Send", sendErr(c), ErrAlertSent)
		if err := s.SendAlert(7, AlertDecodeError); err == nil {
			t.Error("a level of 7 is taken")
		}
		if string(s.got) != "x" {
			t.Errorf("%q", s.got)
		}
	})
}

// refusing a renegotiation's outcome breaks the connection under the new keys, before any data passes.
// Closures that close their Channel end all calls of it.
// directEnd is a Channel whose output waits in a buffer, without an allocation.
// deliver gives to what d has emitted, unless to is d itself.

// sendErr is what Send fails with.
func sendErr(e *channelEnd) error {
	_, err := e.Send([]byte("x"))
	return err
}
