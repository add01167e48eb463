package profile_test

import (
	"io/fs"
	"path/filepath"
	"testing"
)

func TestSpaceCountsEveryFileOnce(t *testing.T) {
	dir, _, texts := written(t)
	p := openIn(t, dir)
	defer closed(t, p)
	s, err := p.Space(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	total := int64(0)
	err = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		total += info.Size()
		return err
	})
	if err != nil || s.Total() != total || s.History == 0 || s.Relay == 0 || s.Other == 0 {
		t.Errorf("%+v is %d of %d, %v", s, s.Total(), total, err)
	}
	if s.Messages < len(texts) || s.Conversations != 1 || s.DiskFree == 0 {
		t.Errorf("%+v", s)
	}
	if err := p.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after, err := p.Space(t.Context()); err != nil || after.Reclaimable > s.Reclaimable || after.Messages != s.Messages {
		t.Errorf("%+v, %v", after, err)
	}
	if lastAction(t, p, "history.compacted") != "" {
		t.Error("more is recorded than that it was done")
	}
}
