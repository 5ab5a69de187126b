package testprogram

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEveryUpstreamOptionIsThere(t *testing.T) {
	for _, tt := range []struct {
		program  string
		isServer bool
		ends     end
		want     int
	}{{"ssl_client2", false, client, 78}, {"ssl_server2", true, server, 88}} {
		t.Run(tt.program, func(t *testing.T) {
			source, err := os.ReadFile(filepath.Join("../../third_party/mbedtls/src/programs/ssl", tt.program+".c"))
			if err != nil {
				t.Fatal(err)
			}
			var upstream []string
			for _, m := range regexp.MustCompile(`strcmp\(p, "(\w+)"\)`).FindAllSubmatch(source, -1) {
				if name := string(m[1]); name != "help" && name != "help_ciphersuites" {
					upstream = append(upstream, name)
				}
			}
			slices.Sort(upstream)
			ours := names(defaults(tt.isServer).table(), tt.ends)
			if diff := cmp.Diff(upstream, ours); diff != "" {
				t.Errorf("options (-upstream +ours):\n%s", diff)
			}
			if len(ours) != tt.want {
				t.Errorf("%d options, want %d", len(ours), tt.want)
			}
		})
	}
}

func TestParse(t *testing.T) {
	for name, tt := range map[string]struct {
		server bool
		args   []string
		want   func(*Options) any
		value  any
		err    string
		status int
	}{
		"name=value":              {args: []string{"server_port=1234"}, want: func(o *Options) any { return o.ServerPort }, value: "1234"},
		"name value":              {args: []string{"server_port", "1234"}, want: func(o *Options) any { return o.ServerPort }, value: "1234"},
		"a suite bounds versions": {args: []string{"force_ciphersuite=TLS1-3-AES-128-GCM-SHA256"}, want: func(o *Options) any { return o.MinVersion }, value: uint16(0x0304)},
		"dtls12 means UDP":        {args: []string{"force_version=dtls12"}, want: func(o *Options) any { return o.DTLS }, value: true},
		"event implies nbio":      {args: []string{"event=1"}, want: func(o *Options) any { return o.NBIO }, value: 1},
		"a long response is read": {server: true, args: []string{"response_size=1000"}, want: func(o *Options) any { return o.BufferSize }, value: 1000},
		"max_early_data_size":     {server: true, args: []string{"max_early_data_size=0"}, want: func(o *Options) any { return o.MaxEarlyDataSize }, value: uint32(0)},
		"no value":                {args: []string{"server_port"}, err: "param requires a value: 'server_port'", status: 1},
		"no option":               {args: []string{"colour=1"}, err: "unrecognized param: 'colour'", status: 1},
		"the server's option":     {args: []string{"sni=a"}, err: "unrecognized param: 'sni'", status: 1},
		"no number":               {args: []string{"nbio=x"}, err: "unrecognized value for 'nbio': 'x'", status: 1},
		"out of range":            {args: []string{"nbio=3"}, err: "unrecognized value for 'nbio': '3'", status: 1},
		"no such suite":           {args: []string{"force_ciphersuite=X"}, err: "unrecognized value for 'force_ciphersuite': 'X'", status: 2},
		"suite of no version":     {args: []string{"force_version=tls12", "force_ciphersuite=TLS1-3-AES-128-GCM-SHA256"}, err: "force_ciphersuite is of another version", status: 2},
		"two key exports":         {args: []string{"eap_tls=1", "nss_keylog=1"}, err: "eap_tls and nss_keylog exclude each other", status: 1},
		"hs_timeout upside down":  {args: []string{"hs_timeout=20-10"}, err: "unrecognized value for 'hs_timeout': '20-10'", status: 1},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := Parse(tt.server, tt.args, io.Discard)
			if tt.err != "" {
				usage, ok := err.(*UsageError)
				if !ok || usage.Text != tt.err || usage.Status != tt.status {
					t.Fatalf("Parse: %#v, want %q with status %d", err, tt.err, tt.status)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.value, tt.want(o)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
