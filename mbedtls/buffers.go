package mbedtls

import (
	"fmt"

	"github.com/gombedtls/gombedtls/cbridge"
)

// BufferMode is how long a connection has the library's two record buffers, of 17 KiB each in most builds.
type BufferMode int

// The modes.
const (
	// BufferDynamic lends a connection a buffer for the time of a call, from a few that all connections share, and leaves
	// it one of the right size while something is in it: data that was not read yet, a part of a record, output that the
	// transport does not take. An idle connection has none. Large records are as fast as with BufferStatic, within what
	// can be measured; one of 128 bytes takes a tenth of a microsecond more, before any system call.
	BufferDynamic BufferMode = iota

	// BufferStatic gives each connection its buffers for life, as the library itself does.
	BufferStatic
)

// String is the constant's name.
func (m BufferMode) String() string {
	switch m {
	case BufferDynamic:
		return "BufferDynamic"
	case BufferStatic:
		return "BufferStatic"
	}
	return fmt.Sprintf("BufferMode(%d)", int(m))
}

// ErrConfigUsed is what a second connection of a Config with FreeHandshakeData fails with.
var ErrConfigUsed = cbridge.ErrConfigUsed

func (c *Config) setBuffers(cc *cbridge.Config, _ bool) error {
	modes := map[BufferMode]cbridge.BufferMode{BufferDynamic: cbridge.BuffersLent, BufferStatic: cbridge.BuffersStatic}
	mode, ok := modes[c.BufferMode]
	if !ok {
		return badField("BufferMode", c.BufferMode, "no such mode")
	}
	if c.FreeHandshakeData {
		if c.AllowRenegotiation {
			return badField("FreeHandshakeData", true, "and AllowRenegotiation needs what is freed")
		}
		cc.SetSingle()
		if mode == cbridge.BuffersLent {
			mode = cbridge.BuffersExact
		}
	}
	return field("BufferMode", c.BufferMode, cc.SetBufferMode(mode))
}
