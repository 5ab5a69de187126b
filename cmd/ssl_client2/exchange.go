package main

import (
	"errors"
	"fmt"
	"io"
	"syscall"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/harness"
	"github.com/gombedtls/gombedtls/internal/testprogram"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// end is how an exchange of data ended.
type end int

const (
	answered end = iota
	closed       // by the server, in good order
	reset        // by the server
	silence      // no answer came in time
)

// exchange sends a request and reads the response; over UDP, more than once.
func (c *client) exchange() (end, error) {
	for {
		if err := c.send(); err != nil {
			return answered, err
		}
		end, err := c.receive()
		if end != silence {
			return end, err
		}
		if c.MaxResend--; c.MaxResend < 0 {
			return end, err
		}
	}
}

// send sends the next request. An empty one is followed by one that is not.
func (c *client) send() error {
	for {
		r := c.request()
		c.Output.Printf("  > Write to server:")
		written, fragments, err := c.write(r)
		if err != nil {
			return c.Output.Failed("mbedtls_ssl_write", err)
		}
		c.Output.Printf(" %d bytes written in %d fragments\n\n%s\n", written, fragments, r[:written])
		if len(r) > 0 {
			return nil
		}
		c.RequestSize = nil
	}
}

func (c *client) write(b []byte) (written, fragments int, err error) {
	if len(b) == 0 { // the next Write sends it along
		_, err := harness.Context(c.conn).Write(nil)
		return 0, 1, err
	}
	return c.WriteRecords(c.conn, b)
}

// request asks for the page.
func (c *client) request() []byte {
	head := fmt.Sprintf("GET %s HTTP/1.0\r\nHost: %s\r\nExtra-header: ", c.RequestPage, c.ServerName)
	return testprogram.Message(head, "\r\n\r\n", "A", c.RequestSize)
}

// sendEarly sends the request before the handshake, as far as the server lets it.
func (c *client) sendEarly() error {
	r := c.request()
	written, fragments := 0, 0
	for written < len(r) {
		n, err := c.conn.WriteEarlyData(r[written:min(len(r), written+cbridge.MaxOutContent)])
		if written += n; n > 0 {
			fragments++
		}
		if errors.Is(err, mbedtls.ErrSSLCannotWriteEarlyData) {
			break
		}
		if err != nil {
			return c.Output.Failed("mbedtls_ssl_write_early_data", err)
		}
	}
	c.Output.Printf(" %d bytes of early data written in %d fragments\n\n%s\n", written, fragments, r[:written])
	return nil
}

// bufferLen is how much a read takes at most.
const bufferLen = 20000

// receive reads to the end of a line, and with DTLS a record.
func (c *client) receive() (end, error) {
	c.tickets = 0
	buf := make([]byte, bufferLen)
	for {
		n, err := c.conn.Read(buf)
		if c.saveErr != nil {
			return answered, c.saveErr
		}
		if err != nil {
			return c.noAnswer(err)
		}
		c.Output.Printf("  < Read from server: %d bytes read\n\n%s", n, buf[:n])
		if c.DTLS || buf[n-1] == '\n' {
			return answered, nil
		}
	}
}

// noAnswer tells an end of the connection from a failure.
func (c *client) noAnswer(err error) (end, error) {
	exit := &testprogram.ExitError{Err: err}
	switch code := testprogram.Code(err); {
	case err == io.EOF:
		c.Output.Printf(" connection was closed gracefully\n")
		return closed, nil
	case !c.DTLS && (err == io.ErrUnexpectedEOF || errors.Is(err, syscall.ECONNRESET)):
		c.Output.Printf(" connection was reset by peer\n")
		return reset, nil
	case c.DTLS && code == mbedtls.ErrSSLTimeout:
		c.Output.Printf(" timeout\n")
		return silence, exit
	default:
		c.Output.Printf(" mbedtls_ssl_read returned %s\n", testprogram.Hex(code))
		return answered, exit
	}
}
