package cbridge

// #include "bridge.h"
import "C"

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"errors"
	"fmt"
	"unsafe"
)

// Signer is what a private key does that the library never sees. Each call gets a goroutine of its own; the handshake
// returns [ErrSSLAsyncInProgress] meanwhile. ctx is cancelled when the connection ends. A panic is raised again in the
// handshake.
type Signer struct {
	// Sign signs digest. opts are the hash for ECDSA, and for RSA in the padding of PKCS #1 v1.5; *[rsa.PSSOptions] for
	// RSA in TLS 1.3.
	Sign func(ctx context.Context, digest []byte, opts crypto.SignerOpts) ([]byte, error)

	// Decrypt undoes RSA in the padding of PKCS #1 v1.5, for key exchanges of TLS 1.2 that need it. nil is a key that
	// cannot. It must not let the time it takes tell whether the padding was right.
	Decrypt func(ctx context.Context, ciphertext []byte) ([]byte, error)
}

// signer is what a handle in a key's C memory stands for.
type signer struct{ Signer }

// NewSignerKey makes a key of s, whose public half is that of crt's first certificate: RSA or EC, else it fails. It may
// be used for both ends and versions; a server of TLS 1.2 needs a build with MBEDTLS_SSL_ASYNC_PRIVATE. A Config it is
// added to keeps it.
func NewSignerKey(crt *Crt, s Signer) (*PK, error) {
	if err := crt.res.acquire(); err != nil {
		return nil, err
	}
	defer crt.res.release()
	k := &PK{signer: &signer{s}}
	handle := newHandle(k.signer)
	if ret := C.gm_signer_new(crt.c, handle, &k.c); ret != 0 {
		dropHandle(handle)
		return nil, newError("mbedtls_pk_parse_subpubkey", int(ret), nil)
	}
	c := k.c
	k.res = own(k, func() {
		C.gm_pk_delete(c)
		dropHandle(handle)
	})
	return k, nil
}

// SetSigners makes a server ready for keys of NewSignerKey that handshakes are given by AddHandshakeOwnCert: without,
// those fail in TLS 1.2. AddOwnCert does the same by itself. The library then takes any own key, among several chains, for
// one that can do what a suite of TLS 1.2 needs if its certificate says so, also an opaque one whose policy says otherwise.
func (c *Config) SetSigners() error {
	return c.use(func(cc *C.gm_config) error {
		c.setSigners(cc)
		return nil
	})
}

// setSigners leaves the closures of SetAsyncPrivate where they are.
func (c *Config) setSigners(cc *C.gm_config) {
	c.hasSigners = true
	if c.async.Sign == nil && c.async.Decrypt == nil {
		C.gm_conf_signers(cc)
	}
}

// SetContext makes ctx the parent of the contexts that the connection's signers get, and the context of its CacheFuncs;
// without it that is [context.Background].
func (s *SSL) SetContext(ctx context.Context) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	s.ctx = ctx
	return nil
}

// context is what SetContext set. In C, or with nobody else there.
func (s *SSL) context() context.Context {
	if s.ctx == nil {
		return context.Background()
	}
	return s.ctx
}

// contextOf is for trampolines that know the connection by its handle.
func contextOf(ssl unsafe.Pointer) context.Context {
	if ssl != nil {
		if s := fromHandle[SSL](ssl); s != nil {
			return s.context()
		}
	}
	return context.Background()
}

// operation is one use of a Signer, in a goroutine of its own. It knows nothing of the connection.
type operation struct {
	done     chan struct{}
	out      []byte
	err      error
	panicked bool
	value    any
}

var errSignerExited = errors.New("cbridge: the signer ended its goroutine")

func (op *operation) run(use func() ([]byte, error)) {
	defer close(op.done)
	op.err = errSignerExited
	defer func() {
		if v := recover(); v != nil {
			op.panicked, op.value = true, v
		}
	}()
	op.out, op.err = use()
}

// startSigner begins an operation for a trampoline, and tells C that it goes on.
func (s *SSL) startSigner(k *signer, decrypting bool, prepare func() (use func(context.Context) ([]byte, error), err error)) C.int {
	if s == nil || k == nil {
		return C.int(ErrPlatformHwAccelFailed)
	}
	ret := s.trap.run(ErrPlatformHwAccelFailed, func() error {
		use, err := prepare()
		if err != nil {
			if decrypting {
				s.decryptErr = err
			}
			return err
		}
		ctx, cancel := context.WithCancel(s.context())
		op := &operation{done: make(chan struct{})}
		go op.run(func() ([]byte, error) { return use(ctx) })
		*s.async = async{done: op.done, cancel: cancel, decrypting: decrypting, resume: func(output []byte) (int, error) {
			select {
			case <-op.done:
			default:
				return 0, ErrSSLAsyncInProgress
			}
			cancel()
			if op.panicked {
				panic(op.value)
			}
			if op.err == nil {
				copy(output, op.out)
			}
			if decrypting {
				clear(op.out)
			}
			return len(op.out), op.err
		}}
		return nil
	})
	if ret == 0 {
		return C.int(ErrSSLAsyncInProgress)
	}
	return ret
}

// gombSignerSign is reached from mbedtls_ssl_handshake of a TLS 1.2 server (async.c), and from the bridge's steps for
// the others (signer.c), on the goroutine that drives the handshake. It does not block.
//
//export gombSignerSign
func gombSignerSign(h, key unsafe.Pointer, md, pss C.int, digest *C.uchar, n C.size_t) C.int {
	s, k := fromHandle[SSL](h), fromHandle[signer](key)
	return s.startSigner(k, false, func() (func(context.Context) ([]byte, error), error) {
		hash, ok := hashes[md]
		if !ok || hash.Size() != int(n) {
			return nil, fmt.Errorf("cbridge: cannot sign %d bytes of hash %d", n, md)
		}
		opts := crypto.SignerOpts(hash)
		if pss != 0 {
			opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: hash}
		}
		digest := bytes.Clone(unsafe.Slice((*byte)(digest), n))
		return func(ctx context.Context) ([]byte, error) { return k.Sign(ctx, digest, opts) }, nil
	})
}

var errNoDecrypt = errors.New("cbridge: RSA key exchange needs a key that decrypts, and this one only signs")

// gombSignerDecrypt is reached in the step that reads ClientKeyExchange with an RSA suite; else as gombSignerSign.
//
//export gombSignerDecrypt
func gombSignerDecrypt(h, key unsafe.Pointer, input *C.uchar, n C.size_t) C.int {
	s, k := fromHandle[SSL](h), fromHandle[signer](key)
	return s.startSigner(k, true, func() (func(context.Context) ([]byte, error), error) {
		if k.Decrypt == nil {
			return nil, errNoDecrypt
		}
		input := bytes.Clone(unsafe.Slice((*byte)(input), n))
		return func(ctx context.Context) ([]byte, error) { return k.Decrypt(ctx, input) }, nil
	})
}

// gombSignerPoll tells the bridge's steps how an operation stands: 0 it has a result, 1 there is none, or
// ErrSSLAsyncInProgress. It does not block.
//
//export gombSignerPoll
func gombSignerPoll(h unsafe.Pointer) C.int {
	s := fromHandle[SSL](h)
	if s == nil || s.async.done == nil {
		return 1
	}
	select {
	case <-s.async.done:
		return 0
	default:
		return C.int(ErrSSLAsyncInProgress)
	}
}
