package upstream

import (
	"crypto"
	"encoding/asn1"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/oid"
	"github.com/gombedtls/gombedtls/mbedtls/x509"
)

func init() {
	register("x509parse", functions{
		"x509_crt_parse_cn_inet_pton": func(t *suites.T, name string, want []byte, n int) {
			got := x509.ParseIP(name)
			t.Equal("length", len(got), n)
			if n != 0 {
				t.Equal("address", got, want)
			}
		},
		"x509_parse_san": parseSAN,
		"x509_cert_info": certInfo,
		"x509_verify_info": func(t *suites.T, flags x509.VerifyFlags, prefix, want string) {
			t.Equal("text", flags.Info(prefix), want)
		},
		"mbedtls_x509_dn_gets_subject_replace": replaceSubject,
		"mbedtls_x509_dn_gets": func(t *suites.T, file, entity, want string) {
			c := readCertificates(t, file)[0]
			name := map[string]x509.Name{"subject": c.Subject, "issuer": c.Issuer}[entity]
			got, err := name.Text()
			t.Code("text", err, 0)
			t.Equal("name", got, want)
		},
		"mbedtls_x509_get_name": func(t *suites.T, rdns string, want int) {
			der, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: unhex(t, rdns)})
			t.Equal("marshal", err, nil)
			_, err = x509.ParseRawName(der)
			t.Code("parse", err, want)
		},
		"mbedtls_x509_dn_get_next": nextRDN,
		"mbedtls_x509_time_is_past": func(t *suites.T, file, entity string, want int) {
			t.Equal("past", x509.IsPast(validity(t, file, entity)), want != 0)
		},
		"mbedtls_x509_time_is_future": func(t *suites.T, file, entity string, want int) {
			t.Equal("future", x509.IsFuture(validity(t, file, entity)), want != 0)
		},
		"x509parse_crt_file": func(t *suites.T, file string, want int) { parseFile(t, file, want) },
		"mbedtls_x509_get_ca_istrue": func(t *suites.T, file string, want int) {
			is, err := readCertificates(t, file)[0].CA()
			t.Code("CA", err, min(want, 0))
			t.Equal("CA", is, want > 0)
		},
		"x509parse_crt": func(t *suites.T, der []byte, want string, code int) {
			c, err := x509.ParseCertificate(der)
			t.Code("parse", err, code)
			checkInfo(t, c, want, code)
			crt, err := x509.NewList()
			t.Code("list", err, 0)
			defer crt.Close()
			_, err = crt.Parse(der)
			t.Code("parse in a list", err, code)
		},
		"x509parse_crt_cb": func(t *suites.T, der []byte, want string, code int) {
			c, err := x509.ParseCertificateExtensions(der, vectorExtension)
			t.Code("parse", err, code)
			checkInfo(t, c, want, code)
		},
		"mbedtls_x509_crt_parse_file": func(t *suites.T, file string, want, n int) {
			l, skipped, err := parseList(t, file)
			defer l.Close() //lint:ignore SA5001 a list is there also if the file cannot be parsed
			t.Code("parse", err, min(want, 0))
			t.Equal("skipped", skipped, max(want, 0))
			t.Equal("certificates", l.Len(), n)
		},
		"mbedtls_x509_crt_parse_path": func(t *suites.T, dir string, want, n int) {
			l, err := x509.NewList()
			t.Code("list", err, 0)
			defer l.Close()
			failed, err := l.ParseDir(dir)
			t.Equal("error", err, nil)
			t.Equal("failed", len(failed), want)
			t.Equal("certificates", l.Len(), n)
		},
		"x509_oid_desc": func(t *suites.T, id []byte, want string) {
			got, err := oid.OID(id).ExtendedKeyUsage()
			if want == "notfound" {
				t.Code("lookup", err, int(cbridge.ErrOIDNotFound))
				return
			}
			t.Code("lookup", err, 0)
			t.Equal("text", got, want)
		},
		"x509_oid_numstr": func(t *suites.T, id []byte, want string, size, ret int) {
			got, err := cbridge.OIDString(id, size)
			t.Code("text", err, min(ret, 0))
			if ret >= 0 {
				t.Equal("length", len(got), ret)
				t.Equal("text", got, want)
			}
		},
		"x509_check_key_usage": func(t *suites.T, file string, usage x509.KeyUsage, want int) {
			t.Code("check", readCertificates(t, file)[0].CheckKeyUsage(usage), want)
		},
		"x509_check_extended_key_usage": func(t *suites.T, file string, usage []byte, want int) {
			t.Code("check", readCertificates(t, file)[0].CheckExtKeyUsage(usage), want)
		},
		"x509_get_time": func(t *suites.T, tag int, text string, want, year, month, day, hour, minute, sec int) {
			got, err := x509.ParseTime(tag, text)
			t.Code("parse", err, want)
			if want == 0 {
				t.Equal("time", got, time.Date(year, time.Month(month), day, hour, minute, sec, 0, time.UTC))
			}
		},
		"x509_parse_rsassa_pss_params": func(t *suites.T, params []byte, tag, md, mgf, salt, want int) {
			hash, pss, err := x509.ParsePSS(tag, params)
			t.Code("parse", err, want)
			if want == 0 {
				t.Equal("hashes", []int{int(cbridge.MDOf(hash)), int(cbridge.MDOf(pss.MGF1Hash))}, []int{md, mgf})
				t.Equal("salt", pss.SaltLength, salt)
			}
		},
		"x509_crt_parse_subjectkeyid": func(t *suites.T, file string, id []byte, want int) {
			if c := parseFile(t, file, want); c != nil {
				t.Equal("key id", c.SubjectKeyID, id)
			}
		},
		"x509_crt_parse_authoritykeyid": func(t *suites.T, file string, id []byte, issuer string, serial []byte, want int) {
			c := parseFile(t, file, want)
			if c == nil {
				return
			}
			a := c.AuthorityKeyID
			t.Equal("key id", a.KeyID, id)
			t.Equal("serial", a.SerialNumber, serial)
			if issuer != "" {
				got, err := a.Issuer[0].Directory.Text()
				t.Code("issuer", err, 0)
				t.Equal("issuer", got, issuer)
			}
		},
	}, unmapped{
		"x509_accessor_ext_types": "sets a private field of the C struct, which no parser would",
	})
	register("x509parse", revocationFunctions, nil)
}

