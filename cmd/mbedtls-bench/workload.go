package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// Kinds of work.
const (
	kindHandshake     = "handshake" // values: rate, in handshakes/s
	kindCrypt         = "crypt"     // in memory, one thread that writes and reads: rate, in MB/s
	kindBulk          = "bulk"      // one way over TCP: rate, in MB/s, and syscalls of both ends for each Write
	kindRoundTrip     = "roundtrip" // messages there and back: rate, and p50 and p99 in µs
	kindIdle          = "idle"      // c-heap, go-heap, stack and resident, in bytes, and threads
	kindCalls         = "calls"     // Reads and Writes over TCP: allocations and cgo calls of each
	kindDTLSHandshake = "dtls-handshake"
	kindDTLSRoundTrip = "dtls-roundtrip"
	kindDTLSIdle      = "dtls-idle"
)

// Clocks.
const (
	wallClock      = "wall"
	processorClock = "processor"
)

// Transports.
const (
	inMemory = "mem"
	overTCP  = "tcp"
	overUDP  = "udp"
)

// workload is what a stack is told to do, in the same words in Go and in C.
type workload struct {
	Kind      string
	Transport string
	Version   int    // 12 or 13
	Suite     int    // the only one
	Chain     string // the beginning of the paths of the server's chain: Chain.crt, Chain.key and Chain-root.crt
	Group     string // x25519 or p256
	Resumed   int    // 1: handshakes resume a session, by ticket
	Mutual    int    // 1: the client shows the same chain
	PSK       int    // 1: with a pre-shared key and no certificates
	Conns     int
	Size      int    // of a Write, in bytes
	Clock     string // wall, or of what one thread does in memory, processor
}

func (w *workload) fields() []struct {
	key string
	to  any
} {
	return []struct {
		key string
		to  any
	}{
		{"kind", &w.Kind}, {"transport", &w.Transport}, {"version", &w.Version}, {"suite", &w.Suite}, {"chain", &w.Chain},
		{"group", &w.Group}, {"resumed", &w.Resumed}, {"mutual", &w.Mutual}, {"psk", &w.PSK}, {"conns", &w.Conns},
		{"size", &w.Size}, {"clock", &w.Clock},
	}
}

// args are the workload as arguments of a process.
func (w *workload) args() (args []string) {
	for _, f := range w.fields() {
		switch v := f.to.(type) {
		case *string:
			args = append(args, f.key+"="+*v)
		case *int:
			args = append(args, f.key+"="+strconv.Itoa(*v))
		}
	}
	return args
}

func parseWorkload(args []string) (*workload, error) {
	w := new(workload)
	for _, f := range w.fields() {
		i := slices.IndexFunc(args, func(a string) bool { return strings.HasPrefix(a, f.key+"=") })
		if i < 0 {
			return nil, fmt.Errorf("no %s", f.key)
		}
		value := args[i][len(f.key)+1:]
		switch to := f.to.(type) {
		case *string:
			*to = value
		case *int:
			n, err := strconv.Atoi(value)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", f.key, err)
			}
			*to = n
		}
	}
	return w, nil
}

func (w *workload) isDTLS() bool { return w.Transport == overUDP }

// wire is the version's number.
func (w *workload) wire() uint16 {
	if w.Version == 13 {
		return mbedtls.VersionTLS13
	}
	return mbedtls.VersionTLS12
}

// lacks is what the build of the library would need for the workload, or "".
func (w *workload) lacks() string {
	options := []string{"MBEDTLS_SSL_CLI_C", "MBEDTLS_SSL_SRV_C", "MBEDTLS_NET_C", "MBEDTLS_TIMING_C", "MBEDTLS_CTR_DRBG_C"}
	if w.Version == 13 {
		options = append(options, "MBEDTLS_SSL_PROTO_TLS1_3")
	} else {
		options = append(options, "MBEDTLS_SSL_PROTO_TLS1_2")
	}
	if w.PSK == 0 {
		options = append(options, "MBEDTLS_X509_CRT_PARSE_C", "MBEDTLS_PEM_PARSE_C", "MBEDTLS_FS_IO")
	} else {
		options = append(options, "MBEDTLS_KEY_EXCHANGE_PSK_ENABLED")
	}
	if w.isDTLS() {
		options = append(options, "MBEDTLS_SSL_PROTO_DTLS", "MBEDTLS_SSL_DTLS_HELLO_VERIFY", "MBEDTLS_SSL_COOKIE_C")
	}
	if w.Resumed == 1 {
		options = append(options, "MBEDTLS_SSL_SESSION_TICKETS", "MBEDTLS_SSL_TICKET_C")
	}
	if w.Group == "x25519" {
		options = append(options, "MBEDTLS_ECP_DP_CURVE25519_ENABLED")
	}
	for _, o := range options {
		if !cbridge.Feature(o) {
			return o
		}
	}
	if !slices.Contains(mbedtls.CipherSuites(), uint16(w.Suite)) {
		return fmt.Sprintf("the suite %#04x", w.Suite)
	}
	return ""
}
