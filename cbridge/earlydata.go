package cbridge

// #include "bridge.h"
import "C"

// SetEarlyData lets a client send early data with tickets that allow it, and a server take up to maxSize bytes of it
// (mbedtls_ssl_conf_early_data, mbedtls_ssl_conf_max_early_data_size).
func (c *Config) SetEarlyData(maxSize uint32) error {
	return c.set("mbedtls_ssl_conf_early_data", "MBEDTLS_SSL_EARLY_DATA", func(cc *C.gm_config) C.int {
		return C.gm_conf_early_data(cc, C.uint32_t(maxSize))
	})
}

// WriteEarlyData begins the handshake of a client, if that is not done yet, and encrypts at most one record of p
// (mbedtls_ssl_write_early_data). ErrSSLCannotWriteEarlyData says that no (more) early data can be sent.
func (s *SSL) WriteEarlyData(p []byte) (n int, err error) {
	if err := s.enter(); err != nil {
		return 0, err
	}
	defer s.leave()
	ret := C.gm_ssl_write_early_data(s.c, cbytes(p), C.size_t(len(p)))
	return max(0, int(ret)), s.trap.end("mbedtls_ssl_write_early_data", int(ret))
}

// ReadEarlyData reads what Handshake told of by ErrSSLReceivedEarlyData (mbedtls_ssl_read_early_data). When nothing of
// the record is left, it fails with ErrSSLCannotReadEarlyData, and Handshake goes on.
func (s *SSL) ReadEarlyData(p []byte) (n int, err error) {
	if err := s.enter(); err != nil {
		return 0, err
	}
	defer s.leave()
	ret := C.gm_ssl_read_early_data(s.c, cbytes(p), C.size_t(len(p)))
	return max(0, int(ret)), s.trap.end("mbedtls_ssl_read_early_data", int(ret))
}

// EarlyDataStatus is what became of a client's early data.
type EarlyDataStatus int

// The states of mbedtls_ssl_early_data_status, which not every build declares.
const (
	EarlyDataNotIndicated EarlyDataStatus = iota
	EarlyDataAccepted
	EarlyDataRejected
)

// EarlyDataStatus tells it once the handshake is complete (mbedtls_ssl_get_early_data_status). It is
// EarlyDataNotIndicated on a server.
func (s *SSL) EarlyDataStatus() EarlyDataStatus {
	return query(s, func(c *C.gm_ssl) EarlyDataStatus {
		if st := EarlyDataStatus(C.gm_ssl_early_data_status(c)); st > 0 {
			return st
		}
		return EarlyDataNotIndicated
	})
}
