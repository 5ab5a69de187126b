package cbridge

// #include "bridge.h"
import "C"

// SetStaticBuffers says whether connections hold both buffers for their whole life, as the library has it. Without it
// they have them while they need them.
func (c *Config) SetStaticBuffers(on bool) error {
	return c.use(func(cc *C.gm_config) error {
		C.gm_conf_static_buffers(cc, flag(on))
		return nil
	})
}
