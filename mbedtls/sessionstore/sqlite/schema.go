package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/mattn/go-sqlite3"
)

// schemaVersion is kept in the file. Another version is refused.
const schemaVersion = 1

// schema makes what is not there. seq is the order in which rows were saved. rows counts them, since SQLite would have to go
// through all of them to do so.
const schema = `
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sessions (
	seq     INTEGER PRIMARY KEY,
	id      BLOB NOT NULL UNIQUE,
	server  BLOB,
	expires INTEGER NOT NULL, -- milliseconds since 1970
	once    INTEGER NOT NULL,
	sealed  BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS sessions_by_server ON sessions (server, seq) WHERE server IS NOT NULL;
CREATE INDEX IF NOT EXISTS sessions_by_expiry ON sessions (expires);
CREATE TRIGGER IF NOT EXISTS sessions_added AFTER INSERT ON sessions BEGIN
	UPDATE meta SET value = value + 1 WHERE name = 'rows';
END;
CREATE TRIGGER IF NOT EXISTS sessions_dropped AFTER DELETE ON sessions BEGIN
	UPDATE meta SET value = value - 1 WHERE name = 'rows';
END;
INSERT INTO meta (name, value) VALUES ('schema', 1), ('rows', 0) ON CONFLICT DO NOTHING;
`

// The statements. A row that is saved again is the newest.
const (
	columns     = `id, server, expires, once, sealed`
	dropExpired = `DELETE FROM sessions WHERE expires <= ?`
	saveRow     = `INSERT INTO sessions (` + columns + `) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET seq = (SELECT max(seq) + 1 FROM sessions), server = excluded.server,
			expires = excluded.expires, once = excluded.once, sealed = excluded.sealed`
	dropOldest = `DELETE FROM sessions WHERE seq IN
		(SELECT seq FROM sessions ORDER BY seq LIMIT max(0, (SELECT value FROM meta WHERE name = 'rows') - ?))`
	findByID     = `SELECT ` + columns + ` FROM sessions WHERE id = ? AND expires > ?`
	findByServer = `SELECT ` + columns + ` FROM sessions WHERE server = ? AND expires > ? ORDER BY seq DESC LIMIT 1`
	takeRow      = `DELETE FROM sessions WHERE id = ? AND server = ? AND once RETURNING ` + columns
	dropRow      = `DELETE FROM sessions WHERE id = ?`
	countRows    = `SELECT value FROM meta WHERE name = 'rows'`
)

// prepare makes the schema, and the statements.
func (s *Store) prepare(ctx context.Context) error {
	if err := retry(ctx, func() error { return makeSchema(ctx, s.write) }); err != nil {
		return err
	}
	for db, statements := range map[*sql.DB][]string{
		s.write: {dropExpired, saveRow, dropOldest, takeRow, dropRow},
		s.read:  {findByID, findByServer, countRows},
	} {
		for _, text := range statements {
			statement, err := db.PrepareContext(ctx, text)
			if err != nil {
				return err
			}
			s.statements[text] = statement
		}
	}
	return nil
}

func makeSchema(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, schema); err != nil {
		return err
	}
	var version int
	if err := tx.QueryRowContext(ctx, `SELECT value FROM meta WHERE name = 'schema'`).Scan(&version); err != nil {
		return err
	}
	if version != schemaVersion {
		return fmt.Errorf("the file has version %d of the schema: this is for version %d", version, schemaVersion)
	}
	return tx.Commit()
}

// busyPause is how long the other process may go on before it is asked again.
const busyPause = 5 * time.Millisecond

// retry is for a file that several processes make at the same time: SQLite then says that it is busy without waiting.
func retry(ctx context.Context, f func() error) error {
	for {
		err := f()
		var e sqlite3.Error
		if !errors.As(err, &e) || e.Code != sqlite3.ErrBusy {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(busyPause):
		}
	}
}

// headers is where the file has what leads from the Secret to the key.
type headers struct{ db *sql.DB }

func (h headers) LoadHeader(ctx context.Context) (header []byte, err error) {
	err = h.db.QueryRowContext(ctx, `SELECT value FROM meta WHERE name = 'header'`).Scan(&header)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return header, err
}

func (h headers) AddHeader(ctx context.Context, header []byte) ([]byte, error) {
	if _, err := h.db.ExecContext(ctx, `INSERT INTO meta (name, value) VALUES ('header', ?) ON CONFLICT DO NOTHING`, header); err != nil {
		return nil, err
	}
	return h.LoadHeader(ctx)
}
