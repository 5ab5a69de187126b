package sessionstore_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
	"github.com/gombedtls/gombedtls/mbedtls/sessionstore"
)

// headers is a HeaderStore in memory.
type headers struct{ header []byte }

func (h *headers) LoadHeader(context.Context) ([]byte, error) { return h.header, nil }

func (h *headers) AddHeader(_ context.Context, header []byte) ([]byte, error) {
	if h.header == nil {
		h.header = header
	}
	return h.header, nil
}

// quick are parameters that take no time.
var quick = sessionstore.Argon2{Time: 1, Memory: 64, Threads: 1}

func key(fill byte) []byte { return bytes.Repeat([]byte{fill}, sessionstore.KeyLen) }

func sealer(t testing.TB, s sessionstore.Secret, h *headers) *sessionstore.Sealer {
	t.Helper()
	sealer, err := s.Open(context.Background(), h)
	if err != nil {
		t.Fatal(err)
	}
	return sealer
}

var secrets = map[string]sessionstore.Secret{
	"passphrase": {Passphrase: "correct horse", Argon2: quick},
	"key":        {Key: key(1)},
}

func entry() *mbedtls.SessionEntry {
	return &mbedtls.SessionEntry{
		ID:      []byte("an id that is a secret"),
		Server:  mbedtls.SessionServer{Name: "host.example", Port: "443", Protocols: []string{"h2", ""}, Identity: "psk:me", DTLS: true},
		Expires: time.UnixMilli(1_800_000_000_123), Once: true, Data: []byte("the session, which is a secret"),
	}
}

