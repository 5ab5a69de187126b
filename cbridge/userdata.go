package cbridge

// #include "bridge.h"
import "C"

// SetUserDataN attaches a number to the C config, which the library keeps and does not look at
// (mbedtls_ssl_conf_set_user_data_n). It is for C code that finds the config in a callback of its own.
func (c *Config) SetUserDataN(n uintptr) error {
	return c.always(func(conf *C.mbedtls_ssl_config) { C.mbedtls_ssl_conf_set_user_data_n(conf, C.uintptr_t(n)) })
}

// UserDataN is what SetUserDataN attached; 0 after Close (mbedtls_ssl_conf_get_user_data_n).
func (c *Config) UserDataN() (n uintptr) {
	_ = c.always(func(conf *C.mbedtls_ssl_config) { n = uintptr(C.mbedtls_ssl_conf_get_user_data_n(conf)) })
	return n
}

// SetUserDataN is as that of Config, for a connection (mbedtls_ssl_set_user_data_n). Go values go to SetUserData.
func (s *SSL) SetUserDataN(n uintptr) error {
	return s.during("mbedtls_ssl_set_user_data_n", "", func(c *C.gm_ssl) C.int {
		C.mbedtls_ssl_set_user_data_n(&c.ssl, C.uintptr_t(n))
		return 0
	})
}

// UserDataN is what SetUserDataN attached; 0 after Close (mbedtls_ssl_get_user_data_n).
func (s *SSL) UserDataN() uintptr {
	return query(s, func(c *C.gm_ssl) uintptr { return uintptr(C.mbedtls_ssl_get_user_data_n(&c.ssl)) })
}