func unhex(t *suites.T, s string) (b []byte) {
	if _, err := fmt.Sscanf(s, "%x", &b); err != nil && s != "" {
		t.Fatalf("%q: %v", s, err)
	}
	return b
}

// parseList parses a file; the list is there also if that failed.
func parseList(t *suites.T, file string) (*x509.List, int, error) {
	l, err := x509.NewList()
	t.Code("list", err, 0)
	skipped, err := l.ParseFile(file)
	return l, skipped, err
}

// readList parses a file that has no broken certificate.
func readList(t *suites.T, file string) *x509.List {
	l, skipped, err := parseList(t, file)
	t.Code("parse "+file, err, 0)
	t.Equal("skipped", skipped, 0)
	return l
}

// parseFile is nil if the file cannot be parsed, and the case wants that.
func parseFile(t *suites.T, file string, want int) *x509.Certificate {
	l, skipped, err := parseList(t, file)
	defer l.Close() //lint:ignore SA5001 a list is there also if the file cannot be parsed
	t.Code("parse", err, min(want, 0))
	t.Equal("skipped", skipped, max(want, 0))
	if err != nil {
		return nil
	}
	certs, err := l.Certificates()
	t.Code("certificates", err, 0)
	return certs[0]
}

func validity(t *suites.T, file, entity string) time.Time {
	c := readCertificates(t, file)[0]
	return map[string]time.Time{"valid_from": c.NotBefore, "valid_to": c.NotAfter}[entity]
}

