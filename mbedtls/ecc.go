package mbedtls

import (
	"fmt"

	"github.com/gombedtls/gombedtls/cbridge"
)

// ErrConnectionsExist is the error of [SetMaxECCOperations] while a connection has not been closed, or a restart of package
// ecp.
var ErrConnectionsExist = cbridge.ErrConnectionsExist

// SetMaxECCOperations bounds how many elliptic-curve operations a handshake computes in a row before it lets other
// goroutines run, for the process: a multiplication on P-256 takes about 3300, on P-384 about 9400, and values below some
// 200 and 700 mean those. 0, the default, is no bound. It makes a handshake no faster, and all of them together slower:
// it is for a program on a slow processor that has other things to do. The library heeds it in clients of TLS 1.2 with
// ECDHE-ECDSA suites, and nowhere else.
//
// The library reads the bound without a lock. So it can be set only while no connection exists that has begun its
// handshake and is not closed, and nothing of packages ecp, ecdh, pk and x509 that heeds it (see ecp.SetMaxOps), else the error is
// [ErrConnectionsExist]. A build without MBEDTLS_ECP_RESTARTABLE, as all but the profile full, gives a [NotBuiltError]
// (mbedtls_ecp_set_max_ops).
func SetMaxECCOperations(n int) error {
	if n < 0 || uint64(n) > 1<<32-1 {
		return fmt.Errorf("mbedtls: SetMaxECCOperations(%d): must be between 0 and %d", n, uint32(1<<32-1))
	}
	return cbridge.SetECPMaxOps(uint32(n))
}
