package replay

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/moby/buildkit/executor/oci"
	"github.com/moby/sys/signal"
)

// Docker's defaults for a HEALTHCHECK that leaves them out, and how long docker stop waits.
const (
	defaultInterval = 30 * time.Second
	defaultTimeout  = 30 * time.Second
	stopTimeout     = 10 * time.Second
)

// CheckHealth runs an image as docker run would, without arguments, in a network of its own. It returns nil if the image's
// HEALTHCHECK succeeds while the image's program runs, the program then ends when told to, and the HEALTHCHECK fails in a
// container where the program does not run.
func (r *Replay) CheckHealth(ctx context.Context, image *Image) error {
	check, err := image.healthcheck()
	if err != nil {
		return err
	}
	main := append(slices.Clone(image.Config.Entrypoint), image.Config.Cmd...)
	if len(main) == 0 {
		return errors.New("the image has neither ENTRYPOINT nor CMD")
	}
	var running *worker
	start := func() (err error) {
		running, err = r.start(ctx, image, main)
		return err
	}
	if err := r.step("[run] "+strings.Join(main, " "), start); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = running.wait() // what it returned is in cmd.ProcessState
	}()
	healthy := r.step("[health] "+strings.Join(check, " "), func() error {
		return r.awaitHealth(ctx, image, running, check, ended)
	})
	stop := r.step("[stop] "+image.stopSignal(), func() error {
		return running.stop(ctx, image.stopSignal(), ended)
	})
	if err := errors.Join(healthy, stop); err != nil {
		return err
	}
	return r.step("[health, with no server] "+strings.Join(check, " "), func() error {
		alone, err := r.start(ctx, image, check)
		if err != nil {
			return err
		}
		var exit *exec.ExitError
		if err := alone.wait(); !errors.As(err, &exit) {
			return errors.Join(errors.New("HEALTHCHECK succeeds without the program that it is to check"), err)
		}
		return ctx.Err()
	})
}

// healthcheck is the command of HEALTHCHECK.
func (i *Image) healthcheck() ([]string, error) {
	check := i.Config.Healthcheck
	if check == nil || len(check.Test) < 2 {
		return nil, errors.New("the image has no HEALTHCHECK")
	}
	if check.Test[0] == "CMD-SHELL" {
		shell := i.Config.Shell
		if len(shell) == 0 {
			shell = []string{"/bin/sh", "-c"}
		}
		return append(slices.Clone(shell), check.Test[1]), nil
	}
	return check.Test[1:], nil
}

func (i *Image) stopSignal() string {
	if i.Config.StopSignal != "" {
		return i.Config.StopSignal
	}
	return "SIGTERM"
}

// start runs a program in a new container of the image.
func (r *Replay) start(ctx context.Context, image *Image, args []string) (*worker, error) {
	layer, err := r.layers.create()
	if err != nil {
		return nil, err
	}
	p := &process{Args: args, Env: image.Config.Env, Cwd: image.Config.WorkingDir, User: image.Config.User, Network: true}
	if p.Cwd == "" {
		p.Cwd = "/"
	}
	return r.layers.start(ctx, &job{Lower: image.root, Upper: layer, Process: p}, r.Output)
}

// awaitHealth does the HEALTHCHECK until it succeeds, or has failed as often as makes a container unhealthy.
func (r *Replay) awaitHealth(ctx context.Context, image *Image, w *worker, check []string, ended <-chan struct{}) error {
	settings := image.Config.Healthcheck
	interval, timeout, retries := settings.StartInterval, settings.Timeout, max(settings.Retries, 3)
	if interval == 0 {
		interval = defaultInterval
	}
	if timeout == 0 {
		timeout = defaultTimeout
	}
	// As nsenter joins the namespaces, so does docker exec.
	uid, gid, _, err := oci.GetUser(r.layers.path(w.job.Upper), image.Config.User)
	if err != nil {
		return err
	}
	enter := append([]string{
		"--target", strconv.Itoa(w.cmd.Process.Pid), "--mount", "--pid", "--net", "--ipc", "--root", "--wd=/",
		"--setgid", strconv.Itoa(int(gid)), "--setuid", strconv.Itoa(int(uid)), "--",
	}, check...)
	for try := 1; ; try++ {
		tryCtx, cancel := context.WithTimeout(ctx, timeout)
		cmd := exec.CommandContext(tryCtx, "nsenter", enter...)
		cmd.Env, cmd.Stdout, cmd.Stderr = image.Config.Env, r.Output, r.Output
		err := cmd.Run()
		cancel()
		if err == nil || ctx.Err() != nil {
			return err
		}
		if try == retries {
			return fmt.Errorf("HEALTHCHECK failed %d times: %w", try, err)
		}
		select {
		case <-ended:
			return fmt.Errorf("the program ended by itself: %v", w.cmd.ProcessState)
		case <-time.After(interval):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// stop sends the signal and waits for the end, as docker stop does.
func (w *worker) stop(ctx context.Context, name string, ended <-chan struct{}) error {
	number, err := signal.ParseSignal(name)
	if err != nil {
		return err
	}
	if err := w.cmd.Process.Signal(number); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-ended:
		return nil
	case <-time.After(stopTimeout):
		_ = w.cmd.Process.Signal(syscall.SIGKILL)
		<-ended
		return fmt.Errorf("the program has not ended %v after %s", stopTimeout, name)
	case <-ctx.Done():
		<-ended
		return ctx.Err()
	}
}
