package replay

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"

	"github.com/distribution/reference"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/solver/pb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	copy "github.com/tonistiigi/fsutil/copy"

	"github.com/gombedtls/gombedtls/internal/mbedbuild"
)

// Bases are root folders that stand for base images:
//
//   - debian:SUITE and debian:SUITE-slim: what debootstrap makes of that suite, from the mirror that apt has here;
//   - golang:VERSION-SUITE: that, with the Debian packages of that image, and Go VERSION in /usr/local/go, from this
//     machine or from the Go module proxy.
//
// Each is made once, in Folder. Other images, and other processors than this machine's, have no stand-in.
//
// The machine's own ways to the outside go into each: its mirror and apt's Acquire settings, and its certificate
// authorities.
type Bases struct {
	Folder string
	// Env is for every RUN: variables through which the machine reaches the Go module proxy.
	Env []string
}

// golangPackages are those of the image golang and of buildpack-deps:scm below it, without Mercurial, Subversion and ssh.
var golangPackages = []string{
	"ca-certificates", "curl", "g++", "gcc", "git", "gnupg", "libc6-dev", "make", "netbase", "pkg-config", "procps", "tzdata", "wget",
}

var (
	debianTag = regexp.MustCompile(`^([a-z]+)(-slim)?$`)
	golangTag = regexp.MustCompile(`^([0-9]+\.[0-9]+\.[0-9]+)-([a-z]+)$`)
)

// MachineEnv is an Env of what Go is told here.
func MachineEnv(ctx context.Context) ([]string, error) {
	names := []string{"GOPROXY", "GOFLAGS", "GONOPROXY", "GONOSUMDB", "GOSUMDB", "GOPRIVATE", "GOINSECURE"}
	text, err := output(exec.CommandContext(ctx, "go", append([]string{"env", "-json"}, names...)...))
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	if err := json.Unmarshal([]byte(text), &values); err != nil {
		return nil, err
	}
	var env []string
	for _, name := range names {
		if values[name] != "" {
			env = append(env, name+"="+values[name])
		}
	}
	for _, name := range []string{"http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"} {
		if value := os.Getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env, nil
}

// resolver knows the configurations of the images, and notes which were asked for.
type resolver struct {
	mu    sync.Mutex
	asked []string
}

func (r *resolver) ResolveImageConfig(_ context.Context, ref string, opt sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	r.mu.Lock()
	r.asked = append(r.asked, ref)
	r.mu.Unlock()
	image := dockerspec.DockerOCIImage{}
	image.OS, image.Architecture = "linux", runtime.GOARCH
	if p := opt.ImageOpt.Platform; p != nil {
		image.Platform = *p
	}
	image.RootFS = ocispecs.RootFS{Type: "layers", DiffIDs: []digest.Digest{digest.FromString(ref)}} // none would mean scratch
	image.Config.Env = []string{"PATH=" + defaultPath}
	if name, tag := split(ref); name == "golang" {
		version, _, _ := strings.Cut(tag, "-")
		image.Config.Env = []string{
			"PATH=/go/bin:/usr/local/go/bin:" + defaultPath, "GOLANG_VERSION=" + version, "GOTOOLCHAIN=local", "GOPATH=/go",
		}
		image.Config.WorkingDir = "/go"
	}
	text, err := json.Marshal(image)
	return ref, "", text, err
}

// split gives name and tag of an image of Docker's own library.
func split(ref string) (name, tag string) {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return "", ""
	}
	if tagged, ok := named.(reference.Tagged); ok {
		tag = tagged.Tag()
	}
	return reference.FamiliarName(named), tag
}

// find makes the stand-in of an image, unless an earlier run has.
func (b *Bases) find(ctx context.Context, r *Replay, ref string, platform *pb.Platform) (snapshot, error) {
	if platform != nil && platform.Architecture != runtime.GOARCH {
		return nil, fmt.Errorf("no stand-in for %s on %s: this machine is %s", ref, platform.Architecture, runtime.GOARCH)
	}
	var list []string
	name, tag := split(ref)
	switch {
	case name == "debian" && debianTag.MatchString(tag):
		debian, err := b.debian(ctx, r, debianTag.FindStringSubmatch(tag)[1])
		if err != nil {
			return nil, err
		}
		list = []string{debian}
	case name == "golang" && golangTag.MatchString(tag):
		parts := golangTag.FindStringSubmatch(tag)
		debian, err := b.debian(ctx, r, parts[2])
		if err != nil {
			return nil, err
		}
		packages, err := b.packages(ctx, r, debian)
		if err != nil {
			return nil, err
		}
		goroot, err := b.goroot(ctx, r, parts[1])
		if err != nil {
			return nil, err
		}
		list = []string{goroot, packages, debian}
	default:
		return nil, fmt.Errorf("no stand-in for the image %s: there are debian:SUITE[-slim] and golang:X.Y.Z-SUITE", ref)
	}
	var root snapshot
	for _, folder := range list {
		layer, err := filepath.Rel(r.layers.folder, folder)
		if err != nil {
			return nil, err
		}
		root = append(root, layer)
	}
	return root, nil
}

