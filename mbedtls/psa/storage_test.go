package psa_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/gombedtls/gombedtls/internal/cdriver"
	"github.com/gombedtls/gombedtls/mbedtls/psa"
)

// secret is a persistent key.
func secret(id psa.KeyID) psa.Attributes {
	return psa.Attributes{Type: psa.TypeRawData, Usage: psa.UsageExport, ID: id}
}

func TestPersistentKeys(t *testing.T) {
	dir := stored(t)
	k := must[*psa.Key](t)(psa.Import(secret(7), []byte("a secret")))
	file := filepath.Join(dir, "0000000000000007.psa_its")
	info := must[fs.FileInfo](t)(os.Stat(file))
	if info.Mode() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	check(t, k.Close())
	if stats := must[psa.Stats](t)(psa.StoreStats()); stats.Persistent != 0 {
		t.Errorf("after Close: %+v", stats)
	}
	k = must[*psa.Key](t)(psa.Open(7))
	if got := must[[]byte](t)(k.Export()); string(got) != "a secret" {
		t.Errorf("%q", got)
	}
	_, err := psa.Import(secret(7), []byte("another"))
	is(t, "the number is taken", err, psa.ErrAlreadyExists)
	check(t, k.Destroy())
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after Destroy: %v", err)
	}
	_, err = psa.Open(7)
	is(t, "Open after Destroy", err, psa.ErrDoesNotExist)
}

func TestMorePersistentKeysThanSlots(t *testing.T) {
	stored(t)
	var keys []*psa.Key
	for i := range 2 * psa.KeySlots {
		keys = append(keys, must[*psa.Key](t)(psa.Import(secret(psa.KeyID(i+1)), []byte{byte(i), 1})))
	}
	for i, k := range keys {
		if got := must[[]byte](t)(k.Export()); !bytes.Equal(got, []byte{byte(i), 1}) {
			t.Errorf("key %d: %x", i, got)
		}
		check(t, k.Close())
	}
}

func TestStorageErrors(t *testing.T) {
	dir := stored(t)
	file := filepath.Join(dir, "plain")
	check(t, os.WriteFile(file, nil, 0o600))
	for name, c := range map[string]struct {
		dir  string
		want error
	}{"missing": {filepath.Join(dir, "none"), fs.ErrNotExist}, "a file": {file, nil}} {
		err := psa.SetStorage(c.dir)
		var pathError *fs.PathError
		if !errors.As(err, &pathError) || pathError.Path != c.dir || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	good := must[*psa.Key](t)(psa.Import(secret(1), []byte("key"))) // the storage is as it was
	check(t, good.Close())
	name := filepath.Join(dir, "0000000000000001.psa_its")
	whole := must[[]byte](t)(os.ReadFile(name))
	for what, c := range map[string]struct {
		content []byte
		want    []psa.Status
	}{
		"empty":         {nil, []psa.Status{psa.ErrDataCorrupt}},
		"no magic":      {append([]byte("X"), whole[1:]...), []psa.Status{psa.ErrDataCorrupt}},
		"cut":           {whole[:len(whole)-1], []psa.Status{psa.ErrDataCorrupt}},
		"header alone":  {whole[:16], []psa.Status{psa.ErrDataCorrupt}},
		"huge":          {append(append(bytes.Clone(whole[:8]), 0xff, 0xff, 0xff, 0xff), whole[12:]...), []psa.Status{psa.ErrDataCorrupt}},
		"no key's":      {append(bytes.Clone(whole[:16]), bytes.Repeat([]byte{'x'}, len(whole)-16)...), []psa.Status{psa.ErrDataInvalid}},
		"another's":     {append(bytes.Clone(whole[:8]), make([]byte, 8)...), []psa.Status{psa.ErrDataInvalid}},
		"key too short": {append(append(bytes.Clone(whole[:48]), 0xff), whole[49:]...), []psa.Status{psa.ErrDataInvalid}},
	} {
		check(t, os.WriteFile(name, c.content, 0o600))
		k, err := psa.Open(1)
		if k != nil {
			t.Errorf("%s: a key", what)
		}
		is(t, what, err, c.want[0])
	}
	_, err := psa.Import(secret(1), []byte("key"))
	is(t, "a damaged file is there", err, psa.ErrAlreadyExists)
	check(t, os.Remove(name))
	check(t, os.Symlink(file, name))
	_, err = psa.Open(1)
	is(t, "a link", err, psa.ErrStorageFailure)
	check(t, os.Remove(name))
	check(t, os.Mkdir(filepath.Join(dir, "tempfile.psa_its"), 0o700)) // in the way
	_, err = psa.Import(secret(1), []byte("key"))
	is(t, "a file that cannot be made", err, psa.ErrDataInvalid)
}

// TestInterruptedWrite has left behind what a process wrote that was killed.
func TestInterruptedWrite(t *testing.T) {
	dir := stored(t)
	temporary := filepath.Join(dir, "tempfile.psa_its")
	check(t, os.WriteFile(temporary, []byte("half a"), 0o644))
	k := must[*psa.Key](t)(psa.Import(secret(2), []byte("key")))
	defer k.Close()
	if _, err := os.Stat(temporary); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the temporary file: %v", err)
	}
	if info := must[fs.FileInfo](t)(os.Stat(filepath.Join(dir, "0000000000000002.psa_its"))); info.Mode() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}

