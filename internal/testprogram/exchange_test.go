package testprogram

import "testing"

func TestMessage(t *testing.T) {
	size := func(n int) *int { return &n }
	for name, tt := range map[string]struct {
		size *int
		want string
	}{
		"natural": {nil, "head\r\n\r\n"},
		"padded":  {size(11), "headAAA\r\n\r\n"},
		"exact":   {size(8), "head\r\n\r\n"},
		"cut":     {size(4), "he\r\n"},
		"2 bytes": {size(2), "\r\n"},
		"1 byte":  {size(1), "\n"},
		"empty":   {size(0), ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := string(Message("head", "\r\n\r\n", "A", tt.size)); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}
