package cbridge

// #include "md.h"
import "C"

import (
	"crypto"
	"io/fs"
	"runtime"
	"strings"
	"syscall"
	"unsafe"
)

// MDType is a hash function (mbedtls_md_type_t).
type MDType int

// The hash functions. A build may lack some.
const (
	MDNone      MDType = C.MBEDTLS_MD_NONE
	MDMD5       MDType = C.MBEDTLS_MD_MD5
	MDRIPEMD160 MDType = C.MBEDTLS_MD_RIPEMD160
	MDSHA1      MDType = C.MBEDTLS_MD_SHA1
	MDSHA224    MDType = C.MBEDTLS_MD_SHA224
	MDSHA256    MDType = C.MBEDTLS_MD_SHA256
	MDSHA384    MDType = C.MBEDTLS_MD_SHA384
	MDSHA512    MDType = C.MBEDTLS_MD_SHA512
	MDSHA3_224  MDType = C.MBEDTLS_MD_SHA3_224
	MDSHA3_256  MDType = C.MBEDTLS_MD_SHA3_256
	MDSHA3_384  MDType = C.MBEDTLS_MD_SHA3_384
	MDSHA3_512  MDType = C.MBEDTLS_MD_SHA3_512
)

const mdOption = "MBEDTLS_MD_C"

// MDOf is the hash function that Go calls hash; MDNone if the library has none.
func MDOf(hash crypto.Hash) MDType {
	md, _ := mdOf(hash)
	return MDType(md)
}

// CryptoHash is what Go calls the hash function; 0 if it has none.
func (t MDType) CryptoHash() crypto.Hash { return hashes[C.int(t)] }

// MDInfo describes a hash function of this build.
type MDInfo struct {
	Type      MDType
	Name      string // such as SHA256 or SHA3-256 (mbedtls_md_get_name)
	Size      int    // of a digest, in bytes (mbedtls_md_get_size)
	BlockSize int    // in bytes
}

// Info describes the hash function; ok is false if this build lacks it (mbedtls_md_info_from_type).
func (t MDType) Info() (info MDInfo, ok bool) { return mdInfo(C.gm_md_info_from_type(C.int(t))) }

// MDInfoFromString finds a hash function by its name, in capitals (mbedtls_md_info_from_string).
func MDInfoFromString(name string) (info MDInfo, ok bool) {
	s := C.CString(name)
	defer free(s)
	return mdInfo(C.gm_md_info_from_string(s))
}

func mdInfo(info C.gm_md_info) (MDInfo, bool) {
	if info.name == nil {
		return MDInfo{}, false
	}
	return MDInfo{MDType(info._type), C.GoString(info.name), int(info.size), int(info.block_size)}, true
}

// MDList are the hash functions of this build, the strongest of each family first (mbedtls_md_list).
func MDList() (list []MDType) {
	for p := C.mbedtls_md_list(); *p != 0; p = (*C.int)(unsafe.Add(unsafe.Pointer(p), unsafe.Sizeof(*p))) {
		list = append(list, MDType(*p))
	}
	return list
}

// MD is an mbedtls_md_context_t: a hash or an HMAC that is under way. One goroutine uses it at a time.
type MD struct {
	res  *resource
	c    *C.mbedtls_md_context_t
	info MDInfo
	hmac bool
}

// NewMD starts a hash (mbedtls_md_setup, mbedtls_md_starts).
func NewMD(t MDType) (*MD, error) { return newMD(t, false) }

