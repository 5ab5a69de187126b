// Package mbedprom tells Prometheus what connections of package mbedtls do. It is a package of its own so that nobody
// links Prometheus who does not use it.
package mbedprom

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/gombedtls/gombedtls/mbedtls"
)

// Collector is a [mbedtls.Metrics] and a [prometheus.Collector]. Set it as Config.Metrics, of any number of Configs, and
// register it once:
//
//	mbedtls_handshakes_total{side,version,ciphersuite,group,resumed,result}
//	mbedtls_handshake_duration_seconds{side,resumed}, a histogram of those that completed
//	mbedtls_alerts_total{direction,level,alert}
//	mbedtls_connections_open
//	mbedtls_data_bytes_total{direction}, mbedtls_wire_bytes_total{direction}
//	mbedtls_handshakes_computing, mbedtls_handshakes_parked, mbedtls_buffers_kept, mbedtls_handles
//
// The last line is about the process (see [mbedtls.Stats]), so that only one Collector of a process should be registered
// with one registry, or each with labels of its own. All labels have few values, whatever peers do: names of this build's
// versions, suites and groups, words of [mbedtls.HandshakeEvent.Result], and names of alerts.
type Collector struct {
	handshakes *prometheus.CounterVec
	durations  *prometheus.HistogramVec
	alerts     *prometheus.CounterVec
	open       prometheus.Gauge
	data, wire traffic
	all        []prometheus.Collector
}

// traffic counts bytes of both directions.
type traffic struct{ received, sent prometheus.Counter }

func (t traffic) add(received, sent int) {
	if received != 0 {
		t.received.Add(float64(received))
	}
	if sent != 0 {
		t.sent.Add(float64(sent))
	}
}

// processGauges are read when Prometheus asks.
var processGauges = []struct {
	name, help string
	read       func(mbedtls.Stats) int
}{
	{"handshakes_computing", "Handshakes in the library.", func(s mbedtls.Stats) int { return s.HandshakesComputing }},
	{"handshakes_parked", "Handshakes that wait for a key.", func(s mbedtls.Stats) int { return s.HandshakesParked }},
	{"buffers_kept", "Buffers kept at hand for connections.", func(s mbedtls.Stats) int { return s.BuffersKept }},
	{"handles", "Objects that the library refers to.", func(s mbedtls.Stats) int { return s.Handles }},
}

const namespace = "mbedtls"

// NewCollector makes a Collector all of whose metrics have the labels; nil is none.
func NewCollector(labels prometheus.Labels) *Collector {
	opts := func(name, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: namespace, Name: name, Help: help, ConstLabels: labels}
	}
	c := new(Collector)
	counterVec := func(name, help string, labelNames ...string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts(opts(name, help)), labelNames)
		c.all = append(c.all, v)
		return v
	}
	direction := func(name, help string) traffic {
		v := counterVec(name, help, "direction")
		return traffic{v.WithLabelValues("received"), v.WithLabelValues("sent")}
	}
	c.handshakes = counterVec("handshakes_total", "Handshakes that completed or failed.",
		"side", "version", "ciphersuite", "group", "resumed", "result")
	c.alerts = counterVec("alerts_total", "Alerts, as far as they can be seen.", "direction", "level", "alert")
	c.data = direction("data_bytes_total", "Bytes of application data.")
	c.wire = direction("wire_bytes_total", "Bytes of the connections underneath.")
	c.durations = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace:   namespace,
		Name:        "handshake_duration_seconds",
		Help:        "How long handshakes took that completed, with waiting for the peer.",
		ConstLabels: labels,
		Buckets:     prometheus.ExponentialBuckets(0.0005, 2, 15), // up to 8 seconds
	}, []string{"side", "resumed"})
	c.open = prometheus.NewGauge(prometheus.GaugeOpts(opts("connections_open", "Connections from their handshake to Close.")))
	c.all = append(c.all, c.durations, c.open)
	for _, g := range processGauges {
		c.all = append(c.all, prometheus.NewGaugeFunc(prometheus.GaugeOpts(opts(g.name, g.help)),
			func() float64 { return float64(g.read(mbedtls.ReadStats())) }))
	}
	return c
}

// Describe is for the registry.
func (c *Collector) Describe(to chan<- *prometheus.Desc) {
	for _, m := range c.all {
		m.Describe(to)
	}
}

// Collect is for the registry.
func (c *Collector) Collect(to chan<- prometheus.Metric) {
	for _, m := range c.all {
		m.Collect(to)
	}
}

// yesNo are values of the label "resumed".
var yesNo = map[bool]string{true: "yes", false: "no"}

// Handshake counts a handshake.
func (c *Collector) Handshake(e mbedtls.HandshakeEvent) {
	resumed := yesNo[e.Resumed]
	var version, suite, group string
	if e.Err == nil {
		version, suite = mbedtls.VersionName(e.Version), mbedtls.CipherSuiteName(e.CipherSuite)
		if e.Group != 0 {
			group = e.Group.String()
		}
		c.durations.WithLabelValues(e.Side(), resumed).Observe(e.Duration.Seconds())
		c.open.Inc()
	}
	c.handshakes.WithLabelValues(e.Side(), version, suite, group, resumed, e.Result()).Inc()
}

// Closed counts a connection that ended.
func (c *Collector) Closed() { c.open.Dec() }

// Alert counts an alert.
func (c *Collector) Alert(e mbedtls.AlertEvent) {
	direction := "received"
	if e.Sent {
		direction = "sent"
	}
	c.alerts.WithLabelValues(direction, e.Level.String(), e.Alert.Name()).Inc()
}

// Data counts bytes.
func (c *Collector) Data(received, sent int) { c.data.add(received, sent) }

// Wire counts bytes.
func (c *Collector) Wire(received, sent int) { c.wire.add(received, sent) }

var _ interface {
	mbedtls.Metrics
	prometheus.Collector
} = (*Collector)(nil)
