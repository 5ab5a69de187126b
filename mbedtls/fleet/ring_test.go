package fleet

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var testTiming = timing{lifetime: 100 * time.Second, rotation: 50 * time.Second, lead: 10 * time.Second}

// epoch is when the tests of rings begin, and after is that many seconds later.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func after(seconds int) time.Time { return epoch.Add(time.Duration(seconds) * time.Second) }

// ringOf has a key for each of these seconds.
func ringOf(t *testing.T, activates ...int) *ring {
	t.Helper()
	var keys []ticketKey
	for _, at := range activates {
		k := newTicketKey(after(at))
		k.ID = ticketKeyID{byte(at)}
		keys = append(keys, *k)
	}
	r, err := new(ring).with(keys, nil, epoch, testTiming)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestOneKeyMakesTicketsAtATime(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		keys []int
		now  int
		want int // when the current one took over; -1: there is none
	}{
		{nil, 0, -1},
		{[]int{5}, 4, -1},
		{[]int{5}, 5, 5},
		{[]int{5}, 104, 5}, // without a writer, twice as long
		{[]int{5}, 105, -1},
		{[]int{5, 55}, 54, 5},
		{[]int{55, 5}, 55, 55},
		{[]int{5, 200}, 120, -1},
	} {
		k := ringOf(t, c.keys...).current(after(c.now), testTiming)
		got := -1
		if k != nil {
			got = int(k.Activates.Sub(epoch) / time.Second)
		}
		if got != c.want {
			t.Errorf("keys %v, second %d: %d, want %d", c.keys, c.now, got, c.want)
		}
	}
}

func TestKeyIsPublishedBeforeItsUse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		keys   []int
		now    int
		rotate bool
		want   int // when the new one takes over; -1: there is none
	}{
		{nil, 7, false, 7},
		{[]int{0}, 39, false, -1},
		{[]int{0}, 40, false, 50},
		{[]int{0}, 70, false, 80}, // the writer was late
		{[]int{0}, 100, false, 100},
		{[]int{0, 50}, 40, false, -1},
		{[]int{0}, 20, true, 30},
		{[]int{0, 50}, 45, true, -1},
	} {
		k := ringOf(t, c.keys...).planned(after(c.now), testTiming, c.rotate)
		got := -1
		if k != nil {
			got = int(k.Activates.Sub(epoch) / time.Second)
		}
		if got != c.want {
			t.Errorf("keys %v, second %d, rotate %t: %d, want %d", c.keys, c.now, c.rotate, got, c.want)
		}
	}
}

// A key is kept for as long as there may be tickets of it, by whatever clock, and no longer.
func TestKeysAreForgottenWhenTheirTicketsHaveExpired(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ now, want int }{{159, 2}, {160, 1}, {259, 1}, {260, 0}} {
		r, err := ringOf(t, 0, 50).with(nil, nil, after(c.now), testTiming)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.keys) != c.want {
			t.Errorf("second %d: %d keys, want %d", c.now, len(r.keys), c.want)
		}
	}
}

// A revoked key is as if it had never been: the one before it goes on, and nobody brings it back.
func TestRevokedKeyStaysRevoked(t *testing.T) {
	t.Parallel()
	full := ringOf(t, 0, 50)
	bad := full.keys[1]
	r, err := full.with(nil, map[ticketKeyID]time.Time{bad.ID: after(300)}, after(60), testTiming)
	if err != nil {
		t.Fatal(err)
	}
	r, err = r.with(full.keys, nil, after(61), testTiming)
	if err != nil {
		t.Fatal(err)
	}
	if r.key(bad.ID) != nil {
		t.Error("the key is back")
	}
	if k := r.current(after(61), testTiming); k == nil || k.ID != full.keys[0].ID {
		t.Errorf("the current key is %v, want the one before", k)
	}
	if k := r.planned(after(61), testTiming, false); k == nil || !k.Activates.Equal(after(71)) {
		t.Errorf("planned: %v, want one for second 71", k)
	}
}

func TestRingSurvivesItsWayThroughRedis(t *testing.T) {
	t.Parallel()
	one, two := testSecrets(t, 1), testSecrets(t, 2, 1)
	r := ringOf(t, 0, 50)
	sealed, err := r.seal(one)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := openTicketKeys(two, sealed) // with the old key
	if err != nil {
		t.Fatal(err)
	}
	back, err := new(ring).with(keys, nil, epoch, testTiming)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r.describe(after(1), testTiming), back.describe(after(1), testTiming)); diff != "" {
		t.Error(diff)
	}
	if _, err := openTicketKeys(testSecrets(t, 2), sealed); !errors.Is(err, ErrSealed) {
		t.Errorf("under another key: %v", err)
	}
}

// testSecrets are derived from keys of one repeated byte.
func testSecrets(t *testing.T, key byte, old ...byte) secrets {
	t.Helper()
	var olds [][]byte
	for _, o := range old {
		olds = append(olds, testKey(o))
	}
	s, err := newSecrets(defaultName, testKey(key), olds)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func testKey(b byte) []byte { return bytes.Repeat([]byte{b}, KeyLen) }
