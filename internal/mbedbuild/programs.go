package mbedbuild

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/kballard/go-shellquote"
)

// Programs are sets of upstream's C programs, by the name of the subfolder that they are put in.
var Programs = map[string][]string{
	// What tests and demo use as peers.
	"bin": {"ssl/ssl_client2", "ssl/ssl_server2", "test/udp_proxy", "test/query_compile_time_config", "x509/cert_app"},
	// What upstream's suites need beyond those.
	"suites": {
		"ssl/ssl_server", "ssl/ssl_client1", "ssl/dtls_server", "ssl/dtls_client", "ssl/ssl_fork_server",
		"ssl/ssl_pthread_server", "ssl/ssl_context_info",
	},
}

// BuildPrograms makes a set of programs in the build's folder, unless it is there. They link the bridge's mbedtls_ms_time,
// which profiles leave to it: clock is its C file.
func (h *Home) BuildPrograms(ctx context.Context, b *Build, set, clock string) error {
	hash, err := sha256File(clock)
	if err != nil {
		return err
	}
	place := filepath.Join(b.Folder, set)
	current := func() bool {
		text, err := os.ReadFile(filepath.Join(place, ".stamp"))
		return err == nil && string(text) == hash
	}
	if current() {
		return nil
	}
	return h.locked(ctx, h.path("build"), func(w *workplace) error {
		if current() { // by the run we waited for
			return nil
		}
		began := time.Now()
		temp, remove, err := w.temp()
		if err != nil {
			return err
		}
		defer remove()
		object := filepath.Join(temp, "platform_time.o")
		m, err := b.prepare(ctx, h, w, temp, b.Folder, "'"+object+"'")
		if err != nil {
			return err
		}
		if err := copyMatching(filepath.Join(m.tree, "library"), filepath.Join(b.Folder, "lib"), "*.a"); err != nil {
			return err
		}
		args, err := shellquote.Split(b.CC + " " + b.cflags) // as make's shell does
		if err != nil {
			return err
		}
		args = append(args, "-I"+filepath.Join(b.Folder, "include"), "-c", clock, "-o", object)
		if _, err := run(ctx, nil, args[0], args[1:]...); err != nil {
			return fmt.Errorf("%s does not compile: %w", h.name(clock), err)
		}
		h.Progress.Say("C programs: compiling")
		if err := m.make(ctx, "C programs", "programs", Programs[set]...); err != nil {
			return err
		}
		made := filepath.Join(temp, "made")
		for _, name := range Programs[set] {
			if err := copyFile(filepath.Join(made, filepath.Base(name)), filepath.Join(m.tree, "programs", name)); err != nil {
				return err
			}
		}
		if err := os.WriteFile(filepath.Join(made, ".stamp"), []byte(hash), 0o644); err != nil {
			return err
		}
		if err := w.replace(place, made); err != nil {
			return err
		}
		h.Progress.Say("C programs built in %.0f s", time.Since(began).Seconds())
		return nil
	})
}