func checkInfo(t *suites.T, c *x509.Certificate, want string, code int) {
	if code != 0 || c == nil {
		return
	}
	got, err := c.Info("")
	if errors.Is(err, errors.ErrUnsupported) {
		return // a build without such texts
	}
	t.Code("info", err, 0)
	t.Equal("info", got, want)
}

func certInfo(t *suites.T, file, want string) {
	l := readList(t, file)
	defer l.Close()
	certs, err := l.Certificates()
	t.Code("certificates", err, 0)
	checkInfo(t, certs[0], want, 0)
}

func parseSAN(t *suites.T, file, want string, code int) {
	c := parseFile(t, file, code)
	if c == nil {
		return
	}
	var got strings.Builder
	for _, a := range c.SubjectAltNames {
		switch {
		case a.Kind == x509.AltOtherName && a.Hardware != nil:
			fmt.Fprintf(&got, "type : %d\notherName : hardware module name : hardware type : %s, hardware serial number : %X\n",
				a.Kind, a.Hardware.Type, a.Hardware.Serial)
		case a.Kind == x509.AltDNS:
			fmt.Fprintf(&got, "type : %d\ndNSName : %s\n", a.Kind, a.Value)
		case a.Kind == x509.AltEmail:
			fmt.Fprintf(&got, "type : %d\nrfc822Name : %s\n", a.Kind, a.Value)
		case a.Kind == x509.AltDirectoryName:
			name, err := a.Directory.Text()
			t.Code("name", err, 0)
			fmt.Fprintf(&got, "type : %d\ndirectoryName : %s\n", a.Kind, name)
		}
	}
	t.Equal("names", got.String(), want)
}

// replaceSubject gives the subject's second attribute another value.
func replaceSubject(t *suites.T, file, value, want string, code int) {
	name := readCertificates(t, file)[0].Subject
	name.Attributes[1].Value = []byte(value)
	got, err := name.Text()
	t.Code("text", err, min(code, 0))
	if code == 0 {
		t.Equal("name", got, want)
	}
}

func nextRDN(t *suites.T, text string, merged int, wantIDs string, n int, want string) {
	names, err := cbridge.StringToNames(text)
	t.Code("names", err, 0)
	der, err := cbridge.WriteNames(names)
	t.Code("write", err, 0)
	name, err := x509.ParseRawName(der)
	t.Code("parse", err, 0)
	for i := range name.Attributes {
		name.Attributes[i].Merged = merged>>i&1 != 0
	}
	var ids []string
	for _, rdn := range name.RDNs() {
		id, err := rdn[0].Type.AttributeName()
		t.Code("attribute", err, 0)
		ids = append(ids, id)
	}
	t.Equal("attributes", strings.Join(ids, " "), wantIDs)
	t.Equal("RDNs", len(ids), n)
	got, err := name.Text()
	t.Code("text", err, 0)
	t.Equal("name", got, want)
}

// element reads one ASN.1 element of that tag, with the codes of mbedtls_asn1_get_tag.
func element(b []byte, tag byte) (content, rest []byte, code cbridge.Code) {
	switch {
	case len(b) < 1:
		return nil, nil, cbridge.ErrASN1OutOfData
	case b[0] != tag:
		return nil, nil, cbridge.ErrASN1UnexpectedTag
	case len(b) < 2:
		return nil, nil, cbridge.ErrASN1OutOfData
	}
	n, header := int(b[1]), 2
	if n >= 0x80 {
		size := n & 0x7F
		if size == 0 || size > 4 {
			return nil, nil, cbridge.ErrASN1InvalidLength
		}
		if len(b) < 2+size {
			return nil, nil, cbridge.ErrASN1OutOfData
		}
		n = 0
		for _, x := range b[2 : 2+size] {
			n = n<<8 | int(x)
		}
		header += size
	}
	if n > len(b)-header {
		return nil, nil, cbridge.ErrASN1OutOfData
	}
	return b[header : header+n], b[header+n:], 0
}

