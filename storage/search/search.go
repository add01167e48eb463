package search

import (
	"context"
	"encoding/hex"
	"math"
	"strconv"
	"strings"

	"sotto/chat"
)

// Search implements chat.Searcher.
func (x *Index) Search(ctx context.Context, q chat.Query) (chat.Found, error) {
	w, err := want(q)
	if err != nil {
		return chat.Found{}, err
	}
	x.Start()
	select {
	case <-x.loaded:
	case <-ctx.Done():
		return chat.Found{}, ctx.Err()
	}
	select {
	case <-x.ended:
		return chat.Found{}, chat.ErrLocked
	default:
	}
	before, err := x.place(ctx, q.Before)
	if err != nil {
		return chat.Found{}, err
	}
	limit := q.Limit
	if limit == 0 {
		limit = chat.DefaultLimit
	}
	out := chat.Found{Progress: x.Progress()}
	if len(w.pieces) == 0 && len(w.terms) > 0 {
		return out, nil // signs alone are in no index
	}
	f := &folder{}
	for n := limit + 1; ; n = min(n*2, 4096) {
		keys, done := x.image.candidates(w, before, n)
		hits, err := x.verified(ctx, f, w, keys)
		if err != nil {
			return chat.Found{}, err
		}
		for _, h := range hits {
			if len(out.Hits) == limit {
				out.Next = out.Hits[limit-1].Cursor
				return out, nil
			}
			out.Hits = append(out.Hits, h)
		}
		if done || len(keys) == 0 {
			return out, nil
		}
		before = keys[len(keys)-1]
	}
}

// want reads a query.
func want(q chat.Query) (w wanted, err error) {
	if w.terms, w.pieces, err = parse(q.Text); err != nil {
		return w, err
	}
	w.conversation, w.author = q.Conversation, q.Author
	w.until = math.MaxUint64
	if !q.Since.IsZero() {
		w.since = uint64(seconds(q.Since)) << 32
	}
	if !q.Until.IsZero() {
		w.until = uint64(seconds(q.Until)) << 32
	}
	if q.Kind != "" {
		if w.kind = kindOf(q.Kind); w.kind == 0 {
			return w, chat.ErrMalformed
		}
	}
	narrow := len(w.terms) > 0 || !w.conversation.IsZero() || !w.author.IsZero() || w.kind != 0 ||
		!q.Since.IsZero() || !q.Until.IsZero()
	if !narrow || q.Limit < 0 || q.Limit > chat.MaxSearch {
		return w, chat.ErrMalformed
	}
	return w, nil
}

// verified reads the messages of candidates and returns those that match, in the order of the keys. It holds nothing
// while it reads.
func (x *Index) verified(ctx context.Context, f *folder, w wanted, keys []uint64) ([]chat.Hit, error) {
	ids := make([]int64, len(keys))
	for i, key := range keys {
		ids[i] = int64(key & math.MaxUint32)
	}
	rows, err := x.store.Rows(ctx, ids)
	if err != nil {
		return nil, err
	}
	byID := make(map[int64]chat.Message, len(rows))
	for _, r := range rows {
		byID[r.ID] = r.Message
	}
	var hits []chat.Hit
	for i, id := range ids {
		m, ok := byID[id]
		if !ok || !findable(m) || uint64(seconds(m.DisplayTime())) != keys[i]>>32 {
			continue // it went or changed since it was indexed
		}
		if ranges, named, ok := f.match(w.terms, m.Text, m.File.Name); ok {
			hits = append(hits, chat.Hit{Message: m, Ranges: ranges, NameRanges: named, Cursor: cursorOf(m)})
		}
	}
	return hits, nil
}

// cursorOf names the place behind a message: its second, and the message within it.
func cursorOf(m chat.Message) chat.Cursor {
	return chat.Cursor(strconv.FormatUint(uint64(seconds(m.DisplayTime())), 10) + "-" + m.ID.String())
}

// place returns the key that a cursor stands for. When its message is gone, the results go on with the second before.
func (x *Index) place(ctx context.Context, c chat.Cursor) (uint64, error) {
	if c == "" {
		return math.MaxUint64, nil
	}
	second, id, ok := strings.Cut(string(c), "-")
	s, err := strconv.ParseUint(second, 10, 32)
	raw, badID := hex.DecodeString(id)
	if !ok || err != nil || badID != nil || len(raw) != len(chat.MessageID{}) {
		return 0, chat.ErrMalformed
	}
	row, err := x.store.RowOf(ctx, chat.MessageID(raw))
	switch err {
	case nil:
		return s<<32 | uint64(row), nil
	case chat.ErrNotFound:
		return s << 32, nil
	}
	return 0, err
}
