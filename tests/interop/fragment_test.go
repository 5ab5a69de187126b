package interop_test

import (
	"crypto/tls"
	"fmt"
	"testing"

	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// fragmentExpansion is more than any suite adds to a record's payload.
const fragmentExpansion = 128

// Not 512: the library's server does not fragment handshake messages, and its certificate would be too long for that.
func TestRecordsKeepToTheFragmentLengthThatAClientAsksFor(t *testing.T) {
	t.Parallel()
	for _, length := range []int{1024, 4096} {
		for _, c := range []struct {
			program peers.Program
			size    int
		}{
			{peers.OpenSSL, 1 << 17},
			{peers.MbedTLS, 1 << 17},
			{peers.GnuTLS, 500}, // GnuTLS 3.7 agrees to the length, and then sends longer records
		} {
			t.Run(fmt.Sprintf("client/%s/%d", c.program.ServerProgram, length), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				options := w.options(testpki.Leaf{})
				options.Size = c.size
				peer := w.server(c.program, options)
				config := w.config()
				config.MaxFragmentLength, config.MaxVersion = length, mbedtls.VersionTLS12
				conn, rec := w.recordedClient(peer.Addr, config)
				if err := conn.HandshakeContext(w.ctx); err != nil {
					t.Fatal(peer.Explain(err))
				}
				exchange(t, peer, conn)
				checkFragments(t, conn, rec, length, c.size)
			})
		}
		for _, c := range []struct {
			program peers.Program
			arg     string
			size    int
		}{
			{peers.OpenSSL, "-maxfraglen=%d", 1 << 17},
			{peers.MbedTLS, "max_frag_len=%d", 1 << 17},
			{peers.GnuTLS, "--recordsize=%d", 1000}, // it stalls over what its stdin's buffer holds beyond a record
		} {
			t.Run(fmt.Sprintf("server/%s/%d", c.program.ClientProgram, length), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				l := w.tcpListener()
				options := peers.Options{CA: w.caFile, Version: tls.VersionTLS12, Size: c.size, Args: []string{fmt.Sprintf(c.arg, length)}}
				peer := w.client(c.program, l.Addr().String(), options)
				conn, rec, err := w.recordedServer(l, w.config(testpki.Leaf{}))
				if err != nil {
					t.Fatal(peer.Explain(err))
				}
				exchange(t, peer, conn)
				checkFragments(t, conn, rec, length, c.size)
			})
		}
	}
}

// The library knows the extension in TLS 1.2 alone; a client that asks for it in TLS 1.3 is served with full records.
func TestServerIgnoresTheFragmentLengthInTLS13(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testpki.P256)
	l := w.tcpListener()
	peer := w.client(peers.OpenSSL, l.Addr().String(), peers.Options{
		CA: w.caFile, Version: tls.VersionTLS13, Size: 1 << 17, Args: []string{"-maxfraglen", "512"},
	})
	conn, rec, err := w.recordedServer(l, w.config(testpki.Leaf{}))
	if err != nil {
		t.Fatal(peer.Explain(err))
	}
	exchange(t, peer, conn)
	if _, out := rec.records(); longest(out) < 8192 {
		t.Errorf("the longest record that was sent has %d bytes", longest(out))
	}
}

func checkFragments(t *testing.T, conn *mbedtls.Conn, rec *recorder, length, size int) {
	t.Helper()
	st := conn.ConnectionState()
	if st.MaxInPayload != length || st.MaxOutPayload != length {
		t.Errorf("records of at most %d in and %d out, want %d", st.MaxInPayload, st.MaxOutPayload, length)
	}
	in, out := rec.records()
	for name, got := range map[string]int{"received": longest(in), "sent": longest(out)} {
		if got > length+fragmentExpansion || got < min(length, size) {
			t.Errorf("the longest record that was %s has %d bytes, want %d and a little", name, got, length)
		}
	}
}
