package cbridge

// #include "bridge.h"
import "C"

import (
	"path"
	"strings"
	"sync"
	"unsafe"
)

// DebugFunc gets one message of the library: its level (1 errors, 2 state changes, 3 information, 4 everything), the C
// file's base name and line, and the text without its final newline. It is called on whatever goroutine drives a
// connection, so possibly by several at once, must not block, and must not call into the same connection.
type DebugFunc func(level int, file string, line int, text string)

// thresholds counts the live Configs by debug level. The library has one threshold for the process
// (mbedtls_debug_set_threshold): the highest of them; the bridge drops what is above a Config's own.
var thresholds struct {
	sync.Mutex
	count [5]int
}

func addThreshold(level, delta int) {
	thresholds.Lock()
	defer thresholds.Unlock()
	thresholds.count[level] += delta
	for l := len(thresholds.count) - 1; l >= 0; l-- {
		if thresholds.count[l] > 0 || l == 0 {
			C.gm_debug_set_threshold(C.int(l))
			return
		}
	}
}

// SetDebug makes f receive messages up to level, 1 to 4 (mbedtls_ssl_conf_dbg). Level 0 or a nil f is silence.
func (c *Config) SetDebug(level int, f DebugFunc) error {
	if !Feature("MBEDTLS_DEBUG_C") && f != nil {
		return &NotBuiltError{Option: "MBEDTLS_DEBUG_C"}
	}
	if f == nil {
		level = 0
	}
	level = min(max(level, 0), 4)
	return c.use(func(cc *C.gm_config) error {
		c.debug = f
		addThreshold(int(cc.debug_level), -1)
		addThreshold(level, 1)
		C.gm_conf_dbg(cc, C.int(level))
		return nil
	})
}

// SetDebug makes f receive the messages of this connection in place of the Config's own closure.
func (s *SSL) SetDebug(f DebugFunc) { s.debug = f }

// gombDebug is reached from every library call on a connection, on the goroutine that made it. It must not block.
//
//export gombDebug
func gombDebug(conf, ssl unsafe.Pointer, level C.int, file *C.char, line C.int, text *C.char) {
	c := fromHandle[Config](conf)
	if c == nil || c.debug == nil {
		return
	}
	debug := c.debug
	if ssl != nil {
		if s := fromHandle[SSL](ssl); s != nil && s.debug != nil {
			debug = s.debug
		}
	}
	trapOf(c, ssl).run(ErrErrorGenericError, func() error {
		debug(int(level), path.Base(C.GoString(file)), int(line), strings.TrimSuffix(C.GoString(text), "\n"))
		return nil
	})
}
