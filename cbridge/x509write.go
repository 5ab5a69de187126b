package cbridge

// #include "x509.h"
import "C"

import (
	"crypto"
	"encoding/binary"
	"io"
	"strings"
	"unsafe"
)

// writer is what the writers of certificates and of requests have in common.
type writer struct {
	res    *resource
	option string
	keys   *dependencies // that C points at
	key    *PK           // that signs
	sign   *closure      // of that key, if it is a ClosureKey
}

func (w *writer) set(op string, call func() C.int) error {
	return during(func() error { return check(call(), op, w.option) }, w.res)
}

// writeFunc calls C, which writes n bytes.
type writeFunc func(buf *C.uchar, rng unsafe.Pointer, n *C.size_t) C.int

// write has C write to a buffer of that size, into its end, or if text from its beginning.
func (w *writer) write(op, option string, random io.Reader, size int, text bool, call writeFunc) ([]byte, error) {
	buf := make([]byte, size)
	var n C.size_t
	var ret C.int
	if w.sign != nil {
		w.sign.mu.Lock()
		defer w.sign.mu.Unlock()
		w.sign.trap = trap{}
	}
	err := during(func() error {
		draw := func() error {
			return drawing(random, op, option, func(rng unsafe.Pointer) C.int {
				ret = call(cbytes(buf), rng, &n)
				return ret
			})
		}
		if w.key == nil {
			return draw()
		}
		return w.key.guard(draw)
	}, w.res)
	if w.sign != nil && (w.sign.err != nil || w.sign.panicked) {
		err = w.sign.end(op, int(ret))
	}
	switch {
	case err != nil:
		return nil, err
	case text:
		return buf[:n], nil
	}
	return buf[size-int(n):], nil
}

// flatEntry is one entry of a flat list of x509write.c.
func flatEntry(flat []byte, kind int, value []byte) []byte {
	flat = append(flat, byte(kind))
	flat = binary.BigEndian.AppendUint32(flat, uint32(len(value)))
	return append(flat, value...)
}

func flatSANs(sans []SAN) (flat []byte) {
	for _, s := range sans {
		if s.Type == C.MBEDTLS_X509_SAN_DIRECTORY_NAME {
			s.Value = writersNames(s.Directory)
		}
		flat = flatEntry(flat, s.Type, s.Value)
	}
	return flat
}

// mdNumber is the library's number of a hash, 0 of one that it has not.
func mdNumber(hash crypto.Hash) C.int {
	md, _ := mdOf(hash)
	return md
}

// named runs a call that takes a name as text.
func named(name string, call func(*C.char) C.int) C.int {
	if strings.ContainsRune(name, 0) { // where it would end, to C
		return C.MBEDTLS_ERR_X509_INVALID_NAME
	}
	p := C.CString(name)
	defer free(p)
	return call(p)
}

// CrtWriter is an mbedtls_x509write_cert. One goroutine uses it at a time.
type CrtWriter struct {
	writer
	c *C.mbedtls_x509write_cert
}

// NewCrtWriter makes one of version 3 (mbedtls_x509write_crt_init).
func NewCrtWriter() (*CrtWriter, error) {
	const option = "MBEDTLS_X509_CRT_WRITE_C"
	if !Feature(option) {
		return nil, &NotBuiltError{Option: option}
	}
	if err := initialize(); err != nil {
		return nil, err
	}
	c := C.gm_crtw_new()
	if c == nil {
		return nil, errNoMemory
	}
	keys := &dependencies{}
	w := &CrtWriter{c: c}
	w.option, w.keys = option, keys
	w.res = own(w, func() {
		C.gm_crtw_delete(c)
		keys.letGo()
	})
	return w, nil
}

// Close frees the writer, and lets go of its keys.
func (w *CrtWriter) Close() error {
	w.res.close()
	return nil
}

// SetVersion takes 0 for version 1, to 2 for version 3 (mbedtls_x509write_crt_set_version).
func (w *CrtWriter) SetVersion(version int) error {
	return w.set("mbedtls_x509write_crt_set_version", func() C.int { return C.gm_crtw_version(w.c, C.int(version)) })
}

