package upstream

import (
	"bytes"
	"encoding/binary"
	"encoding/pem"
	"os"
	"sync"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
)

// Sessions. Upstream fills in the fields of the C structure; here, one is read from what the library would write of it.
func init() {
	register("ssl", functions{
		"ssl_serialize_session_save_load": func(t *suites.T, ticketLen int, crt string, end cbridge.Endpoint, version int) {
			w := populate(t, ticketLen, crt, end, version)
			first := loadSession(t, w.bytes())
			defer first.Close()
			w.check(first)
			second := loadSession(t, saveSession(t, first))
			defer second.Close()
			w.check(second)
			t.Equal("the session, saved again", saveSession(t, second), saveSession(t, first))
		},
		"ssl_serialize_session_load_save": func(t *suites.T, ticketLen int, crt string, end cbridge.Endpoint, version int) {
			data := populate(t, ticketLen, crt, end, version).bytes()
			session := loadSession(t, data)
			defer session.Close()
			t.Equal("saved session", saveSession(t, session), data)
		},
		"ssl_serialize_session_load_buf_size": func(t *suites.T, ticketLen int, crt string, end cbridge.Endpoint, version int) {
			data := populate(t, ticketLen, crt, end, version).bytes()
			loadSession(t, data).Close()
			for n := range data {
				refuse(t, bytes.Clone(data[:n]), cbridge.ErrSSLBadInputData)
			}
		},
		"ssl_tls13_session_load_rejects_bad_serialized_data": rejectsBadData,
		"ssl_session_serialize_version_check":                versionCheck,
		"ssl_session_id_accessors_check": func(t *suites.T, version int) {
			session := loadSession(t, populate(t, 0, "", cbridge.Server, version).bytes())
			defer session.Close()
			info := session.Info()
			wantID := bytes.Repeat([]byte{66}, 32)
			suite := uint16(0x00A8) // TLS-PSK-WITH-AES-128-GCM-SHA256
			if version == cbridge.TLS13 {
				wantID, suite = nil, 0x1301
			}
			t.Equal("id", info.ID, wantID)
			t.Equal("suite", info.Ciphersuite, uint16(testSuite))
			if s, ok := cbridge.SuiteByID(suite); ok {
				t.Equal("number of a suite", s.ID, suite)
			}
		},
	}, unmapped{
		"ssl_serialize_session_save_buf_size": "Session.Save makes a buffer that is large enough",
	})
}

const testSuite = 0xabcd // the library does not look whether there is such a suite

// wireSession is a session as it is to be read.
type wireSession struct {
	t        *suites.T
	version  int
	end      cbridge.Endpoint
	now      time.Time
	cert     []byte
	ticket   []byte
	hostname string
	alpn     string
}

// populate is upstream's test session.
func populate(t *suites.T, ticketLen int, certificate string, end cbridge.Endpoint, version int) *wireSession {
	w := &wireSession{t: t, version: version, end: end, now: time.Now().Truncate(time.Second)}
	if version == cbridge.TLS13 {
		if end == cbridge.Server {
			w.alpn = "ALPNExample"
		} else {
			w.hostname = "hostname example"
		}
	}
	if end == cbridge.Client && cbridge.Feature("MBEDTLS_SSL_SESSION_TICKETS") {
		w.ticket = bytes.Repeat([]byte{33}, ticketLen)
	}
	if certificate != "" {
		text, err := os.ReadFile(certificate)
		expect(t, "the certificate", err, 0)
		for block, rest := pem.Decode(text); w.cert == nil; block, rest = pem.Decode(rest) {
			if block.Type == "CERTIFICATE" {
				w.cert = block.Bytes
			}
		}
	}
	return w
}

// header is what the library writes in front of every session: its version, and how it is built.
var header = sync.OnceValue(func() []byte {
	t := new(suites.T)
	if !cbridge.Feature("MBEDTLS_SSL_PROTO_TLS1_2") {
		session := ticket13(t, defaults(), defaults())
		defer session.Close()
		return saveSession(t, session)[:5]
	}
	o := defaults()
	o.clientMax, o.serverMax, o.pk = cbridge.TLS12, cbridge.TLS12, pkECDSA
	client, server := newPair(t, o, 4096)
	defer client.close()
	defer server.close()
	client.mustMove(stateOver, server)
	session, err := client.ssl.Session()
	expect(t, "Session", err, 0)
	defer session.Close()
	return saveSession(t, session)[:5]
})

// bytes are what the library would save.
func (w *wireSession) bytes() []byte {
	out := bytes.Clone(header())
	out = append(out, byte(w.version), byte(w.end))
	out = binary.BigEndian.AppendUint16(out, testSuite)
	if w.version == cbridge.TLS12 {
		return w.bytes12(out)
	}
	return w.bytes13(out)
}

func (w *wireSession) bytes12(out []byte) []byte {
	appendLong := func(data []byte) {
		out = append(out, byte(len(data)>>16), byte(len(data)>>8), byte(len(data)))
		out = append(out, data...)
	}
	out = binary.BigEndian.AppendUint64(out, uint64(w.now.Unix()-42))
	out = append(out, 32)
	out = append(out, bytes.Repeat([]byte{66}, 32)...)
	out = append(out, bytes.Repeat([]byte{17}, 48)...)
	out = binary.BigEndian.AppendUint32(out, 0xdeadbeef)
	appendLong(w.cert)
	switch {
	case !cbridge.Feature("MBEDTLS_SSL_SESSION_TICKETS"):
	case w.end == cbridge.Client:
		appendLong(w.ticket)
		out = binary.BigEndian.AppendUint32(out, 86401)
	default:
		out = binary.BigEndian.AppendUint64(out, uint64(w.now.UnixMilli()-42))
	}
	for _, option := range []string{"MBEDTLS_SSL_MAX_FRAGMENT_LENGTH", "MBEDTLS_SSL_ENCRYPT_THEN_MAC"} {
		if cbridge.Feature(option) {
			out = append(out, 1)
		}
	}
	return out
}

