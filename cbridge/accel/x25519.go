package accel

import "github.com/cloudflare/circl/dh/x25519"

var x25519Base = x25519.Key{9}

// X25519 sets out to k times the point with coordinate u (RFC 7748), all 32 bytes long, in constant time: both of
// circl's ladders swap by masks. It is false if u is of low order.
func X25519(out, k, u *[32]byte) bool {
	if x25519.Key(*u) == x25519Base {
		x25519.KeyGen((*x25519.Key)(out), (*x25519.Key)(k))
		return true
	}
	return x25519.Shared((*x25519.Key)(out), (*x25519.Key)(k), (*x25519.Key)(u))
}
