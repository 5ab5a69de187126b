package redistest_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gombedtls/gombedtls/internal/leakcheck"
	"github.com/gombedtls/gombedtls/internal/redistest"
)

func TestMain(m *testing.M) {
	nothing := func() {}
	leakcheck.Main(m, nothing, nothing, func() error { return nil })
}

func TestServerAnswersUntilItIsStopped(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*redistest.Server){"Stop": (*redistest.Server).Stop, "Kill": (*redistest.Server).Kill} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			s := redistest.Start(t)
			if err := s.Client().Set(ctx, "k", "v", 0).Err(); err != nil {
				t.Fatal(err)
			}
			end(s)
			end(s)
			if err := s.Client().Get(ctx, "k").Err(); err == nil || err == redis.Nil {
				t.Errorf("after %s: %v", name, err)
			}
			s.Restart()
			if err := s.Client().Get(ctx, "k").Err(); err != redis.Nil {
				t.Errorf("restarted: %v, want that there is nothing", err)
			}
		})
	}
}

func TestPausedServerAnswersOnceItIsResumed(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	c := s.Client()
	if err := c.Ping(context.Background()).Err(); err != nil {
		t.Fatal(err)
	}
	s.Pause()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	impatient := c.WithTimeout(50 * time.Millisecond)
	if err := impatient.Ping(ctx).Err(); err == nil {
		t.Error("a paused server answers")
	}
	s.Resume()
	if err := c.Ping(context.Background()).Err(); err != nil {
		t.Error(err)
	}
}
