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
		s.Output.Printf("  . Performing renegotiation...")
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

// respond sends a page that names the ciphersuite.
func (s *server) respond() error {
	page := fmt.Sprintf("HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n"+
		"<h1>Mbed TLS in Go</h1>\r\n<p>Successful connection using: %s</p>\r\n",
		mbedtls.CipherSuiteName(s.conn.ConnectionState().CipherSuite))
	r := testprogram.Message(page, "", "B", s.ResponseSize)
	written, fragments, err := s.WriteRecords(s.conn, r)
	if err != nil {
		return err
	}
	s.Output.Printf(" %d bytes written in %d fragments\n\n%s\n", written, fragments, r)
	return nil
}
