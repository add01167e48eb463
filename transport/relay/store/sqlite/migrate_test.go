package sqlite_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"

	_ "github.com/mattn/go-sqlite3" // the driver

	"sotto/transport/relay/store"
	"sotto/transport/relay/store/sqlite"
	"sotto/transport/relay/store/storetest"
	"sotto/transport/wire"
)

// TestAStoreOfTheFirstSchemaKeepsWhatItHoldsAndTakesBlobs begins with testdata/v1.sql, the dump of a store that a relay
// without blobs wrote.
func TestAStoreOfTheFirstSchemaKeepsWhatItHoldsAndTakesBlobs(t *testing.T) {
	dir := t.TempDir()
	dump, err := os.ReadFile(filepath.Join("testdata", "v1.sql"))
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite3", filepath.Join(dir, sqlite.FileName))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(string(dump)); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		s := open(t, dir)
		stored, err := s.After(t.Context(), wire.Mailbox{1}, 0, 10, 1<<20, storetest.Start)
		if err != nil || len(stored) != 1 || stored[0].Seq != 1 || len(stored[0].Body) != 4096 {
			t.Errorf("the envelope of before: %d, %v", len(stored), err)
		}
		b := store.Blob{Mailbox: wire.Mailbox{1}, Token: wire.TokenHash{1}, Name: wire.BlobName{1}, Size: 10}
		if err := s.GrantBlob(t.Context(), b, store.BlobLimits{
			MailboxBytes: 10, MailboxBlobs: 1, TokenBytes: 10, TokenBlobs: 1, Room: 10,
		}, storetest.Start); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestAStoreOfALaterSchemaIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	if err := open(t, dir).Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite3", filepath.Join(dir, sqlite.FileName))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("PRAGMA user_version=99"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Open(dir); err == nil || errors.Is(err, sqlite.ErrDamaged) {
		t.Errorf("opened: %v", err)
	}
}
