package mbedconfig

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gombedtls/gombedtls/config"
)

// Setting is what a profile decided about one option, and how it came to that.
type Setting struct {
	Option
	On    bool
	Value string
	Trail []Step // oldest first; the last one decided
}

// Step is one statement that decided an option.
type Step struct {
	Place
	Text string
}

// Config is a profile applied to a catalogue.
type Config struct {
	Profile   string
	Catalogue *Catalogue
	Settings  []Setting // in catalogue order
}

// psaSwitch makes the library read PSA_WANT_* from the configuration; while it is off they are derived.
const psaSwitch = "MBEDTLS_PSA_CRYPTO_CONFIG"

// ownedByGenerator are catalogue options that say where configuration is read from. The generated header is that
// place, so a profile may not decide them.
var ownedByGenerator = []string{
	"MBEDTLS_CONFIG_FILE",
	"MBEDTLS_USER_CONFIG_FILE",
	"MBEDTLS_PSA_CRYPTO_CONFIG_FILE",
	"MBEDTLS_PSA_CRYPTO_USER_CONFIG_FILE",
}

// Apply reads the profile in the file at path and applies it to the catalogue. An include that is not beside it may be one
// of the built-in files, such as include/base. Errors name the file and line.
func Apply(c *Catalogue, path string) (*Config, error) {
	return apply(c, path, readBeside(path))
}

// ApplyBuiltIn applies the profile of that name in config/profiles, as it was when the program was built.
func ApplyBuiltIn(c *Catalogue, name string) (*Config, error) {
	names := BuiltIn()
	if !slices.Contains(names, name) {
		return nil, fmt.Errorf("unknown profile %s: config/profiles has %s", name, strings.Join(names, " "))
	}
	return apply(c, filepath.Join(builtInFolder, name), readBuiltIn)
}

// BuiltIn are the names of the built-in profiles.
func BuiltIn() []string {
	entries, err := fs.ReadDir(config.Profiles(), ".")
	if err != nil {
		panic(err) // it is part of the program
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

func apply(c *Catalogue, path string, readFile func(string) ([]byte, error)) (*Config, error) {
	r := profileReader{readFile: readFile}
	if err := r.read(path, nil); err != nil {
		return nil, err
	}
	statements := r.statements
	cfg := &Config{Profile: filepath.Base(path), Catalogue: c, Settings: make([]Setting, len(c.Options))}
	for i, o := range c.Options {
		cfg.Settings[i] = Setting{Option: o}
	}
	if len(statements) == 0 || statements[0].verb != "start" {
		place := Place{File: filepath.ToSlash(path), Line: 1}
		if len(statements) > 0 {
			place = statements[0].Place
		}
		return nil, place.errorf(cfg.Profile, "a profile begins with %s", statementForms["start"])
	}
	for i, s := range statements {
		var err error
		switch {
		case s.verb != "start":
			err = cfg.decide(s)
		case i > 0:
			err = s.errorf(s.text(), "already started at %s: start comes once, before every set and unset", statements[0].Place)
		default:
			err = cfg.start(s)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := cfg.checkPSA(statements); err != nil {
		return nil, err
	}
	return cfg, nil
}

// start gives every option its first state.
func (cfg *Config) start(s statement) error {
	base, ok := startingSets[s.name]
	if !ok {
		return s.errorf(s.text(), "want %s", statementForms["start"])
	}
	on, err := base(cfg.Catalogue)
	if err != nil {
		return s.errorf(s.text(), "%w", err)
	}
	for i := range cfg.Settings {
		set := &cfg.Settings[i]
		set.On = on(set.Option)
		if set.On {
			set.Value = set.Option.Value
		}
		set.Trail = []Step{{s.Place, s.text()}}
	}
	return nil
}

// startingSets are the states that start can name: for each, which options it turns on.
var startingSets = map[string]func(*Catalogue) (func(Option) bool, error){
	"default": func(*Catalogue) (func(Option) bool, error) { return func(o Option) bool { return o.On }, nil },
	"empty":   func(*Catalogue) (func(Option) bool, error) { return func(Option) bool { return false }, nil },
	"full":    upstreamFull,
}

// decide applies a set or an unset.
func (cfg *Config) decide(s statement) error {
	i, ok := cfg.Catalogue.byName[s.name]
	if !ok {
		return s.errorf(s.text(), "%w", cfg.Catalogue.unknown(s.name))
	}
	set := &cfg.Settings[i]
	switch {
	case slices.Contains(ownedByGenerator, s.name):
		return s.errorf(s.text(), "the generated header is the configuration; this is not a profile's to decide")
	case s.verb == "set" && set.Kind == Valued && s.value == "":
		return s.errorf(s.text(), "needs a value: set %s = %s", s.name, set.Option.Value)
	case s.value != "" && set.Kind == OnOff:
		return s.errorf(s.text(), "is on or off and takes no value")
	}
	set.On = s.verb == "set"
	set.Value = s.value
	if set.On && set.Kind == OnOff {
		set.Value = set.Option.Value
	}
	set.Trail = append(set.Trail, Step{s.Place, s.text()})
	return nil
}

// checkPSA refuses PSA_WANT_* statements that the library would ignore, and turns the rest of them off.
func (cfg *Config) checkPSA(statements []statement) error {
	if cfg.on(psaSwitch) {
		return nil
	}
	for _, s := range statements {
		if s.verb != "start" && strings.HasPrefix(s.name, "PSA_WANT_") {
			return s.errorf(s.text(), "has no effect: while %s is off the library derives PSA_WANT_* from MBEDTLS_* options", psaSwitch)
		}
	}
	for i := range cfg.Settings {
		if cfg.Settings[i].PSA() {
			cfg.Settings[i].On = false
		}
	}
	return nil
}

// Setting returns what was decided about the named option. The error for an unknown name suggests others.
func (cfg *Config) Setting(name string) (Setting, error) {
	i, ok := cfg.Catalogue.byName[name]
	if !ok {
		return Setting{}, fmt.Errorf("%s: %w", name, cfg.Catalogue.unknown(name))
	}
	return cfg.Settings[i], nil
}

// on reports whether an option is on; a name that the release does not have is off.
func (cfg *Config) on(name string) bool {
	i, ok := cfg.Catalogue.byName[name]
	return ok && cfg.Settings[i].On
}

// State is "on", "off", or "derived" for a PSA_WANT_* that the library works out for itself.
func (cfg *Config) State(s Setting) string {
	if s.On {
		return "on"
	}
	if s.PSA() && !cfg.on(psaSwitch) {
		return "derived"
	}
	return "off"
}
