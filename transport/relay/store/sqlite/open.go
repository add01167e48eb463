package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/mattn/go-sqlite3"

	"sotto/transport/relay/store"
)

// FileName is the store's file in its directory.
const FileName = "relay.db"

// Store is the store of one directory. Two processes must not open the same one.
type Store struct {
	readers *sql.DB
	writer  *sql.DB
	jobs    chan job
	quit    chan struct{}
	ended   chan struct{}
	once    sync.Once

	// Of the writer goroutine only.
	conn  *sql.Conn
	stmt  statements
	boxes map[boxKey]*box
	touch map[*box]bool
}

var _ store.Store = (*Store)(nil)

// ErrDamaged: the file is no store, or a page of it is altered.
var ErrDamaged = errors.New("relay store is damaged")

// bare gives an error of SQLite or the file system a name without its path: ErrDamaged, syscall.ENOSPC, or the cause.
func bare(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return err
	}
	switch {
	case e.Code == sqlite3.ErrCorrupt, e.Code == sqlite3.ErrNotADB, e.ExtendedCode == sqlite3.ErrIoErrShortRead:
		return fmt.Errorf("%w: sqlite code %d", ErrDamaged, int(e.ExtendedCode))
	case e.Code == sqlite3.ErrFull:
		return fmt.Errorf("%w: sqlite code %d", syscall.ENOSPC, int(e.ExtendedCode))
	case e.SystemErrno != 0:
		return fmt.Errorf("%w: sqlite code %d", e.SystemErrno, int(e.ExtendedCode))
	}
	return fmt.Errorf("sqlite code %d", int(e.ExtendedCode))
}

// Open opens or creates the store in a directory, which must exist. Errors: ErrDamaged, and those of the file system
// without their path.
func Open(dir string) (*Store, error) {
	path := filepath.Join(dir, FileName)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open relay store: %w", bare(err))
	}
	if err := file.Close(); err != nil {
		return nil, fmt.Errorf("open relay store: %w", bare(err))
	}
	writer, err := sql.Open("sqlite3", source(path, "rwc", "_txlock=immediate"))
	if err != nil {
		return nil, fmt.Errorf("open relay store: %w", bare(err))
	}
	writer.SetMaxOpenConns(1)
	readers, err := sql.Open("sqlite3", source(path, "rw", "_query_only=1"))
	if err != nil {
		return nil, fmt.Errorf("open relay store: %w", bare(err))
	}
	readers.SetMaxOpenConns(4)
	readers.SetMaxIdleConns(4)
	s := &Store{
		readers: readers,
		writer:  writer,
		jobs:    make(chan job, maxGroup),
		quit:    make(chan struct{}),
		ended:   make(chan struct{}),
		boxes:   map[boxKey]*box{},
		touch:   map[*box]bool{},
	}
	if err := s.start(); err != nil {
		_ = writer.Close()
		_ = readers.Close()
		return nil, fmt.Errorf("open relay store: %w", bare(err))
	}
	go s.run()
	return s, nil
}

func source(path, mode, more string) string {
	return "file:" + (&url.URL{Path: path}).EscapedPath() +
		"?mode=" + mode + "&_journal_mode=WAL&_synchronous=FULL&_busy_timeout=5000&_secure_delete=FAST&" + more
}

func (s *Store) start() error {
	ctx := context.Background()
	conn, err := s.writer.Conn(ctx)
	if err != nil {
		return err
	}
	s.conn = conn
	var have int
	if err := conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have); err != nil {
		return err
	}
	if have < 0 || have > len(migrations) {
		return fmt.Errorf("schema version %d is not ours (%d)", have, len(migrations))
	}
	if have < len(migrations) {
		if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE;"+strings.Join(migrations[have:], "")+
			fmt.Sprintf("PRAGMA user_version=%d; COMMIT", len(migrations))); err != nil {
			return err
		}
	}
	return s.stmt.prepare(ctx, conn)
}

// Ready reports whether the writer still commits.
func (s *Store) Ready(ctx context.Context) error {
	return s.write(ctx, func() error { return nil })
}

// Close commits what waits and closes the file.
func (s *Store) Close() error {
	s.once.Do(func() { close(s.quit) })
	<-s.ended
	s.stmt.close()
	err := s.conn.Close()
	if e := s.readers.Close(); err == nil {
		err = e
	}
	if e := s.writer.Close(); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("close relay store: %w", err)
	}
	return nil
}
