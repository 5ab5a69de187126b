// Package sqlite is a store of sessions in a file, which several processes may share, by SQLite.
//
// The file survives the end of any process at any moment. A loss of power may undo the latest changes, as if they had not
// been made, since SQLite does not wait for the disk at each one (synchronous=NORMAL): what is lost costs a full handshake, and
// a ticket that was taken may be there again.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"time"

	_ "github.com/mattn/go-sqlite3" // the driver

	"github.com/gombedtls/gombedtls/mbedtls"
	"github.com/gombedtls/gombedtls/mbedtls/sessionstore"
)

// Options are for [Open].
type Options struct {
	// Path is the file. It is made if it is not there, with the mode 0600; there are two more files beside it while it is
	// open.
	Path string

	// Secret is what the rows are encrypted under.
	Secret sessionstore.Secret

	// BusyTimeout is how long a call waits for another process that writes; 0 is 250 ms, half of what a handshake has for
	// all its calls. To SQLite, which cannot be interrupted there, the context's deadline makes no difference.
	BusyTimeout time.Duration

	// Readers is how many goroutines may look for sessions at once; 0 is 4. There is one that writes.
	Readers int

	// Options are those of all stores. Capacity is that of the file, and the entries saved longest ago make room. Processes
	// that share a file should agree on it.
	sessionstore.Options
}

const (
	defaultBusyTimeout = 250 * time.Millisecond
	defaultReaders     = 4
)

// Store is a mbedtls.SessionStore in a file. Its methods may be called by several goroutines.
type Store struct {
	options     sessionstore.Options
	sealer      *sessionstore.Sealer
	read, write *sql.DB
	statements  map[string]*sql.Stmt
}

var _ mbedtls.SessionStore = (*Store)(nil)

// Open opens the store in a file. It waits for other processes that open or change the file as long as ctx lasts. The wrong
// Secret is [sessionstore.ErrWrongKey].
func Open(ctx context.Context, o Options) (store *Store, err error) {
	common, err := o.Options.Complete()
	if err != nil {
		return nil, err
	}
	switch {
	case o.Path == "":
		return nil, errors.New("sqlite: Options.Path: must be set")
	case o.BusyTimeout < 0:
		return nil, fmt.Errorf("sqlite: Options.BusyTimeout: %v: must not be negative", o.BusyTimeout)
	case o.Readers < 0:
		return nil, fmt.Errorf("sqlite: Options.Readers: %d: must not be negative", o.Readers)
	}
	if o.BusyTimeout == 0 {
		o.BusyTimeout = defaultBusyTimeout
	}
	if o.Readers == 0 {
		o.Readers = defaultReaders
	}
	if err := private(o.Path); err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	s := &Store{options: common, statements: map[string]*sql.Stmt{}}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if s.write, err = sql.Open("sqlite3", o.dsn()); err != nil {
		return nil, s.failed("open", err)
	}
	s.write.SetMaxOpenConns(1) // writers wait for each other in turn here, rather than by trial in SQLite
	if s.read, err = sql.Open("sqlite3", o.dsn()); err != nil {
		return nil, s.failed("open", err)
	}
	s.read.SetMaxOpenConns(o.Readers)
	s.read.SetMaxIdleConns(o.Readers)
	if err := s.prepare(ctx); err != nil {
		return nil, fmt.Errorf("sqlite: %s: %w", o.Path, err)
	}
	if s.sealer, err = o.Secret.Open(ctx, headers{s.write}); err != nil {
		return nil, fmt.Errorf("sqlite: %s: %w", o.Path, err)
	}
	return s, nil
}

// private makes sure of the file's mode, which SQLite gives the files beside it, too.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Close())
}

func (o Options) dsn() string {
	return (&url.URL{Scheme: "file", Opaque: url.PathEscape(o.Path), RawQuery: url.Values{
		"_journal_mode": {"WAL"}, // readers and a writer do not wait for each other
		"_synchronous":  {"NORMAL"},
		"_busy_timeout": {strconv.FormatInt(o.BusyTimeout.Milliseconds(), 10)},
		"_txlock":       {"immediate"}, // a transaction that reads first cannot be told later that it may not write
	}.Encode()}).String()
}

