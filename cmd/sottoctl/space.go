package main

import (
	"context"
	"fmt"
	"strconv"

	"sotto/app/profile"
)

// storageObject is what the profile takes of the disk, in bytes.
type storageObject struct {
	History       int64  `json:"history"`
	Reclaimable   int64  `json:"reclaimable"` // of history: what compact gives back
	Search        int64  `json:"search"`
	Relay         int64  `json:"relay"`
	Attachments   int64  `json:"attachments"`
	Other         int64  `json:"other"`
	Messages      int    `json:"messages"` // how many, not bytes
	Conversations int    `json:"conversations"`
	Backups       int    `json:"backups"` // known ones
	BackupBytes   int64  `json:"backup_bytes"`
	DiskFree      *int64 `json:"disk_free"` // null: this system does not say
}

func newStorage(s profile.Space) *storageObject {
	o := &storageObject{
		History: s.History, Reclaimable: s.Reclaimable, Search: s.Search, Relay: s.Relay, Attachments: s.Attachments, Other: s.Other,
		Messages: s.Messages, Conversations: s.Conversations, Backups: s.Backups, BackupBytes: s.BackupBytes,
	}
	if s.DiskFree >= 0 {
		o.DiskFree = &s.DiskFree
	}
	return o
}

func (o *storageObject) print(p *page) {
	if o == nil {
		return
	}
	pairs := [][2]string{
		{"history", amount(o.History) + ", " + number(o.Messages, "message") + " in " + number(o.Conversations, "conversation")},
		{"search index", amount(o.Search)},
		{"embedded relay", amount(o.Relay)},
		{"attachments", amount(o.Attachments)},
		{"other files", amount(o.Other)},
	}
	if o.Reclaimable > 1<<20 {
		pairs = append(pairs, [2]string{"unused", amount(o.Reclaimable) + ", given back by: sottoctl compact"})
	}
	if o.Backups > 0 {
		pairs = append(pairs, [2]string{"backups", strconv.Itoa(o.Backups) + " known, " + amount(o.BackupBytes)})
	}
	if o.DiskFree != nil {
		pairs = append(pairs, [2]string{"free on disk", amount(*o.DiskFree)})
	}
	p.pairs(pairs...)
}

// amount is a number of bytes for people.
func amount(n int64) string {
	for _, unit := range []struct {
		size int64
		name string
	}{{1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}} { // as the window and the page of an export count
		if n >= unit.size {
			return fmt.Sprintf("%.1f %s", float64(n)/float64(unit.size), unit.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}

type compactVerb struct{}

func (*compactVerb) runsAside() {}

// compactObject is what a compaction gave back.
type compactObject struct {
	V      v1    `json:"v"`
	Before int64 `json:"before"` // bytes of the history
	After  int64 `json:"after"`
}

func (o compactObject) print(p *page) {
	p.pairs([2]string{"before", amount(o.Before)}, [2]string{"after", amount(o.After)})
}

func (*compactVerb) do(ctx context.Context, d *desk) (any, error) {
	p, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	before, err := p.Space(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.Compact(ctx); err != nil {
		return nil, err
	}
	after, err := p.Space(ctx)
	return compactObject{Before: before.History, After: after.History}, err
}
