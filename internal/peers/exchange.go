package peers

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// How data is moved and compared.
const (
	ComparedDatagrams = "datagrams in turn, byte by byte"
	ComparedStreams   = "two streams at once, byte by byte"
	comparedEcho      = "a stream and its echo with gnutls-serv, two streams at once with gnutls-cli, byte by byte"
	comparedExchanges = "requests and responses in turn, byte by byte with what the program says it read and wrote"
)

// lineLen is the length of a line with its newline. It fits in a record whatever is negotiated: of two records that are
// sent one after the other, the C programs' second waits for the peer's delayed acknowledgement.
const lineLen = 8192

// alphabet has 16 letters that neither s_server nor s_client take for commands, and that survive a printf.
const alphabet = "0123456789ADEFGH"

// datagramLen is that of a datagram: any path takes it.
const datagramLen = 1024

// payload is random text of n bytes, in lines of the given length; the last one may be shorter.
func payload(n, line int) []byte {
	text := make([]byte, n)
	rand.Read(text) // never fails
	for i, b := range text {
		text[i] = alphabet[b%16]
	}
	for end := line; end < n; end += line {
		text[end-1] = '\n'
	}
	if n > 0 {
		text[n-1] = '\n'
	}
	return text
}

// Exchange moves size bytes each way between two ends of a connection in this process, and compares.
func Exchange(a, b Conn, size int) (Transfer, error) {
	began := time.Now()
	there, back := payload(size, lineLen), payload(size, lineLen)
	var g errgroup.Group
	g.Go(func() error { return sendAll(a, there) })
	g.Go(func() error { return sendAll(b, back) })
	g.Go(func() error { return receive(a, back) })
	g.Go(func() error { return receive(b, there) })
	if err := g.Wait(); err != nil {
		return Transfer{}, err
	}
	return Transfer{size, time.Since(began)}, nil
}

// ExchangeDatagrams is Exchange over datagrams, in turn: UDP would drop what comes too fast.
func ExchangeDatagrams(a, b Conn, size int) (Transfer, error) {
	began := time.Now()
	there, back := payload(size, datagramLen), payload(size, datagramLen)
	far := &Peer{datagram: true}
	for at := 0; at < size; at += datagramLen {
		end := min(at+datagramLen, size)
		for _, way := range []struct {
			from, to Conn
			data     []byte
		}{{a, b, there[at:end]}, {b, a, back[at:end]}} {
			if err := sendAll(way.from, way.data); err != nil {
				return Transfer{}, err
			}
			if err := far.receive(way.to, way.data); err != nil {
				return Transfer{}, err
			}
		}
	}
	return Transfer{size, time.Since(began)}, nil
}

// exchangePipes sends one stream through each of the process's stdin and stdout.
func exchangePipes(p *Peer, conn Conn) error {
	there, back := payload(p.size, p.line), payload(p.size, p.line)
	if p.datagram {
		return pipeDatagrams(p, conn, there, back)
	}
	var g errgroup.Group
	g.Go(func() error { return sendAll(conn, there) })
	g.Go(func() error { return sendAll(p.Stdin, back) })
	g.Go(func() error { return receive(conn, back) })
	if err := g.Wait(); err != nil {
		return err
	}
	if err := p.Stdout.awaitText(there); err != nil {
		return fmt.Errorf("stdout lacks what was sent: %w", err)
	}
	return nil
}

// exchangeEcho sends one stream that the process sends back.
func exchangeEcho(p *Peer, conn Conn) error {
	there := payload(p.size, p.line)
	if p.datagram {
		for line := range slices.Chunk(there, p.line) {
			if err := sendAll(conn, line); err != nil {
				return err
			}
			if err := p.receive(conn, line); err != nil {
				return err
			}
		}
		return nil
	}
	var g errgroup.Group
	g.Go(func() error { return sendAll(conn, there) })
	g.Go(func() error { return receive(conn, there) })
	return g.Wait()
}

// pipeDatagrams sends no datagram before the one ahead of it has arrived: UDP would drop what comes too fast.
func pipeDatagrams(p *Peer, conn Conn, there, back []byte) error {
	var g errgroup.Group
	g.Go(func() error {
		for line := range slices.Chunk(there, p.line) {
			if err := sendAll(conn, line); err != nil {
				return err
			}
			if err := p.Stdout.awaitText(line); err != nil {
				return fmt.Errorf("stdout lacks what was sent: %w", err)
			}
		}
		return nil
	})
	g.Go(func() error {
		for line := range slices.Chunk(back, p.line) {
			if err := sendAll(p.Stdin, line); err != nil {
				return err
			}
			if err := p.receive(conn, line); err != nil {
				return err
			}
		}
		return nil
	})
	return g.Wait()
}

func sendAll(w io.Writer, data []byte) error {
	if _, err := w.Write(data); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	return nil
}

// receive reads as much as want has, and compares.
func receive(r io.Reader, want []byte) error {
	got := make([]byte, len(want))
	if n, err := io.ReadFull(r, got); err != nil {
		return fmt.Errorf("receive, after %d of %d bytes: %w", n, len(want), err)
	}
	return compare(got, want)
}

// receive reads what the peer sent at once, and compares.
func (p *Peer) receive(conn Conn, want []byte) error {
	got, err := p.read(conn, len(want))
	if err != nil {
		return err
	}
	return compare(got, want)
}

// read reads n bytes that the peer sent at once.
func (p *Peer) read(conn Conn, n int) ([]byte, error) {
	if !p.datagram {
		got := make([]byte, n)
		at, err := io.ReadFull(conn, got)
		if err != nil {
			return nil, fmt.Errorf("receive, after %d of %d bytes: %w", at, n, err)
		}
		return got, nil
	}
	got := make([]byte, maxPlaintext)
	at, err := conn.Read(got)
	if err != nil {
		return nil, fmt.Errorf("receive: %w", err)
	}
	if at != n {
		return nil, fmt.Errorf("a datagram of %d bytes arrived as %d", n, at)
	}
	return got[:n], nil
}

// maxPlaintext is what a record holds at most (RFC 6347, section 4.1).
const maxPlaintext = 1 << 14

func compare(got, want []byte) error {
	if bytes.Equal(got, want) {
		return nil
	}
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Errorf("byte %d of %d arrived as %q, sent as %q", i, len(want), got[i], want[i])
		}
	}
	return fmt.Errorf("%d bytes arrived of %d", len(got), len(want))
}

// closeStdin makes a client that copies its stdin hang up.
func closeStdin(p *Peer, _ Conn) error { return p.Stdin.Close() }

func closeWrite(_ *Peer, conn Conn) error { return conn.CloseWrite() }

func nothing(*Peer, Conn) error { return nil }
