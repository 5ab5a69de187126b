package mbedtls

import (
	"cmp"
	"encoding/json"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Counters is a [Metrics] that counts. It may serve any number of Configs and goroutines; its zero value is ready.
//
// It is a Var of package expvar, whose page then shows it: expvar.Publish("mbedtls", counters). This package does not
// do so, since a program that imports expvar serves that page.
type Counters struct {
	mu         sync.Mutex
	handshakes map[HandshakeCount]handshakeSum // by a HandshakeCount without the sums
	alerts     map[AlertCount]int64            // likewise

	closed                           atomic.Int64
	dataIn, dataOut, wireIn, wireOut atomic.Int64
}

type handshakeSum struct {
	count    int64
	duration time.Duration
}

// CountersSnapshot is what a [Counters] has counted, and what its String has in JSON.
type CountersSnapshot struct {
	Handshakes []HandshakeCount `json:"handshakes"` // sorted
	Alerts     []AlertCount     `json:"alerts"`     // sorted

	// ConnectionsOpen is how many connections have completed their handshake and are not closed yet. One that nobody
	// closes counts for ever.
	ConnectionsOpen int64 `json:"connections_open"`

	// Bytes, as [Metrics] has them.
	DataReceived int64 `json:"data_received"`
	DataSent     int64 `json:"data_sent"`
	WireReceived int64 `json:"wire_received"`
	WireSent     int64 `json:"wire_sent"`

	// Process is about all of the process, not this Counters alone.
	Process Stats `json:"process"`
}

// HandshakeCount is how many handshakes had the same outcome.
type HandshakeCount struct {
	Side        string `json:"side"`    // of this end: "client" or "server"
	Version     string `json:"version"` // as from VersionName; "" if the handshake failed
	CipherSuite string `json:"ciphersuite"`
	Group       string `json:"group"`
	Resumed     bool   `json:"resumed"`
	Result      string `json:"result"` // as from HandshakeEvent.Result

	Count   int64   `json:"count"`
	Seconds float64 `json:"seconds"` // that all took together
}

// AlertCount is how many alerts were the same.
type AlertCount struct {
	Sent  bool   `json:"sent"`
	Level string `json:"level"`
	Alert string `json:"alert"` // as from AlertError.Name
	Count int64  `json:"count"`
}

// Handshake counts the handshake.
func (c *Counters) Handshake(e HandshakeEvent) {
	key := HandshakeCount{Side: e.Side(), Resumed: e.Resumed, Result: e.Result()}
	if e.Err == nil {
		key.Version, key.CipherSuite = VersionName(e.Version), CipherSuiteName(e.CipherSuite)
		if e.Group != 0 {
			key.Group = e.Group.String()
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.handshakes == nil {
		c.handshakes = map[HandshakeCount]handshakeSum{}
	}
	sum := c.handshakes[key]
	sum.count++
	sum.duration += e.Duration
	c.handshakes[key] = sum
}

// Alert counts the alert.
func (c *Counters) Alert(e AlertEvent) {
	key := AlertCount{Sent: e.Sent, Level: e.Level.String(), Alert: e.Alert.Name()}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.alerts == nil {
		c.alerts = map[AlertCount]int64{}
	}
	c.alerts[key]++
}

// Closed counts a connection that ended.
func (c *Counters) Closed() { c.closed.Add(1) }

// Data counts bytes.
func (c *Counters) Data(received, sent int) { add(&c.dataIn, received); add(&c.dataOut, sent) }

// Wire counts bytes.
func (c *Counters) Wire(received, sent int) { add(&c.wireIn, received); add(&c.wireOut, sent) }

// add leaves the line of cache alone where there is nothing to add.
func add(sum *atomic.Int64, n int) {
	if n != 0 {
		sum.Add(int64(n))
	}
}

// Snapshot returns what was counted so far.
func (c *Counters) Snapshot() CountersSnapshot {
	s := CountersSnapshot{
		ConnectionsOpen: -c.closed.Load(), // before the handshakes, so that it is never too small
		DataReceived:    c.dataIn.Load(), DataSent: c.dataOut.Load(),
		WireReceived: c.wireIn.Load(), WireSent: c.wireOut.Load(),
		Process: ReadStats(),
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, sum := range c.handshakes {
		key.Count, key.Seconds = sum.count, sum.duration.Seconds()
		s.Handshakes = append(s.Handshakes, key)
		if key.Result == (HandshakeEvent{}).Result() {
			s.ConnectionsOpen += sum.count
		}
	}
	for key, n := range c.alerts {
		key.Count = n
		s.Alerts = append(s.Alerts, key)
	}
	slices.SortFunc(s.Handshakes, func(a, b HandshakeCount) int {
		return cmp.Or(cmp.Compare(a.Side, b.Side), cmp.Compare(a.Result, b.Result), cmp.Compare(a.Version, b.Version),
			cmp.Compare(a.CipherSuite, b.CipherSuite), cmp.Compare(a.Group, b.Group), compareBools(a.Resumed, b.Resumed))
	})
	slices.SortFunc(s.Alerts, func(a, b AlertCount) int {
		return cmp.Or(compareBools(a.Sent, b.Sent), cmp.Compare(a.Level, b.Level), cmp.Compare(a.Alert, b.Alert))
	})
	return s
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// String is the snapshot in JSON, for package expvar.
func (c *Counters) String() string {
	text, err := json.Marshal(c.Snapshot())
	if err != nil { // there is nothing in it that JSON does not have
		panic(err)
	}
	return string(text)
}
