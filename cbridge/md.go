package cbridge

// #include "bridge.h"
import "C"

import (
	"crypto"
	"runtime"
)

// MD is an mbedtls_md_context_t: a hash that is under way. One goroutine uses it at a time.
type MD struct {
	res  *resource
	c    *C.mbedtls_md_context_t
	hash crypto.Hash
}

// NewMD starts a hash (mbedtls_md_setup, mbedtls_md_starts).
func NewMD(hash crypto.Hash) (*MD, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	md, ok := mdOf(hash)
	if !ok {
		return nil, newError("mbedtls_md_setup", int(ErrMDFeatureUnavailable), nil)
	}
	c := C.gm_md_new(md)
	if c == nil {
		return nil, newError("mbedtls_md_setup", int(ErrMDFeatureUnavailable), nil)
	}
	m := &MD{c: c, hash: hash}
	m.res = own(m, func() { C.gm_md_delete(c) })
	return m, nil
}

// Write adds data (mbedtls_md_update).
func (m *MD) Write(p []byte) (n int, err error) {
	err = m.call("mbedtls_md_update", func() C.int { return C.mbedtls_md_update(m.c, cbytes(p), C.size_t(len(p))) })
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// Finish returns the digest, and starts the next hash (mbedtls_md_finish, mbedtls_md_starts).
func (m *MD) Finish() ([]byte, error) {
	digest := make([]byte, m.hash.Size())
	err := m.call("mbedtls_md_finish", func() C.int {
		if ret := C.mbedtls_md_finish(m.c, cbytes(digest)); ret != 0 {
			return ret
		}
		return C.mbedtls_md_starts(m.c)
	})
	return digest, err
}

// Clone makes another that has seen the same data (mbedtls_md_clone).
func (m *MD) Clone() (*MD, error) {
	n, err := NewMD(m.hash)
	if err != nil {
		return nil, err
	}
	if err := m.call("mbedtls_md_clone", func() C.int { return C.mbedtls_md_clone(n.c, m.c) }); err != nil {
		n.Close()
		return nil, err
	}
	return n, nil
}

func (m *MD) call(op string, f func() C.int) error {
	if err := m.res.acquire(); err != nil {
		return err
	}
	defer m.res.release()
	defer runtime.KeepAlive(m)
	return check(f(), op, "MBEDTLS_MD_C")
}

// Close frees the context and wipes it (mbedtls_md_free).
func (m *MD) Close() error {
	m.res.close()
	return nil
}

// Digest is the hash of p (mbedtls_md).
func Digest(hash crypto.Hash, p []byte) ([]byte, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	const op = "mbedtls_md"
	md, ok := mdOf(hash)
	if !ok {
		return nil, newError(op, int(ErrMDFeatureUnavailable), nil)
	}
	digest := make([]byte, hash.Size())
	return digest, check(C.gm_md(md, cbytes(p), C.size_t(len(p)), cbytes(digest)), op, "MBEDTLS_MD_C")
}
