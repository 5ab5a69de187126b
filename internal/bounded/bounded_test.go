package bounded_test

import (
	"context"
	"errors"
	"testing"

	"github.com/gombedtls/gombedtls/internal/bounded"
	"github.com/gombedtls/gombedtls/internal/leakcheck"
)

func TestMain(m *testing.M) {
	nothing := func() {}
	leakcheck.Main(m, nothing, nothing, func() error { return nil })
}

func TestCallReturnsWhatTheFunctionReturns(t *testing.T) {
	t.Parallel()
	want := errors.New("its own")
	var c bounded.Caller
	n, err := bounded.Call(&c, context.Background(), func(context.Context) (int, error) { return 7, want })
	if n != 7 || err != want {
		t.Errorf("%d, %v", n, err)
	}
}

func TestCallRaisesPanicsAgain(t *testing.T) {
	t.Parallel()
	defer func() {
		if v := recover(); v != "its own" {
			t.Errorf("recovered %v", v)
		}
	}()
	var c bounded.Caller
	bounded.Call(&c, context.Background(), func(context.Context) (int, error) { panic("its own") })
}

// Functions that ignore their context are left behind, but no more than some, and later calls work once they return.
func TestCallLeavesHangingFunctionsBehind(t *testing.T) {
	t.Parallel()
	var c bounded.Caller
	release, returned := make(chan struct{}), make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	entered := make(chan struct{})
	hang := func(context.Context) (int, error) {
		entered <- struct{}{}
		<-release
		defer func() { returned <- struct{}{} }()
		return 1, nil
	}
	const many = 64
	errs := make(chan error, many)
	for range many {
		go func() {
			_, err := bounded.Call(&c, ctx, hang)
			errs <- err
		}()
		<-entered
	}
	cancel()
	for range many {
		if err := <-errs; err != context.Canceled {
			t.Errorf("%v, want context.Canceled", err)
		}
	}
	quick := func(context.Context) (int, error) { return 2, nil }
	if _, err := bounded.Call(&c, context.Background(), quick); err != bounded.ErrHanging {
		t.Errorf("with %d hanging: %v, want ErrHanging", many, err)
	}
	close(release)
	for range many {
		<-returned
	}
	for {
		n, err := bounded.Call(&c, context.Background(), quick)
		if err == nil {
			if n != 2 {
				t.Errorf("%d", n)
			}
			return
		}
	}
}
