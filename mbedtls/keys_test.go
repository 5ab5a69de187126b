package mbedtls

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

func TestKeyLogErrorFailsTheHandshake(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		for _, server := range []bool{false, true} {
			client, srv := configs(t)
			client.MinVersion, client.MaxVersion = version, version
			failing := client
			if server {
				failing = srv
			}
			r, w := io.Pipe()
			r.Close() // writes fail with io.ErrClosedPipe
			failing.KeyLogWriter = w
			c, s := ends(t, client, srv)
			cErr, sErr := handshakes(c, s)
			ours, peers := cErr, sErr
			if server {
				ours, peers = sErr, cErr
			}
			mustBe(t, "Handshake", ours, io.ErrClosedPipe)
			if alert := AlertError(0); !errors.As(peers, &alert) || alert != 80 {
				t.Errorf("server %t: the peer got %v, want an internal_error alert", server, peers)
			}
		}
	})
}

func TestExportSecretErrorAndPanic(t *testing.T) {
	errExport := errors.New("no place for keys")
	client, server := configs(t)
	client.ExportSecret = func(Secret) error { return errExport }
	c, s := ends(t, client, server)
	err, _ := handshakes(c, s)
	mustBe(t, "Handshake", err, errExport)
	_, err = c.Write([]byte("x"))
	mustBe(t, "Write", err, errExport)

	client, server = configs(t)
	client.ExportSecret = func(Secret) error { panic("keys") }
	c, s = ends(t, client, server)
	done := make(chan error, 1)
	go func() { done <- s.Handshake() }()
	func() {
		defer func() {
			if v := recover(); v != "keys" {
				t.Errorf("recovered %v", v)
			}
		}()
		_ = c.Handshake()
	}()
	mustBe(t, "Handshake", c.Handshake(), ErrPoisoned)
	c.Close()
	if err := <-done; err == nil {
		t.Error("the server's handshake succeeds")
	}
}

// Many connections share a writer: each line is whole, and each is there.
func TestKeyLogOfParallelHandshakes(t *testing.T) {
	const connections = 200
	client, server := configs(t)
	var logs [2]bytes.Buffer // each guarded by the lock that is under test
	client.KeyLogWriter, server.KeyLogWriter = &logs[0], &logs[1]
	var exported sync.Map
	server.ExportSecret = func(s Secret) error {
		exported.Store(fmt.Sprintf("%s %x %x", s.Type, s.ClientRandom, s.Value), true)
		return nil
	}
	limit := make(chan struct{}, 50)
	var all sync.WaitGroup
	for range connections {
		limit <- struct{}{}
		c, s := ends(t, client, server)
		all.Go(func() {
			defer func() { <-limit }()
			if cErr, sErr := handshakes(c, s); cErr != nil || sErr != nil {
				t.Errorf("client: %v\nserver: %v", cErr, sErr)
			}
			c.Close()
			s.Close()
		})
	}
	all.Wait()
	seen := map[string]bool{}
	for line := range strings.Lines(logs[0].String()) {
		seen[strings.TrimSpace(line)] = true
	}
	for line := range strings.Lines(logs[1].String()) {
		line = strings.TrimSpace(line)
		if _, ok := exported.Load(line); !ok || !seen[line] {
			t.Fatalf("the server's line %q: in the client's log %t, exported %t", line, seen[line], ok)
		}
	}
	if len(seen) != 4*connections {
		t.Errorf("%d lines, want %d", len(seen), 4*connections)
	}
}

func TestKeyingMaterialArguments(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		client, server := configs(t)
		client.MinVersion, client.MaxVersion = version, version
		c, s := connected(t, client, server)
		tls12 := version == VersionTLS12
		for _, a := range []struct {
			name    string
			label   string
			context []byte
			length  int
			ok      bool
		}{
			{"plain", "EXPORTER-test", nil, 32, true},
			{"nothing", "", nil, 0, true},
			{"all there is", "EXPORTER-test", []byte{}, MaxKeyingMaterial, true},
			{"too much", "EXPORTER-test", nil, MaxKeyingMaterial + 1, false},
			{"less than nothing", "EXPORTER-test", nil, -1, false},
			{"NUL", "EXPORTER\x00test", nil, 32, false},
			{"long label", strings.Repeat("l", 249), nil, 32, true},
			{"longer label", strings.Repeat("l", 250), nil, 32, tls12},
			{"long context", "EXPORTER-test", make([]byte, 65535), 32, true},
			{"longer context", "EXPORTER-test", make([]byte, 65536), 32, !tls12},
			{"TLS's own label", "key expansion", nil, 32, !tls12},
		} {
			ours, err := c.ExportKeyingMaterial(a.label, a.context, a.length)
			if (err == nil) != a.ok || (err == nil && len(ours) != a.length) {
				t.Errorf("%s: %d bytes, %v", a.name, len(ours), err)
			}
			if theirs, _ := s.ExportKeyingMaterial(a.label, a.context, a.length); !bytes.Equal(ours, theirs) {
				t.Errorf("%s: the two ends differ", a.name)
			}
		}
		none, _ := c.ExportKeyingMaterial("EXPORTER-test", nil, 32)
		empty, _ := c.ExportKeyingMaterial("EXPORTER-test", []byte{}, 32)
		if bytes.Equal(none, empty) != !tls12 {
			t.Errorf("no context gives %x, an empty one %x", none, empty)
		}
		c.Close()
		_, err := c.ExportKeyingMaterial("EXPORTER-test", nil, 32)
		mustBe(t, "after Close", err, net.ErrClosed)
	})
}

func TestPRFDerive(t *testing.T) {
	if out, err := PRFSHA256.Derive([]byte("secret"), "label", []byte("seed"), 40); err != nil || len(out) != 40 {
		t.Errorf("Derive: %d bytes, %v", len(out), err)
	}
	_, err := PRFNone.Derive(nil, "label", nil, 1)
	mustBe(t, "PRFNone.Derive", err, ErrSSLFeatureUnavailable)
	for _, a := range []struct {
		label  string
		length int
	}{{"a\x00b", 1}, {"label", -1}} {
		if _, err := PRFSHA256.Derive(nil, a.label, nil, a.length); err == nil {
			t.Errorf("Derive(%q, %d) succeeds", a.label, a.length)
		}
	}
}
