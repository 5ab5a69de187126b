package testprogram

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/testcreds"
)

// none stands for no file at all, where an empty name stands for what is built in.
const none = "none"

// loadCAs sets CAs.
func (p *Program) loadCAs() (string, error) {
	if p.CAFile == none || p.CAPath == none {
		return "(0 skipped)", nil
	}
	crt, err := cbridge.NewCrt()
	if err != nil {
		return "", err
	}
	p.OnClose(crt.Close)
	p.CAs = crt
	skipped := 0
	switch {
	case p.CAPath != "":
		skipped, err = parseFolder(crt, p.CAPath)
	case p.CAFile != "":
		skipped, err = parseFile(crt, p.CAFile)
	default:
		var all [][]byte
		all, err = testcreds.CAs()
		for _, data := range all {
			if err == nil {
				_, err = crt.Parse(data)
			}
		}
	}
	return fmt.Sprintf("(%d skipped)", skipped), err
}

func parseFile(crt *cbridge.Crt, name string) (skipped int, err error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return 0, err
	}
	return crt.Parse(data)
}

// parseFolder takes each file that can be parsed, and counts the others.
func parseFolder(crt *cbridge.Crt, name string) (skipped int, err error) {
	entries, err := os.ReadDir(name)
	if err != nil {
		return 0, err
	}
	for _, e := range entries {
		if info, err := os.Stat(filepath.Join(name, e.Name())); err != nil || !info.Mode().IsRegular() {
			continue
		}
		n, err := parseFile(crt, filepath.Join(name, e.Name()))
		if err != nil {
			n = 1
		}
		skipped += n
	}
	return skipped, nil
}

// LoadPair loads a chain and its key from files.
func (p *Program) LoadPair(crtFile, keyFile, password string) (*OwnKey, error) {
	crt, err := os.ReadFile(crtFile)
	if err != nil {
		return nil, err
	}
	key, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, err
	}
	return p.parsePair(crt, key, password)
}

func (p *Program) parsePair(crt, key []byte, password string) (*OwnKey, error) {
	chain, err := cbridge.NewCrt()
	if err != nil {
		return nil, err
	}
	p.OnClose(chain.Close)
	if _, err := chain.Parse(crt); err != nil {
		return nil, err
	}
	var pwd []byte
	if password != "" {
		pwd = []byte(password)
	}
	pk, err := cbridge.ParseKey(key, pwd)
	if err != nil {
		return nil, err
	}
	p.OnClose(pk.Close)
	return &OwnKey{chain, pk}, nil
}

// loadKeys sets Keys: of a client one, of a server two, that may be nil.
func (p *Program) loadKeys() (string, error) {
	if !p.Server {
		return p.loadClientKey()
	}
	pairs, builtIn := p.Own[:], []struct {
		testcreds.Identity
		option string
	}{{testcreds.ServerRSA, "MBEDTLS_RSA_C"}, {testcreds.ServerEC, "MBEDTLS_ECDSA_C"}}
	given, nothing := false, false
	for _, pair := range pairs {
		for _, name := range []string{pair.CrtFile, pair.KeyFile} {
			given = given || name != "" && name != none
			nothing = nothing || name == none
		}
	}
	p.Keys = make([]*OwnKey, len(pairs))
	types := []string{none, none}
	for i, pair := range pairs {
		var err error
		switch hasCrt, hasKey := pair.CrtFile != "" && pair.CrtFile != none, pair.KeyFile != "" && pair.KeyFile != none; {
		case hasCrt != hasKey:
			return "", fmt.Errorf("crt_file without key_file or vice-versa")
		case hasCrt:
			p.Keys[i], err = p.LoadPair(pair.CrtFile, pair.KeyFile, pair.KeyPwd)
		case !given && !nothing && cbridge.Feature(builtIn[i].option):
			var crt, key []byte
			if crt, key, err = builtIn[i].Load(); err == nil {
				p.Keys[i], err = p.parsePair(crt, key, "")
			}
		}
		if err == nil && p.KeyOpaque && p.Keys[i] != nil {
			err = p.makeOpaque(p.Keys[i], pair.OpaqueAlgs)
		}
		if err != nil {
			return "", err
		}
		if p.Keys[i] != nil {
			types[i] = p.Keys[i].Key.Type()
		}
	}
	return fmt.Sprintf("(key types: %s)", strings.Join(types, ", ")), nil
}

// loadClientKey takes what is not given from what is built in. Without one of both, there is neither.
func (p *Program) loadClientKey() (string, error) {
	pair := p.Own[0]
	p.Keys = make([]*OwnKey, 1)
	if pair.CrtFile == none || pair.KeyFile == none {
		return "(key type: none)", nil
	}
	crt, key, err := testcreds.Client().Load()
	if err == nil && pair.CrtFile != "" {
		crt, err = os.ReadFile(pair.CrtFile)
	}
	if err == nil && pair.KeyFile != "" {
		key, err = os.ReadFile(pair.KeyFile)
	}
	if err != nil {
		return "", err
	}
	own, err := p.parsePair(crt, key, pair.KeyPwd)
	if err == nil && p.KeyOpaque {
		err = p.makeOpaque(own, pair.OpaqueAlgs)
	}
	if err != nil {
		return "", err
	}
	p.Keys[0] = own
	return fmt.Sprintf("(key type: %s)", own.Key.Type()), nil
}

// makeOpaque moves a key into PSA's key store.
func (p *Program) makeOpaque(k *OwnKey, algs [2]string) error {
	opaque, err := k.Key.ImportOpaque(algs[0], algs[1])
	if err != nil {
		return err
	}
	p.OnClose(opaque.Close)
	k.Key = opaque
	return nil
}
