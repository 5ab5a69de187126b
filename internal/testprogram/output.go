package testprogram

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path"
	"strings"
	"sync"
	"syscall"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// Output is what a program prints. Each call is one write, so that what the library logs stands where it happened.
type Output struct {
	mu sync.Mutex
	w  io.Writer
}

// NewOutput prints to w.
func NewOutput(w io.Writer) *Output { return &Output{w: w} }

// Printf prints.
func (o *Output) Printf(format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	fmt.Fprintf(o.w, format, args...)
}

// Step prints a title, and then that f succeeded, with what it returns, or how it failed.
func (o *Output) Step(title string, f func() (result string, err error)) error {
	o.Printf("%s", title)
	result, err := f()
	if err != nil {
		o.Printf(" failed\n  ! %v\n\n", err)
		return &ExitError{Err: err}
	}
	o.Printf("%s\n", strings.TrimRight(" ok "+result, " "))
	return nil
}

// ExitError ends a program with status 1.
type ExitError struct {
	Text string // to print
	Err  error  // of the library; nil if it was not asked
}

func (e *ExitError) Error() string { return e.Text }

func (e *ExitError) Unwrap() error { return e.Err }

// Exit is an ExitError.
func Exit(format string, args ...any) error { return &ExitError{Text: fmt.Sprintf(format, args...)} }

// Code is the number that the C function returned, or would have returned for what a socket reported. What has none is an
// internal error.
func Code(err error) mbedtls.Code {
	if code, ok := libraryCode(err); ok {
		return code
	}
	return mbedtls.ErrSSLInternalError
}

func libraryCode(err error) (_ mbedtls.Code, ok bool) {
	var e *mbedtls.Error
	var code mbedtls.Code
	switch {
	case err == nil:
		return 0, true
	case errors.As(err, &e):
		return e.Code, true
	case errors.As(err, &code):
		return code, true
	case errors.Is(err, io.EOF):
		return mbedtls.ErrSSLPeerCloseNotify, true
	case errors.Is(err, io.ErrUnexpectedEOF):
		return mbedtls.ErrSSLConnEOF, true
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return mbedtls.ErrNetConnReset, true
	case errors.Is(err, os.ErrDeadlineExceeded):
		return mbedtls.ErrSSLTimeout, true
	case errors.Is(err, net.ErrClosed):
		return mbedtls.ErrNetInvalidContext, true
	case errors.Is(err, syscall.ECONNREFUSED):
		return mbedtls.ErrNetRecvFailed, true
	}
	return 0, false
}

// Strerror is the library's text for a code.
func Strerror(code mbedtls.Code) string { return code.Text() }

// Hex prints a code as upstream's programs do: -0x7780.
func Hex(code mbedtls.Code) string { return fmt.Sprintf("-0x%x", -int(code)) }

// Logger prints the library's messages as upstream's programs do: the file, the line, the level, the text.
func (o *Output) Logger() *slog.Logger { return slog.New(logHandler{o}) }

type logHandler struct{ out *Output }

func (logHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h logHandler) Handle(_ context.Context, r slog.Record) error {
	var file string
	var line, level int64
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "file":
			file = path.Base(a.Value.String())
		case "line":
			line = a.Value.Int64()
		case "level":
			level = a.Value.Int64()
		}
		return true
	})
	h.out.Printf("%s:%04d: |%d| %s\n", file, line, level, r.Message)
	return nil
}

func (h logHandler) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h logHandler) WithGroup(string) slog.Handler      { return h }

// VerifyInfo is the library's text for what is wrong with a certificate, one reason a line.
func VerifyInfo(flags mbedtls.VerifyFlags) string { return cbridge.VerifyInfo(uint32(flags), "  ! ") }
