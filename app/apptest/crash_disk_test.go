package apptest_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"sotto/app/apptest"
	"sotto/crypto/vault"
	"sotto/storage"
)

// disk is a store in files. When its process dies, the files are copied as they are at that moment, in the middle of a
// transaction where it is one: what a killed process leaves, without asking the database.
type disk struct {
	t      *testing.T
	root   string
	copies int
	store  *storage.Store
}

func diskOptions() storage.Options {
	return storage.Options{
		Passphrase: "first passphrase",
		Params:     vault.Params{Memory: 64, Time: 1, Threads: 1},
		Limits:     vault.Limits{MinMemory: 64, MaxMemory: 1 << 20, MinTime: 1, MaxTime: 16},
	}
}

func newDisk(t *testing.T) *disk {
	t.Helper()
	d := &disk{t: t, root: t.TempDir()}
	store, _, err := storage.Create(context.Background(), d.dir(), diskOptions())
	if err != nil {
		t.Fatal(err)
	}
	d.store = store
	t.Cleanup(func() { d.store.Close() }) //nolint:errcheck // the test is over
	return d
}

func (d *disk) dir() string { return filepath.Join(d.root, fmt.Sprint(d.copies)) }

// copy takes the image that reopen opens.
func (d *disk) copy() {
	from := d.dir()
	d.copies++
	if err := os.CopyFS(d.dir(), os.DirFS(from)); err != nil {
		d.t.Error(err)
	}
}

// reopen opens the last copy in place of the store of the dead process.
func (d *disk) reopen() *storage.Store {
	d.t.Helper()
	if err := d.store.Close(); err != nil {
		d.t.Fatal(err)
	}
	store, err := storage.Open(context.Background(), d.dir(), storage.Passphrase(diskOptions().Passphrase), diskOptions())
	if err != nil {
		d.t.Fatal(err)
	}
	d.store = store
	return store
}

// TestAProcessKilledAtAnyWriteOfItsFilesLosesAndDoublesNothing is the same on the encrypted database, for what happens
// most: a send, a receive, and a start.
func TestAProcessKilledAtAnyWriteOfItsFilesLosesAndDoublesNothing(t *testing.T) {
	for _, c := range scenes {
		if c.name != "send" && c.name != "receive in turn" && c.name != "start" && c.name != "send a file" && c.name != "fetch a file" {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, keys := apptest.NewWorld(t), newSeen()
				ada, ben := talking(t, w, keys, func(name string) *mortal {
					d := newDisk(t)
					m := newMortal(t, w, keys, name, apptest.PersonOptions{Store: d.store})
					m.disk = d
					return m
				})
				c.between(t, w, ada, ben).run(t, keys)
			})
		})
	}
}
