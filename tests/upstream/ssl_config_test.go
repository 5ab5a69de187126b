package upstream

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/psa"
)

// What is set before a handshake, and what can be asked without one.
func init() {
	register("ssl", functions{
		"conf_version": confVersion,
		"conf_group": func(t *suites.T) {
			withConfig(t, cbridge.Client, cbridge.Stream, func(c *cbridge.Config) {
				const p192, p224 = 19, 21
				groups := []uint16{p192, p224, groupP256}
				expect(t, "SetGroups", c.SetGroups(groups), 0)
				withSSL(t, c, func(*cbridge.SSL) { t.Equal("groups", c.Groups(), groups) })
			})
		},
		"test_multiple_psks": func(t *suites.T) {
			withConfig(t, cbridge.Client, cbridge.Stream, func(c *cbridge.Config) {
				expect(t, "SetPSK", c.SetPSK(make([]byte, 10), []byte("foo")), 0)
				expect(t, "second SetPSK", c.SetPSK(make([]byte, 10), []byte("bar")), int(cbridge.ErrSSLFeatureUnavailable))
			})
		},
		"test_multiple_psks_opaque": multipleOpaquePSKs,
		"ssl_set_hostname_twice": func(t *suites.T, first, second string) {
			withConfig(t, cbridge.Client, cbridge.Stream, func(c *cbridge.Config) {
				withSSL(t, c, func(s *cbridge.SSL) {
					for _, name := range []string{first, second} {
						expect(t, "SetHostname", s.SetHostname(name), 0)
						t.Equal("name", s.Hostname(), name)
					}
				})
			})
		},
		"cid_sanity":               cidSanity,
		"ssl_ecjpake_set_password": setECJPAKEPassword,
		"ssl_tls_prf": func(t *suites.T, prf cbridge.PRF, secret, random []byte, label string, want []byte, code int) {
			got := make([]byte, len(want))
			expect(t, "TLSPRF", cbridge.TLSPRF(prf, secret, label, random, got), code)
			if code == 0 {
				t.Equal("output", got, want)
			}
		},
		// What upstream has of a session that was freed, is about the inside of the context.
		"verify_result_without_handshake": func(t *suites.T) {
			withConfig(t, cbridge.Client, cbridge.Stream, func(c *cbridge.Config) {
				expect(t, "SetAuthMode", c.SetAuthMode(cbridge.VerifyOptional), 0)
				expect(t, "SetCAs", c.SetCAs(nil, nil), 0)
				withSSL(t, c, func(s *cbridge.SSL) { t.Equal("result", s.VerifyResult(), uint32(0xFFFFFFFF)) })
			})
		},
		"timing_final_delay_accessor": func(t *suites.T) {
			const final = 100 * time.Millisecond
			var d cbridge.Delay
			before := time.Now()
			d.Set(50*time.Millisecond, final)
			after := time.Now()
			if at := d.Deadline(); at.Before(before.Add(final)) || at.After(after.Add(final)) {
				t.Fatalf("a final delay of %v ends %v after the call", final, at.Sub(after))
			}
		},
	}, unmapped{
		"conf_curve":                    "the deprecated predecessor of mbedtls_ssl_conf_groups, which Config.SetGroups calls",
		"cookie_parsing":                "an internal function of the library, which only builds for its tests show",
		"elliptic_curve_get_properties": "about internal functions, which have other numbers for the groups of TLS",
		"force_bad_session_id_len":      "writes to a session inside of the library",
	})
}

// withConfig runs f with a Config.
func withConfig(t *suites.T, end cbridge.Endpoint, transport cbridge.Transport, f func(*cbridge.Config)) {
	c, err := cbridge.NewConfig(end, transport, cbridge.PresetDefault)
	expect(t, "NewConfig", err, 0)
	defer c.Close()
	f(c)
}

// withSSL runs f with a connection.
func withSSL(t *suites.T, c *cbridge.Config, f func(*cbridge.SSL)) {
	s, err := cbridge.NewSSL(c)
	expect(t, "NewSSL", err, 0)
	defer s.Close()
	f(s)
}

