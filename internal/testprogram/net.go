package testprogram

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// Socket is what a connection of the programs runs over. Of each datagram that it receives, it asks the library what it
// thinks of it first, which must not change a thing.
type Socket struct {
	net.Conn
	program *Program
	check   atomic.Pointer[cbridge.SSL] // of DTLS; nil: no checks

	mu       sync.Mutex
	detached bool
	last     []byte // the datagram that was read last
	replay   []byte // to be read once more
}

// NewSocket wraps what was dialed or accepted.
func (p *Program) NewSocket(conn net.Conn) *Socket { return &Socket{Conn: conn, program: p} }

// Detach gives a socket to go on with, and makes this one close nothing and send nothing any more. The new one's first
// datagram is the last of this one, if that is asked for.
func (s *Socket) Detach(again bool) *Socket {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.detached = true
	_ = s.Conn.SetDeadline(time.Time{}) // those of the old connection; a closed socket has none
	next := s.program.NewSocket(s.Conn)
	if again {
		next.replay = s.last
	}
	return next
}

// Check begins to check records.
func (s *Socket) Check(ssl *cbridge.SSL) { s.check.Store(ssl) }

// delay is what nbio=2 adds to each read and write.
const delay = time.Millisecond

// Read reads, with DTLS one datagram.
func (s *Socket) Read(b []byte) (int, error) {
	if s.program.NBIO == 2 {
		time.Sleep(delay)
	}
	n := s.takeReplay(b)
	if n == 0 {
		var err error
		if n, err = s.Conn.Read(b); err != nil || !s.program.DTLS {
			return n, err
		}
	}
	s.mu.Lock()
	s.last = append(s.last[:0], b[:n]...)
	s.mu.Unlock()
	return n, s.checkRecord(b[:n])
}

func (s *Socket) takeReplay(b []byte) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := copy(b, s.replay)
	s.replay = nil
	return n
}

// Write sends.
func (s *Socket) Write(b []byte) (int, error) {
	s.mu.Lock()
	detached := s.detached
	s.mu.Unlock()
	if detached {
		return len(b), nil
	}
	if s.program.NBIO == 2 {
		time.Sleep(delay)
	}
	return s.Conn.Write(b)
}

// Close closes, unless the socket goes on elsewhere.
func (s *Socket) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.detached {
		return nil
	}
	return s.Conn.Close()
}

// SetReadDeadline is of net.Conn.
func (s *Socket) SetReadDeadline(t time.Time) error { return s.setDeadline(t, s.Conn.SetReadDeadline) }

// SetWriteDeadline is of net.Conn.
func (s *Socket) SetWriteDeadline(t time.Time) error {
	return s.setDeadline(t, s.Conn.SetWriteDeadline)
}

// SetDeadline is of net.Conn.
func (s *Socket) SetDeadline(t time.Time) error { return s.setDeadline(t, s.Conn.SetDeadline) }

func (s *Socket) setDeadline(t time.Time, set func(time.Time) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.detached {
		return nil
	}
	return set(t)
}

// verdicts are what the check may find.
var verdicts = map[mbedtls.Code]string{
	mbedtls.ErrSSLInvalidRecord:    "invalid record",
	mbedtls.ErrSSLInvalidMAC:       "unauthentic record",
	mbedtls.ErrSSLUnexpectedRecord: "unexpected record",
}

var errCheckRecord = errors.New("mbedtls_ssl_check_record() failed")

// checkRecord prints what the library thinks of a datagram. Whatever that is, the datagram goes on to it.
func (s *Socket) checkRecord(datagram []byte) error {
	ssl := s.check.Load()
	if ssl == nil {
		return nil
	}
	_, err := ssl.CheckRecord(datagram)
	if _, again := ssl.CheckRecord(datagram); Code(again) != Code(err) {
		s.program.Output.Printf("mbedtls_ssl_check_record() returned inconsistent results.\n")
		return errCheckRecord
	}
	switch verdict, ok := verdicts[Code(err)]; {
	case err == nil || errors.Is(err, errors.ErrUnsupported) || Code(err) == mbedtls.ErrSSLFeatureUnavailable:
	case !ok:
		s.program.Output.Printf("mbedtls_ssl_check_record() failed fatally with %s.\n", Hex(Code(err)))
		return errCheckRecord
	case s.program.DebugLevel > 1:
		s.program.Output.Printf("mbedtls_ssl_check_record() detected %s.\n", verdict)
	}
	return nil
}
