package cbridge

// #include "bridge.h"
import "C"

// BufferMode says how long connections have the two buffers of the library.
type BufferMode int

// The modes.
const (
	BuffersLent   BufferMode = C.GM_BUFFERS_LENT   // for a call, from a pool; of the right size while something is in them
	BuffersExact  BufferMode = C.GM_BUFFERS_EXACT  // the same without the pool: the least memory, and more calls of malloc
	BuffersStatic BufferMode = C.GM_BUFFERS_STATIC // for life, as the library has it
)

// SetBufferMode sets when connections have buffers.
func (c *Config) SetBufferMode(m BufferMode) error {
	return c.use(func(cc *C.gm_config) error {
		C.gm_conf_buffers(cc, C.int(m))
		return nil
	})
}

// BufferSizes is how much of the C heap the connection's buffers are; 0 while it has none.
func (s *SSL) BufferSizes() (in, out int) {
	sizes := query(s, func(c *C.gm_ssl) (sizes [2]C.size_t) {
		C.gm_buffers_sizes(c, &sizes[0], &sizes[1])
		return sizes
	})
	return int(sizes[0]), int(sizes[1])
}
