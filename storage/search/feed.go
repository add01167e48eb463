package search

import (
	"context"
	"errors"

	"sotto/chat"
	"sotto/storage/sqlite"
)

// errHeld: the building was stopped; it goes on when it is let.
var errHeld = errors.New("search: held")

// batch is what one reading of the history gave.
type batch struct {
	entries []entry
	rows    int
	next    sqlite.Mark
	err     error
}

// catchUp takes in everything that was committed after the image's mark. One goroutine reads and folds while this one
// takes in; searches go on beside both.
func (x *Index) catchUp(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	batches := make(chan batch, 2)
	go x.read(ctx, x.image.mark, batches)
	defer func() {
		stop()
		for range batches { // until the reader is gone
		}
	}()
	progress, long := x.Progress(), false
	for b := range batches {
		if b.err != nil {
			return b.err
		}
		if b.next == x.image.mark {
			break
		}
		x.reach("batch")
		if x.held.Load() && !progress.Ready {
			return errHeld
		}
		if !long && b.rows >= x.options.Batch {
			long = true
			if total, behind, err := x.store.Behind(ctx, x.image.mark); err == nil {
				progress = chat.Progress{Done: total - behind, Total: total, Ready: progress.Ready && behind < worthSaving*16}
			}
		}
		fresh := b.next.Row > x.image.mark.Row
		x.image.take(b.entries, b.next)
		x.changes += b.rows
		if fresh {
			progress.Done += b.rows
			progress.Total = max(progress.Total, progress.Done)
		}
		now := progress
		x.progress.Store(&now)
		if x.image.full() {
			x.image.settle(false)
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	progress.Ready, progress.Done = true, max(progress.Done, progress.Total)
	x.progress.Store(&progress)
	return nil
}

// read sends what follows the mark, folded, and an empty batch at the end.
func (x *Index) read(ctx context.Context, from sqlite.Mark, batches chan<- batch) {
	defer close(batches)
	var f folder
	for {
		rows, next, err := x.store.Feed(ctx, from, x.options.Batch)
		b := batch{rows: len(rows), next: next, err: err}
		for _, row := range rows {
			b.entries = append(b.entries, f.prepare(row))
		}
		select {
		case batches <- b:
		case <-ctx.Done():
			return
		}
		if err != nil || next == from {
			return
		}
		from = next
	}
}
