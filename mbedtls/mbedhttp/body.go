package mbedhttp

import (
	"io"
	"net/http"
	"sync"
)

// heldBody is a request's body that is not closed before it is certain that the request need not be made once more, by
// HTTP/1.1.
type heldBody struct {
	io.ReadCloser
	mu           sync.Mutex
	held, closed bool
}

// hold returns the request with a body that is held; nil if it has none.
func hold(r *http.Request) (*http.Request, *heldBody) {
	if r.Body == nil || r.Body == http.NoBody {
		return r, nil
	}
	b := &heldBody{ReadCloser: r.Body, held: true}
	clone := *r
	clone.Body = b
	return &clone, b
}

// Close closes the body, once, or leaves that to release.
func (b *heldBody) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	again := b.closed
	b.closed = true
	if b.held || again {
		return nil
	}
	return b.ReadCloser.Close()
}

// release lets Close close the body, and does so itself if that was called, or the request has failed.
func (b *heldBody) release(err error) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held = false
	if err != nil || b.closed {
		b.closed = true
		_ = b.ReadCloser.Close()
	}
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
}
