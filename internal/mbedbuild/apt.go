package mbedbuild

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// debian gets the tarball from Debian's source package, which holds the official one, byte for byte.
func (f *fetcher) debian(ctx context.Context, got string) bool {
	mirrors, keyring, err := DebianMirrors()
	if err != nil {
		f.failed("Debian source", err)
		return false
	}
	for _, suite := range f.Suites {
		var failed error
		rejected := false
		for _, mirror := range mirrors {
			f.Progress.Say("asking Debian %s for mbedtls %s", suite, f.Version)
			file, err := f.debianSuite(ctx, fmt.Sprintf("deb-src [signed-by=%s] %s %s main", keyring, mirror, suite))
			if err == nil {
				err = os.Rename(file, got)
			}
			if err != nil {
				failed = errors.Join(failed, err)
				continue
			}
			if f.accept(got, "Debian source in "+suite) {
				return true
			}
			rejected = true
		}
		if !rejected {
			f.failed("Debian source in "+suite, oneLineOf(failed))
		}
	}
	return false
}

func (f *fetcher) debianSuite(ctx context.Context, line string) (string, error) {
	a, err := newApt(ctx, f.workplace, filepath.Join(f.temp, "apt"), line, "")
	if err != nil {
		return "", err
	}
	text, err := a.run(ctx, "apt-cache", "showsrc", "mbedtls")
	if err != nil {
		return "", err
	}
	version := ""
	for line := range strings.Lines(text) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), "Version: "); ok && strings.HasPrefix(v, f.Version+"-") {
			version = v
		}
	}
	if version == "" {
		return "", errors.New("does not hold it")
	}
	if _, err := a.run(ctx, "apt-get", "-q", "source", "--download-only", "--tar-only", "mbedtls="+version); err != nil {
		return "", err
	}
	files, err := matching(a.dir, "mbedtls_*.orig.tar.*")
	if err != nil || len(files) != 1 {
		return "", errors.Join(err, errors.New("apt-get gave no tarball"))
	}
	return files[0], nil
}

// apt is a private world of apt: the machine's own mirror, proxy and credentials, but lists and caches of its own.
type apt struct {
	*workplace
	dir string // where commands run, and downloads go
}

// newApt makes one in a new folder, and gets the package lists of the source. An empty architecture is the machine's.
func newApt(ctx context.Context, w *workplace, dir, source, architecture string) (*apt, error) {
	me, err := user.Current()
	if err != nil {
		return nil, err
	}
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	for _, name := range []string{"state/lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			return nil, err
		}
	}
	var b strings.Builder
	set := func(name, value string) { fmt.Fprintf(&b, "%s %q;\n", name, value) }
	set("Dir::Etc::SourceList", filepath.Join(dir, "sources.list"))
	set("Dir::Etc::SourceParts", "/dev/null")
	set("Dir::State", filepath.Join(dir, "state"))
	set("Dir::State::Lists", filepath.Join(dir, "state/lists"))
	set("Dir::State::Status", "/dev/null")
	set("Dir::Cache", filepath.Join(dir, "cache"))
	set("Acquire::Languages", "none")
	if strings.HasPrefix(source, "deb-src ") { // a list of these may be old, as the pin decides
		set("Acquire::Check-Valid-Until", "false")
		set("Acquire::Check-Date", "false")
	}
	set("Acquire::Retries", "1")
	set("Acquire::http::Timeout", "20")
	set("Acquire::https::Timeout", "20")
	set("APT::Sandbox::User", me.Username) // as root, apt would hand downloads to a user that may not write here
	set("APT::Update::Error-Mode", "any")
	if architecture != "" {
		set("APT::Architecture", architecture)
		b.WriteString("#clear APT::Architectures;\n")
		set("APT::Architectures", architecture)
	}
	// The machine's hooks would refresh system caches.
	b.WriteString("#clear APT::Update::Pre-Invoke;\n#clear APT::Update::Post-Invoke;\n#clear APT::Update::Post-Invoke-Success;\n")
	err = errors.Join(
		os.WriteFile(filepath.Join(dir, "sources.list"), []byte(source+"\n"), 0o644),
		os.WriteFile(filepath.Join(dir, "apt.conf"), []byte(b.String()), 0o644))
	if err != nil {
		return nil, err
	}
	a := &apt{&workplace{dir, w.lock}, dir}
	_, err = a.run(ctx, "apt-get", "-q", "update")
	return a, err
}