// vectorExtension is what the suite's callback does: it takes the policy with the OID 1, and the extension of own.
func vectorExtension(id oid.OID, _ bool, value []byte) error {
	const bad = cbridge.ErrX509InvalidExtensions
	const policies, own = "2.5.29.32", "1.3.6.1.5.5.7.1.31"
	switch id.String() {
	case own:
		return nil
	case policies:
	default:
		return bad + cbridge.ErrASN1UnexpectedTag
	}
	const sequence, object = 0x30, 0x06
	list, rest, code := element(value, sequence)
	if code != 0 {
		return bad + code
	}
	if len(rest) > 0 || len(list) == 0 {
		return bad + cbridge.ErrASN1LengthMismatch
	}
	var verdict error
	for len(list) > 0 {
		var policy, id []byte
		if policy, list, code = element(list, sequence); code != 0 {
			return bad + code
		}
		if id, policy, code = element(policy, object); code != 0 {
			return bad + code
		}
		if len(id) != 1 || id[0] != 1 {
			verdict = cbridge.ErrX509FeatureUnavailable
		}
		if len(policy) == 0 {
			continue
		}
		if _, policy, code = element(policy, sequence); code != 0 {
			return bad + code
		}
		if len(policy) > 0 {
			return bad + cbridge.ErrASN1LengthMismatch
		}
	}
	return verdict
}

// all is a mask of a profile, and the flags of a verification that broke off.
const all = 0xFFFFFFFF

func vectorProfile(t *suites.T, name string) *x509.Profile {
	hashes := func(list ...crypto.Hash) (mask uint32) {
		for _, h := range list {
			mask |= 1 << (cbridge.MDOf(h) - 1)
		}
		return mask
	}
	sha2 := hashes(crypto.SHA256, crypto.SHA384, crypto.SHA512)
	profiles := map[string]*x509.Profile{
		"": &x509.ProfileDefault, "next": &x509.ProfileNext, "suiteb": &x509.ProfileSuiteB, "suite_b": &x509.ProfileSuiteB,
		"compat": {Hashes: sha2 | hashes(crypto.SHA1, crypto.RIPEMD160, crypto.SHA224), PublicKeys: all, Curves: all,
			RSAMinBits: 1024},
		"all":     {Hashes: all, PublicKeys: all, Curves: all, RSAMinBits: 1024},
		"rsa3072": {Hashes: sha2, PublicKeys: 1, RSAMinBits: 3072},
		"sha512":  {Hashes: hashes(crypto.SHA512), PublicKeys: all, Curves: all, RSAMinBits: 1024},
	}
	p, ok := profiles[name]
	if !ok {
		t.Fatalf("unknown profile %q", name)
	}
	return p
}

