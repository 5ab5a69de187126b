package mbedconfig

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// ErrNoCompiler says that the combination of options could not be checked.
var ErrNoCompiler = errors.New("no C compiler")

// ConflictError lists the rules of upstream that a configuration breaks.
type ConflictError struct {
	Profile string
	Rules   []Rule
}

func (e *ConflictError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "profile %s: upstream does not allow this combination of options:", e.Profile)
	for _, r := range e.Rules {
		fmt.Fprintf(&b, "\n  %s", r)
	}
	return b.String()
}

// Check lets the C preprocessor evaluate upstream's own rules on the configuration. The compiler is a command
// with optional arguments, such as "aarch64-linux-gnu-gcc -mcpu=cortex-a72". The error is a *ConflictError when
// upstream refuses the configuration or turns off what it turns on, and wraps ErrNoCompiler when the command does
// not exist.
func (cfg *Config) Check(compiler string) error {
	macros, diagnostics, err := cfg.preprocess(compiler)
	if errors.Is(err, ErrNoCompiler) {
		return err
	}
	broken, ruleErr := cfg.brokenRules(diagnostics)
	if ruleErr != nil {
		return ruleErr
	}
	if err != nil && len(broken) == 0 {
		return fmt.Errorf("profile %s: %w\n%s", cfg.Profile, err, diagnostics)
	}
	undone, err := cfg.undone(macros)
	if err != nil {
		return err
	}
	if broken = append(broken, undone...); len(broken) > 0 {
		return &ConflictError{cfg.Profile, broken}
	}
	return nil
}

// preprocess returns the macros that are defined after upstream has read and adjusted the configuration, and what
// the compiler said on the way.
func (cfg *Config) preprocess(compiler string) (macros, diagnostics string, err error) {
	command := strings.Fields(compiler)
	if len(command) == 0 {
		return "", "", fmt.Errorf("%w: the command is empty", ErrNoCompiler)
	}
	if _, err := exec.LookPath(command[0]); err != nil {
		return "", "", fmt.Errorf("%w to check profile %s against %s: %w; name one with --cc or $CC", ErrNoCompiler, cfg.Profile, checkHeader, err)
	}
	dir, err := os.MkdirTemp("", "mbedtls-config-")
	if err != nil {
		return "", "", err
	}
	defer os.RemoveAll(dir)
	header := filepath.Join(dir, "mbedtls_config.h")
	if err := os.WriteFile(header, []byte(cfg.Header()), 0o600); err != nil {
		return "", "", err
	}

	// The preprocessor goes on after #error, so one run finds every broken rule.
	args := append(command[1:], "-E", "-dM", "-x", "c",
		"-I"+filepath.Join(cfg.Catalogue.Source, "include"), "-DMBEDTLS_CONFIG_FILE="+strconv.Quote(header), "-")
	cc := exec.Command(command[0], args...)
	cc.Env = append(os.Environ(), "LC_ALL=C") // messages are parsed
	cc.Stdin = strings.NewReader("#include \"mbedtls/build_info.h\"\n")
	var stdout, stderr bytes.Buffer
	cc.Stdout, cc.Stderr = &stdout, &stderr
	if err := cc.Run(); err != nil {
		return stdout.String(), stderr.String(), fmt.Errorf("%s: %w", strings.Join(cc.Args, " "), err)
	}
	return stdout.String(), stderr.String(), nil
}

// errorLine is how gcc and clang report a diagnostic.
var errorLine = regexp.MustCompile(`(?m)^(.+?):(\d+):(?:\d+:)? error: `)

// brokenRules finds the #error directives that the compiler reported.
func (cfg *Config) brokenRules(diagnostics string) ([]Rule, error) {
	source, err := filepath.Abs(cfg.Catalogue.Source)
	if err != nil {
		return nil, err
	}
	var broken []Rule
	for _, m := range errorLine.FindAllStringSubmatch(diagnostics, -1) {
		file, err := filepath.Abs(m[1])
		if err != nil {
			return nil, err
		}
		header, err := filepath.Rel(source, file)
		if err != nil || !filepath.IsLocal(header) {
			continue
		}
		rules, err := cfg.Catalogue.rulesOf(header)
		if err != nil {
			return nil, err
		}
		line, _ := strconv.Atoi(m[2])
		for _, r := range rules {
			if r.Line == line {
				broken = append(broken, r)
			}
		}
	}
	return broken, nil
}

// undone finds the rules by which upstream turned off what the configuration turns on. They raise no error, but the
// header would state what the library does not have.
func (cfg *Config) undone(macros string) ([]Rule, error) {
	if macros == "" { // a compiler may print none after an #error
		return nil, nil
	}
	defined := map[string]bool{}
	for _, line := range strings.Split(macros, "\n") {
		name, _, _ := strings.Cut(strings.TrimPrefix(line, "#define "), " ")
		name, _, _ = strings.Cut(name, "(")
		defined[name] = true
	}
	adjustments, err := cfg.Catalogue.rulesOf(adjustHeader)
	if err != nil {
		return nil, err
	}
	var undone []Rule
	for _, r := range adjustments {
		if r.Undefines != "" && cfg.on(r.Undefines) && !defined[r.Undefines] {
			undone = append(undone, r)
		}
	}
	return undone, nil
}
