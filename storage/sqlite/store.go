package sqlite

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"sync"
	"sync/atomic"

	"sotto/chat"
	"sotto/crypto/encode"
	"sotto/crypto/vault"
)

// Store is an open history. It implements chat.Store.
type Store struct {
	save   func([]byte) error // writes the vault file, atomically and durably
	writer *conn
	lock   chan struct{} // holds one token: the right to write
	pool   *pool
	closed chan struct{}

	// Guarded by lock.
	vault   *vault.Vault // written under vaultMu too
	epoch   uint64
	pending bool // an erasure has committed and its epoch has not turned
	covers  *covers
	last    map[*table]int64 // newest row id ever given
	schema  int              // number of the schema of the file
	loaded  bool             // the state row is there and its cover was checked
	stale   bool             // tags of destroyed messages wait to be removed
	threads map[chat.ConversationID]*thread
	rows    map[int64]*thread

	fresh   newTags
	ends    ends
	settled bool     // what was removed while the store was closed is out of the books; guarded by lock
	checked sync.Map // names of tables and parts of tables that were compared with their digest

	vaultMu sync.RWMutex
	keys    *ring
	tags    *vault.Tagger

	follower     atomic.Pointer[func(erased bool)]
	removed      atomic.Pointer[func(...chat.BlobID)]
	formerSearch atomic.Pointer[vault.RowKey] // of the snapshot that an erasure made unreadable

	checking   atomic.Pointer[context.CancelFunc] // interrupts a check that runs
	truncating atomic.Bool
	views      sync.Map    // *tx of those who read
	uncut      atomic.Bool // a removal left its log to who was reading

	reached func(point string) // tests: kill points of the epoch turn
}

// Create makes an empty history at path, which must not exist, and then saves the vault. save writes the bytes of the
// vault file atomically and durably.
func Create(path string, v *vault.Vault, save func([]byte) error) (*Store, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fileError(err)
	}
	if err := f.Close(); err != nil {
		return nil, fileError(err)
	}
	db, err := dial(path, forWriter)
	if err != nil {
		return nil, err
	}
	s := newStore(path, db, v, save)
	if err = s.initialise(); err == nil {
		err = save(v.Bytes())
	}
	if err != nil {
		db.close() //nolint:errcheck // the first error is the one to report
		return nil, err
	}
	return s, nil
}

// Open opens the history at path with an open vault. It migrates the schema, checks the covered tables, and finishes an
// erasure that was interrupted. It returns ErrNewerFormat (file untouched), ErrDamaged, ErrNoProfile, ErrReadOnly or
// ErrDiskFull of package chat.
func Open(path string, v *vault.Vault, save func([]byte) error) (*Store, error) {
	return open(path, v, save, nil)
}

func open(path string, v *vault.Vault, save func([]byte) error, reached func(string)) (*Store, error) {
	if err := inspect(path); err != nil {
		return nil, err
	}
	db, err := dial(path, forWriter)
	if err != nil {
		return nil, err
	}
	s := newStore(path, db, v, save)
	s.reached = reached
	if err := s.load(); err != nil {
		db.close() //nolint:errcheck // the first error is the one to report
		return nil, err
	}
	return s, nil
}

// inspect reads the header of the file before SQLite may write to it.
func inspect(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fileError(err)
	}
	defer f.Close() //nolint:errcheck // read only
	header := make([]byte, 100)
	if _, err := f.ReadAt(header, 0); err != nil || string(header[:len(fileMagic)]) != fileMagic {
		return damaged("header")
	}
	if v := binary.BigEndian.Uint32(header[60:]); v > uint32(len(migrations)) {
		return chat.ErrNewerFormat
	}
	return inspectLog(path)
}

// inspectLog refuses a log in which a commit that was synced is broken. SQLite would stop before it, drop what was
// acknowledged after it, and leave nothing for a salvage. After a clean end there is no log.
func inspectLog(path string) error {
	if info, err := os.Stat(path + "-wal"); err != nil || info.Size() == 0 {
		return nil
	}
	im, err := openImage(path)
	if err != nil {
		return err
	}
	defer im.close()
	if im.broken {
		return damaged("log")
	}
	return nil
}

func fileError(err error) error {
	switch {
	case errors.Is(err, os.ErrNotExist):
		return chat.ErrNoProfile
	case errors.Is(err, os.ErrExist):
		return chat.ErrProfileExists
	case errors.Is(err, os.ErrPermission):
		return chat.ErrReadOnly
	}
	return errors.New("sqlite: file refused")
}