// NewHMAC starts an HMAC, with a key of any length (mbedtls_md_setup, mbedtls_md_hmac_starts).
func NewHMAC(t MDType, key []byte) (*MD, error) {
	m, err := newMD(t, true)
	if err != nil {
		return nil, err
	}
	err = m.call("mbedtls_md_hmac_starts", func() C.int {
		return C.mbedtls_md_hmac_starts(m.c, cbytes(key), C.size_t(len(key)))
	})
	if err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

func newMD(t MDType, hmac bool) (*MD, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	var c *C.mbedtls_md_context_t
	if err := check(C.gm_md_new(C.int(t), flag(hmac), &c), "mbedtls_md_setup", mdOption); err != nil {
		return nil, err
	}
	info, _ := t.Info()
	m := &MD{c: c, info: info, hmac: hmac}
	m.res = own(m, func() { C.gm_md_delete(c) })
	return m, nil
}

// Info describes the hash function (mbedtls_md_info_from_ctx).
func (m *MD) Info() MDInfo { return m.info }

// Write adds data (mbedtls_md_update, mbedtls_md_hmac_update).
func (m *MD) Write(p []byte) (n int, err error) {
	err = m.call("mbedtls_md_update", func() C.int {
		if m.hmac {
			return C.mbedtls_md_hmac_update(m.c, cbytes(p), C.size_t(len(p)))
		}
		return C.mbedtls_md_update(m.c, cbytes(p), C.size_t(len(p)))
	})
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// Finish returns the digest, and starts the next hash, or HMAC of the same key (mbedtls_md_finish and mbedtls_md_starts,
// mbedtls_md_hmac_finish and mbedtls_md_hmac_reset).
func (m *MD) Finish() ([]byte, error) {
	digest := make([]byte, m.info.Size)
	err := m.call("mbedtls_md_finish", func() C.int {
		if m.hmac {
			if ret := C.mbedtls_md_hmac_finish(m.c, cbytes(digest)); ret != 0 {
				return ret
			}
			return C.mbedtls_md_hmac_reset(m.c)
		}
		if ret := C.mbedtls_md_finish(m.c, cbytes(digest)); ret != 0 {
			return ret
		}
		return C.mbedtls_md_starts(m.c)
	})
	return ifDone(digest, err)
}

// Sum returns the digest of what was written so far; more may follow (mbedtls_md_clone, mbedtls_md_finish).
func (m *MD) Sum() ([]byte, error) {
	digest := make([]byte, m.info.Size)
	err := m.call("mbedtls_md_finish", func() C.int { return C.gm_md_sum(m.c, flag(m.hmac), cbytes(digest)) })
	return ifDone(digest, err)
}

// Reset starts anew, an HMAC with the same key (mbedtls_md_starts, mbedtls_md_hmac_reset).
func (m *MD) Reset() error {
	return m.call("mbedtls_md_starts", func() C.int {
		if m.hmac {
			return C.mbedtls_md_hmac_reset(m.c)
		}
		return C.mbedtls_md_starts(m.c)
	})
}

// Clone makes another that has seen the same data, an HMAC with the same key (mbedtls_md_clone).
func (m *MD) Clone() (*MD, error) {
	n, err := newMD(m.info.Type, m.hmac)
	if err != nil {
		return nil, err
	}
	if err := m.call("mbedtls_md_clone", func() C.int { return C.gm_md_copy(n.c, m.c) }); err != nil {
		n.Close()
		return nil, err
	}
	return n, nil
}

func (m *MD) call(op string, f func() C.int) error {
	defer runtime.KeepAlive(m)
	return during(func() error { return check(f(), op, mdOption) }, m.res)
}

// Close frees the context and wipes it (mbedtls_md_free).
func (m *MD) Close() error {
	m.res.close()
	return nil
}

// digest is what one call of the library writes for a hash function that the build has.
func digest(t MDType, op, option string, f func(out *C.uchar) C.int) ([]byte, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	info, ok := t.Info()
	if !ok {
		return nil, newError(op, int(ErrMDFeatureUnavailable), nil)
	}
	out := make([]byte, info.Size)
	return ifDone(out, check(f(cbytes(out)), op, option))
}

// ifDone is what a call has written, unless it failed.
func ifDone(out []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Digest is the hash of p (mbedtls_md).
func Digest(t MDType, p []byte) ([]byte, error) {
	return digest(t, "mbedtls_md", mdOption, func(out *C.uchar) C.int {
		return C.gm_md(C.int(t), cbytes(p), C.size_t(len(p)), out)
	})
}

// DigestFile is the hash of what a file holds (mbedtls_md_file).
func DigestFile(t MDType, path string) ([]byte, error) {
	const op = "mbedtls_md_file"
	p, err := cPath(op, ErrMDFileIoError, path)
	if err != nil {
		return nil, err
	}
	defer free(p)
	return digest(t, op, "MBEDTLS_FS_IO", func(out *C.uchar) C.int { return C.gm_md_file(C.int(t), p, out) })
}

// HMAC is the HMAC of p (mbedtls_md_hmac).
func HMAC(t MDType, key, p []byte) ([]byte, error) {
	return digest(t, "mbedtls_md_hmac", mdOption, func(out *C.uchar) C.int {
		return C.gm_md_hmac(C.int(t), cbytes(key), C.size_t(len(key)), cbytes(p), C.size_t(len(p)), out)
	})
}

// cPath is a path for C, to be freed; one with a NUL, of which C would see less, is an error.
func cPath(op string, code Code, path string) (*C.char, error) {
	if strings.IndexByte(path, 0) >= 0 {
		return nil, newError(op, int(code), &fs.PathError{Op: "open", Path: path, Err: syscall.EINVAL})
	}
	return C.CString(path), nil
}
