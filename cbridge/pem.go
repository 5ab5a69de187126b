package cbridge

// #include "pem.h"
import "C"

import "strings"

// PEMRead decodes the first text between header and footer in data, and says where the footer's line ends, also where it
// fails after that. An encrypted text (RFC 1421, DEK-Info) needs a password; nil is none (mbedtls_pem_read_buffer).
func PEMRead(header, footer string, data, password []byte) (der []byte, used int, err error) {
	const op = "mbedtls_pem_read_buffer"
	if err := initialize(); err != nil {
		return nil, 0, err
	}
	if strings.IndexByte(header+footer, 0) >= 0 { // where C's strings end
		return nil, 0, newError(op, int(ErrPEMBadInputData), nil)
	}
	h, f := C.CString(header), C.CString(footer)
	defer free(h)
	defer free(f)
	text := append(data[:len(data):len(data)], 0)
	defer clear(text) // our copy of what may be a secret
	out := make([]byte, len(text))
	var n, u C.size_t
	ret := C.gm_pem_read(h, f, cbytes(text), cbytes(password), C.size_t(len(password)), cbytes(out), C.size_t(len(out)), &n, &u)
	if err := check(ret, op, "MBEDTLS_PEM_PARSE_C"); err != nil {
		return nil, int(u), err
	}
	return out[:n:n], int(u), nil
}

// PEMWrite encodes der between header and footer, which bring their own ends of lines, into size bytes. needed counts the
// zero byte at the end, and is set also where size is too small for it, which is ErrBase64BufferTooSmall
// (mbedtls_pem_write_buffer).
func PEMWrite(header, footer string, der []byte, size int) (text []byte, needed int, err error) {
	const op = "mbedtls_pem_write_buffer"
	if err := initialize(); err != nil {
		return nil, 0, err
	}
	if strings.IndexByte(header+footer, 0) >= 0 {
		return nil, 0, newError(op, int(ErrPEMBadInputData), nil)
	}
	h, f := C.CString(header), C.CString(footer)
	defer free(h)
	defer free(f)
	buf := make([]byte, max(size, 0))
	var n C.size_t
	ret := C.gm_pem_write(h, f, cbytes(der), C.size_t(len(der)), cbytes(buf), C.size_t(len(buf)), &n)
	if err := check(ret, op, optionPEMWrite); err != nil {
		return nil, int(n), err
	}
	return buf[: n-1 : n-1], int(n), nil
}
