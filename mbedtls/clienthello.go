package mbedtls

import (
	"encoding/binary"
	"net"
)

// ClientHelloInfo is what a client asks for, as its ClientHello has it: values that this build does not know included.
type ClientHelloInfo struct {
	ServerName        string // "" if the client names none
	CipherSuites      []uint16
	SupportedVersions []uint16 // as on the wire
	SupportedGroups   []Group
	SignatureSchemes  []SignatureScheme
	SupportedProtos   []string // ALPN
	Extensions        []uint16

	// Conn is the connection underneath; it must not be read from, nor written to. It is nil for a Channel.
	Conn net.Conn
}

// wire reads what is left of a message. A read beyond its end gives zero values, and leaves nothing.
type wire []byte

func (w *wire) take(n int) wire {
	if n > len(*w) {
		*w = nil
		return nil
	}
	taken := (*w)[:n]
	*w = (*w)[n:]
	return taken
}

func (w *wire) uint8() int {
	if b := w.take(1); b != nil {
		return int(b[0])
	}
	return 0
}

func (w *wire) uint16() uint16 {
	if b := w.take(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

// vector8 and vector16 read a vector by the size of its length.
func (w *wire) vector8() wire  { return w.take(w.uint8()) }
func (w *wire) vector16() wire { return w.take(int(w.uint16())) }

// numbers16 reads all that is left as numbers.
func numbers16[T ~uint16](w wire) (list []T) {
	for len(w) >= 2 {
		list = append(list, T(w.uint16()))
	}
	return list
}

// helloExtensions read the body of an extension (RFC 8446 section 4.2, RFC 6066 section 3, RFC 7301).
var helloExtensions = map[uint16]func(*ClientHelloInfo, wire){
	0: func(h *ClientHelloInfo, w wire) {
		for names := w.vector16(); len(names) > 0; {
			kind, name := names.uint8(), names.vector16()
			if kind == 0 {
				h.ServerName = string(name)
				return
			}
		}
	},
	10: func(h *ClientHelloInfo, w wire) { h.SupportedGroups = numbers16[Group](w.vector16()) },
	13: func(h *ClientHelloInfo, w wire) { h.SignatureSchemes = numbers16[SignatureScheme](w.vector16()) },
	16: func(h *ClientHelloInfo, w wire) {
		for protos := w.vector16(); len(protos) > 0; {
			h.SupportedProtos = append(h.SupportedProtos, string(protos.vector8()))
		}
	},
	43: func(h *ClientHelloInfo, w wire) { h.SupportedVersions = numbers16[uint16](w.vector8()) },
}

// parseClientHello reads a message that the library has accepted. Of a broken one it gives what comes before that.
func parseClientHello(body []byte, datagram bool) *ClientHelloInfo {
	h := new(ClientHelloInfo)
	w := wire(body)
	version := w.uint16()
	w.take(32)  // random
	w.vector8() // session ID
	if datagram {
		w.vector8() // cookie
	}
	h.CipherSuites = numbers16[uint16](w.vector16())
	w.vector8() // compression methods
	for exts := w.vector16(); len(exts) > 0; {
		id, body := exts.uint16(), exts.vector16()
		h.Extensions = append(h.Extensions, id)
		if read := helloExtensions[id]; read != nil {
			read(h, body)
		}
	}
	if h.SupportedVersions == nil {
		h.SupportedVersions = []uint16{version}
	}
	return h
}