func newStore(path string, db *conn, v *vault.Vault, save func([]byte) error) *Store {
	s := &Store{
		save: save, writer: db, vault: v,
		lock: make(chan struct{}, 1), pool: newPool(path), closed: make(chan struct{}),
		keys: newRing(), last: map[*table]int64{},
	}
	s.forget()
	s.ends.clear()
	s.lock <- struct{}{}
	return s
}

// keptThreads is how many conversations a writing unit of work finds as the one before it left them.
const keptThreads = 512

// forget drops what units of work know of conversations.
func (s *Store) forget() {
	s.threads, s.rows = map[chat.ConversationID]*thread{}, map[int64]*thread{}
}

// initialise writes the schema, the purpose keys and the first cover.
func (s *Store) initialise() error {
	for i, p := range purposes {
		id := int64(i + 1)
		s.keys.put(id, vault.NewRowKey())
		s.keys.purposes[p] = id
	}
	s.prepareKeys()
	s.epoch = s.vault.Epoch()
	if err := s.migrate(len(migrations)); err != nil {
		return err
	}
	s.loaded = true
	return s.writeTx(func(t *tx) error {
		for i, p := range purposes {
			_, k := s.keys.purpose(p)
			if err := t.insertKey(int64(i+1), p, k); err != nil {
				return err
			}
		}
		return t.insertState()
	})
}

func (s *Store) prepareKeys() {
	_, lookup := s.keys.purpose("lookup")
	_, cover := s.keys.purpose("cover")
	s.tags = vault.NewTagger(lookup)
	s.covers = newCovers(cover)
}

// load reads state, keys and cover of an existing file.
func (s *Store) load() error {
	have, err := version(s.writer)
	if err != nil {
		return err
	}
	if have == 0 {
		return damaged("schema")
	}
	s.schema = have
	state, err := s.writer.row("SELECT key, epoch, pending, body FROM state WHERE id = 1")
	if err != nil {
		return err
	}
	if state == nil {
		return damaged("state")
	}
	s.epoch = uint64(integer(state[1]))
	s.pending = integer(state[2]) != 0
	if err := s.loadPurposes(); err != nil {
		return err
	}
	s.prepareKeys()
	cover, err := s.openState(state)
	if err != nil {
		return err
	}
	if err := s.covers.load(s.writer, s.keys, cover, have, s.settleFiles); err != nil {
		return err
	}
	s.loaded = true
	if err := s.migrate(len(migrations)); err != nil {
		return err
	}
	stale, err := s.writer.row("SELECT 1 FROM stale LIMIT 1")
	if err != nil {
		return err
	}
	s.stale = stale != nil
	if err := s.loadEnds(); err != nil {
		return err
	}
	if s.pending || s.vault.Turning() {
		return s.turn()
	}
	return s.truncateLeft()
}

// loadPurposes unwraps the keys that belong to no conversation.
func (s *Store) loadPurposes() error {
	query := "SELECT id, body FROM keys WHERE id NOT IN (SELECT key FROM conversations)"
	if s.schema >= 5 {
		query += " AND id NOT IN (SELECT key FROM attachments)"
	}
	rows, err := s.writer.rows(query)
	if err != nil {
		return err
	}
	for _, row := range rows {
		record, err := s.vault.Unwrap(integer(row[0]), s.epoch, bytesOf(row[1]))
		if err != nil {
			return opened(keysTable.name, err)
		}
		purpose, key, ok := decodeKey(record)
		clear(record)
		if !ok {
			return damaged(keysTable.name)
		}
		s.keys.put(integer(row[0]), key)
		s.keys.purposes[purpose] = integer(row[0])
	}
	for _, p := range purposes {
		if _, ok := s.keys.purposes[p]; !ok {
			return damaged(keysTable.name)
		}
	}
	return nil
}

// View implements chat.Store. One that lasts while an erasure waits for it is stopped: after a second what it asks for
// answers chat.ErrDeletedMeanwhile, and it is to end with that.
func (s *Store) View(ctx context.Context, f func(chat.Tx) error) error {
	c, err := s.reader(ctx)
	if err != nil {
		return err
	}
	defer s.truncateAfter()
	defer s.pool.release(c)
	if _, err := c.exec("BEGIN"); err != nil {
		return mapped(err)
	}
	t := &tx{s: s, c: c}
	s.views.Store(t, nil)
	defer func() {
		s.views.Delete(t)
		t.over = true
		c.exec("ROLLBACK") //nolint:errcheck // nothing was written
	}()
	return f(t)
}

// Update implements chat.Store. A unit of work that destroyed a conversation is finished like Erase, one that took the
// words of a message for good, as its author can from afar, like Purge.
func (s *Store) Update(ctx context.Context, f func(chat.Tx) error) error {
	return s.write(ctx, removes, f)
}

