package sqlite

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/mattn/go-sqlite3"

	"sotto/chat"
	"sotto/crypto/vault"
)

var (
	errReadOnlyTx = errors.New("sqlite: write inside View")
	errFinished   = errors.New("sqlite: unit of work is over")
)

// mapped gives an error of SQLite its name in chat. SQLite's own text is dropped: it can quote a path.
func mapped(err error) error {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return err
	}
	detail := fmt.Sprintf("sqlite code %d", int(e.ExtendedCode))
	switch {
	case e.Code == sqlite3.ErrFull, e.SystemErrno == syscall.ENOSPC, e.SystemErrno == syscall.EFBIG,
		e.SystemErrno == syscall.EDQUOT:
		return fmt.Errorf("%w: %s", chat.ErrDiskFull, detail)
	case e.Code == sqlite3.ErrReadonly, e.Code == sqlite3.ErrPerm, e.SystemErrno == syscall.EROFS,
		e.SystemErrno == syscall.EACCES:
		return fmt.Errorf("%w: %s", chat.ErrReadOnly, detail)
	case e.Code == sqlite3.ErrCorrupt, e.Code == sqlite3.ErrNotADB, e.ExtendedCode == sqlite3.ErrIoErrShortRead:
		return fmt.Errorf("%w: %s", chat.ErrDamaged, detail)
	}
	return errors.New(detail)
}

// constraint reports whether a unique index refused a row.
func constraint(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e) && e.Code == sqlite3.ErrConstraint
}

// damaged names the table, never what stands in it.
func damaged(table string) error {
	return fmt.Errorf("%w: table %s", chat.ErrDamaged, table)
}

// opened gives an error of the vault its name in chat.
func opened(table string, err error) error {
	if errors.Is(err, vault.ErrNewerFormat) {
		return fmt.Errorf("%w: table %s", chat.ErrNewerFormat, table)
	}
	return damaged(table)
}

// VaultError gives an error of package vault its name in chat: ErrWrongSecret, ErrVaultDamaged, ErrNewerFormat, ErrNotFound
// (no such slot), ErrRefused (the last slot, too many slots: with the vault's own sentinel) or ErrMalformed (an empty
// secret).
func VaultError(err error) error {
	switch {
	case errors.Is(err, vault.ErrWrongSecret):
		return chat.ErrWrongSecret
	case errors.Is(err, vault.ErrDamaged):
		return chat.ErrVaultDamaged
	case errors.Is(err, vault.ErrNewerFormat):
		return chat.ErrNewerFormat
	case errors.Is(err, vault.ErrNoSlot):
		return chat.ErrNotFound
	case errors.Is(err, vault.ErrLastSlot), errors.Is(err, vault.ErrFull):
		return fmt.Errorf("%w: %w", chat.ErrRefused, err)
	case errors.Is(err, vault.ErrEmptySecret):
		return chat.ErrMalformed
	}
	return err
}
