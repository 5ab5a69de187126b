// Package peers runs the TLS programs of others as child processes, and moves data through them: OpenSSL's s_server
// and s_client, GnuTLS's gnutls-serv and gnutls-cli, and Mbed TLS's ssl_server2 and ssl_client2 from the vendored tree.
// With Options.Datagram they talk DTLS 1.2 over UDP; then there are Mbed TLS's udp_proxy and libcoap's programs, too, and
// package pion has peers inside the process.
//
// All talk over 127.0.0.1, on ports that are free at the time. gnutls-serv cannot be told an address: it listens on
// all. No process outlives the context that it was started with, and none is known by anything but its pid.
package peers
