package profile

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"sotto/chat"
	"sotto/chat/disk"
	"sotto/storage"
)

// Space is what a profile takes of the disk, in bytes, and what it holds.
type Space struct {
	History       int64 // messages, contacts, sessions and all other sealed rows, with the log of the database
	Reclaimable   int64 // of History: what Compact gives back
	Search        int64 // the snapshot of the search index
	Relay         int64 // the embedded relay
	Attachments   int64
	Files         int   // that are among the attachments
	Other         int64 // the Guide, the vault, opened attachments
	Messages      int
	Conversations int
	Backups       int   // known ones, wherever they lie
	BackupBytes   int64 // of them, when they were made
	DiskFree      int64 // -1: this system does not say
}

// Total is what lies in the folder of the profile.
func (s Space) Total() int64 { return s.History + s.Search + s.Relay + s.Attachments + s.Other }

// Space measures the profile. It reads the sizes of files and one small row for each conversation. Errors:
// chat.ErrLocked, chat.ErrDamaged, that of ctx.
func (p *Profile) Space(ctx context.Context) (Space, error) {
	s := Space{DiskFree: diskFree(p.folder.dir)}
	err := p.store.View(ctx, func(tx chat.Tx) error {
		all, err := tx.Conversations().List()
		if err != nil {
			return err
		}
		s.Conversations = len(all)
		for _, c := range all {
			n, err := tx.Messages().Count(c.ID)
			if err != nil {
				return err
			}
			s.Messages += n
		}
		return nil
	})
	if err != nil {
		return Space{}, err
	}
	inside, err := p.store.Space(ctx)
	if err != nil {
		return Space{}, err
	}
	s.Reclaimable = inside.Free
	known, _, err := p.Backups(ctx)
	if err != nil {
		return Space{}, err
	}
	for _, b := range known {
		s.Backups++
		s.BackupBytes += b.Size
	}
	err = filepath.WalkDir(p.folder.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return ignoreGone(err)
		}
		info, err := e.Info()
		if err != nil {
			return ignoreGone(err)
		}
		name, err := filepath.Rel(p.folder.dir, path)
		if err != nil {
			return err
		}
		part := s.part(name)
		*part += info.Size()
		if part == &s.Attachments {
			s.Files++
		}
		return nil
	})
	return s, disk.Error(err)
}

// ignoreGone passes over what was removed while the folder was read.
func ignoreGone(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// part returns where a file of the folder is counted.
func (s *Space) part(name string) *int64 {
	top := name
	for dir := filepath.Dir(top); dir != "."; dir = filepath.Dir(dir) {
		top = dir
	}
	switch top {
	case storage.HistoryFile, storage.HistoryFile + "-wal", storage.HistoryFile + "-shm":
		return &s.History
	case searchName:
		return &s.Search
	case relayName:
		return &s.Relay
	case storage.BlobFolder:
		return &s.Attachments
	}
	return &s.Other
}

// Compact writes the history anew without the room that deleted things left. It needs as much free space as the history
// takes. Errors: chat.ErrDiskFull, which changes nothing, chat.ErrLocked, that of ctx.
func (p *Profile) Compact(ctx context.Context) error {
	if err := p.store.Compact(ctx); err != nil {
		return err
	}
	return p.store.Update(ctx, func(tx chat.Tx) error { return p.Audit.Record(tx, "history.compacted", "", "") })
}
