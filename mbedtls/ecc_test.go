package mbedtls

import (
	"errors"
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/testpki"
)

func TestMaxECCOperationsRange(t *testing.T) {
	bad := []int{-1}
	if math.MaxInt > math.MaxUint32 { // where an int can be too large
		bad = append(bad, math.MaxInt)
	}
	for _, n := range bad {
		if err := SetMaxECCOperations(n); err == nil || errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("SetMaxECCOperations(%d): %v, want an error that names the range", n, err)
		}
	}
}

// boundECC waits for connections that are closed, or forgotten, and not freed yet.
func boundECC(t *testing.T, n int) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; runtime.GC() {
		err := SetMaxECCOperations(n)
		if err == nil {
			return
		}
		if !errors.Is(err, ErrConnectionsExist) || time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

func TestHandshakesWithABoundOnECCOperations(t *testing.T) {
	if !cbridge.Feature("MBEDTLS_ECP_RESTARTABLE") {
		var e *NotBuiltError
		if err := SetMaxECCOperations(100); !errors.As(err, &e) || e.Option != "MBEDTLS_ECP_RESTARTABLE" {
			t.Errorf("SetMaxECCOperations: %v, want a NotBuiltError of MBEDTLS_ECP_RESTARTABLE", err)
		}
		return
	}
	boundECC(t, 100)
	t.Cleanup(func() { boundECC(t, 0) }) // after the connections are closed
	client, server := configs(t)
	server.ClientAuth, server.ClientCAs = RequireAndVerifyClientCert, roots()
	client.Certificates = []Certificate{issue(t, testpki.Leaf{Algorithm: testpki.P384})}
	versions(t, func(t *testing.T, version uint16) {
		client := client.Clone()
		client.MinVersion, client.MaxVersion = version, version
		t.Cleanup(func() { client.Close() })
		c, s := connected(t, client, server)
		mustBe(t, "SetMaxECCOperations beside connections", SetMaxECCOperations(1), ErrConnectionsExist)
		echoes(t, c, s)
	})
	client, server = renegotiable(t)
	renegotiates(t, client, server)
	// A key elsewhere, in a build that would restart signing.
	versions(t, func(t *testing.T, version uint16) {
		client, server := remoteConfigs(t, version, false, remote(t, testpki.P256, nil))
		connected(t, client, server)
	})
}
