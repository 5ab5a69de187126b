package main

import (
	"io"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/harness"
	"github.com/gombedtls/gombedtls/internal/testprogram"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// serve is all of one client. Over UDP, that may begin anew from the same port.
func (s *server) serve(socket *testprogram.Socket) error {
	s.Socket = socket
	for {
		err := s.converse()
		anew := testprogram.Code(err) == mbedtls.ErrSSLClientReconnect
		if anew {
			s.Output.Printf("  ! Client initiated reconnection from same port\n")
		}
		next := s.Socket.Detach(anew)
		s.conn.Close() // which says nothing any more
		if !anew {
			next.Close()
			return err
		}
		s.Socket = next
	}
}

// converse is one connection, from its handshake to its end.
func (s *server) converse() error {
	s.conn = mbedtls.Server(s.Socket, s.Config)
	if s.DTLS {
		s.conn = mbedtls.ServerDTLS(s.Socket, s.Config)
	}
	s.Output.Printf("  . Performing the SSL/TLS handshake...")
	if err := s.handshake(); err != nil {
		s.ReportFailure(s.conn, err)
		if s.AsyncError < 0 {
			s.async.inject = injectNothing
		}
		return err
	}
	if err := s.report(); err != nil {
		return err
	}
	for exchange := range s.Exchanges {
		if err := s.exchange(exchange == 0); err == io.EOF {
			break
		} else if err != nil {
			return err
		}
	}
	return s.close()
}

// handshake prints the data that come before it is complete.
func (s *server) handshake() error {
	buf := make([]byte, s.BufferSize)
	for {
		n, err := s.conn.ReadEarlyData(buf)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		s.Output.Printf(" %d early data bytes read\n\n%s\n", n, buf[:n])
	}
}

// handshakeResult sees what each call into the handshake returns.
func (s *server) handshakeResult(err error) error {
	switch code := testprogram.Code(err); {
	case code == mbedtls.ErrSSLHelloVerifyRequired:
		s.Output.Printf(" hello verification requested\n  . Waiting for a remote connection ... ok\n  . Performing the SSL/TLS handshake...")
	case code == mbedtls.ErrSSLAsyncInProgress && s.async.inject == injectCancel:
		s.Output.Printf(" cancelling on injected error\n")
		return &mbedtls.Error{Code: code, Op: "mbedtls_ssl_handshake"} // not a request to be called again
	}
	return err
}

// report prints what the handshake settled.
func (s *server) report() error {
	s.ReportHandshake(s.conn)
	s.ReportVerification(s.conn)
	if chain := harness.Context(s.conn).PeerCertificates(); len(chain) > 0 {
		info, err := cbridge.CertInfo(chain[0], "      ")
		if err != nil {
			return err
		}
		s.Output.Printf("  . Peer certificate information    ...\n%s\n", info)
	}
	if err := s.ReportSecrets(s.conn); err != nil {
		return s.Output.Failed("mbedtls_ssl_tls_prf", err)
	}
	if err := s.ReportExport(s.conn); err != nil {
		return &testprogram.ExitError{Err: err}
	}
	s.ReportCID(s.conn, "initial handshake")
	if err := s.PrepareRenegotiation(s.conn); err != nil {
		return s.Output.Failed("mbedtls_ssl_set_cid", err)
	}
	return nil
}

// close ends the connection in good order, as far as the client is still there to see it.
func (s *server) close() error {
	s.Output.Printf("  . Closing the connection...")
	_ = s.conn.CloseWrite()
	s.Output.Printf(" done\n")
	if s.CacheRemove && s.cache != nil {
		return s.cache.Remove(harness.Context(s.conn).SessionID())
	}
	return nil
}