func (a *apt) run(ctx context.Context, name string, args ...string) (string, error) {
	return run(ctx, a.workplace, name, append([]string{"-c", filepath.Join(a.dir, "apt.conf")}, args...)...)
}

// debianSuites are what tells Debian's archives from most of those of others.
var debianSuites = regexp.MustCompile(`^(oldoldstable|oldstable|stable|testing|unstable|sid|buster|bullseye|bookworm|trixie|forky|duke)(-updates|-backports)?$`)

// DebianMirrors are the Debian archives that this machine's apt knows of. The keyring is what their lists are signed with.
func DebianMirrors() (mirrors []string, keyring string, err error) {
	for _, path := range []string{"/usr/share/keyrings/debian-archive-keyring.gpg", "/usr/share/keyrings/debian-archive-keyring.pgp"} {
		if keyring == "" && exists(path) {
			keyring = path
		}
	}
	if keyring == "" {
		return nil, "", errors.New("no debian-archive-keyring here")
	}
	if mirrors = aptMirrors("/etc/apt"); len(mirrors) == 0 {
		return nil, "", errors.New("no Debian mirror in this machine's apt sources")
	}
	// Others have the same suites and components: what is called debian comes first.
	slices.SortStableFunc(mirrors, func(a, b string) int { return cmp.Compare(foreign(a), foreign(b)) })
	return mirrors, keyring, nil
}

func foreign(mirror string) int {
	if strings.Contains(mirror, "debian") {
		return 0
	}
	return 1
}

// aptMirrors are those that the sources in the folder name: of entries with a Debian suite and the component main.
func aptMirrors(etc string) (mirrors []string) {
	for _, form := range []struct {
		pattern string
		parse   func([]byte) []aptEntry
	}{
		{"sources.list.d/*.sources", parseDeb822},
		{"sources.list", parseOneLine},
		{"sources.list.d/*.list", parseOneLine},
	} {
		files, _ := matching(filepath.Join(etc, path.Dir(form.pattern)), path.Base(form.pattern)) // not every machine has these folders
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				continue // what a user may not read is not for this user
			}
			for _, e := range form.parse(text) {
				if !slices.Contains(e.components, "main") || !slices.ContainsFunc(e.suites, debianSuites.MatchString) {
					continue
				}
				for _, uri := range e.uris {
					if !slices.Contains(mirrors, uri) {
						mirrors = append(mirrors, uri)
					}
				}
			}
		}
	}
	return mirrors
}

type aptEntry struct{ uris, suites, components []string }

var oneLine = regexp.MustCompile(`(?m)^[ \t]*deb(?:-src)?[ \t]+(?:\[[^]\n]*\][ \t]*)?([^ \t\n]+)[ \t]+([^ \t\n]+)([^#\n]*)`)

// parseOneLine reads the form "deb URI SUITE COMPONENT…" of sources.list(5).
func parseOneLine(text []byte) (entries []aptEntry) {
	for _, m := range oneLine.FindAllStringSubmatch(string(text), -1) {
		entries = append(entries, aptEntry{m[1:2], m[2:3], strings.Fields(m[3])})
	}
	return entries
}

// parseDeb822 reads the form of paragraphs of fields of sources.list(5).
func parseDeb822(text []byte) (entries []aptEntry) {
	fields, field := map[string]string{}, ""
	flush := func() {
		if len(fields) > 0 && fields["enabled"] != "no" && fields["enabled"] != "false" {
			entries = append(entries, aptEntry{strings.Fields(fields["uris"]), strings.Fields(fields["suites"]), strings.Fields(fields["components"])})
		}
		fields, field = map[string]string{}, ""
	}
	for line := range bytes.Lines(text) {
		line := string(bytes.TrimRight(line, "\r\n"))
		switch {
		case strings.TrimSpace(line) == "":
			flush()
		case strings.HasPrefix(line, "#"):
		case line[0] == ' ' || line[0] == '\t':
			fields[field] += " " + strings.TrimSpace(line)
		default:
			name, value, _ := strings.Cut(line, ":")
			field = strings.ToLower(name)
			fields[field] = strings.TrimSpace(value)
		}
	}
	flush()
	return entries
}