// SetSerial sets the serial number, up to 20 bytes, big-endian (mbedtls_x509write_crt_set_serial_raw).
func (w *CrtWriter) SetSerial(serial []byte) error {
	return w.set("mbedtls_x509write_crt_set_serial_raw", func() C.int {
		return C.gm_crtw_serial(w.c, cbytes(serial), C.size_t(len(serial)))
	})
}

// SetValidity takes times as "20060102150405" (mbedtls_x509write_crt_set_validity).
func (w *CrtWriter) SetValidity(notBefore, notAfter string) error {
	return w.set("mbedtls_x509write_crt_set_validity", func() C.int {
		return named(notBefore, func(b *C.char) C.int {
			return named(notAfter, func(a *C.char) C.int { return C.gm_crtw_validity(w.c, b, a) })
		})
	})
}

// SetIssuerName takes what StringToNames does (mbedtls_x509write_crt_set_issuer_name).
func (w *CrtWriter) SetIssuerName(name string) error {
	return w.set("mbedtls_x509write_crt_set_issuer_name", func() C.int {
		return named(name, func(p *C.char) C.int { return C.gm_crtw_issuer(w.c, p) })
	})
}

// SetSubjectName takes what StringToNames does (mbedtls_x509write_crt_set_subject_name).
func (w *CrtWriter) SetSubjectName(name string) error {
	return w.set("mbedtls_x509write_crt_set_subject_name", func() C.int {
		return named(name, func(p *C.char) C.int { return C.gm_crtw_subject(w.c, p) })
	})
}

// SetIssuer sets the issuer, attribute by attribute.
func (w *CrtWriter) SetIssuer(names []NameAttribute) error {
	flat := writersNames(names)
	return w.set("mbedtls_x509write_crt_set_issuer_name", func() C.int {
		return C.gm_crtw_issuer_names(w.c, cbytes(flat), C.size_t(len(flat)))
	})
}

// SetSubject sets the subject, attribute by attribute.
func (w *CrtWriter) SetSubject(names []NameAttribute) error {
	flat := writersNames(names)
	return w.set("mbedtls_x509write_crt_set_subject_name", func() C.int {
		return C.gm_crtw_subject_names(w.c, cbytes(flat), C.size_t(len(flat)))
	})
}

// SetSubjectKey sets the key that is certified (mbedtls_x509write_crt_set_subject_key).
func (w *CrtWriter) SetSubjectKey(key *PK) error {
	return w.set("mbedtls_x509write_crt_set_subject_key", func() C.int {
		if w.keys.add(key.res) != nil {
			return C.MBEDTLS_ERR_X509_BAD_INPUT_DATA
		}
		return C.gm_crtw_subject_key(w.c, key.c)
	})
}

// SetIssuerKey sets the key that signs (mbedtls_x509write_crt_set_issuer_key).
func (w *CrtWriter) SetIssuerKey(key *PK) error {
	return w.set("mbedtls_x509write_crt_set_issuer_key", func() C.int {
		if w.keys.add(key.res) != nil {
			return C.MBEDTLS_ERR_X509_BAD_INPUT_DATA
		}
		w.key = key
		return C.gm_crtw_issuer_key(w.c, key.c)
	})
}

// SetIssuerClosure is SetIssuerKey with a closure.
func (w *CrtWriter) SetIssuerClosure(key *ClosureKey) error {
	w.sign = key.closure
	return w.SetIssuerKey(&key.PK)
}

// SetHash sets the hash that is signed (mbedtls_x509write_crt_set_md_alg).
func (w *CrtWriter) SetHash(hash crypto.Hash) error {
	return w.set("mbedtls_x509write_crt_set_md_alg", func() C.int { return C.gm_crtw_md(w.c, mdNumber(hash)) })
}

// SetExtension adds an extension, or replaces the one of that OID (mbedtls_x509write_crt_set_extension).
func (w *CrtWriter) SetExtension(oid []byte, critical bool, value []byte) error {
	return w.set("mbedtls_x509write_crt_set_extension", func() C.int {
		return C.gm_crtw_extension(w.c, cbytes(oid), C.size_t(len(oid)), flag(critical), cbytes(value), C.size_t(len(value)))
	})
}

// SetBasicConstraints sets that extension; a negative maxPathLen is no limit (mbedtls_x509write_crt_set_basic_constraints).
func (w *CrtWriter) SetBasicConstraints(isCA bool, maxPathLen int) error {
	return w.set("mbedtls_x509write_crt_set_basic_constraints", func() C.int {
		return C.gm_crtw_basic_constraints(w.c, flag(isCA), C.int(min(maxPathLen, 1<<20)))
	})
}

