package sqlite

import (
	"context"
	"errors"
	"time"

	"sotto/chat"
	"sotto/crypto/vault"
)

// turn finishes an erasure: it turns the epoch, so that the keys that a unit of work destroyed cannot be unwrapped from
// an older copy of the database with the present vault file (docs/STORAGE.md section 3.2). Each step finds the state
// that the one before left behind, so that turn can be run again after a crash at any point. The caller has the lock.
func (s *Store) turn() error {
	// Step 1: the vault file holds the keys of both epochs.
	if !s.vault.Turning() {
		next, err := s.vault.BeginTurn()
		if err != nil {
			return VaultError(err)
		}
		if err := s.adopt(next); err != nil {
			return err
		}
	}
	s.reach("begun")

	// Step 2: every key is wrapped anew, in one transaction with the epoch.
	if s.epoch != s.vault.Epoch() {
		if err := s.rewrap(); err != nil {
			return err
		}
	}
	s.reach("rewrapped")

	// Step 3: nothing of the past is left in the write-ahead log.
	if err := s.truncate(); err != nil {
		return err
	}
	s.reach("truncated")

	// Step 4: the vault file holds the new epoch's key only.
	next, err := s.vault.FinishTurn()
	if err != nil {
		return VaultError(err)
	}
	if err := s.adopt(next); err != nil {
		return err
	}
	s.reach("finished")
	return nil
}

// adopt saves a vault and makes it the present one.
func (s *Store) adopt(next *vault.Vault) error {
	if err := s.save(next.Bytes()); err != nil {
		next.Zero()
		return err
	}
	s.vaultMu.Lock()
	defer s.vaultMu.Unlock()
	s.vault.Zero()
	s.vault = next
	return nil
}

func (s *Store) currentVault() *vault.Vault {
	s.vaultMu.RLock()
	defer s.vaultMu.RUnlock()
	return s.vault
}

func (s *Store) unwrap(id int64, epoch uint64, wrapped []byte) (vault.RowKey, error) {
	s.vaultMu.RLock()
	record, err := s.vault.Unwrap(id, epoch, wrapped)
	s.vaultMu.RUnlock()
	if err != nil {
		return vault.RowKey{}, opened(keysTable.name, err)
	}
	defer clear(record)
	_, k, ok := decodeKey(record)
	if !ok {
		return vault.RowKey{}, damaged(keysTable.name)
	}
	return k, nil
}

func (s *Store) rewrap() error {
	from, to := s.epoch, s.vault.Epoch()
	err := s.writeTx(func(t *tx) error {
		rows, err := t.c.rows("SELECT id, body FROM keys")
		if err != nil {
			return err
		}
		for _, row := range rows {
			id := integer(row[0])
			record, err := s.vault.Unwrap(id, from, bytesOf(row[1]))
			if err != nil {
				return opened(keysTable.name, err)
			}
			wrapped := s.vault.Wrap(id, to, record)
			clear(record)
			if _, err := t.c.exec(keysTable.sqlUpdate, wrapped, id); err != nil {
				return mapped(err)
			}
			t.draft.set(keysTable, id, keysTable.rowData(id, 0, nil), wrapped)
		}
		t.dirty, t.turned = true, true
		s.epoch = to
		return nil
	})
	if err != nil {
		s.epoch = from
	}
	return err
}

// truncate moves the write-ahead log into the database and cuts it to nothing. Readers would keep it alive: let a check of
// the file begin again, wait for the others a while, and then stop them at the next thing they ask for.
func (s *Store) truncate() error {
	over := make(chan struct{})
	defer close(over)
	go func() {
		tick := time.NewTicker(patience) // again, since one that waits to read may come before the erasure
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				s.stopViews()
			case <-over:
				return
			}
		}
	}()
	return s.truncateUntil(nil)
}

// patience is how long a removal waits for those who read. A backup reads for minutes; meanwhile nobody could write.
const patience = time.Second

func (s *Store) stopViews() {
	s.views.Range(func(t, _ any) bool {
		t.(*tx).stop.Store(true)
		return true
	})
}

// truncateSoon is truncate without waiting long: who still reads then truncates the log at the end (see View).
// Whoever reads since an earlier removal was waited for.
func (s *Store) truncateSoon() error {
	wait := patience
	if s.uncut.Load() {
		wait = 0
	}
	return s.truncateUntil(time.After(wait))
}

func (s *Store) truncateUntil(end <-chan time.Time) error {
	s.truncating.Store(true)
	defer s.truncating.Store(false)
	if interrupt := s.checking.Load(); interrupt != nil {
		(*interrupt)()
	}
	all, ok := s.pool.takeUntil(end)
	if !ok {
		s.uncut.Store(true)
		return nil
	}
	for _, c := range all {
		defer s.pool.release(c)
	}
	s.uncut.Store(false)
	row, err := s.writer.row("PRAGMA wal_checkpoint(TRUNCATE)")
	if err != nil {
		return err
	}
	if row == nil || integer(row[0]) != 0 {
		return errors.New("sqlite: write-ahead log is busy")
	}
	return nil
}

// truncateAfter truncates the log that a removal had to leave, now that one less reads. Who writes meanwhile needs not be
// waited for: the next who reads tries again, and closing always does it.
func (s *Store) truncateAfter() {
	if !s.uncut.Load() {
		return
	}
	select {
	case <-s.lock:
	default:
		return
	}
	defer s.release()
	select {
	case <-s.closed:
		return
	default:
	}
	now := make(chan time.Time)
	close(now)
	if s.uncut.Load() {
		if err := s.truncateUntil(now); err != nil {
			s.uncut.Store(true)
		}
	}
}

// truncateLeft cuts the log that a process left behind which did not end well: it may hold what it had removed. On a disk
// that takes no writes it stays.
func (s *Store) truncateLeft() error {
	_, err := s.writer.row("PRAGMA wal_checkpoint(TRUNCATE)")
	if errors.Is(err, chat.ErrReadOnly) || errors.Is(err, chat.ErrDiskFull) {
		return nil
	}
	return err
}

// ChangeSlots replaces the slots and turns the epoch, so that a secret that was removed opens nothing of what is written
// from now on, not even with an older vault file. change returns the new vault; it must not keep the one it is given.
func (s *Store) ChangeSlots(ctx context.Context, change func(*vault.Vault) (*vault.Vault, error)) error {
	if err := s.acquire(ctx); err != nil {
		return err
	}
	defer s.release()
	if s.vault.Turning() { // an earlier turn stopped for lack of space or the like
		if err := s.turn(); err != nil {
			return err
		}
	}
	changed, err := change(s.vault)
	if err != nil {
		return VaultError(err)
	}
	next, err := changed.BeginTurn()
	changed.Zero()
	if err != nil {
		return VaultError(err)
	}
	if err := s.adopt(next); err != nil {
		return err
	}
	return s.turn()
}

// Slots lists the slots of the vault.
func (s *Store) Slots() []vault.Slot { return s.currentVault().Slots() }

// Opener is the id of the slot that opened the store; zero for one that was made, not opened.
func (s *Store) Opener() vault.SlotID { return s.currentVault().Opener() }

// Verify answers nil when the secret opens a slot, ErrWrongSecret otherwise (step-up).
func (s *Store) Verify(secret vault.Secret) error { return VaultError(s.currentVault().Verify(secret)) }

// Find answers the slot that the secret opens, ErrWrongSecret when there is none. It costs as much as opening.
func (s *Store) Find(secret vault.Secret) (vault.Slot, error) {
	slot, err := s.currentVault().Find(secret)
	return slot, VaultError(err)
}
