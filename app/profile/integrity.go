package profile

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"sotto/app/messenger"
	"sotto/app/security"
	"sotto/chat"
)

// Findings is what a check of the history found.
type Findings struct {
	Messages int      // read
	Missing  int      // messages that are listed and not there
	Damaged  int      // messages that are there and not what was written
	Tables   []string // other tables in which something is wrong
	Files    messenger.FileFindings
	File     bool // pages of the file are malformed
	Audit    bool // the audit log is not whole
}

// Sound reports whether nothing is wrong.
func (f Findings) Sound() bool {
	return f.Missing == 0 && f.Damaged == 0 && len(f.Tables) == 0 && !f.File && !f.Audit && f.Files.Sound()
}

// detail is what the audit log keeps.
func (f Findings) detail() string {
	if f.Sound() {
		return fmt.Sprintf("sound, %d messages, %d files", f.Messages, f.Files.Files)
	}
	parts := []string{fmt.Sprintf("%d messages, missing %d, damaged %d", f.Messages, f.Missing, f.Damaged)}
	if f.File {
		parts = append(parts, "pages malformed")
	}
	if f.Audit {
		parts = append(parts, "audit log not whole")
	}
	for _, code := range slices.Sorted(maps.Keys(f.Files.Faults)) {
		parts = append(parts, fmt.Sprintf("files %s %d", code, f.Files.Faults[code]))
	}
	if len(f.Tables) > 0 {
		parts = append(parts, "tables "+strings.Join(f.Tables, " "))
	}
	return strings.Join(parts, "; ")
}

// Integrity is what is known of the soundness of the history in this run.
type Integrity struct {
	Unclean     bool // the run before this one did not end by closing
	Checking    bool
	Done, Total int       // messages read so far by the check that runs
	Read, Bytes int64     // bytes of files read after them, and of all; 0 before
	Checked     time.Time // when the last check of this run ended; zero: none has
	Findings    Findings  // of that check
}

// integrity keeps the state, and who wants to hear of it.
type integrity struct {
	mu    sync.Mutex
	state Integrity
	heard map[*func()]bool
	turn  sync.Mutex // one check at a time
}

func (i *integrity) change(f func(*Integrity)) {
	i.mu.Lock()
	f(&i.state)
	heard := slices.Collect(maps.Keys(i.heard))
	i.mu.Unlock()
	for _, f := range heard {
		(*f)()
	}
}

// Integrity returns what is known now.
func (p *Profile) Integrity() Integrity {
	p.integrity.mu.Lock()
	defer p.integrity.mu.Unlock()
	return p.integrity.state
}

// OnIntegrity calls f, from the goroutine of a check, whenever what Integrity returns has changed, until it is cancelled.
func (p *Profile) OnIntegrity(f func()) (cancel func()) {
	i := &p.integrity
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.heard == nil {
		i.heard = map[*func()]bool{}
	}
	i.heard[&f] = true
	return func() {
		i.mu.Lock()
		defer i.mu.Unlock()
		delete(i.heard, &f)
	}
}

// CheckHistory reads the whole history and says what is wrong with it: the pages of the file, every message against the
// list of its conversation, the small tables, the chain of the audit log, and then every stored file, whole. A file that is
// not what was stored is set aside ([messenger.Messenger.CheckFiles]). It works beside everything else, takes seconds
// for a million messages and as long as the disk for files, and ends with ctx. What it found is recorded in the audit log.
// progress, which may be nil, is told messages. An error is not damage: chat.ErrLocked, that of ctx, or of recording.
func (p *Profile) CheckHistory(ctx context.Context, progress func(done, total int)) (Findings, error) {
	p.integrity.turn.Lock()
	defer p.integrity.turn.Unlock()
	p.integrity.change(func(i *Integrity) { i.Checking, i.Done, i.Total, i.Read, i.Bytes = true, 0, 0, 0, 0 })
	f, err := p.readEverything(ctx, func(done, total int) {
		p.integrity.change(func(i *Integrity) { i.Done, i.Total = done, total })
		if progress != nil {
			progress(done, total)
		}
	})
	if err != nil {
		p.integrity.change(func(i *Integrity) { i.Checking = false })
		return f, err
	}
	unclean := p.Integrity().Unclean && p.Integrity().Checked.IsZero()
	detail := f.detail()
	if unclean {
		detail = "after an unclean stop: " + detail
	}
	detail = detail[:min(len(detail), security.MaxDetail)]
	err = p.store.Update(ctx, func(tx chat.Tx) error { return p.Audit.Record(tx, "history.checked", "", detail) })
	if errors.Is(err, chat.ErrDiskFull) || errors.Is(err, chat.ErrReadOnly) || errors.Is(err, chat.ErrDamaged) {
		err = nil // what was found counts all the same
	}
	p.integrity.change(func(i *Integrity) {
		i.Checking = false
		if err == nil {
			i.Checked, i.Findings = p.options.Now(), f
		}
	})
	return f, err
}

func (p *Profile) readEverything(ctx context.Context, progress func(done, total int)) (f Findings, err error) {
	switch err := p.store.Check(ctx); {
	case errors.Is(err, chat.ErrDamaged):
		f.File = true
	case err != nil:
		return f, err
	}
	read, err := p.store.Examine(ctx, progress)
	f.Messages, f.Missing, f.Damaged, f.Tables = read.Messages, read.Missing, read.Damaged, read.Tables
	if err != nil {
		return f, err
	}
	err = p.store.View(ctx, func(tx chat.Tx) error {
		_, err := security.Verify(tx)
		return err
	})
	var fault *security.AuditError
	if errors.As(err, &fault) || errors.Is(err, chat.ErrDamaged) {
		f.Audit, err = true, nil
	}
	if err != nil {
		return f, err
	}
	told := int64(0)
	f.Files, err = p.Messenger.CheckFiles(ctx, func(done, total int64) {
		if done-told < toldBytes && done < total {
			return
		}
		told = done
		p.integrity.change(func(i *Integrity) { i.Read, i.Bytes = done, total })
	})
	return f, err
}

// toldBytes is how many bytes of files are read between two words of progress.
const toldBytes = 16 << 20

// checkAfterUncleanStop reads the history behind the first screen when the run before did not end well. What must hold
// before anything is shown, the covered tables and the file's own log, was checked by opening.
func (p *Profile) checkAfterUncleanStop(ctx context.Context) {
	if !p.Integrity().Unclean {
		return
	}
	p.tending.Go(func() {
		_, _ = p.CheckHistory(ctx, nil) // one that was interrupted is made at the next start
	})
}

// settled reports whether nothing is left that the next opening would have to look at.
func (p *Profile) settled() bool {
	i := p.Integrity()
	return !i.Unclean || !i.Checked.IsZero()
}