// revocationFunctions are those that need revocation lists, requests, or verify.
var revocationFunctions = functions{
	"mbedtls_x509_crl_info": func(t *suites.T, file, want string) {
		crls := readCRLs(t, file)
		defer crls.Close()
		lists, err := crls.RevocationLists()
		t.Code("lists", err, 0)
		got, err := lists[0].Info("")
		t.Code("info", err, 0)
		t.Equal("info", got, want)
	},
	"mbedtls_x509_crl_parse": func(t *suites.T, file string, want int) {
		crls, err := x509.NewCRLs()
		t.Code("lists", err, 0)
		defer crls.Close()
		t.Code("parse", crls.ParseFile(file), want)
	},
	"x509parse_crl": func(t *suites.T, der []byte, want string, code int) {
		l, err := x509.ParseRevocationList(der)
		t.Code("parse", err, code)
		crls, err := x509.NewCRLs()
		t.Code("lists", err, 0)
		defer crls.Close()
		t.Code("parse in lists", crls.Parse(der), code)
		if code == 0 {
			got, err := l.Info("")
			t.Code("info", err, 0)
			t.Equal("info", got, want)
		}
	},
	"mbedtls_x509_csr_info": func(t *suites.T, file, want string) {
		r, err := x509.ReadCertificateRequest(file)
		checkRequest(t, r, err, want, 0)
	},
	"mbedtls_x509_csr_parse": func(t *suites.T, der []byte, want string, code int) {
		r, err := x509.ParseCertificateRequestDER(der)
		checkRequest(t, r, err, want, code)
	},
	"mbedtls_x509_csr_parse_with_ext_cb": func(t *suites.T, der []byte, want string, code, accept int) {
		r, err := x509.ParseCertificateRequestExtensions(der, func(oid.OID, bool, []byte) error {
			if accept != 0 {
				return nil
			}
			return cbridge.ErrX509InvalidExtensions + cbridge.ErrASN1UnexpectedTag
		})
		checkRequest(t, r, err, want, code)
	},
	"mbedtls_x509_csr_parse_file": func(t *suites.T, file, want string, code int) {
		r, err := x509.ReadCertificateRequest(file)
		checkRequest(t, r, err, want, code)
	},
	"x509_verify": verifyVector,
	"x509_verify_ca_cb_failure": func(t *suites.T, crt, _, name string, want int) {
		v := &cbridge.Verification{Profile: *vectorProfile(t, "compat"), CAs: func(*cbridge.CrtData) ([][]byte, error) {
			return nil, cbridge.Code(-1)
		}}
		if name != "NULL" {
			v.Name = &name
		}
		flags, err := bridgeList(t, crt).Verify(v)
		t.Code("verify", err, want)
		t.Equal("flags", flags, uint32(all))
	},
	"x509_verify_callback": func(t *suites.T, crt, ca, name string, code int, want string) {
		chain, roots := readList(t, crt), readList(t, ca)
		defer chain.Close()
		defer roots.Close()
		var got strings.Builder
		if name == "NULL" {
			name = ""
		}
		err := chain.Verify(&x509.VerifyOptions{Roots: roots, Profile: vectorProfile(t, "compat"), Name: name,
			Verify: func(c *x509.Certificate, depth int, flags x509.VerifyFlags) (x509.VerifyFlags, error) {
				fmt.Fprintf(&got, "depth %d - serial %s - subject %s - flags 0x%08x\n", depth, c.Serial(), c.Subject, uint32(flags))
				return flags, nil
			}})
		t.Code("verify", err, code)
		t.Equal("calls", got.String(), want)
	},
	"mbedtls_x509_crt_verify_max": func(t *suites.T, ca, dir string, intermediates, code int, flags x509.VerifyFlags) {
		chain, roots := readList(t, filepath.Join(dir, fmt.Sprintf("c%02d.pem", intermediates+1))), bridgeList(t, ca)
		defer chain.Close()
		certs, err := chain.Certificates()
		t.Code("certificates", err, 0)
		list, err := cbridge.NewCrt()
		t.Code("list", err, 0)
		defer list.Close()
		for _, c := range certs {
			t.Code("parse", list.ParseDER(c.Raw), 0)
		}
		got, err := list.Verify(&cbridge.Verification{Roots: roots, Profile: x509.ProfileDefault})
		t.Code("verify", err, code)
		t.Equal("flags", x509.VerifyFlags(got), flags)
	},
	"mbedtls_x509_crt_verify_chain": func(t *suites.T, chain, ca string, flags x509.VerifyFlags, code int, profile string,
		fatal int) {
		if profile == "nonesuch" {
			t.Skip("the profile is a NULL pointer, which Go has no way to pass: it is a value")
		}
		list := bridgeList(t, strings.Split(chain, " ")...)
		defer list.Close()
		roots := bridgeList(t, ca)
		defer roots.Close()
		got, err := list.Verify(&cbridge.Verification{Roots: roots, Profile: *vectorProfile(t, profile),
			Verify: func(_ *cbridge.CrtData, depth int, flags uint32) (uint32, error) {
				if fatal>>depth&1 != 0 {
					return flags | 1<<depth, cbridge.Code(-1 - depth)
				}
				return flags, nil
			}})
		t.Code("verify", err, code)
		t.Equal("flags", x509.VerifyFlags(got), flags)
	},
	"x509_verify_restart": verifyRestart,
}