// SetSubjectKeyID hashes the subject's key with SHA-1 (mbedtls_x509write_crt_set_subject_key_identifier).
func (w *CrtWriter) SetSubjectKeyID() error {
	return w.set("mbedtls_x509write_crt_set_subject_key_identifier", func() C.int { return C.gm_crtw_subject_key_id(w.c) })
}

// SetAuthorityKeyID hashes the issuer's key with SHA-1 (mbedtls_x509write_crt_set_authority_key_identifier).
func (w *CrtWriter) SetAuthorityKeyID() error {
	return w.set("mbedtls_x509write_crt_set_authority_key_identifier", func() C.int { return C.gm_crtw_authority_key_id(w.c) })
}

// SetKeyUsage sets that extension, critical (mbedtls_x509write_crt_set_key_usage).
func (w *CrtWriter) SetKeyUsage(usage uint) error {
	return w.set("mbedtls_x509write_crt_set_key_usage", func() C.int { return C.gm_crtw_key_usage(w.c, C.uint(usage)) })
}

// SetExtKeyUsage sets that extension, critical (mbedtls_x509write_crt_set_ext_key_usage).
func (w *CrtWriter) SetExtKeyUsage(oids [][]byte) error {
	var flat []byte
	for _, oid := range oids {
		flat = flatEntry(flat, C.MBEDTLS_ASN1_OID, oid)
	}
	return w.set("mbedtls_x509write_crt_set_ext_key_usage", func() C.int {
		return C.gm_crtw_ext_key_usage(w.c, cbytes(flat), C.size_t(len(flat)))
	})
}

// SetNSCertType sets that extension (mbedtls_x509write_crt_set_ns_cert_type).
func (w *CrtWriter) SetNSCertType(t byte) error {
	return w.set("mbedtls_x509write_crt_set_ns_cert_type", func() C.int { return C.gm_crtw_ns_cert_type(w.c, C.uchar(t)) })
}

// SetSubjectAltNames sets that extension (mbedtls_x509write_crt_set_subject_alternative_name).
func (w *CrtWriter) SetSubjectAltNames(sans []SAN) error {
	flat := flatSANs(sans)
	return w.set("mbedtls_x509write_crt_set_subject_alternative_name", func() C.int {
		return C.gm_crtw_sans(w.c, cbytes(flat), C.size_t(len(flat)))
	})
}

// DER writes the certificate, of at most size bytes (mbedtls_x509write_crt_der).
func (w *CrtWriter) DER(random io.Reader, size int) ([]byte, error) {
	return w.write("mbedtls_x509write_crt_der", w.option, random, size, false,
		func(buf *C.uchar, rng unsafe.Pointer, n *C.size_t) C.int {
			return C.gm_crtw_der(w.c, buf, C.size_t(size), rng, n)
		})
}

// PEM writes it as text, of less than size bytes (mbedtls_x509write_crt_pem).
func (w *CrtWriter) PEM(random io.Reader, size int) ([]byte, error) {
	return w.write("mbedtls_x509write_crt_pem", "MBEDTLS_PEM_WRITE_C", random, size, true,
		func(buf *C.uchar, rng unsafe.Pointer, n *C.size_t) C.int {
			return C.gm_crtw_pem(w.c, buf, C.size_t(size), rng, n)
		})
}

// CsrWriter is an mbedtls_x509write_csr. One goroutine uses it at a time.
type CsrWriter struct {
	writer
	c *C.mbedtls_x509write_csr
}

// NewCsrWriter makes one (mbedtls_x509write_csr_init).
func NewCsrWriter() (*CsrWriter, error) {
	const option = "MBEDTLS_X509_CSR_WRITE_C"
	if !Feature(option) {
		return nil, &NotBuiltError{Option: option}
	}
	if err := initialize(); err != nil {
		return nil, err
	}
	c := C.gm_csrw_new()
	if c == nil {
		return nil, errNoMemory
	}
	keys := &dependencies{}
	w := &CsrWriter{c: c}
	w.option, w.keys = option, keys
	w.res = own(w, func() {
		C.gm_csrw_delete(c)
		keys.letGo()
	})
	return w, nil
}

