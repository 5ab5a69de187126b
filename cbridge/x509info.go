package cbridge

// #include "bridge.h"
import "C"

import "fmt"

// Info describes the first certificate of the list, line by line; each line begins with prefix and ends with a newline
// (mbedtls_x509_crt_info).
func (c *Crt) Info(prefix string) (string, error) {
	p := C.CString(prefix)
	defer free(p)
	return c.text("mbedtls_x509_crt_info", prefix, func(buf *C.char, size C.size_t) C.int {
		return C.gm_crt_info(c.c, p, buf, size)
	})
}

// Subject is the subject of the first certificate of the list, such as "C=NL, O=PolarSSL, CN=localhost"
// (mbedtls_x509_dn_gets).
func (c *Crt) Subject() (string, error) {
	return c.text("mbedtls_x509_dn_gets", "", func(buf *C.char, size C.size_t) C.int {
		return C.gm_crt_subject(c.c, buf, size)
	})
}

func (c *Crt) text(op, prefix string, write func(buf *C.char, size C.size_t) C.int) (string, error) {
	if err := c.res.acquire(); err != nil {
		return "", err
	}
	defer c.res.release()
	if c.c.raw.p == nil { // an empty list
		return "", newError(op, int(ErrX509BadInputData), nil)
	}
	return x509Text(op, textBound(int(c.c.raw.len), prefix), write)
}

// CertInfo is [Crt.Info] of a certificate in DER.
func CertInfo(der []byte, prefix string) (string, error) {
	return ofCertificate(der, func(c *Crt) (string, error) { return c.Info(prefix) })
}

// SubjectName is [Crt.Subject] of a certificate in DER.
func SubjectName(der []byte) (string, error) { return ofCertificate(der, (*Crt).Subject) }

func ofCertificate(der []byte, text func(*Crt) (string, error)) (string, error) {
	crt, err := NewCrt()
	if err != nil {
		return "", err
	}
	defer crt.Close()
	if _, err := crt.Parse(der); err != nil {
		return "", err
	}
	return text(crt)
}

// VerifyInfo describes MBEDTLS_X509_BADCERT_… flags, one line for each; each begins with prefix and ends with a newline
// (mbedtls_x509_crt_verify_info). A build with MBEDTLS_X509_REMOVE_INFO has no words for them: there it is the number.
func VerifyInfo(flags uint32, prefix string) string {
	p := C.CString(prefix)
	defer free(p)
	const flags32 = 32
	text, err := x509Text("mbedtls_x509_crt_verify_info", textBound(flags32, prefix), func(buf *C.char, size C.size_t) C.int {
		return C.gm_crt_verify_info(C.uint32_t(flags), p, buf, size)
	})
	if err != nil {
		return fmt.Sprintf("%s%#x\n", prefix, flags)
	}
	return text
}

// x509Text gives a function that writes text a buffer that is large enough, or twice as large as bound.
func x509Text(op string, bound int, write func(buf *C.char, size C.size_t) C.int) (string, error) {
	for size := 2048; ; size *= 2 {
		buf := make([]C.char, size)
		ret := write(&buf[0], C.size_t(size))
		switch {
		case ret >= 0:
			return C.GoString(&buf[0]), nil
		case ret == C.GM_NOT_BUILT:
			return "", &NotBuiltError{Option: "a build without MBEDTLS_X509_REMOVE_INFO"}
		case Code(ret) != ErrX509BufferTooSmall || size >= min(bound, maxX509Text):
			return "", newError(op, int(ret), nil)
		}
	}
}

// textBound is more than the text can be that C writes of DER of n bytes, each line with a prefix. Without a bound, C would be
// asked for more and more: it calls its own buffers too small, too, for an attribute of a name that is too long for it.
func textBound(n int, prefix string) int { return (n + 64) * (64 + len(prefix)) }

// maxX509Text bounds what a certificate's text may take: certificates come in messages of at most 16 MiB.
const maxX509Text = 1 << 27
