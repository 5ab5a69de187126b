package sqlite_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/internal/emulator"
	"github.com/gombedtls/gombedtls/mbedtls"
	"github.com/gombedtls/gombedtls/mbedtls/sessionstore/sqlite"
)

// writerVariable is set for the test's own program when it is to write to the file that it names, until it is killed.
const writerVariable = "GOMBEDTLS_TEST_SQLITE_WRITER"

// all keeps whatever is written, and waits for the other writer.
func all(o *sqlite.Options) { o.Capacity, o.BusyTimeout = 1<<30, time.Minute }

// rowOf is what a writer saves under a name.
func rowOf(name string) *mbedtls.SessionEntry {
	sum := sha256.Sum256([]byte(name))
	data := make([]byte, 0, 4096)
	for len(data) < 2000+int(sum[0]) {
		data = append(data, sum[:]...)
	}
	return &mbedtls.SessionEntry{ID: []byte(name), Server: mbedtls.SessionServer{Name: name}, Once: sum[0]%2 == 0, Data: data}
}

// write saves rows, and prints the name of each that is saved.
func write(path string) {
	s, err := open(path, all)
	for i := 0; err == nil; i++ {
		name := fmt.Sprintf("%d/%d", os.Getpid(), i)
		if err = s.Save(context.Background(), rowOf(name)); err == nil {
			_, err = fmt.Println(name)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// Writers are killed in the middle of it, again and again: what they have said is saved is there, and the file is sound.
func TestFileSurvivesKilledWriters(t *testing.T) {
	t.Parallel()
	kills := 40
	if testing.Short() {
		kills = 8
	}
	path := filepath.Join(t.TempDir(), "sessions.db")
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for range kills {
		// Two at a time, of which one goes on while the other dies.
		saved := make(chan []string, 2)
		for range cap(saved) {
			go func() { saved <- writeUntilKilled(t, program, path, 1+rand.IntN(60)) }()
		}
		for range cap(saved) {
			names = append(names, <-saved...)
		}
	}
	if t.Failed() {
		return
	}
	s := mustOpen(t, path, all)
	for _, name := range names {
		want := rowOf(name)
		e, err := s.ByID(context.Background(), want.ID)
		if err != nil || e == nil || string(e.Data) != string(want.Data) || e.Once != want.Once {
			t.Fatalf("row %s of %d that were saved: %v, there: %t", name, len(names), err, e != nil)
		}
	}
	n, err := s.Len(context.Background())
	if err != nil || n < len(names) {
		t.Errorf("%d rows are counted, %v; %d were saved", n, err, len(names))
	}
	db, err := sql.Open("sqlite3", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var verdict string
	var rows int
	if err := db.QueryRow(`PRAGMA integrity_check`).Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("integrity_check: %q, %v", verdict, err)
	}
	if err := db.QueryRow(`SELECT count(*) FROM sessions`).Scan(&rows); err != nil || rows != n {
		t.Errorf("%d rows are there, %v; %d are counted", rows, err, n)
	}
	t.Logf("%d writers were killed; %d rows that they said are saved, of %d, are there", 2*kills, len(names), rows)
}

// writeUntilKilled kills a writer once it has said that some rows are saved, and returns all that it has said by its end.
func writeUntilKilled(t *testing.T, program, path string, rows int) (names []string) {
	cmd := emulator.Command(program)
	cmd.Env = append(os.Environ(), writerVariable+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Error(err)
		return nil
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if names = append(names, lines.Text()); len(names) == rows {
			if err := cmd.Process.Kill(); err != nil { // while it writes the next
				t.Error(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || len(names) < rows {
		t.Errorf("the writer ended by itself, after %d rows: %v", len(names), err)
	}
	return names
}