func (w *wireSession) bytes13(out []byte) []byte {
	appendString := func(s string) {
		out = binary.BigEndian.AppendUint16(out, uint16(len(s)+1))
		out = append(append(out, s...), 0)
	}
	out = binary.BigEndian.AppendUint32(out, 0x87654321)
	out = append(out, 0x7, 32)
	out = append(out, bytes.Repeat([]byte{0x99}, 32)...)
	if cbridge.Feature("MBEDTLS_SSL_EARLY_DATA") {
		out = binary.BigEndian.AppendUint32(out, 0x87654321)
	}
	if cbridge.Feature("MBEDTLS_SSL_RECORD_SIZE_LIMIT") {
		out = binary.BigEndian.AppendUint16(out, 2048)
	}
	if w.end == cbridge.Server {
		out = binary.BigEndian.AppendUint64(out, uint64(w.now.UnixMilli()-42))
		if cbridge.Feature("MBEDTLS_SSL_EARLY_DATA") {
			appendString(w.alpn)
		}
		return out
	}
	appendString(w.hostname)
	out = binary.BigEndian.AppendUint64(out, uint64(w.now.UnixMilli()-40))
	out = binary.BigEndian.AppendUint32(out, 0xfedcba98)
	out = binary.BigEndian.AppendUint16(out, uint16(len(w.ticket)))
	return append(out, w.ticket...)
}

// check compares all that can be read of a session.
func (w *wireSession) check(s *cbridge.Session) {
	want := cbridge.SessionInfo{Version: uint16(w.version), End: w.end, Ciphersuite: testSuite, HasTicket: len(w.ticket) > 0,
		PeerCert: w.cert, Received: time.UnixMilli(0)}
	if w.version == cbridge.TLS12 {
		want.ID, want.VerifyResult = bytes.Repeat([]byte{66}, 32), 0xdeadbeef
		want.Received = time.Unix(w.now.Unix()-42, 0)
		want.Lifetime = 86401 * time.Second
	} else {
		want.TicketFlags, want.VerifyResult = cbridge.TicketPSK|cbridge.TicketPSKEphemeral, 0xFFFFFFFF
		want.Received = time.UnixMilli(w.now.UnixMilli() - 40)
		want.Lifetime = 0xfedcba98 * time.Second
	}
	if w.end == cbridge.Server || !cbridge.Feature("MBEDTLS_SSL_SESSION_TICKETS") {
		want.Lifetime = 0
	}
	if w.end == cbridge.Server && w.version == cbridge.TLS13 {
		want.Received = time.UnixMilli(0)
	}
	if w.end == cbridge.Server && cbridge.Feature("MBEDTLS_SSL_SESSION_TICKETS") {
		created, err := s.TicketCreated()
		expect(w.t, "TicketCreated", err, 0)
		w.t.Equal("creation of the ticket", created, time.UnixMilli(w.now.UnixMilli()-42))
	}
	got := s.Info()
	w.t.Equal("id", got.ID, want.ID)
	w.t.Equal("certificate", got.PeerCert, want.PeerCert)
	got.ID, got.PeerCert, want.ID, want.PeerCert = nil, nil, nil, nil
	w.t.Equal("session", got, want)
}

func loadSession(t *suites.T, data []byte) *cbridge.Session {
	session, err := cbridge.LoadSession(data)
	expect(t, "LoadSession", err, 0)
	return session
}

func saveSession(t *suites.T, s *cbridge.Session) []byte {
	data, err := s.Save()
	expect(t, "Save", err, 0)
	return data
}

// refuse expects that a session cannot be read.
func refuse(t *suites.T, data []byte, want cbridge.Code) {
	session, err := cbridge.LoadSession(data)
	if err == nil {
		session.Close()
	}
	expect(t, "LoadSession", err, int(want))
}

func rejectsBadData(t *suites.T, end cbridge.Endpoint, mutation int) {
	w := populate(t, 42, "", end, cbridge.TLS13)
	data := w.bytes()
	loadSession(t, data).Close()
	const trailingData, hostname, alpn = 0, 1, 2
	switch mutation {
	case trailingData:
		data = append(data, 0)
	case hostname, alpn:
		text := map[int]string{hostname: w.hostname, alpn: w.alpn}[mutation] + "\x00"
		at := bytes.Index(data, []byte(text))
		if at < 0 {
			t.Fatalf("%q is not in the session", text)
		}
		data[at+len(text)-1] = 'X'
	default:
		t.Fatalf("no such mutation")
	}
	refuse(t, data, cbridge.ErrSSLBadInputData)
}

func versionCheck(t *suites.T, major, minor, patch, config int, end cbridge.Endpoint, version int) {
	data := populate(t, 0, "", end, version).bytes()
	loadSession(t, data).Close()
	for i, corrupt := range []int{major, minor, patch, config, config} {
		for bit := range 8 {
			if corrupt == 1 {
				data[i] ^= 1 << bit
				refuse(t, data, cbridge.ErrSSLVersionMismatch)
				data[i] ^= 1 << bit
			}
		}
	}
}
