package sqlite

import (
	"context"
	"errors"
	"testing"

	"sotto/chat"
)

func TestCompactGivesBackWhatWasDeletedAndKeepsTheRest(t *testing.T) {
	p, texts, _ := letters(t, 2, 400)
	s := p.open(t)
	before, err := s.Space(t.Context())
	if err != nil || before.Free < 50*wreckPage {
		t.Fatalf("%+v, %v", before, err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Compact(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := s.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	after, err := s.Space(t.Context())
	if err != nil || after.Free > 2*wreckPage || after.File > before.File-before.Free+8*wreckPage {
		t.Errorf("%+v after %+v, %v", after, before, err)
	}
	if got, err := s.Examine(t.Context(), nil); err != nil || !got.Sound() || got.Messages != len(texts) {
		t.Errorf("%+v, %v", got, err)
	}
	write(t, s, func(tx chat.Tx) error { return tx.Settings().Put("later", nil) })
	closeStore(t, s)
	if got := held(t, p.open(t)); len(got) != len(texts) {
		t.Errorf("%d of %d messages", len(got), len(texts))
	}
}

func TestCompactOnAFullDiskChangesNothing(t *testing.T) {
	p, texts, _ := letters(t, 2, 400)
	s := p.open(t)
	if err := s.writer.script("PRAGMA temp_store = MEMORY; PRAGMA max_page_count = 1"); err != nil {
		t.Fatal(err)
	}
	if err := s.Compact(t.Context()); err != nil && !errors.Is(err, chat.ErrDiskFull) {
		t.Errorf("Compact = %v", err)
	}
	if got := held(t, s); len(got) != len(texts) {
		t.Errorf("%d of %d messages", len(got), len(texts))
	}
}
