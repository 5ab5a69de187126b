// Package suites runs the unit tests of Mbed TLS, from the files of its source tree, with Go functions in the place of the
// C ones.
//
// A suite is two kinds of files in tests/suites. A .function file has test functions, in C; a .data file has cases, each
// with a description, what it depends on, the name of a function, and arguments. [Load] reads both. An argument or a
// dependency may be any expression of C that the suite's headers give a meaning to, so the C compiler evaluates those
// ([Suites.Evaluate]), with the headers of the build that Go links. [Suites.Run] then calls, for each case, the Go function
// that stands for the one in C, with the same parameters: a Go integer for each number, a string for each char *, and
// bytes for each data_t *.
package suites