// Close frees the writer, and lets go of its key.
func (w *CsrWriter) Close() error {
	w.res.close()
	return nil
}

// SetSubjectName takes what StringToNames does (mbedtls_x509write_csr_set_subject_name).
func (w *CsrWriter) SetSubjectName(name string) error {
	return w.set("mbedtls_x509write_csr_set_subject_name", func() C.int {
		return named(name, func(p *C.char) C.int { return C.gm_csrw_subject(w.c, p) })
	})
}

// SetSubject sets the subject, attribute by attribute.
func (w *CsrWriter) SetSubject(names []NameAttribute) error {
	flat := writersNames(names)
	return w.set("mbedtls_x509write_csr_set_subject_name", func() C.int {
		return C.gm_csrw_subject_names(w.c, cbytes(flat), C.size_t(len(flat)))
	})
}

// SetKey sets the key that the certificate is to be for, and that signs the request (mbedtls_x509write_csr_set_key).
func (w *CsrWriter) SetKey(key *PK) error {
	return w.set("mbedtls_x509write_csr_set_key", func() C.int {
		if w.keys.add(key.res) != nil {
			return C.MBEDTLS_ERR_X509_BAD_INPUT_DATA
		}
		w.key = key
		return C.gm_csrw_key(w.c, key.c)
	})
}

// SetClosure is SetKey with a closure.
func (w *CsrWriter) SetClosure(key *ClosureKey) error {
	w.sign = key.closure
	return w.SetKey(&key.PK)
}

// SetHash sets the hash that is signed (mbedtls_x509write_csr_set_md_alg).
func (w *CsrWriter) SetHash(hash crypto.Hash) error {
	return w.set("mbedtls_x509write_csr_set_md_alg", func() C.int { return C.gm_csrw_md(w.c, mdNumber(hash)) })
}

// SetExtension asks for an extension (mbedtls_x509write_csr_set_extension).
func (w *CsrWriter) SetExtension(oid []byte, critical bool, value []byte) error {
	return w.set("mbedtls_x509write_csr_set_extension", func() C.int {
		return C.gm_csrw_extension(w.c, cbytes(oid), C.size_t(len(oid)), flag(critical), cbytes(value), C.size_t(len(value)))
	})
}

// SetKeyUsage asks for that extension; it has no decipherOnly here (mbedtls_x509write_csr_set_key_usage).
func (w *CsrWriter) SetKeyUsage(usage byte) error {
	return w.set("mbedtls_x509write_csr_set_key_usage", func() C.int { return C.gm_csrw_key_usage(w.c, C.uchar(usage)) })
}

// SetNSCertType asks for that extension (mbedtls_x509write_csr_set_ns_cert_type).
func (w *CsrWriter) SetNSCertType(t byte) error {
	return w.set("mbedtls_x509write_csr_set_ns_cert_type", func() C.int { return C.gm_csrw_ns_cert_type(w.c, C.uchar(t)) })
}

// SetSubjectAltNames asks for that extension (mbedtls_x509write_csr_set_subject_alternative_name).
func (w *CsrWriter) SetSubjectAltNames(sans []SAN) error {
	flat := flatSANs(sans)
	return w.set("mbedtls_x509write_csr_set_subject_alternative_name", func() C.int {
		return C.gm_csrw_sans(w.c, cbytes(flat), C.size_t(len(flat)))
	})
}

// DER writes the request, of at most size bytes (mbedtls_x509write_csr_der).
func (w *CsrWriter) DER(random io.Reader, size int) ([]byte, error) {
	return w.write("mbedtls_x509write_csr_der", w.option, random, size, false,
		func(buf *C.uchar, rng unsafe.Pointer, n *C.size_t) C.int {
			return C.gm_csrw_der(w.c, buf, C.size_t(size), rng, n)
		})
}

// PEM writes it as text, of less than size bytes (mbedtls_x509write_csr_pem).
func (w *CsrWriter) PEM(random io.Reader, size int) ([]byte, error) {
	return w.write("mbedtls_x509write_csr_pem", "MBEDTLS_PEM_WRITE_C", random, size, true,
		func(buf *C.uchar, rng unsafe.Pointer, n *C.size_t) C.int {
			return C.gm_csrw_pem(w.c, buf, C.size_t(size), rng, n)
		})
}
