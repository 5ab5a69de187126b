package main

import (
	"errors"
	"fmt"
	"io"
	"syscall"

	"github.com/gombedtls/gombedtls/internal/testprogram"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// exchange answers one request. io.EOF is the client's orderly end.
func (s *server) exchange(first bool) error {
	s.Output.Printf("  < Read from client:")
	read := s.readLine
	if s.DTLS {
		read = s.readDatagram
	}
	if err := read(); err != nil {
		return s.noRequest(err)
	}
	if s.Renegotiate == 1 && first {
		s.Output.Printf("  . Requestion renegotiation...")
		if err := s.conn.Renegotiate(); err != nil {
			return s.failed("mbedtls_ssl_renegotiate", err)
		}
		s.Output.Printf(" ok\n")
	}
	s.ReportCID(s.conn, "after renegotiation")
	s.Output.Printf("  > Write to client:")
	if err := s.respond(); err != nil {
		return s.failed("mbedtls_ssl_write", err)
	}
	if s.Serialize > 0 {
		next, err := s.Move(s.conn)
		if err != nil {
			return err
		}
		s.conn = next
	}
	return nil
}

func (s *server) failed(function string, err error) error {
	s.Output.Printf(" failed\n  ! %s returned %d\n\n", function, int(testprogram.Code(err)))
	return err
}

// noRequest says why nothing was read, and what the connection ends with.
func (s *server) noRequest(err error) error {
	switch {
	case err == io.EOF:
		s.Output.Printf(" connection was closed gracefully\n")
	case !s.DTLS && (errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)):
		s.Output.Printf(" connection was reset by peer\n")
		return mbedtls.ErrNetConnReset
	default:
		s.Output.Printf(" mbedtls_ssl_read returned %s\n", testprogram.Hex(testprogram.Code(err)))
	}
	return err
}

// readLine reads records until one ends with a newline.
func (s *server) readLine() error {
	for {
		buf := make([]byte, s.BufferSize)
		n, err := s.conn.Read(buf)
		if err != nil {
			return err
		}
		data, parts := buf[:n], ""
		if rest := s.conn.Buffered(); rest > 0 {
			data = append(data, make([]byte, rest)...)
			if _, err := io.ReadFull(s.conn, data[n:]); err != nil {
				return err
			}
			parts = fmt.Sprintf(" (%d + %d)", n, rest)
		}
		s.Output.Printf(" %d bytes read%s\n\n%s\n", len(data), parts, data)
		if data[len(data)-1] == '\n' {
			return nil
		}
	}
}

// readDatagram reads from one record.
func (s *server) readDatagram() error {
	buf := make([]byte, s.BufferSize)
	n, err := s.conn.Read(buf)
	if err != nil {
		return err
	}
	s.Output.Printf(" %d bytes read\n\n%s", n, buf[:n])
	return nil
}

// respond sends the response, and counts the records that it takes.
func (s *server) respond() error {
	r := response(mbedtls.CipherSuiteName(s.conn.ConnectionState().CipherSuite), s.ResponseSize)
	written, fragments := 0, 0
	for written < len(r) {
		next := r[written:]
		if !s.DTLS {
			next = next[:min(len(next), s.conn.MaxPayload())]
		}
		n, err := s.conn.Write(next)
		if err != nil {
			return err
		}
		written += n
		fragments++
	}
	s.Output.Printf(" %d bytes written in %d fragments\n\n%s\n", written, fragments, r)
	return nil
}

// response is of its natural length, or padded or cut to *size bytes. It ends with a newline wherever there is room for
// one.
func response(suite string, size *int) []byte {
	b := fmt.Appendf(nil, "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n"+
		"<h1>Mbed TLS in Go</h1>\r\n<p>Successful connection using: %s</p>\r\n", suite)
	if size == nil {
		return b
	}
	for len(b) < *size {
		b = append(b, 'B')
	}
	if len(b) > *size {
		b = b[:*size]
		n := min(2, *size)
		copy(b[*size-n:], "\r\n"[2-n:])
	}
	return b
}
