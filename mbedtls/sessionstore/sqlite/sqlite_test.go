package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/mbedtls"
	"github.com/gombedtls/gombedtls/mbedtls/sessionstore"
	"github.com/gombedtls/gombedtls/mbedtls/sessionstore/sqlite"
	"github.com/gombedtls/gombedtls/mbedtls/sessionstore/storetest"
)

// place is a file.
func place(t testing.TB) storetest.Place {
	path := filepath.Join(t.TempDir(), "sessions ?#%.db")
	return storetest.Place{
		Open: func(t testing.TB, o storetest.Options) (mbedtls.SessionStore, error) {
			s, err := sqlite.Open(context.Background(), sqlite.Options{
				Path: path, Secret: o.Secret(), BusyTimeout: 10 * time.Second,
				Options: sessionstore.Options{Lifetime: o.Lifetime, Capacity: o.Capacity, Now: o.Now},
			})
			if err != nil {
				return nil, err
			}
			t.Cleanup(func() { closed(t, s) })
			return s, nil
		},
		Corrupt: func(t testing.TB) {
			// The middle of what is sealed, as 16 other bytes.
			raw(t, path, `UPDATE sessions SET sealed = substr(sealed, 1, 20) || randomblob(16) || substr(sealed, 37)`)
		},
	}
}

func closed(t testing.TB, s *sqlite.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// raw runs SQL in a file.
func raw(t testing.TB, path, text string) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+strings.NewReplacer("?", "%3f", "#", "%23", "%", "%25").Replace(path)+"?_busy_timeout=10000")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(text); err != nil {
		t.Fatal(err)
	}
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, place)
}

var secret = sessionstore.Secret{Key: []byte("0123456789abcdef0123456789abcdef")}

func open(path string, change func(*sqlite.Options)) (*sqlite.Store, error) {
	o := sqlite.Options{Path: path, Secret: secret}
	if change != nil {
		change(&o)
	}
	return sqlite.Open(context.Background(), o)
}

func mustOpen(t testing.TB, path string, change func(*sqlite.Options)) *sqlite.Store {
	t.Helper()
	s, err := open(path, change)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, s) })
	return s
}

func TestFilesAreTheirOwnersAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sessions.db")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	s := mustOpen(t, path, nil)
	e := &mbedtls.SessionEntry{ID: []byte("an id"), Server: mbedtls.SessionServer{Name: "host.example"}, Data: []byte("a secret")}
	if err := s.Save(context.Background(), e); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(path + "*")
	if err != nil || len(files) != 3 {
		t.Fatalf("files %v, %v", files, err)
	}
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has mode %o", filepath.Base(file), mode)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, clear := range []string{"host.example", "an id", "a secret"} {
			if strings.Contains(string(data), clear) {
				t.Errorf("%s has %q in clear", filepath.Base(file), clear)
			}
		}
	}
}

func TestCapacityIsThatOfTheFile(t *testing.T) {
	t.Parallel()
	ctx, path := context.Background(), filepath.Join(t.TempDir(), "sessions.db")
	now := time.Now()
	small := func(o *sqlite.Options) { o.Capacity, o.Now = 10, func() time.Time { return now } }
	stores := []*sqlite.Store{mustOpen(t, path, small), mustOpen(t, path, small)}
	for i := range 40 {
		e := &mbedtls.SessionEntry{ID: fmt.Append(nil, i%25), Server: mbedtls.SessionServer{Name: fmt.Sprint(i % 3)}}
		if err := stores[i%2].Save(ctx, e); err != nil {
			t.Fatal(err)
		}
		if i%7 == 0 {
			if err := stores[0].Remove(ctx, e.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n, err := stores[0].Len(ctx); n != 10 || err != nil {
		t.Errorf("%d rows, %v", n, err)
	}
	now = now.Add(48 * time.Hour)
	if err := stores[0].Save(ctx, &mbedtls.SessionEntry{ID: []byte("new")}); err != nil {
		t.Fatal(err)
	}
	if n, err := stores[0].Len(ctx); n != 1 || err != nil {
		t.Errorf("%d rows once all but one have expired, %v", n, err)
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	garbage := filepath.Join(dir, "garbage.db")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("this is no database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	newer := filepath.Join(dir, "newer.db")
	s, err := open(newer, nil)
	if err != nil {
		t.Fatal(err)
	}
	closed(t, s)
	raw(t, newer, `UPDATE meta SET value = 2 WHERE name = 'schema'`)
	for want, change := range map[string]func(*sqlite.Options){
		"Options.Path":          func(o *sqlite.Options) { o.Path = "" },
		"Options.BusyTimeout":   func(o *sqlite.Options) { o.BusyTimeout = -1 },
		"Options.Readers":       func(o *sqlite.Options) { o.Readers = -1 },
		"Options.Capacity":      func(o *sqlite.Options) { o.Capacity = -1 },
		"Secret":                func(o *sqlite.Options) { o.Secret = sessionstore.Secret{} },
		"no such file":          func(o *sqlite.Options) { o.Path = filepath.Join(dir, "none", "x.db") },
		"not a database":        func(o *sqlite.Options) { o.Path = garbage },
		"version 2 of the sche": func(o *sqlite.Options) { o.Path = newer },
	} {
		s, err := open(filepath.Join(dir, "x.db"), change)
		if err == nil {
			closed(t, s)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if data, err := os.ReadFile(garbage); err != nil || !strings.HasPrefix(string(data), "this is no database") {
		t.Errorf("the file that is no database was changed (%v)", err)
	}
}

// Another process that holds the lock costs a call no more than the bound.
func TestLockedFileIsAnErrorInTime(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sessions.db")
	s := mustOpen(t, path, func(o *sqlite.Options) { o.BusyTimeout = 20 * time.Millisecond })
	db, err := sql.Open("sqlite3", "file:"+path+"?_txlock=exclusive")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	began := time.Now()
	err = s.Save(context.Background(), &mbedtls.SessionEntry{ID: []byte("x")})
	if err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Save: %v, want that the file is locked", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("Save took %v", took)
	}
}
