package replay

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMain(m *testing.M) {
	Worker()
	folder, err := os.MkdirTemp("", "replay")
	if err != nil {
		panic(err)
	}
	tool = filepath.Join(folder, "tool")
	build := exec.Command("go", "build", "-o", tool, "./testdata/tool")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	build.Stderr = os.Stderr
	status := 1
	if err := build.Run(); err == nil {
		status = m.Run()
	}
	os.RemoveAll(folder)
	os.Exit(status)
}

// tool is the program in testdata.
var tool string

// newReplay is one of a Dockerfile whose context has tool and a few more files.
func newReplay(t *testing.T, dockerfile string) (*Replay, *bytes.Buffer) {
	t.Helper()
	folder := t.TempDir()
	if err := Supported(t.Context(), folder); err != nil {
		t.Skipf("nothing can be built here: %v", err)
	}
	if err := os.Link(tool, filepath.Join(folder, "tool")); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"Dockerfile": dockerfile, ".dockerignore": "secret*\n!secret.not\n",
		"a.txt": "a", "b.txt": "b", "secret": "s", "secret.not": "n", "sub/c.txt": "c", "sub/d.tar": "d",
	} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var output bytes.Buffer
	r := &Replay{
		File: &File{Path: filepath.Join(folder, "Dockerfile"), Context: folder, BuildArgs: map[string]string{"GIVEN": "given"}},
		Work: filepath.Join(folder, "work"), Bases: new(Bases), Progress: io.Discard, Output: &output,
	}
	t.Cleanup(func() {
		mounts, err := os.ReadFile("/proc/self/mounts")
		if err != nil || strings.Contains(string(mounts), folder) {
			t.Errorf("mounts are left: %v", err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		left, err := filepath.Glob(filepath.Join(r.Work, "run-*"))
		if err != nil || len(left) > 0 {
			t.Errorf("left: %q, %v", left, err)
		}
	})
	return r, &output
}

// found is a file of an image.
type found struct {
	Text     string
	Mode     os.FileMode
	UID, GID uint32
}

func contents(t *testing.T, r *Replay, image *Image) map[string]found {
	t.Helper()
	all := map[string]found{}
	for _, layer := range image.root {
		root := r.layers.path(layer)
		err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			name := strings.TrimPrefix(path, root)
			if _, above := all[name]; above || name == "/tool" {
				return nil
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			text, err := os.ReadFile(path)
			owner := info.Sys().(*syscall.Stat_t)
			all[name] = found{string(text), info.Mode(), owner.Uid, owner.Gid}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestStagesBecomeWhatTheFileSays(t *testing.T) {
	r, _ := newReplay(t, `
ARG DEFAULT=default GIVEN=other
FROM scratch AS first
ARG DEFAULT
ARG GIVEN
ENV JOINED=$DEFAULT-$GIVEN
WORKDIR /deep/work
COPY tool /tool
COPY . context/
COPY *.txt sub/c.txt ./
RUN ["/tool", "write", "written", "JOINED", "GIVEN", "HOME"]
RUN --mount=type=cache,target=/cache ["/tool", "write", "/cache/kept", "JOINED"]
USER 1000:1001
RUN --mount=type=tmpfs,target=/tmp ["/tool", "write", "/tmp/gone"]

FROM scratch
COPY --from=first /tool /tool
COPY --from=first --chown=5:6 --chmod=640 /deep/work/written /moved
COPY --from=first --link /deep/work/context /context
WORKDIR /there
RUN --mount=type=bind,from=first,source=/deep,target=/mnt ["/tool", "write", "here", "JOINED"]
USER 7
`)
	image, err := r.Build(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]found{
		"/moved":              {"0 /deep/work default-given given /", 0o640, 5, 6},
		"/there/here":         {"0 /there ", 0o600, 0, 0},
		"/context/Dockerfile": {}, "/context/.dockerignore": {},
		"/context/a.txt":      {"a", 0o644, 0, 0},
		"/context/b.txt":      {"b", 0o644, 0, 0},
		"/context/sub/c.txt":  {"c", 0o644, 0, 0},
		"/context/sub/d.tar":  {"d", 0o644, 0, 0},
		"/context/secret.not": {"n", 0o644, 0, 0},
		"/context/tool":       {},
	}
	got := contents(t, r, image)
	for name := range got {
		if want[name] == (found{}) && name != "/context/secret" {
			got[name] = found{}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if image.Config.User != "7" || image.Config.WorkingDir != "/there" {
		t.Errorf("USER %q, WORKDIR %q", image.Config.User, image.Config.WorkingDir)
	}
	kept, err := os.ReadFile(filepath.Join(r.Work, "cache/cache/kept"))
	if string(kept) != "0 /deep/work default-given" {
		t.Errorf("the cache mount has %q, %v", kept, err)
	}
	first, err := r.Build(t.Context(), "first")
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range contents(t, r, first) {
		if strings.HasPrefix(name, "/proc") || strings.HasPrefix(name, "/tmp") || strings.HasPrefix(name, "/etc") {
			t.Errorf("a mount has left %s: %v", name, file)
		}
	}
}

func TestFailuresAreTold(t *testing.T) {
	for name, test := range map[string]struct{ dockerfile, want string }{
		"RUN":               {"FROM scratch\nCOPY tool /\nRUN [\"/tool\", \"fail\", \"x\"]", `RUN ["/tool", "fail", "x"]: exit status 1`},
		"no program":        {"FROM scratch\nRUN [\"/none\"]", "/none: no such file"},
		"no shell":          {"FROM scratch\nRUN true", "/bin/sh: no such file"},
		"ignored file":      {"FROM scratch\nCOPY secret /", "secret: no such file"},
		"no user":           {"FROM scratch\nCOPY tool /\nUSER nobody\nRUN [\"/tool\", \"succeed\"]", `user "nobody"`},
		"image":             {"FROM alpine:3\nRUN true", "no stand-in for the image docker.io/library/alpine:3"},
		"processor":         {"FROM --platform=linux/mips64le debian:bookworm\nRUN true", "on mips64le: this machine is"},
		"unknown stage":     {"FROM scratch\nCOPY --from=none /a /b", "no stand-in for the image docker.io/library/none"},
		"unknown directive": {"FROM scratch\nRUNS true", "unknown instruction"},
		"secret":            {"FROM scratch\nCOPY tool /\nRUN --mount=type=secret,id=k [\"/tool\", \"succeed\"]", "mount of type SECRET"},
		"archive":           {"FROM scratch\nADD sub/d.tar /", "ADD of the archive /sub/d.tar"},
	} {
		t.Run(name, func(t *testing.T) {
			r, _ := newReplay(t, test.dockerfile+"\n")
			_, err := r.Build(t.Context(), "")
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestHealthIsChecked(t *testing.T) {
	const begin = "FROM scratch\nCOPY tool /\nUSER 65532:65532\n"
	const check = `HEALTHCHECK --start-interval=10ms --retries=3 CMD ["/tool", "dial", "127.0.0.1:4433"]` + "\n"
	for name, test := range map[string]struct{ dockerfile, want string }{
		"good":                     {begin + check + `ENTRYPOINT ["/tool"]` + "\n" + `CMD ["serve", "127.0.0.1:4433"]`, ""},
		"no server":                {begin + check + `CMD ["/tool", "wait"]`, "HEALTHCHECK failed 3 times"},
		"server that ends":         {begin + check + `CMD ["/tool", "fail", "x"]`, "exit status 1"},
		"server that does not end": {begin + "STOPSIGNAL SIGWINCH\n" + check + `CMD ["/tool", "serve", "127.0.0.1:4433"]`, "has not ended"},
		"check of nothing": {begin + `HEALTHCHECK --start-interval=10ms CMD ["/tool", "try", "127.0.0.1:4433"]` + "\n" + `CMD ["/tool", "serve", "127.0.0.1:4433"]`,
			"succeeds without the program"},
		"no check":   {begin + `CMD ["/tool", "wait"]`, "no HEALTHCHECK"},
		"no program": {begin + check, "neither ENTRYPOINT nor CMD"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, output := newReplay(t, test.dockerfile+"\n")
			image, err := r.Build(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			err = r.CheckHealth(t.Context(), image)
			if (test.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q; output:\n%s", err, test.want, output)
			}
		})
	}
}

// cancels cancels when it is told that the program has begun.
type cancels struct{ cancel context.CancelFunc }

func (c cancels) Write(text []byte) (int, error) {
	if bytes.HasPrefix(text, []byte("waiting")) {
		c.cancel()
	}
	return len(text), nil
}

func TestCancellingEndsWhatRuns(t *testing.T) {
	r, _ := newReplay(t, "FROM scratch\nCOPY tool /\nRUN [\"/tool\", \"wait\"]\n")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r.Output = cancels{cancel}
	if _, err := r.Build(ctx, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}
