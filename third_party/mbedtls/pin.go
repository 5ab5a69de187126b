// Package pin holds which releases of Mbed TLS this module knows, and the SHA-256 of each one's tarball.
package pin

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed sources.txt
var sources string

// Release is a row of sources.txt.
type Release struct {
	Version string   // such as 3.6.7
	SHA256  string   // of the tarball, in hex
	Size    int64    // of the tarball, in bytes
	File    string   // the tarball's name
	Suites  []string // of Debian, whose source package holds the same tarball
	URL     string   // of the official release asset; empty if there is none
}

// Releases are all rows; the first one is the default.
func Releases() []Release {
	var all []Release
	for line := range strings.Lines(sources) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var r Release
		var suites string
		if _, err := fmt.Sscan(line, &r.Version, &r.SHA256, &r.Size, &r.File, &suites, &r.URL); err != nil {
			panic(fmt.Sprintf("sources.txt: %q: %v", line, err)) // it is part of the program
		}
		r.Suites = strings.Split(suites, ",")
		if r.URL == "-" {
			r.URL = ""
		}
		all = append(all, r)
	}
	return all
}

// Find returns the release with that version, or the default for an empty one.
func Find(version string) (Release, error) {
	var known []string
	for _, r := range Releases() {
		if version == "" || r.Version == version {
			return r, nil
		}
		known = append(known, r.Version)
	}
	return Release{}, fmt.Errorf("unknown Mbed TLS release %s: third_party/mbedtls/sources.txt has %s", version, strings.Join(known, " "))
}