func TestConcurrentPersistentKeys(t *testing.T) {
	stored(t)
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for i := range 10 {
				id := psa.KeyID(100*g + i + 1)
				k, err := psa.Import(secret(id), []byte{byte(id), 7})
				if err != nil {
					t.Error(err)
					return
				}
				k.Close()
				if k, err = psa.Open(id); err != nil {
					t.Error(err)
					return
				}
				if got, err := k.Export(); err != nil || !bytes.Equal(got, []byte{byte(id), 7}) {
					t.Errorf("%x, %v", got, err)
				}
				if err := k.Destroy(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

// TestStorageIsInterchangeable shares a directory with a C program.
func TestStorageIsInterchangeable(t *testing.T) {
	dir := stored(t)
	folder := t.TempDir()
	check(t, os.WriteFile(filepath.Join(folder, "store.c"), []byte(storeProgram), 0o600))
	program := filepath.Join(folder, "store")
	check(t, cdriver.Compile(context.Background(), must[string](t)(filepath.Abs(root)), folder, program))
	run := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), program, args...)
		cmd.Dir = dir // where the library looks by itself
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	k := must[*psa.Key](t)(psa.Import(secret(11), []byte("from Go")))
	check(t, k.Close())
	if got := run("read", "11"); got != "from Go" {
		t.Errorf("C reads %q", got)
	}
	run("write", "12", "from C")
	k = must[*psa.Key](t)(psa.Open(12))
	defer k.Close()
	if got := must[[]byte](t)(k.Export()); string(got) != "from C" {
		t.Errorf("Go reads %q", got)
	}
}

const storeProgram = `
#include <psa/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    psa_key_attributes_t a = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t id = (psa_key_id_t) atoi(argv[2]);
    unsigned char out[64];
    size_t n;

    if (psa_crypto_init() != PSA_SUCCESS) {
        return 1;
    }
    if (argc == 4) {
        psa_set_key_id(&a, id);
        psa_set_key_type(&a, PSA_KEY_TYPE_RAW_DATA);
        psa_set_key_usage_flags(&a, PSA_KEY_USAGE_EXPORT);
        return psa_import_key(&a, (unsigned char *) argv[3], strlen(argv[3]), &id) != PSA_SUCCESS;
    }
    if (psa_export_key(id, out, sizeof(out), &n) != PSA_SUCCESS) {
        return 1;
    }
    printf("%.*s\n", (int) n, out);
    return 0;
}
`
