package mbedtls

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
)

// Metrics is told what the connections of a Config do; see Config.Metrics. [Counters] is one that counts; package mbedprom
// has one for Prometheus. Its methods are called by several connections at once, on the goroutines that use these. They
// must be quick, and must not call into a connection.
type Metrics interface {
	// Handshake is told of each connection's first handshake, once that has completed or failed. A handshake that was
	// given up, by closing its connection before it began, is not told of.
	Handshake(HandshakeEvent)

	// Closed is told of each connection whose handshake completed, by its Close.
	Closed()

	// Alert is told of each alert that was received or sent, as far as that can be seen. Not to be seen are warnings that a
	// Conn receives, apart from close_notify, and what TLS 1.2 answers to records that are at fault once the handshake is over.
	Alert(AlertEvent)

	// Data is told how many bytes of application data a Read returned, or a Write took.
	Data(received, sent int)

	// Wire is told how many bytes were read from, or written to, the connection underneath.
	Wire(received, sent int)
}

// HandshakeEvent is a handshake that completed or failed.
type HandshakeEvent struct {
	Server   bool // of this end
	Datagram bool // DTLS

	// Version, CipherSuite, Group and Resumed are as in [ConnectionState]; zero if the handshake failed.
	Version     uint16
	CipherSuite uint16
	Group       Group
	Resumed     bool

	Duration time.Duration // since the handshake began, with all the waiting for the peer
	Err      error         // what Handshake returned
}

// Side is "server" or "client": this end.
func (e HandshakeEvent) Side() string {
	if e.Server {
		return "server"
	}
	return "client"
}

// Result is one of a few words for what became of the handshake: "ok", "certificate" (the peer's was refused), "alert"
// (the peer sent a fatal one), "timeout", "canceled" (by a context), "disconnected", "config" (of this end), or "error".
func (e HandshakeEvent) Result() string {
	if e.Err == nil {
		return "ok"
	}
	for _, r := range handshakeResults {
		if r.is(e.Err) {
			return r.name
		}
	}
	return "error"
}

// handshakeResults are looked at in this order.
var handshakeResults = []struct {
	name string
	is   func(error) bool
}{
	{"certificate", isA[*VerifyError]},
	{"alert", isA[AlertError]},
	{"config", isA[*ConfigError]},
	{"canceled", isAny(context.Canceled)},
	{"timeout", isTimeout},
	{"disconnected", isAny(io.ErrUnexpectedEOF, io.EOF, net.ErrClosed, syscall.ECONNRESET, syscall.EPIPE)},
}

func isA[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}

func isAny(targets ...error) func(error) bool {
	return func(err error) bool {
		for _, t := range targets {
			if errors.Is(err, t) {
				return true
			}
		}
		return false
	}
}

// AlertEvent is an alert that was received or sent.
type AlertEvent struct {
	Sent  bool // by this end
	Level AlertLevel
	Alert AlertError
}

// Stats are counts of what this process has at the moment.
type Stats struct {
	// HandshakesComputing is how many handshakes are in the library, without those that a closure may keep waiting there.
	// It is bounded by twice the number of processors.
	HandshakesComputing int `json:"handshakes_computing"`

	// HandshakesParked is how many wait for a private key that works elsewhere; they hold no thread.
	HandshakesParked int `json:"handshakes_parked"`

	// BuffersKept is how many buffers are kept at hand for connections, of 16 to 64 KiB each.
	BuffersKept int `json:"buffers_kept"`

	// Handles is how many objects of this package the library refers to: connections, Configs that were used, private
	// keys that work elsewhere.
	Handles int `json:"handles"`
}

// ReadStats counts. It is quick.
func ReadStats() Stats {
	return Stats{
		HandshakesComputing: len(cpuSlots),
		HandshakesParked:    int(parked.Load()),
		BuffersKept:         cbridge.BuffersKept(),
		Handles:             cbridge.LiveHandles(),
	}
}

// parked counts the calls of park.
var parked atomic.Int64

// meter tells a Metrics of one connection. A nil *meter tells nobody.
type meter struct {
	to Metrics

	mu         sync.Mutex
	began      time.Time
	err        error // of a handshake that may go on
	told, open bool
}

func (m *meter) data(received, sent int) {
	if m != nil && received+sent > 0 {
		m.to.Data(received, sent)
	}
}

func (m *meter) wire(received, sent int) {
	if m != nil && received+sent > 0 {
		m.to.Wire(received, sent)
	}
}

func (m *meter) alert(sent bool, level AlertLevel, alert AlertError) {
	if m != nil {
		m.to.Alert(AlertEvent{Sent: sent, Level: level, Alert: alert})
	}
}

// failure tells of the alert that made the library fail, or that it answered with.
func (m *meter) failure(ssl *cbridge.SSL, err error) {
	switch codeOf(err) {
	case ErrSSLReceivedNewSessionTicket, ErrSSLReceivedEarlyData, ErrSSLHelloVerifyRequired, ErrSSLClientReconnect,
		ErrSSLWaitingServerHelloRenego, ErrSSLConnEOF:
	case ErrSSLPeerCloseNotify:
		m.alert(false, AlertWarning, AlertCloseNotify)
	case ErrSSLFatalAlertMessage:
		if alert, ok := ssl.LastAlert(); ok {
			m.alert(false, AlertFatal, AlertError(alert))
		}
	default:
		if alert, ok := ssl.SentAlert(); ok {
			m.alert(true, AlertFatal, AlertError(alert))
		}
	}
}

// begin notes when the first handshake begins.
func (m *meter) begin() {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.began.IsZero() {
		m.began = time.Now()
	}
}

// handshake tells what has become of the first handshake: failed is final, stopped only says why it does not go on.
func (m *meter) handshake(c *core, failed, stopped error) {
	if m == nil {
		return
	}
	m.mu.Lock()
	m.err = stopped
	var e *HandshakeEvent
	if failed != nil || c.handshakeDone.Load() {
		e = m.event(c, failed)
	}
	m.mu.Unlock()
	m.tell(e)
}

// closed tells of the end of a connection, and of a handshake that it ends.
func (m *meter) closed(c *core) {
	if m == nil {
		return
	}
	m.mu.Lock()
	if m.err == nil {
		m.err = net.ErrClosed
	}
	e, open := m.event(c, m.err), m.open
	m.open = false
	m.mu.Unlock()
	m.tell(e)
	if open {
		m.to.Closed()
	}
}

// event is the first handshake's, once; else nil. With m.mu held.
func (m *meter) event(c *core, err error) *HandshakeEvent {
	if m.told || m.began.IsZero() {
		return nil
	}
	e := HandshakeEvent{Server: c.server, Datagram: c.isDTLS(), Duration: time.Since(m.began), Err: err}
	if st := c.state.Load(); err == nil && st != nil {
		e.Version, e.CipherSuite, e.Group, e.Resumed = st.Version, st.CipherSuite, st.Group, st.DidResume
	}
	m.told, m.open = true, err == nil
	return &e
}

func (m *meter) tell(e *HandshakeEvent) {
	if e != nil {
		m.to.Handshake(*e)
	}
}
