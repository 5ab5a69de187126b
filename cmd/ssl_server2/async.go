package main

import (
	"bytes"
	"crypto"
	"strings"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/testprogram"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// asyncKeys are the private keys that the library does not have, but asks for their work.
type asyncKeys struct {
	out    *testprogram.Output
	slots  []asyncKey
	inject int // the error to make
}

// asyncKey gives its result when it was asked delay times.
type asyncKey struct {
	key   *cbridge.PK
	delay int
}

// What async_private_error asks for.
const (
	injectNothing = iota
	injectStart
	injectCancel
	injectResume
)

// take makes a key asynchronous, and gives what the library is to have instead: nothing. With a delay below 0 it leaves
// the key as it is.
func (a *asyncKeys) take(key *cbridge.PK, delay int) *cbridge.PK {
	if delay < 0 {
		return key
	}
	a.slots = append(a.slots, asyncKey{key, delay})
	return nil
}

func (s *server) setAsync(cc *cbridge.Config) error {
	if strings.HasPrefix(s.AsyncOperations, "-") {
		return nil
	}
	a := &s.async
	a.out, a.inject = s.Output, max(s.AsyncError, -s.AsyncError)
	private := cbridge.AsyncPrivate{Resume: a.resume, Cancel: a.cancel}
	if strings.Contains(s.AsyncOperations, "s") {
		private.Sign = func(_ *cbridge.SSL, cert []byte, hash crypto.Hash, digest []byte) (any, error) {
			input := bytes.Clone(digest)
			return a.start(cert, "sign", func(key *cbridge.PK, _ int) ([]byte, error) { return key.Sign(hash, input) })
		}
	}
	if strings.Contains(s.AsyncOperations, "d") {
		private.Decrypt = func(_ *cbridge.SSL, cert, ciphertext []byte) (any, error) {
			input := bytes.Clone(ciphertext)
			return a.start(cert, "decrypt", func(key *cbridge.PK, room int) ([]byte, error) { return key.Decrypt(input, room) })
		}
	}
	return cc.SetAsyncPrivate(private)
}

// operation is one that was started.
type operation struct {
	name      string
	slot      int
	remaining int // times to be asked in vain
	run       func(key *cbridge.PK, room int) ([]byte, error)
}

func (a *asyncKeys) start(cert []byte, name string, run func(*cbridge.PK, int) ([]byte, error)) (any, error) {
	if subject, err := cbridge.SubjectName(cert); err == nil {
		a.out.Printf("Async %s callback: looking for DN=%s\n", name, subject)
	}
	slot := a.find(cert)
	if slot < 0 {
		a.out.Printf("Async %s callback: no key matches this certificate.\n", name)
		return nil, mbedtls.ErrSSLHwAccelFallthrough
	}
	delay := a.slots[slot].delay
	a.out.Printf("Async %s callback: using key slot %d, delay=%d.\n", name, slot, delay)
	if a.inject == injectStart {
		a.out.Printf("Async %s callback: injected error\n", name)
		return nil, mbedtls.ErrPKFeatureUnavailable
	}
	op := &operation{name, slot, delay, run}
	if delay > 0 {
		return op, mbedtls.ErrSSLAsyncInProgress
	}
	return op, nil
}

func (a *asyncKeys) find(cert []byte) int {
	for i, s := range a.slots {
		if s.key.Matches(cert) {
			return i
		}
	}
	return -1
}

func (a *asyncKeys) resume(started any, output []byte) (int, error) {
	op := started.(*operation)
	if op.remaining > 0 {
		op.remaining--
		a.out.Printf("Async resume (slot %d): call %d more times.\n", op.slot, op.remaining)
		return 0, mbedtls.ErrSSLAsyncInProgress
	}
	result, err := op.run(a.slots[op.slot].key, len(output))
	if a.inject == injectResume {
		a.out.Printf("Async resume callback: %s done but injected error\n", op.name)
		return 0, mbedtls.ErrPKFeatureUnavailable
	}
	a.out.Printf("Async resume (slot %d): %s done, status=%d.\n", op.slot, op.name, int(testprogram.Code(err)))
	return copy(output, result), err
}

func (a *asyncKeys) cancel(any) { a.out.Printf("Async cancel callback.\n") }
