// Command mbedtls-config generates the C configuration header of Mbed TLS from a profile.
//
//	mbedtls-config [--profile P] [-o FILE]  write the header of a profile, to standard output without -o
//	mbedtls-config --check [-o FILE]        exit 1 with a diff when the committed header is stale
//	mbedtls-config --list [--profile P]     every option of the release: state, kind, value
//	mbedtls-config --diff A B               the options on which two profiles differ
//	mbedtls-config --explain OPTION         upstream's default, the lines that decide, upstream's rules about it
//
// A profile is a name under config/profiles, or a path if it holds a slash; the default is "default". --source
// names the Mbed TLS tree, --cc (or $CC) the C compiler whose preprocessor evaluates upstream's rules before a
// header is written. Only generating needs one. The exit code is 1 for an error or a stale header, 2 for wrong usage.
//
// # Profiles
//
// A profile is lines of text. Later lines win over earlier ones; blank lines and what follows a # are ignored.
//
//	start default        first statement of a profile: the state that upstream ships
//	start full           ... what upstream's `scripts/config.py full` turns on
//	start empty          ... nothing
//	include FILE         read FILE here; its path is relative to the file that includes it
//	set NAME             turn an on/off option on
//	set NAME = VALUE     define a valued option; VALUE is C text
//	unset NAME           turn an option off
//
// Two lines of one file that contradict each other are an error, and so is a name that the release does not have.
// PSA_WANT_* options may only be named while MBEDTLS_PSA_CRYPTO_CONFIG is on, because the library ignores them
// otherwise.
//
// # Header
//
// The header takes the place of mbedtls/mbedtls_config.h. It defines the profile, the release and its own SHA-256
// as GOMBEDTLS_CONFIG_PROFILE, GOMBEDTLS_CONFIG_RELEASE and GOMBEDTLS_CONFIG_SHA256, then each option that is on.
// It holds the PSA_WANT_* options too where the library reads them.
package main
