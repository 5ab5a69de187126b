package cbridge

// #include "bridge.h"
import "C"

import (
	"bytes"
	"syscall"
	"time"
	"unsafe"
)

// The BIO of a connection. A library call takes its input from one ring and leaves its output in the other, and never
// waits: ErrSSLWantRead says that the input ring is empty. The caller moves bytes between the rings and a socket.
// Segments are C memory, valid while the SSL is retained; each ring has one mover at a time. All calls but the filling of
// a segment itself need what serialises the SSL. A ring has memory only while there are bytes in it, and from InputSpace
// to Commit.
//
// Over datagrams, the rings are queues. Feed takes the place of InputSpace and Commit, and a piece of output is one
// datagram.

// Feed adds a copy of a datagram, of 1 to 64 KiB, to the input. ErrSSLWantWrite says that the queue is full.
func (s *SSL) Feed(datagram []byte) error {
	if err := s.res.acquire(); err != nil {
		return err
	}
	defer s.leave()
	if !s.datagram || len(datagram) == 0 {
		return newError("mbedtls_ssl_set_bio", int(ErrSSLBadInputData), nil)
	}
	if ret := C.gm_datagrams_push(&s.c.dgrams_in, cbytes(datagram), C.size_t(len(datagram))); ret != 0 {
		return s.trap.end("mbedtls_ssl_set_bio", int(ret))
	}
	return nil
}

// TakeInput takes the next datagram from the input, before the library sees it; nil if there is none.
func (s *SSL) TakeInput() []byte {
	d := s.c.dgrams_in.head
	if d == nil {
		return nil
	}
	datagram := bytes.Clone(datagramBytes(d))
	C.gm_datagrams_pop(&s.c.dgrams_in)
	return datagram
}

// datagramBytes are in C memory.
func datagramBytes(d *C.gm_datagram) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(d), unsafe.Sizeof(*d))), d.len)
}

// InputSpace is where the next bytes from the transport go. Commit says how many there were.
func (s *SSL) InputSpace() ([]byte, error) {
	q := &s.c.in
	if q.p == nil {
		if ret := C.gm_ssl_input_reserve(s.ref()); ret != 0 {
			return nil, newError("mbedtls_calloc", int(ret), nil)
		}
	}
	q.held = 1
	at := q.w & (C.GM_RING_SIZE - 1)
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(q.p), at)), min(C.GM_RING_SIZE-(q.w-q.r), C.GM_RING_SIZE-at)), nil
}

// InputSegment is free space of the input ring.
type InputSegment struct{ at, size C.uint32_t }

// HoldInput is InputSpace for [SSL.ReadInput]. It borrows no memory yet; full is whether there is no room.
func (s *SSL) HoldInput() (seg InputSegment, full bool) {
	q := &s.c.in
	seg = InputSegment{q.w, C.GM_RING_SIZE - (q.w - q.r)}
	if seg.size == 0 {
		return seg, true
	}
	q.held = 1
	return seg, false
}

// ReadInput reads once from a socket that does not block; Commit must follow. It needs nothing that serialises the SSL.
func (s *SSL) ReadInput(seg InputSegment, fd uintptr) (int, error) {
	n := C.gm_ssl_input_read(s.ref(), C.int(fd), seg.at, seg.size)
	if n < 0 {
		return 0, syscall.Errno(-n)
	}
	return int(n), nil
}

// Commit adds n bytes, written to InputSpace, to the input. It must follow InputSpace, with 0 if need be.
func (s *SSL) Commit(n int) {
	q := &s.c.in
	q.held = 0
	q.w += C.uint32_t(n)
	if q.r == q.w && q.p != nil {
		C.gm_ssl_input_release(s.ref())
	}
}

// InputLen is how many bytes of input wait.
func (s *SSL) InputLen() int { return int(s.c.in.w-s.c.in.r) + int(s.c.dgrams_in.bytes) }

// InputEOF says that no more input will come: what needs some fails with ErrSSLConnEOF.
func (s *SSL) InputEOF() { s.c.in.eof = 1 }

