// Package config holds the profiles: the named sets of Mbed TLS's options that its archives are built with.
package config

import (
	"embed"
	"io/fs"
)

//go:embed profiles
var files embed.FS

// Profiles are the files of config/profiles, as they were when the program was built.
func Profiles() fs.FS {
	profiles, err := fs.Sub(files, "profiles")
	if err != nil {
		panic(err) // only for a name that is not one
	}
	return profiles
}
