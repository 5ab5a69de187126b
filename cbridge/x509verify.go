package cbridge

// #include "x509.h"
import "C"

import (
	"runtime"
	"slices"
	"strings"
	"unsafe"
)

// ProfileNone allows nothing (mbedtls_x509_crt_profile_none).
var ProfileNone = builtinProfile(3)

// Verification is how [Crt.Verify] verifies a chain.
type Verification struct {
	Roots   *Crt // trusted; nil is none
	CRLs    *Crl // nil is none
	Profile CertProfile
	Name    *string // of the host, or its address; nil is any

	// Verify is called for each certificate of the chain, from the trusted one down to the first of the list at depth 0.
	// It returns the flags to go on with. An error ends the verification.
	Verify func(cert *CrtData, depth int, flags uint32) (uint32, error)

	// CAs finds trusted certificates, as DER, for one of the chain, in place of Roots and CRLs.
	CAs func(child *CrtData) ([][]byte, error)

	// Restart makes the call return ErrECPInProgress after as many operations as SetECPMaxOps allows; it goes on in the next.
	Restart *Restart
}

// verification is what a handle of one call stands for.
type verification struct {
	*Verification
	trap
}

// Restart is an mbedtls_x509_crt_restart_ctx. One goroutine uses it at a time.
type Restart struct {
	res *resource
	c   unsafe.Pointer
	in  *dependencies // what C points at while a verification is under way
}

// dependencies are objects that another keeps.
type dependencies struct{ objects []*resource }

func (h *dependencies) add(r *resource) error {
	if err := r.acquire(); err != nil {
		return err
	}
	h.objects = append(h.objects, r)
	return nil
}

func (h *dependencies) letGo() {
	for _, r := range h.objects {
		r.release()
	}
	h.objects = nil
}

// settle ends a step of work in several calls: while that goes on it keeps the step's objects, else it lets go of them. The
// caller still has a reference to each.
func (h *dependencies) settle(goesOn bool, objects ...*resource) {
	switch {
	case !goesOn:
		h.letGo()
	case h.objects == nil:
		for _, r := range objects {
			r.state.Add(reference) // acquire would refuse one that was closed in mid-step
		}
		h.objects = objects
	}
}

// NewRestart makes one (mbedtls_x509_crt_restart_init).
func NewRestart() (*Restart, error) {
	if !Feature("MBEDTLS_ECP_RESTARTABLE") {
		return nil, &NotBuiltError{Option: "MBEDTLS_ECP_RESTARTABLE"}
	}
	if err := initialize(); err != nil {
		return nil, err
	}
	c := C.gm_crt_restart_new()
	if c == nil {
		return nil, errNoMemory
	}
	in := &dependencies{}
	r := &Restart{c: c, in: in}
	restartable.add(1)
	r.res = own(r, func() {
		C.gm_crt_restart_delete(c)
		in.letGo()
		restartable.add(-1)
	})
	return r, nil
}

// Close ends the verification that is under way, and frees what it needed.
func (r *Restart) Close() error {
	r.res.close()
	return nil
}

// Verify verifies the first certificate of the list by the others and what v trusts, and gives the MBEDTLS_X509_BADCERT_…
// flags (mbedtls_x509_crt_verify_restartable, mbedtls_x509_crt_verify_with_ca_cb).
func (c *Crt) Verify(v *Verification) (flags uint32, err error) {
	objects := []*resource{c.res}
	var roots *C.mbedtls_x509_crt
	var crls *C.mbedtls_x509_crl
	var restart unsafe.Pointer
	if v.Roots != nil {
		objects, roots = append(objects, v.Roots.res), v.Roots.c
	}
	if v.CRLs != nil {
		objects, crls = append(objects, v.CRLs.res), v.CRLs.c
	}
	lists := objects
	if v.Restart != nil {
		objects, restart = append(slices.Clone(objects), v.Restart.res), v.Restart.c
	}
	var name *C.char
	if v.Name != nil {
		// To C, the name would end there.
		if strings.ContainsRune(*v.Name, 0) {
			return 0, newError("mbedtls_x509_crt_verify", int(ErrX509BadInputData), nil)
		}
		name = C.CString(*v.Name)
		defer free(name)
	}
	call := &verification{Verification: v}
	defer runtime.KeepAlive(call)
	var h unsafe.Pointer
	if v.Verify != nil || v.CAs != nil {
		h = newHandle(call)
		defer dropHandle(h)
	}
	profile := v.Profile.c()
	err = during(func() error {
		if v.Restart != nil {
			if in := v.Restart.in.objects; in != nil && !slices.Equal(in, lists) { // C would go on with those of before
				return newError("mbedtls_x509_crt_verify", int(ErrX509BadInputData), nil)
			}
		}
		var f C.uint32_t
		defer func() { flags = uint32(f) }()
		if v.CAs == nil {
			ret := C.gm_crt_verify(c.c, roots, crls, &profile, name, &f, h, flag(v.Verify != nil), restart)
			if v.Restart != nil {
				v.Restart.in.settle(Code(ret) == ErrECPInProgress, lists...)
			}
			return call.end("mbedtls_x509_crt_verify", int(ret))
		}
		ret := C.gm_crt_verify_with_ca_cb(c.c, &profile, name, &f, h, flag(v.Verify != nil))
		if ret == C.GM_NOT_BUILT {
			return &NotBuiltError{Option: "MBEDTLS_X509_TRUSTED_CERTIFICATE_CALLBACK"}
		}
		return call.end("mbedtls_x509_crt_verify_with_ca_cb", int(ret))
	}, objects...)
	return flags, err
}

// gombChainVerify is reached from mbedtls_x509_crt_verify_restartable and mbedtls_x509_crt_verify_with_ca_cb, on the
// goroutine that called. It may block, and then pins its thread.
//
//export gombChainVerify
func gombChainVerify(h unsafe.Pointer, crt *C.mbedtls_x509_crt, depth C.int, flags *C.uint32_t) C.int {
	v := fromHandle[verification](h)
	return v.runCoded(ErrX509FatalError, func() error {
		left, err := v.Verify(crtData(crt), int(depth), uint32(*flags))
		*flags = C.uint32_t(left)
		return err
	})
}

// gombCandidates is reached from mbedtls_x509_crt_verify_with_ca_cb, as gombChainVerify is. The library frees the list.
//
//export gombCandidates
func gombCandidates(h unsafe.Pointer, child *C.mbedtls_x509_crt, list **C.mbedtls_x509_crt) C.int {
	v := fromHandle[verification](h)
	return v.runCoded(ErrX509FatalError, func() error {
		candidates, err := v.CAs(crtData(child))
		if err != nil {
			return err
		}
		return newCandidates(candidates, list, func(crt *C.mbedtls_x509_crt, der []byte) C.int {
			return C.gm_crt_parse_der_with_any_ext(crt, cbytes(der), C.size_t(len(der)))
		})
	})
}

// newCandidates makes the list that a closure's trusted certificates are; none if there are none.
func newCandidates(candidates [][]byte, list **C.mbedtls_x509_crt, parse func(crt *C.mbedtls_x509_crt, der []byte) C.int) error {
	if len(candidates) == 0 {
		return nil
	}
	crt := C.gm_crt_new()
	if crt == nil {
		return errNoMemory
	}
	for _, der := range candidates {
		if ret := parse(crt, der); ret != 0 {
			C.gm_crt_delete(crt)
			return newError("mbedtls_x509_crt_parse", int(ret), nil)
		}
	}
	*list = crt
	return nil
}