// Output is the next piece of what must go to the transport; empty if nothing waits. Discard says how much went.
func (s *SSL) Output() []byte {
	if d := s.c.dgrams_out.head; d != nil {
		return datagramBytes(d)
	}
	q := &s.c.out
	if q.r == q.w {
		return nil
	}
	at := q.r & (C.GM_RING_SIZE - 1)
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(q.p), at)), min(q.w-q.r, C.GM_RING_SIZE-at))
}

// Discard drops n bytes from the front of the output; of datagrams the first, whatever n is.
func (s *SSL) Discard(n int) {
	if s.datagram {
		C.gm_datagrams_pop(&s.c.dgrams_out)
		return
	}
	q := &s.c.out
	q.r += C.uint32_t(n)
	if q.r == q.w {
		C.gm_ssl_output_release(s.ref())
	}
}

// OutputLen is how many bytes of output wait.
func (s *SSL) OutputLen() int { return int(s.c.out.w-s.c.out.r) + int(s.c.dgrams_out.bytes) }

// OutputSpace is how many more bytes of output fit before a call fails with ErrSSLWantWrite.
func (s *SSL) OutputSpace() int {
	if s.datagram {
		return C.GM_DATAGRAMS_MAX - int(s.c.dgrams_out.bytes)
	}
	return int(C.GM_RING_SIZE - (s.c.out.w - s.c.out.r))
}

// BIO is the raw form: closures with the contract of C (mbedtls_ssl_set_bio). Each returns how much it moved, or an
// error: a [Code] such as ErrSSLWantRead, ErrSSLWantWrite or ErrSSLTimeout goes to the library as it is, any other makes
// the call fail and reaches its caller. A receive of 0 bytes is the end. A slice is C memory, valid only during the
// call. A closure that waits pins an OS thread. RecvTimeout, if set, is used in place of Recv; 0 is no limit.
type BIO struct {
	Send        func(p []byte) (int, error)
	Recv        func(p []byte) (int, error)
	RecvTimeout func(p []byte, timeout time.Duration) (int, error)
}

// SetBIO puts closures in place of the rings.
func (s *SSL) SetBIO(b BIO) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	s.bio = &b
	C.gm_ssl_set_raw_bio(s.c, flag(b.Send != nil), flag(b.Recv != nil), flag(b.RecvTimeout != nil))
	return nil
}

// move runs a BIO closure for a trampoline.
func (s *SSL) move(code Code, buf *C.uchar, n C.size_t, f func(p []byte) (int, error)) C.int {
	if s == nil {
		return C.int(code)
	}
	moved := C.int(0)
	ret := s.trap.run(code, func() error {
		n, err := f(unsafe.Slice((*byte)(buf), n))
		moved = C.int(n)
		if c, ok := err.(Code); ok && c < 0 {
			moved = C.int(c)
			return nil
		}
		return err
	})
	if ret != 0 {
		return ret
	}
	return moved
}

// gombBIOSend is reached from every library call that emits a record, on the goroutine that made it. It may block, and
// then pins its thread.
//
//export gombBIOSend
func gombBIOSend(h unsafe.Pointer, buf *C.uchar, n C.size_t) C.int {
	s := fromHandle[SSL](h)
	return s.move(ErrNetSendFailed, buf, n, func(p []byte) (int, error) { return s.bio.Send(p) })
}

// gombBIORecv is reached from every library call that needs a record; as gombBIOSend.
//
//export gombBIORecv
func gombBIORecv(h unsafe.Pointer, buf *C.uchar, n C.size_t) C.int {
	s := fromHandle[SSL](h)
	return s.move(ErrNetRecvFailed, buf, n, func(p []byte) (int, error) { return s.bio.Recv(p) })
}

// gombBIORecvTimeout is reached as gombBIORecv is.
//
//export gombBIORecvTimeout
func gombBIORecvTimeout(h unsafe.Pointer, buf *C.uchar, n C.size_t, ms C.uint32_t) C.int {
	s := fromHandle[SSL](h)
	return s.move(ErrNetRecvFailed, buf, n, func(p []byte) (int, error) {
		return s.bio.RecvTimeout(p, time.Duration(ms)*time.Millisecond)
	})
}
