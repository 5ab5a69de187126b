package fleet

import (
	"strings"
	"testing"
	"time"
)

func TestOptionsThatCannotBeUsedAreNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		options Options
		want    string
	}{
		{Options{}, "Options.Key: 0 bytes"},
		{Options{Key: testKey(1), OldKeys: [][]byte{testKey(2), []byte("short")}}, "Options.OldKeys[1]: 5 bytes"},
		{Options{Key: testKey(1), Name: "{a}"}, "Options.Name: {a}: must have no closing brace"},
		{Options{Key: testKey(1), TicketLifetime: 8 * 24 * time.Hour}, "Options.TicketLifetime: 192h0m0s"},
		{Options{Key: testKey(1), TicketLifetime: 1500 * time.Millisecond}, "Options.TicketLifetime: 1.5s"},
		{Options{Key: testKey(1), Rotation: time.Second, Lead: 2 * time.Second}, "Options.Rotation: 1s"},
		{Options{Key: testKey(1), Lead: time.Second, Poll: time.Second}, "Options.Lead: 1s"},
		{Options{Key: testKey(1), Timeout: -1}, "Options.Timeout: -1ns"},
		{Options{Key: testKey(1), NodeTimeout: time.Millisecond}, "Options.NodeTimeout: 1ms"},
		{Options{Key: testKey(1), ParkLifetime: -1}, "Options.ParkLifetime: -1ns"},
		{Options{Key: testKey(1), ForwardAddr: ":0"}, "Options.ForwardAddr: :0"},
		{Options{Key: testKey(1), ForwardAddr: "[::]:0"}, "Options.ForwardAddr: [::]:0"},
		{Options{Key: testKey(1), ForwardAddr: "localhost"}, "Options.ForwardAddr: localhost"},
	} {
		_, err := Join(t.Context(), nil, c.options)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}
