package mbedprom_test

import (
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/leakcheck"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
	"github.com/gombedtls/gombedtls/mbedtls/mbedprom"
)

func TestMain(m *testing.M) {
	leakcheck.Main(m, cbridge.CountAllocations, cbridge.Shutdown, cbridge.Held)
}

// scrape is what Prometheus gets of the collector, but for the samples whose values are chance.
func scrape(t *testing.T, c prometheus.Collector) (samples []string) {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(c); err != nil {
		t.Fatal(err)
	}
	rec := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	for line := range strings.Lines(rec.Body.String()) {
		line = strings.TrimSpace(line)
		for _, chance := range []string{"# ", "_bucket{", "_seconds_sum{", "wire_bytes", "buffers_kept", "handles"} {
			if strings.Contains(line, chance) {
				line = ""
			}
		}
		if line != "" {
			samples = append(samples, line)
		}
	}
	return samples
}

func TestPrometheusSeesWhatConnectionsDid(t *testing.T) {
	ca := testpki.NewCA(testpki.P256, "root")
	cert, err := mbedtls.FromTLSCertificate(ca.Issue(testpki.Leaf{}))
	if err != nil {
		t.Fatal(err)
	}
	collector := mbedprom.NewCollector(prometheus.Labels{"service": "test"})
	server := &mbedtls.Config{Certificates: []mbedtls.Certificate{cert}, MinVersion: mbedtls.VersionTLS13,
		Groups: []mbedtls.Group{mbedtls.X25519}, Metrics: collector}
	defer server.Close()
	l, err := mbedtls.Listen("tcp", "127.0.0.1:0", server)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	// One client comes in peace, one goes without a word.
	trusting := &mbedtls.Config{RootCAs: mbedtls.NewCertPool(), ServerName: "localhost"}
	defer trusting.Close()
	trusting.RootCAs.AddCert(ca.Cert)
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, err := mbedtls.Dial("tcp", l.Addr().String(), trusting)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		if _, err := c.Write(make([]byte, 10)); err != nil {
			t.Error(err)
		}
		raw, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Error(err)
			return
		}
		raw.Close()
	}()
	for range 2 {
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, struct{ io.Reader }{c}); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Error(err)
		}
		c.Close()
	}
	<-done
	want := []string{
		`mbedtls_alerts_total{alert="close notify",direction="received",level="warning",service="test"} 1`,
		`mbedtls_alerts_total{alert="close notify",direction="sent",level="warning",service="test"} 1`,
		`mbedtls_connections_open{service="test"} 0`,
		`mbedtls_data_bytes_total{direction="received",service="test"} 10`,
		`mbedtls_data_bytes_total{direction="sent",service="test"} 0`,
		`mbedtls_handshake_duration_seconds_count{resumed="no",service="test",side="server"} 1`,
		`mbedtls_handshakes_computing{service="test"} 0`,
		`mbedtls_handshakes_parked{service="test"} 0`,
		`mbedtls_handshakes_total{ciphersuite="",group="",result="disconnected",resumed="no",service="test",side="server",version=""} 1`,
		`mbedtls_handshakes_total{ciphersuite="TLS1-3-CHACHA20-POLY1305-SHA256",group="x25519",result="ok",resumed="no",service="test",side="server",version="TLS 1.3"} 1`,
	}
	if diff := cmp.Diff(want, scrape(t, collector)); diff != "" {
		t.Error(diff)
	}
}