func TestSealedRowOpensAgain(t *testing.T) {
	t.Parallel()
	for name, secret := range secrets {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := new(headers)
			row, err := sealer(t, secret, h).Seal(entry())
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range []string{"host.example", "443", "an id", "the session", "psk"} {
				if all := string(row.Key) + string(row.Server) + string(row.Sealed); strings.Contains(all, part) {
					t.Errorf("the row has %q in clear", part)
				}
			}
			got, err := sealer(t, secret, h).Open(row) // with the header that is there now
			if diff := cmp.Diff(entry(), got); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// Whatever is altered in a row is noticed.
func TestAlteredRowIsCorrupt(t *testing.T) {
	t.Parallel()
	s := sealer(t, secrets["key"], new(headers))
	for name, alter := range map[string]func(*sessionstore.Row){
		"nothing":     func(*sessionstore.Row) {},
		"key":         func(r *sessionstore.Row) { r.Key[0] ^= 1 },
		"server":      func(r *sessionstore.Row) { r.Server[0] ^= 1 },
		"no server":   func(r *sessionstore.Row) { r.Server = nil },
		"expires":     func(r *sessionstore.Row) { r.Expires = r.Expires.Add(time.Millisecond) },
		"once":        func(r *sessionstore.Row) { r.Once = false },
		"sealed":      func(r *sessionstore.Row) { r.Sealed[len(r.Sealed)-1] ^= 1 },
		"cut":         func(r *sessionstore.Row) { r.Sealed = r.Sealed[:len(r.Sealed)-1] },
		"cut to none": func(r *sessionstore.Row) { r.Sealed = nil },
	} {
		row, err := s.Seal(entry())
		if err != nil {
			t.Fatal(err)
		}
		alter(row)
		_, err = s.Open(row)
		var corrupt *sessionstore.CorruptError
		if got := errors.As(err, &corrupt); got != (name != "nothing") {
			t.Errorf("%s altered: %v", name, err)
		}
	}
}

func TestOtherSecretIsTheWrongKey(t *testing.T) {
	t.Parallel()
	for made, secret := range secrets {
		for name, other := range map[string]sessionstore.Secret{
			"passphrase": {Passphrase: "correct horse "}, "key": {Key: key(2)},
		} {
			h := new(headers)
			sealer(t, secret, h)
			if _, err := other.Open(context.Background(), h); !errors.Is(err, sessionstore.ErrWrongKey) {
				t.Errorf("made with a %s, opened with another %s: %v", made, name, err)
			}
		}
	}
}

func TestSecretNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for want, secret := range map[string]sessionstore.Secret{
		"exactly one":          {},
		"exactly one of":       {Passphrase: "x", Key: key(1)},
		"Secret.Key: 3 bytes":  {Key: []byte("abc")},
		"Secret.Argon2.Time":   {Passphrase: "x", Argon2: sessionstore.Argon2{Time: 101}},
		"Secret.Argon2.Memory": {Passphrase: "x", Argon2: sessionstore.Argon2{Memory: 1 << 30}},
	} {
		if _, err := secret.Open(context.Background(), new(headers)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", secret, err, want)
		}
	}
	if text := (sessionstore.Secret{Passphrase: "hush", Key: key('k')}).String(); strings.Contains(text, "hush") || strings.Contains(text, "kkk") {
		t.Errorf("the secret tells itself: %s", text)
	}
}

func TestHeaderOfSomebodyElseIsAnError(t *testing.T) {
	t.Parallel()
	for _, header := range []string{
		"", "{", "[]", `{"version":2,"kdf":"argon2id"}`, `{"version":1,"kdf":"argon2id"}`,
		`{"version":1,"kdf":"argon2id","argon2":{"time":1,"memory":4294967295,"threads":1}}`,
		`{"version":1,"kdf":"argon2id","argon2":{"time":0,"memory":64,"threads":1}}`,
		`{"version":1,"kdf":"argon2id","argon2":{"time":1,"memory":64,"threads":0}}`,
	} {
		if _, err := secrets["passphrase"].Open(context.Background(), &headers{[]byte(header)}); err == nil {
			t.Errorf("header %q: no error", header)
		}
	}
}

// The parameters that are kept count, not those of who opens.
func TestZeroArgon2IsTheRecommendedOption(t *testing.T) {
	t.Parallel()
	h := new(headers)
	sealer(t, sessionstore.Secret{Passphrase: "x"}, h)
	if want := `"argon2":{"time":3,"memory":65536,"threads":4,`; !strings.Contains(string(h.header), want) {
		t.Errorf("header %s, want %s", h.header, want)
	}
	sealer(t, sessionstore.Secret{Passphrase: "x", Argon2: quick}, h)
}

// session makes one by a handshake.
func session(t *testing.T) *mbedtls.Session {
	t.Helper()
	ca := testpki.NewCA(testpki.P256, "root")
	own, err := mbedtls.FromTLSCertificate(ca.Issue(testpki.Leaf{}))
	if err != nil {
		t.Fatal(err)
	}
	roots := mbedtls.NewCertPool()
	roots.AddCert(ca.Cert)
	client := &mbedtls.Config{RootCAs: roots, ServerName: "localhost", MaxVersion: mbedtls.VersionTLS12}
	server := &mbedtls.Config{Certificates: []mbedtls.Certificate{own}}
	m, err := sessionstore.NewMemory(sessionstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	server.SessionStore = m
	defer client.Close()
	defer server.Close()
	a, b := net.Pipe()
	c, s := mbedtls.Client(a, client), mbedtls.Server(b, server)
	defer c.Close()
	defer s.Close()
	defer a.Close() // so that nobody waits for an answer to close_notify
	done := make(chan error, 1)
	go func() {
		_, err := s.Write([]byte("x"))
		done <- err
	}()
	_, err = io.ReadFull(c, make([]byte, 1))
	if err := errors.Join(err, <-done); err != nil {
		t.Fatal(err)
	}
	got, err := c.Session()
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestSessionIsEncryptedOnItsOwn(t *testing.T) {
	t.Parallel()
	s := session(t)
	defer s.Close()
	want, err := s.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	for name, secret := range secrets {
		t.Run(name, func(t *testing.T) {
			data, err := sessionstore.Encrypt(s, secret)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(data, []byte("localhost")) {
				t.Error("the server's name is in clear")
			}
			loaded, err := sessionstore.Decrypt(data, secret)
			if err != nil {
				t.Fatal(err)
			}
			defer loaded.Close()
			if got, err := loaded.MarshalBinary(); err != nil || !bytes.Equal(got, want) {
				t.Errorf("what comes back is different (%v)", err)
			}
			if _, err := sessionstore.Decrypt(data, sessionstore.Secret{Passphrase: "other"}); !errors.Is(err, sessionstore.ErrWrongKey) {
				t.Errorf("with another passphrase: %v, want ErrWrongKey", err)
			}
			for i := 0; i < len(data); i += 7 {
				altered := bytes.Clone(data)
				altered[i] ^= 1
				for what, data := range map[string][]byte{"altered": altered, "cut": data[:i]} {
					if _, err := sessionstore.Decrypt(data, secret); err == nil {
						t.Errorf("byte %d %s: no error", i, what)
					}
				}
			}
		})
	}
}