// once makes a folder of Bases: make fills another, which then gets the name.
func (b *Bases) once(r *Replay, name string, fill func(folder string) error) (string, error) {
	folder := filepath.Join(b.Folder, name)
	if _, err := os.Stat(folder); err == nil {
		return folder, nil
	}
	made := folder + ".new"
	if err := os.RemoveAll(made); err != nil {
		return "", err
	}
	if err := os.MkdirAll(made, 0o755); err != nil {
		return "", err
	}
	if err := r.step("[base] "+name, func() error { return fill(made) }); err != nil {
		return "", err
	}
	return folder, os.Rename(made, folder)
}

func (b *Bases) debian(ctx context.Context, r *Replay, suite string) (string, error) {
	apt, err := machineApt(ctx, suite)
	if err != nil {
		return "", err
	}
	return b.once(r, "debian-"+suite+"-"+apt.hash(), func(folder string) error {
		if _, err := exec.LookPath("debootstrap"); err != nil {
			return errors.New("debootstrap is missing: install the package debootstrap")
		}
		cmd := exec.CommandContext(ctx, "unshare", "--mount", "--pid", "--fork", "--kill-child", // what it mounts and starts goes with it
			"debootstrap", "--variant=minbase", suite, folder, apt.mirror)
		cmd.Stdout, cmd.Stderr = r.Output, r.Output
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("debootstrap: %w", err)
		}
		return apt.install(ctx, folder)
	})
}

func (b *Bases) packages(ctx context.Context, r *Replay, debian string) (string, error) {
	name := fmt.Sprintf("packages-%.6x-of-%s", sha256.Sum256([]byte(strings.Join(golangPackages, " "))), filepath.Base(debian))
	return b.once(r, name, func(folder string) error {
		base, err := filepath.Rel(r.layers.folder, debian)
		if err != nil {
			return err
		}
		upper, err := filepath.Rel(r.layers.folder, folder)
		if err != nil {
			return err
		}
		script := `set -e; apt-get -q update; apt-get -q install -y --no-install-recommends "$@"; rm -rf /var/lib/apt/lists/*; apt-get clean`
		return r.layers.run(ctx, &job{Lower: snapshot{base}, Upper: upper, Process: &process{
			Args: append([]string{"/bin/sh", "-c", script, "sh"}, golangPackages...),
			Env:  append([]string{"DEBIAN_FRONTEND=noninteractive"}, b.Env...),
			Cwd:  "/",
		}}, r.Output)
	})
}

// goroot copies Go of the version, which Go itself fetches if it is another.
func (b *Bases) goroot(ctx context.Context, r *Replay, version string) (string, error) {
	return b.once(r, "go-"+version, func(folder string) error {
		cmd := exec.CommandContext(ctx, "go", "env", "GOROOT")
		cmd.Dir = os.TempDir() // outside of any module, which could ask for another version
		cmd.Env = append(os.Environ(), "GOTOOLCHAIN=go"+version)
		from, err := output(cmd)
		if err != nil {
			return fmt.Errorf("no Go %s, and it could not be fetched: %w", version, err)
		}
		for _, dir := range []string{"usr/local", "go/bin", "go/src"} {
			if err := os.MkdirAll(filepath.Join(folder, dir), 0o755); err != nil {
				return err
			}
		}
		return copy.Copy(ctx, from, "/", folder, "/usr/local/go", copy.WithChown(0, 0), func(info *copy.CopyInfo) {
			info.CopyDirContents = true
		})
	})
}

// aptSetup is what apt in a root folder needs to work as here.
type aptSetup struct{ mirror, sources, settings string }

// acquire are the settings of apt that belong to the machine's way to its mirror.
var acquire = regexp.MustCompile(`(?m)^Acquire::(?:https?|Retries|Check-|ForceIPv)[^\n]*\n`)

// machineApt is the machine's own mirror of Debian, and its way to it.
func machineApt(ctx context.Context, suite string) (*aptSetup, error) {
	mirrors, _, err := mbedbuild.DebianMirrors()
	if err != nil {
		return nil, err
	}
	dump, err := output(exec.CommandContext(ctx, "apt-config", "dump"))
	return &aptSetup{
		mirror:   mirrors[0],
		sources:  fmt.Sprintf("deb %s %s main\n", mirrors[0], suite),
		settings: strings.Join(acquire.FindAllString(dump+"\n", -1), ""),
	}, err
}

func (a *aptSetup) hash() string {
	return fmt.Sprintf("%.6x", sha256.Sum256([]byte(a.sources+a.settings)))
}

// install writes the setup into a root folder, and the machine's certificate authorities for when ca-certificates is
// installed there.
func (a *aptSetup) install(ctx context.Context, folder string) error {
	files := map[string]string{"etc/apt/sources.list": a.sources, "etc/apt/apt.conf.d/90machine": a.settings}
	if authorities, err := os.ReadFile("/etc/ssl/certs/ca-certificates.crt"); err == nil {
		files["usr/local/share/ca-certificates/machine.crt"] = string(authorities)
	}
	for name, text := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	const logins = "/etc/apt/auth.conf.d"
	if _, err := os.Stat(logins); err != nil {
		return nil
	}
	return copy.Copy(ctx, logins, "/", folder, logins, func(info *copy.CopyInfo) { info.CopyDirContents = true })
}

// output runs a command; its error has what the command said.
func output(cmd *exec.Cmd) (string, error) {
	var said bytes.Buffer
	cmd.Stderr = &said
	text, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, bytes.TrimSpace(said.Bytes()))
	}
	return strings.TrimSpace(string(text)), nil
}