// confVersion has the library refuse a range of versions when a connection is made.
func confVersion(t *suites.T, end cbridge.Endpoint, transport cbridge.Transport, lowest, highest, code int) {
	c, err := cbridge.NewConfig(end, transport, cbridge.PresetDefault)
	if err == nil {
		defer c.Close()
		err = c.SetVersions(lowest, highest)
	}
	if errors.Is(err, errors.ErrUnsupported) && code != 0 {
		return // what the build lacks is refused earlier here
	}
	expect(t, "NewConfig and SetVersions", err, 0)
	s, err := cbridge.NewSSL(c)
	if err == nil {
		s.Close()
	}
	expect(t, "NewSSL", err, code)
}

// multipleOpaquePSKs sets two keys, of which the library takes one. It does not look whether there are such keys.
func multipleOpaquePSKs(t *suites.T, mode int) {
	withConfig(t, cbridge.Client, cbridge.Stream, func(c *cbridge.Config) {
		raw := func(identity string) error { return c.SetPSK(make([]byte, 10), []byte(identity)) }
		opaque := func(identity string) error { return c.SetPSKOpaque(1, []byte(identity)) }
		order := [][2]func(string) error{{raw, opaque}, {opaque, raw}, {opaque, opaque}}[mode]
		expect(t, "the first key", order[0]("foo"), 0)
		expect(t, "the second key", order[1]("bar"), int(cbridge.ErrSSLFeatureUnavailable))
	})
}

func cidSanity(t *suites.T) {
	own := bytes.Repeat([]byte{0xC1, 0xD2}, cbridge.MaxOwnCIDLen)[:cbridge.MaxOwnCIDLen]
	withConfig(t, cbridge.Client, cbridge.Stream, func(c *cbridge.Config) {
		withSSL(t, c, func(s *cbridge.SSL) {
			expect(t, "SetCID over a stream", s.SetCID(true, own), int(cbridge.ErrSSLBadInputData))
			cid, on := s.OwnCID()
			t.Equal("connection ID of a stream", cid, []byte(nil))
			t.Equal("it is on", on, false)
		})
	})
	withConfig(t, cbridge.Client, cbridge.Datagram, func(c *cbridge.Config) {
		expect(t, "too long for a Config", c.SetCID(len(own)+1, false), int(cbridge.ErrSSLBadInputData))
		expect(t, "SetCID of the Config", c.SetCID(len(own), false), 0)
		withSSL(t, c, func(s *cbridge.SSL) {
			expect(t, "not as long as the Config says", s.SetCID(true, own[1:]), int(cbridge.ErrSSLBadInputData))
			expect(t, "SetCID", s.SetCID(true, own), 0)
			cid, on := s.OwnCID()
			t.Equal("connection ID", cid, own)
			t.Equal("it is on", on, true)
			expect(t, "SetCID to off", s.SetCID(false, nil), 0)
			_, on = s.OwnCID()
			t.Equal("it is still on", on, false)
		})
	})
}

// setECJPAKEPassword leaves out a context without a Config, which Go has none of.
func setECJPAKEPassword(t *suites.T, opaque int) {
	withConfig(t, cbridge.Client, cbridge.Stream, func(c *cbridge.Config) {
		withSSL(t, c, func(s *cbridge.SSL) {
			password := []byte("bla")
			if opaque == 0 {
				expect(t, "an empty password", s.SetECJPAKEPassword(nil), int(cbridge.ErrSSLBadInputData))
				expect(t, "SetECJPAKEPassword", s.SetECJPAKEPassword(password), 0)
				return
			}
			expect(t, "no key", s.SetECJPAKEPasswordOpaque(0), int(cbridge.ErrSSLBadInputData))
			forbidden, err := cbridge.ImportPSAKey(cbridge.PSAAttributes{Type: uint16(psa.TypePassword),
				Algorithm: uint32(psa.JPAKE), Usage: uint32(psa.UsageSignHash)}, password)
			expect(t, "ImportPSAKey", err, 0)
			defer forbidden.Close()
			err = s.SetECJPAKEPasswordOpaque(forbidden.ID())
			expect(t, "a key for something else", err, int(cbridge.ErrSSLHwAccelFailed))
			_, err = forbidden.Attributes()
			expect(t, "Attributes after the failure", err, 0)
			key, err := cbridge.ImportECJPAKEPassword(password)
			expect(t, "ImportECJPAKEPassword", err, 0)
			defer cbridge.DestroyKey(key)
			expect(t, "SetECJPAKEPasswordOpaque", s.SetECJPAKEPasswordOpaque(key), 0)
		})
	})
}

