// Command mbedtls-demo moves data between package mbedtls and other implementations of TLS, and prints a table of it.
//
//	mbedtls-demo [-run REGEXP] [-size BYTES] [-v]
//
// A row is a peer (package mbedtls itself, Mbed TLS's C programs, OpenSSL's), the end that Go takes, and a version. Both
// sides have certificates made for the occasion, and each insists on a trusted one of the other. The bytes go each way
// and are compared; MB/s counts both ways. The C programs of Mbed TLS do not copy a stream: with them it is requests
// and responses in turn, compared with what they print that they read and wrote.
//
// -run chooses rows by "peer role version", -v tells more about each. The exit code is 1 if a row fails, 2 for wrong
// usage. `./build.sh demo` builds the peers first, and says where they are in GOMBEDTLS_PROGRAMS.
package main
