package fleet

import (
	"bytes"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSealedDataOpensUnderItsKeyAndNameOnly(t *testing.T) {
	t.Parallel()
	s := testSecrets(t, 1)
	sealed := s.seal("this", []byte("data"))
	if data, err := s.open("this", sealed); err != nil || string(data) != "data" {
		t.Errorf("%q, %v", data, err)
	}
	if _, err := testSecrets(t, 2, 1).open("this", sealed); err != nil {
		t.Errorf("with the key among the old ones: %v", err)
	}
	altered := bytes.Clone(sealed)
	altered[len(altered)-1]++
	for name, err := range map[string]error{
		"another key":  second(testSecrets(t, 2).open("this", sealed)),
		"another name": second(s.open("that", sealed)),
		"altered":      second(s.open("this", altered)),
		"cut":          second(s.open("this", sealed[:10])),
	} {
		if !errors.Is(err, ErrSealed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second(_ []byte, err error) error { return err }

func TestCookieIsGoodForItsClientAndTime(t *testing.T) {
	t.Parallel()
	s := testSecrets(t, 1)
	client := []byte("client")
	cookie := s.writeCookie(client, epoch)
	for _, c := range []struct {
		name   string
		s      secrets
		client string
		at     time.Time
		want   bool
	}{
		{"at once", s, "client", epoch, true},
		{"in time", s, "client", epoch.Add(cookieLifetime), true},
		{"late", s, "client", epoch.Add(cookieLifetime + time.Second), false},
		{"a little early", s, "client", epoch.Add(-cookieSkew), true},
		{"from the future", s, "client", epoch.Add(-cookieSkew - time.Second), false},
		{"another client", s, "stranger", epoch, false},
		{"another fleet", testSecrets(t, 2), "client", epoch, false},
		{"another key of the fleet", testSecrets(t, 2, 1), "client", epoch, true},
	} {
		if got := c.s.checkCookie([]byte(c.client), cookie, c.at); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
	for _, bad := range [][]byte{nil, cookie[1:], append(bytes.Clone(cookie), 0)} {
		if s.checkCookie(client, bad, epoch) {
			t.Errorf("%x is good", bad)
		}
	}
}

func TestConnectionIDProvesItself(t *testing.T) {
	t.Parallel()
	s, node := testSecrets(t, 1), "node-1"
	id := s.newID(node)
	if len(id) != idLen || nodeOf(string(id)) != node || !s.isID(id) || !testSecrets(t, 2, 1).isID(id) {
		t.Errorf("%x is not an ID of %q", id, node)
	}
	if bytes.Equal(id, s.newID(node)) {
		t.Error("two IDs are equal")
	}
	if testSecrets(t, 2).isID(id) {
		t.Error("it is another fleet's")
	}
	for i := range id {
		forged := bytes.Clone(id)
		forged[i] ^= 1
		if s.isID(forged) {
			t.Errorf("%x is good", forged)
		}
	}
	if s.isID(id[1:]) {
		t.Error("a part of it is good")
	}
}

func TestRecordSurvivesItsWayToAnotherProcess(t *testing.T) {
	t.Parallel()
	for _, from := range []string{"192.0.2.1:1234", "[2001:db8::1]:65535"} {
		r := record{id: string(testSecrets(t, 1).newID("node-1")), datagram: []byte("datagram"), from: netip.MustParseAddrPort(from), hops: 2}
		data := r.marshal()
		got, err := unmarshalRecord(data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r, got, cmp.AllowUnexported(record{}), cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" {
			t.Error(diff)
		}
		for n := range len(data) - len(r.datagram) {
			if _, err := unmarshalRecord(data[:n]); err == nil {
				t.Errorf("%d bytes are a record", n)
			}
		}
	}
}