// Close closes the file.
func (s *Store) Close() error {
	var errs []error
	for _, statement := range s.statements {
		errs = append(errs, statement.Close())
	}
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// Lifetime is that of the Options.
func (s *Store) Lifetime() time.Duration { return s.options.Lifetime }

// failed says which call an error of SQLite is of.
func (s *Store) failed(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("sqlite: %s: %w", op, err)
}

// Save is of mbedtls.SessionStore, as are the others.
func (s *Store) Save(ctx context.Context, e *mbedtls.SessionEntry) error {
	row, err := s.sealer.SealFor(s.options, e)
	if err != nil {
		return err
	}
	if row == nil {
		return s.Remove(ctx, e.ID)
	}
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return s.failed("Save", err)
	}
	defer tx.Rollback()
	for _, step := range []struct {
		statement string
		args      []any
	}{
		{dropExpired, []any{s.options.Now().UnixMilli()}},
		{saveRow, []any{row.Key, row.Server, row.Expires.UnixMilli(), row.Once, row.Sealed}},
		{dropOldest, []any{s.options.Capacity}},
	} {
		if _, err := tx.StmtContext(ctx, s.statements[step.statement]).ExecContext(ctx, step.args...); err != nil {
			return s.failed("Save", err)
		}
	}
	return s.failed("Save", tx.Commit())
}

// ByID finds an entry.
func (s *Store) ByID(ctx context.Context, id []byte) (*mbedtls.SessionEntry, error) {
	row, err := s.row(ctx, findByID, s.sealer.RowKey(id), s.options.Now().UnixMilli())
	if err != nil || row == nil {
		return nil, s.failed("ByID", err)
	}
	return s.open(ctx, row)
}

// ByServer finds the newest entry for a server.
func (s *Store) ByServer(ctx context.Context, server mbedtls.SessionServer) (*mbedtls.SessionEntry, error) {
	key := s.sealer.ServerKey(server)
	for {
		row, err := s.row(ctx, findByServer, key, s.options.Now().UnixMilli())
		if err != nil || row == nil {
			return nil, s.failed("ByServer", err)
		}
		if row.Once {
			if row, err = s.row(ctx, takeRow, row.Key, key); err != nil {
				return nil, s.failed("ByServer", err)
			}
			if row == nil { // somebody else has taken it
				continue
			}
		}
		return s.open(ctx, row)
	}
}

// row runs a statement that returns at most one.
func (s *Store) row(ctx context.Context, statement string, args ...any) (*sessionstore.Row, error) {
	var row sessionstore.Row
	var expires int64
	err := s.statements[statement].QueryRowContext(ctx, args...).Scan(&row.Key, &row.Server, &expires, &row.Once, &row.Sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	row.Expires = time.UnixMilli(expires)
	return &row, err
}

// open decrypts a row, and drops one that is corrupt.
func (s *Store) open(ctx context.Context, row *sessionstore.Row) (*mbedtls.SessionEntry, error) {
	e, err := s.sealer.Open(row)
	if err != nil {
		return nil, errors.Join(err, s.drop(ctx, row.Key))
	}
	return e, nil
}

// Remove drops an entry.
func (s *Store) Remove(ctx context.Context, id []byte) error {
	return s.failed("Remove", s.drop(ctx, s.sealer.RowKey(id)))
}

func (s *Store) drop(ctx context.Context, key []byte) error {
	_, err := s.statements[dropRow].ExecContext(ctx, key)
	return err
}

// Len is how many rows there are, those that have expired included.
func (s *Store) Len(ctx context.Context) (n int, err error) {
	err = s.statements[countRows].QueryRowContext(ctx).Scan(&n)
	return n, s.failed("Len", err)
}