func bridgeList(t *suites.T, files ...string) *cbridge.Crt {
	c, err := cbridge.NewCrt()
	t.Code("list", err, 0)
	for _, file := range files {
		skipped, err := c.Parse(readFile(t, file))
		t.Code("parse "+file, err, 0)
		t.Equal("skipped", skipped, 0)
	}
	return c
}

func readCRLs(t *suites.T, file string) *x509.CRLs {
	crls, err := x509.NewCRLs()
	t.Code("lists", err, 0)
	t.Code("parse "+file, crls.ParseFile(file), 0)
	return crls
}

func checkRequest(t *suites.T, r *x509.CertificateRequest, err error, want string, code int) {
	t.Code("parse", err, code)
	if code == 0 {
		got, err := r.Info("")
		t.Code("info", err, 0)
		t.Equal("info", got, want)
	}
}

func verifyVector(t *suites.T, crt, ca, crl, name string, code int, flags x509.VerifyFlags, profile, callback string) {
	chain, roots, crls := readList(t, crt), readList(t, ca), readCRLs(t, crl)
	defer chain.Close()
	defer roots.Close()
	defer crls.Close()
	o := x509.VerifyOptions{Roots: roots, CRLs: crls, Profile: vectorProfile(t, profile), Name: name}
	if name == "NULL" {
		o.Name = ""
	}
	switch callback {
	case "NULL":
	case "verify_none":
		o.Verify = func(_ *x509.Certificate, _ int, f x509.VerifyFlags) (x509.VerifyFlags, error) {
			return f | x509.CertOther, nil
		}
	case "verify_all":
		o.Verify = func(*x509.Certificate, int, x509.VerifyFlags) (x509.VerifyFlags, error) { return 0, nil }
	default:
		t.Fatalf("unknown callback %q", callback)
	}
	check := func(what string) {
		err := chain.Verify(&o)
		t.Code(what, err, code)
		var e *x509.VerifyError
		got := x509.VerifyFlags(0)
		if errors.As(err, &e) {
			got = e.Flags
		}
		t.Equal("flags of "+what, got, flags)
	}
	check("verify")
	if crl == "" && cbridge.Feature("MBEDTLS_X509_TRUSTED_CERTIFICATE_CALLBACK") {
		o.Roots, o.CRLs = nil, nil
		o.TrustedCAs = func(*x509.Certificate) ([]*x509.Certificate, error) { return roots.Certificates() }
		check("verify with a closure for CAs")
	}
}

func verifyRestart(t *suites.T, crt, ca string, code int, flags uint32, ops, least, most int) {
	chain, roots := bridgeList(t, crt), bridgeList(t, ca)
	defer chain.Close()
	defer roots.Close()
	t.Code("limit", cbridge.SetECPMaxOps(uint32(ops)), 0)
	defer func() { t.Code("no limit", cbridge.SetECPMaxOps(0), 0) }()
	restart, err := cbridge.NewRestart()
	t.Code("restart", err, 0)
	defer restart.Close()
	v := &cbridge.Verification{Roots: roots, Profile: x509.ProfileDefault, Restart: restart}
	n := 0
	got, err := chain.Verify(v)
	for ; errors.Is(err, cbridge.ErrECPInProgress); n++ {
		got, err = chain.Verify(v)
	}
	t.Code("verify", err, code)
	t.Equal("flags", got, flags)
	t.Equal(fmt.Sprintf("%d restarts are %d to %d", n, least, most), n >= least && n <= most, true)
	if _, err := chain.Verify(v); !errors.Is(err, cbridge.ErrECPInProgress) { // is freed with restart
		t.Code("verify again", err, code)
	}
}
