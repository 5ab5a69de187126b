// Package testprogram is what ssl_client2 and ssl_server2 share: upstream's options, the Config that they make, and the
// lines that Mbed TLS's own test suites look for. Those suites judge the output, so its wording is upstream's.
package testprogram
