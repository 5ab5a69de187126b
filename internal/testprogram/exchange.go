package testprogram

import (
	"slices"
	"strings"

	"github.com/gombedtls/gombedtls/mbedtls"
)

// Message is head and tail. With a size, it is padded between them, or cut to so many bytes, of which the last is a newline.
func Message(head, tail string, padding string, size *int) []byte {
	if size == nil {
		return []byte(head + tail)
	}
	b := []byte(head + strings.Repeat(padding, max(0, *size-len(head)-len(tail))) + tail)
	if len(b) > *size {
		n := min(2, *size)
		b = slices.Concat(b[:*size-n], []byte("\r\n"[2-n:]))
	}
	return b
}

// WriteRecords writes b, and counts the records that it takes.
func (p *Program) WriteRecords(conn *mbedtls.Conn, b []byte) (written, records int, err error) {
	for written < len(b) {
		next := b[written:]
		if !p.DTLS {
			next = next[:min(len(next), conn.MaxPayload())]
		}
		n, err := conn.Write(next)
		if err != nil {
			return written, records, err
		}
		written += n
		records++
	}
	return written, records, nil
}
