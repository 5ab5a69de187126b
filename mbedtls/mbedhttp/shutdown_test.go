package mbedhttp_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/mbedtls"
	"github.com/gombedtls/gombedtls/mbedtls/mbedhttp"
)

// slow is a handler that sends the first half of a body, and the second once it may.
type slow struct{ goOn chan struct{} }

const half = 1 << 20

func (s slow) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(rw, strings.Repeat("a", half))
	_ = http.NewResponseController(rw).Flush()
	select {
	case <-s.goOn:
		_, _ = io.WriteString(rw, strings.Repeat("b", half))
	case <-r.Context().Done():
	}
}

// begin requests of a slow server, and reads the first half of the answer.
func (w *world) begin(c *http.Client, url string) (body io.ReadCloser) {
	w.Helper()
	request, err := http.NewRequestWithContext(w.ctx, http.MethodGet, url, nil)
	if err != nil {
		w.Fatal(err)
	}
	response, err := c.Do(request)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { response.Body.Close() })
	if _, err := io.ReadFull(response.Body, make([]byte, half)); err != nil {
		w.Fatal(err)
	}
	return response.Body
}

// slowServer serves for each client and each version of HTTP.
func slowServers(t *testing.T, f func(w *world, s *mbedhttp.Server, handler slow, url string, client func() *http.Client)) {
	for client, connect := range clients {
		for proto := range protos {
			t.Run(client+"/"+proto, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				handler := slow{make(chan struct{})}
				s := &mbedhttp.Server{HTTP: w.httpServer(handler), Config: w.config("server")}
				f(w, s, handler, w.serve(s), func() *http.Client { return connect(w, proto) })
			})
		}
	}
}

func TestShutdownLosesNothingOfADownload(t *testing.T) {
	t.Parallel()
	slowServers(t, func(w *world, s *mbedhttp.Server, handler slow, url string, client func() *http.Client) {
		body := w.begin(client(), url)
		begun := make(chan struct{})
		s.HTTP.RegisterOnShutdown(func() { close(begun) })
		down := make(chan error, 1)
		go func() { down <- s.Shutdown(w.ctx) }()
		<-begun
		if response, err := client().Get(url); err == nil { // the first client's connection may not know yet
			response.Body.Close()
			w.Error("a connection after Shutdown has an answer")
		}
		select {
		case err := <-down:
			w.Fatalf("Shutdown returns before the download ends: %v", err)
		default:
		}
		close(handler.goOn)
		rest, err := io.ReadAll(body)
		if err != nil || string(rest) != strings.Repeat("b", half) {
			w.Errorf("the rest is %d bytes, %v", len(rest), err)
		}
		if err := <-down; err != nil {
			w.Errorf("Shutdown: %v", err)
		}
	})
}

func TestShutdownEndsWithItsContextAndCloseEndsTheRest(t *testing.T) {
	t.Parallel()
	slowServers(t, func(w *world, s *mbedhttp.Server, handler slow, url string, client func() *http.Client) {
		body := w.begin(client(), url)
		ctx, cancel := context.WithTimeout(w.ctx, 20*time.Millisecond)
		defer cancel()
		if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			w.Errorf("Shutdown: %v", err)
		}
		if err := s.Close(); err != nil {
			w.Errorf("Close: %v", err)
		}
		if _, err := io.ReadAll(body); err == nil {
			w.Error("the download ends in good order")
		}
	})
}

func TestShutdownClosesIdleConnections(t *testing.T) {
	t.Parallel()
	for client, connect := range clients {
		for proto := range protos {
			t.Run(client+"/"+proto, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				s := &mbedhttp.Server{HTTP: w.httpServer(http.HandlerFunc(writeReport)), Config: w.config("server")}
				c := connect(w, proto)
				w.get(c, w.serve(s))
				if err := s.Shutdown(w.ctx); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// A connection that Shutdown finds in its handshake is not served, and does not hold Shutdown up.
func TestShutdownDoesNotWaitForAHandshake(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	config := w.config("server")
	reached, goOn := make(chan struct{}), make(chan struct{})
	config.GetCertificate = func(*mbedtls.ClientHelloInfo) (*mbedtls.Certificate, error) {
		close(reached)
		<-goOn
		return nil, nil
	}
	s := &mbedhttp.Server{HTTP: w.httpServer(http.HandlerFunc(writeReport)), Config: config}
	url := w.serve(s)
	c := clients["mbedhttp"](w, "HTTP/2.0")
	answer := make(chan error, 1)
	go func() {
		response, err := c.Get(url)
		if err == nil {
			response.Body.Close()
		}
		answer <- err
	}()
	<-reached
	begun, down := make(chan struct{}), make(chan error, 1)
	s.HTTP.RegisterOnShutdown(func() { close(begun) })
	go func() { down <- s.Shutdown(w.ctx) }()
	<-begun
	close(goOn)
	if err := <-answer; err == nil {
		t.Error("the request has an answer")
	}
	if err := <-down; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
}

func TestIdleConnectionsEndAfterTheIdleTimeout(t *testing.T) {
	t.Parallel()
	for client, connect := range clients {
		for proto := range protos {
			t.Run(client+"/"+proto, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				h := w.httpServer(http.HandlerFunc(writeReport))
				closed := make(chan struct{}, 1)
				h.IdleTimeout, h.ConnState = 500*time.Millisecond, notify(closed, http.StateClosed)
				w.get(connect(w, proto), w.serve(&mbedhttp.Server{HTTP: h, Config: w.config("server")}))
				select {
				case <-closed:
				case <-w.ctx.Done():
					t.Error("the connection stays")
				}
			})
		}
	}
}
