package cross

import (
	"context"
	"debug/elf"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/internal/mbedbuild"
)

// A server and a client, each in a root that holds nothing else, shake hands.
func TestStaticProgramsRunInAnEmptyRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("chroot needs root")
	}
	for _, target := range mbedbuild.Targets {
		if !target.Musl {
			continue
		}
		t.Run(target.Folder(), func(t *testing.T) {
			emulator := target.Emulator()
			if emulator != "" {
				need(t, emulator)
				emulator, _ = exec.LookPath(emulator)
			}
			dir := t.TempDir()
			buildStatic(t, dir, build(t, target.Name))
			server, client := emptyRoot(t, filepath.Join(dir, "ssl_server2"), emulator), emptyRoot(t, filepath.Join(dir, "ssl_client2"), emulator)
			for _, options := range []string{
				"force_version=tls12 force_ciphersuite=TLS-ECDHE-PSK-WITH-AES-128-CBC-SHA256",
				"force_version=tls13 tls13_kex_modes=psk_ephemeral",
				"dtls=1 force_ciphersuite=TLS-PSK-WITH-AES-128-GCM-SHA256",
			} {
				t.Run(strings.Fields(options)[0], func(t *testing.T) { shakeHands(t, server, client, strings.Fields(options)) })
			}
		})
	}
}

func buildStatic(t *testing.T, dir string, b *mbedbuild.Build) {
	t.Helper()
	vars, err := b.Environment(t.Context(), mbedbuild.EnvOptions{Flags: true})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", dir+"/", "../../cmd/ssl_server2", "../../cmd/ssl_client2")
	cmd.Env = os.Environ()
	for _, v := range vars {
		cmd.Env = append(cmd.Env, v.Name+"="+v.Value)
	}
	run(t, cmd)
}

// root is a folder, and the command line in it that runs its one program.
type root struct {
	dir  string
	line []string
}

// emptyRoot checks that the program is static, and puts it into a root of its own: alone, or with an emulator.
func emptyRoot(t *testing.T, program, emulator string) root {
	t.Helper()
	file, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, p := range file.Progs {
		if p.Type == elf.PT_INTERP {
			t.Errorf("%s asks for a dynamic linker", program)
		}
	}
	if libraries, err := file.ImportedLibraries(); len(libraries) > 0 {
		t.Errorf("%s asks for %v, %v", program, libraries, err)
	}
	if path, err := exec.LookPath("file"); err == nil {
		if said := run(t, exec.Command(path, program)); !strings.Contains(said, "statically linked") {
			t.Error(said)
		}
	}
	r := root{dir: t.TempDir()}
	for _, name := range []string{emulator, program} {
		if name == "" {
			continue
		}
		inside := "/" + filepath.Base(name)
		run(t, exec.Command("cp", name, r.dir+inside))
		r.line = append(r.line, inside)
	}
	return r
}

// command is the program's with those arguments.
func (r root) command(ctx context.Context, args []string) *exec.Cmd {
	line := append(r.line[:len(r.line):len(r.line)], args...)
	cmd := exec.CommandContext(ctx, line[0], line[1:]...)
	cmd.Dir, cmd.Env = "/", []string{}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: r.dir}
	return cmd
}

var address = regexp.MustCompile(`Bind on .* ok \((.*):(\d+)\)`)

func shakeHands(t *testing.T, server, client root, options []string) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	options = append(options, "psk=000102030405060708090a0b0c0d0e0f", "crt_file=none", "key_file=none", "ca_file=none")
	s := server.command(ctx, append([]string{"server_addr=127.0.0.1", "server_port=0"}, options...))
	out, err := s.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.Stderr = os.Stderr
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cancel() // which ends it
		_ = s.Wait()
	}()
	text, buf := "", make([]byte, 4096)
	for !strings.Contains(text, "Waiting for a remote connection") { // no newline comes after that
		n, err := out.Read(buf)
		if err != nil {
			t.Fatalf("the server ends: %v\n%s", err, text)
		}
		text += string(buf[:n])
	}
	at := address.FindStringSubmatch(text)
	if at == nil {
		t.Fatalf("the server does not say where it is:\n%s", text)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	said := run(t, client.command(ctx, append([]string{"server_addr=127.0.0.1", fmt.Sprintf("server_port=%s", at[2])}, options...)))
	if !strings.Contains(said, "HTTP/1.0 200 OK") || !strings.Contains(said, "Protocol is ") {
		t.Errorf("the client says\n%s", said)
	}
}
