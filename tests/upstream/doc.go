// Package upstream has Mbed TLS's own tests judge this binding.
//
// Its unit tests run here, with the Go packages in the place of the C functions: each file maps the test functions of a few
// suites onto the Go API (see internal/suites), and [TestCasesPass] prints what became of the cases.
//
//	go test ./tests/upstream -run Cases -v [-args [-suites REGEXP] [-reasons] [-json FILE]]
//
// The shell suites, with Go programs in the place of the C ones, run by ./build.sh upstream. What that compares results with
// is here: known.txt, the differences that cannot be helped, and sample.txt, what every run of the tests makes.
package upstream
