// Mbedtls-interop runs one of Mbed TLS's own test suites, unchanged, with the C programs or with the Go ones in their
// place, and compares the result with that of the C programs, test by test. The verb upstream of build.sh prepares what
// it needs and calls it.
//
//	./build.sh upstream ssl-opt|compat|context-info [OPTION…]
//
// Every run works in copies of the release made of links, on ports that were free when it began, and leaves under
// build/upstream a JSON file with the result of every test, and a folder with the logs of those that failed. A test that
// fails is run once more, alone: the file has both results, and those that then passed are listed and counted as flaky.
//
// The exit code is 1 if a test differs from the C programs' result and tests/upstream/known.txt does not say why.
package main
