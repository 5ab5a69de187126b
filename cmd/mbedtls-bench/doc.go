// Mbedtls-bench measures package mbedtls against the C library alone, crypto/tls and, for DTLS, pion/dtls, doing the same
// work in the same run. ./build.sh bench runs it.
//
// Each stack does a workload in a process of its own: this program again, or the driver in tests/bench/driver. These take
// turns, for a short time each, so that a noisy machine hits all of them alike; the medians are what counts. A ratio is the
// median of the turns' ratios, and above 1 this binding is the better one, whatever the unit.
package main