// Purge implements chat.Store. An error after the unit of work has committed leaves the write-ahead log as it is: the
// next Purge, Erase or opening truncates it. Where somebody reads for long, as a backup does, the end of that does.
func (s *Store) Purge(ctx context.Context, f func(chat.Tx) error) error {
	return s.write(ctx, purges, f)
}

// Erase implements chat.Store. It waits a second for who reads, and then has them stop (see View). An error after the unit of work has committed leaves the erasure pending: the next Erase
// or opening finishes it.
func (s *Store) Erase(ctx context.Context, f func(chat.Tx) error) error {
	return s.write(ctx, erases, f)
}

// thorough is what becomes of what a unit of work removed.
type thorough int

const (
	removes thorough = iota // overwritten in the database
	purges                  // and not left in the write-ahead log, nor in a search snapshot that can be read
	erases                  // and unreadable in older copies of the database
)

func (s *Store) write(ctx context.Context, how thorough, f func(chat.Tx) error) error {
	if err := s.acquire(ctx); err != nil {
		return err
	}
	var left []chat.BlobID
	defer func() {
		s.release()
		s.tellRemoved(left)
	}()
	err := s.writeTx(func(t *tx) error {
		t.erase, t.purge = how == erases, how == purges
		err := f(t)
		left = t.left
		switch {
		case t.erase:
			how = erases
		case t.purge:
			how = purges
		}
		return err
	})
	if err != nil {
		left = nil
	}
	if errors.Is(err, chat.ErrDiskFull) {
		s.relieve()
	}
	if err != nil || how == removes {
		return err
	}
	s.reach("committed")
	if how == purges {
		return s.truncateSoon()
	}
	return s.turn()
}

// relieve copies what it can of the log into the database, which has its room already, so that the next unit of work
// begins the log anew: on a full disk what frees room must find a little itself. Readers are not waited for.
func (s *Store) relieve() {
	_, _ = s.writer.row("PRAGMA wal_checkpoint(PASSIVE)") // where this fails too it can be tried again
}

func (s *Store) acquire(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-s.closed:
		return chat.ErrLocked
	default:
	}
	select {
	case <-s.lock:
		return nil
	case <-s.closed:
		return chat.ErrLocked
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Store) release() { s.lock <- struct{}{} }

// writeTx runs one write transaction and seals what it did; the caller has the lock.
func (s *Store) writeTx(f func(*tx) error) error {
	return s.transact(func(t *tx) error {
		if err := f(t); err != nil {
			return err
		}
		return t.seal()
	})
}

// transact runs one write transaction; f seals what it did.
func (s *Store) transact(f func(*tx) error) error {
	if _, err := s.writer.exec("BEGIN IMMEDIATE"); err != nil {
		return mapped(err)
	}
	t := &tx{s: s, c: s.writer, write: true, draft: s.covers.draft(), threads: s.threads, rows: s.rows}
	committed := false
	defer func() {
		t.over = true
		if !committed {
			t.dropLate()
			s.writer.exec("ROLLBACK") //nolint:errcheck // SQLite may have rolled back by itself
			clear(s.last)
			s.forget()
			t.settleTags(false)
		}
	}()
	if err := f(t); err != nil {
		return err
	}
	if _, err := s.writer.exec("COMMIT"); err != nil {
		return mapped(err)
	}
	committed = true
	t.settleTags(true)
	t.committed()
	if t.followed || t.erase {
		s.tell(t.erase || t.purge)
	}
	return nil
}

// Subkey returns a key for a purpose outside this store. It stays the same over erasure epochs.
func (s *Store) Subkey(name string) [vault.KeySize]byte {
	_, k := s.keys.purpose("subkeys")
	return k.Derive(encode.StoreSubkey, name)
}

// Close waits for the units of work in progress, closes the connections and clears the keys. Later units of work answer
// ErrLocked. Closing twice is no error.
func (s *Store) Close() error {
	select {
	case <-s.closed:
		return nil
	case <-s.lock:
	}
	select {
	case <-s.closed:
		s.release()
		return nil
	default:
	}
	s.tidy()
	close(s.closed)
	var first error
	for _, c := range s.pool.takeAll() {
		if c != nil {
			first = errors.Join(first, c.close())
		}
	}
	first = errors.Join(first, s.writer.close())
	s.keys.zero()
	s.formerSearch.Store(nil)
	s.vault.Zero()
	s.release()
	return first
}

// tidy removes the tags of destroyed messages that are left. What stops it is met again at the next opening.
func (s *Store) tidy() {
	for s.stale && s.schema == len(migrations) {
		if err := s.writeTx(func(t *tx) error { t.dirty = true; return t.scrub(1 << 12) }); err != nil {
			return
		}
	}
}

func (s *Store) reach(point string) {
	if s.reached != nil {
		s.reached(point)
	}
}
