package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/aymanbagabas/go-udiff"

	"github.com/gombedtls/gombedtls/internal/mbedconfig"
)

// generate writes the header of the profile once upstream's rules allow it. A file that is current already is left
// alone, so that nothing is rebuilt for its time stamp.
func (c *command) generate() error {
	cfg, err := c.apply(c.profile)
	if err != nil {
		return err
	}
	if err := cfg.Check(c.compiler); err != nil {
		return err
	}
	header := cfg.Header()
	if c.output == "" || c.output == "-" {
		_, err := fmt.Fprint(c.stdout, header)
		return err
	}
	if old, err := os.ReadFile(c.output); err == nil && string(old) == header {
		return nil
	}
	return os.WriteFile(c.output, []byte(header), 0o644)
}

// checkHeader compares the header in the repository with what its profile would give now.
func (c *command) checkHeader() error {
	cfg, err := c.apply(c.profile)
	if err != nil {
		return err
	}
	path := cmp.Or(c.output, filepath.Join(c.root, "config/mbedtls_config.h"))
	committed, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if diff := udiff.Unified(path, "profile "+cfg.Profile, string(committed), cfg.Header()); diff != "" {
		fmt.Fprintf(c.stdout, "%s%s is stale: run go run ./cmd/mbedtls-config --profile %s -o %s\n", diff, path, c.profile, path)
		return errStale
	}
	return nil
}

func (c *command) listOptions() error {
	cfg, err := c.apply(c.profile)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(c.stdout, 0, 8, 2, ' ', 0)
	for _, s := range cfg.Settings {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", s.Name, cfg.State(s), s.Kind, cmp.Or(s.Value, "-"))
	}
	return table.Flush()
}

// diffProfiles prints one line for each option that is not the same in both profiles.
func (c *command) diffProfiles(a, b string) error {
	left, err := c.apply(a)
	if err != nil {
		return err
	}
	right, err := c.apply(b)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(c.stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintf(table, "OPTION\t%s\t%s\n", left.Profile, right.Profile)
	for i, s := range left.Settings {
		was, is := describe(left, s), describe(right, right.Settings[i])
		if was != is {
			fmt.Fprintf(table, "%s\t%s\t%s\n", s.Name, was, is)
		}
	}
	return table.Flush()
}

// describe is an option's state, or its value where it has one.
func describe(cfg *mbedconfig.Config, s mbedconfig.Setting) string {
	if s.On && s.Kind == mbedconfig.Valued {
		return s.Value
	}
	return cfg.State(s)
}

func (c *command) explainOption() error {
	cfg, err := c.apply(c.profile)
	if err != nil {
		return err
	}
	s, err := cfg.Setting(c.explain)
	if err != nil {
		return err
	}
	rules, err := c.catalogue.Rules(s.Name)
	if err != nil {
		return err
	}

	w := c.stdout
	fmt.Fprintf(w, "%s (%s) is %s in profile %s\n", s.Name, s.Kind, describe(cfg, s), cfg.Profile)
	fmt.Fprintf(w, "\nupstream's default, %s:%d:\n  %s\n", s.File, s.Line, upstreamDefault(s.Option))
	fmt.Fprintf(w, "\ndecided by, the last line winning:\n")
	for _, step := range s.Trail {
		fmt.Fprintf(w, "  %s: %s%s\n", step.Place, step.Text, included(step.From))
	}
	fmt.Fprintf(w, "\nrules of Mbed TLS %s about it: %d\n", c.catalogue.Release, len(rules))
	for _, r := range rules {
		fmt.Fprintf(w, "  %s\n", r)
	}
	return nil
}

func upstreamDefault(o mbedconfig.Option) string {
	switch {
	case o.Kind == mbedconfig.Valued && !o.On:
		return "not defined; suggested value " + o.Value
	case o.Kind == mbedconfig.Valued:
		return o.Value
	case o.On:
		return "on"
	}
	return "off"
}

// included says by which includes a line came into the profile.
func included(from *mbedconfig.Place) string {
	var chain []string
	for ; from != nil; from = from.From {
		chain = append(chain, from.String())
	}
	if chain == nil {
		return ""
	}
	return " (included at " + strings.Join(chain, ", ") + ")"
}