// Exported keying material.
func init() {
	const label = "test-label"
	context := make([]byte, 128)
	export := func(e *endpoint, n int, label string, context []byte) []byte {
		out := make([]byte, n)
		e.must("ExportKeyingMaterial", e.ssl.ExportKeyingMaterial(out, label, context))
		return out
	}
	differ := func(t *suites.T, a, b []byte) {
		if n := min(len(a), len(b)); slices.Equal(a[:n], b[:n]) {
			t.Fatalf("both ends have the key %x", a[:n])
		}
	}
	register("ssl", functions{
		"ssl_tls_exporter_consistent_result": func(t *suites.T, version, n, useContext int) {
			withHandshake(t, version, func(client, server *endpoint) {
				given := context
				if useContext == 0 {
					given = nil
				}
				t.Equal("key", export(client, n, label, given), export(server, n, label, given))
			})
		},
		"ssl_tls_exporter_uses_label": func(t *suites.T, version int) {
			withHandshake(t, version, func(client, server *endpoint) {
				differ(t, export(client, 24, label+"-client", context), export(server, 24, label+"-server", context))
			})
		},
		"ssl_tls_exporter_uses_context": func(t *suites.T, version int) {
			withHandshake(t, version, func(client, server *endpoint) {
				another := bytes.Clone(context)
				another[0] = 23
				differ(t, export(client, 24, label, another), export(server, 24, label, context))
			})
		},
		"ssl_tls13_exporter_uses_length": func(t *suites.T) {
			withHandshake(t, cbridge.TLS13, func(client, server *endpoint) {
				differ(t, export(client, 24, label, context), export(server, 16, label, context))
			})
		},
		"ssl_tls_exporter_rejects_bad_parameters": func(t *suites.T, version, n, labelLen, contextLen int) {
			withHandshake(t, version, func(client, _ *endpoint) {
				err := client.ssl.ExportKeyingMaterial(make([]byte, n), strings.Repeat("l", labelLen), make([]byte, contextLen))
				expect(t, "ExportKeyingMaterial", err, int(cbridge.ErrSSLBadInputData))
			})
		},
		"ssl_tls_exporter_too_early": func(t *suites.T, version, ofServer, state int) {
			client, server := newPair(t, ofVersion(version), 1024)
			defer client.close()
			defer server.close()
			e, other := client, server
			if ofServer != 0 {
				e, other = server, client
			}
			if err := e.moveTo(state, other); err != nil && !wants(err) {
				t.Fatalf("on the way to %s: %v", cbridge.StateName(state), err)
			}
			err := e.ssl.ExportKeyingMaterial(make([]byte, 24), label, nil)
			expect(t, "ExportKeyingMaterial", err, int(cbridge.ErrSSLBadInputData))
		},
	}, nil)
}

// ofVersion are the options of a handshake in one version.
func ofVersion(version int) options {
	o := defaults()
	o.clientMin, o.clientMax, o.serverMin, o.serverMax, o.version = version, version, version, version, version
	return o
}

// withHandshake runs f with two ends whose handshake is over.
func withHandshake(t *suites.T, version int, f func(client, server *endpoint)) {
	client, server := newPair(t, ofVersion(version), 1024)
	defer client.close()
	defer server.close()
	for _, order := range [][2]*endpoint{{server, client}, {client, server}} {
		if err := order[0].moveTo(stateOver, order[1]); err != nil && !wants(err) {
			t.Fatalf("the handshake: %v", err)
		}
	}
	t.Equal("end of the client's handshake", client.ssl.HandshakeOver(), true)
	t.Equal("end of the server's handshake", server.ssl.HandshakeOver(), true)
	f(client, server)
}
