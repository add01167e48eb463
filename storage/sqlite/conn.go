package sqlite

import (
	"database/sql/driver"
	"errors"
	"io"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/mattn/go-sqlite3"
)

// value is an argument or a column: int64, []byte or nil.
type value = driver.Value

// conn is one connection with its prepared statements. It is used by one goroutine at a time.
type conn struct {
	raw        *sqlite3.SQLiteConn
	statements map[string]*statement
	// waiting writes rows of messages that a unit of work has kept back; it is called before a statement that names them.
	waiting func() error
}

type statement struct {
	*sqlite3.SQLiteStmt
	ofMessages bool
}

// common holds for every connection. Temporary tables stay in memory, so that no plaintext tag or order reaches another
// file; a schema that was tampered with cannot call functions.
const common = `
PRAGMA foreign_keys = ON;
PRAGMA trusted_schema = OFF;
PRAGMA cell_size_check = ON;
PRAGMA temp_store = MEMORY;
PRAGMA mmap_size = 0;
`

const forWriter = `
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA secure_delete = ON;
PRAGMA cache_size = -32000;
PRAGMA wal_autocheckpoint = 4000;
`

const forReader = `
PRAGMA query_only = ON;
PRAGMA cache_size = -8000;
`

// dial opens an existing database file.
func dial(path, pragmas string) (*conn, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, errors.New("sqlite: no absolute path")
	}
	abs = filepath.ToSlash(abs)
	if !strings.HasPrefix(abs, "/") {
		abs = "/" + abs
	}
	dsn := url.URL{Scheme: "file", Path: abs, RawQuery: "mode=rw&_mutex=no"}
	raw, err := (&sqlite3.SQLiteDriver{}).Open(dsn.String())
	if err != nil {
		return nil, mapped(err)
	}
	c := &conn{raw: raw.(*sqlite3.SQLiteConn), statements: map[string]*statement{}}
	if err := c.script(common + pragmas); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *conn) close() error {
	for _, s := range c.statements {
		s.Close() //nolint:errcheck // it repeats the error of its last step, which was reported then
	}
	clear(c.statements)
	return mapped(c.raw.Close())
}

// script runs statements without arguments, once.
func (c *conn) script(sql string) error {
	_, err := c.raw.Exec(sql, nil)
	return mapped(err)
}

func (c *conn) prepare(sql string) (*statement, error) {
	if s, ok := c.statements[sql]; ok {
		return s, nil
	}
	prepared, err := c.raw.Prepare(sql)
	if err != nil {
		return nil, err
	}
	s := &statement{prepared.(*sqlite3.SQLiteStmt), strings.Contains(sql, messages.name)}
	c.statements[sql] = s
	return s, nil
}

// ready prepares a statement and lets the rows be written that wait for it.
func (c *conn) ready(sql string) (*statement, error) {
	s, err := c.prepare(sql)
	if err == nil && s.ofMessages && c.waiting != nil {
		err = c.waiting()
	}
	return s, err
}

// insertMany runs a prepared insertion with as many arguments as there are; it takes one call of SQLite, where exec takes
// one for each argument. Errors are SQLite's, not yet mapped.
func (c *conn) insertMany(sql string, args []value) error {
	s, err := c.prepare(sql)
	if err != nil {
		return err
	}
	done, err := s.Query(args)
	if err != nil {
		return err
	}
	return done.Close()
}

// exec runs a prepared statement and returns how many rows it changed. Errors are SQLite's, not yet mapped.
func (c *conn) exec(sql string, args ...value) (int64, error) {
	s, err := c.ready(sql)
	if err != nil {
		return 0, err
	}
	r, err := s.Exec(args)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// rows runs a prepared query to its end, so that the statement is free again, and returns the rows.
func (c *conn) rows(sql string, args ...value) ([][]value, error) {
	var out [][]value
	err := c.each(sql, args, func(row []value) error {
		out = append(out, append([]value(nil), row...))
		return nil
	})
	return out, err
}

// row returns the first row of a query, nil when there is none.
func (c *conn) row(sql string, args ...value) ([]value, error) {
	var out []value
	err := c.each(sql, args, func(row []value) error {
		out = append([]value(nil), row...)
		return io.EOF
	})
	return out, err
}

// each calls f with every row; io.EOF from f ends the query early. f must not run the same query.
func (c *conn) each(sql string, args []value, f func([]value) error) (err error) {
	s, err := c.ready(sql)
	if err != nil {
		return mapped(err)
	}
	r, err := s.Query(args)
	if err != nil {
		return mapped(err)
	}
	defer func() {
		if e := r.Close(); err == nil && e != nil {
			err = mapped(e)
		}
	}()
	row := make([]value, len(r.Columns()))
	for {
		if err := r.Next(row); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return mapped(err)
		}
		if err := f(row); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

// integer and bytes read a column of hostile rows: another type reads as zero and fails authentication later.
func integer(v value) int64 {
	n, _ := v.(int64)
	return n
}

func bytesOf(v value) []byte {
	b, _ := v.([]byte)
	return b
}
