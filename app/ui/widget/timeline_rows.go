package widget

// Reset drops all rows and loads the newest page.
func (t *Timeline) Reset() {
	t.rows, t.placed = nil, nil
	t.generation++
	t.more = [2]bool{}
	t.loading = [2]bool{Older: true}
	t.bottom, t.anchor, t.lastSeen = true, "", ""
	generation := t.generation
	t.source.LoadRows(nil, Older, timelinePage, func(rows []Row, more bool) {
		if t.generation != generation {
			return
		}
		t.loading[Older] = false
		t.rows, t.more[Older] = rows, more
		t.arrange()
	})
	t.arrange()
}

// ShowRows replaces all rows by a page from the middle of the conversation and
// puts the row with key into the upper third.
func (t *Timeline) ShowRows(rows []Row, older, newer bool, key string) {
	t.generation++
	t.rows = append([]Row(nil), rows...)
	t.more = [2]bool{Older: older, Newer: newer}
	t.loading = [2]bool{}
	t.lastSeen = ""
	if !t.ScrollToRow(key) {
		t.bottom = true
		t.arrange()
	}
}

// Append adds rows behind the newest. While an older part of the conversation
// is held they are left to paging.
func (t *Timeline) Append(rows ...Row) {
	if t.more[Newer] || len(rows) == 0 {
		return
	}
	t.rows = append(t.rows, rows...)
	t.trim(Older)
	t.arrange()
}

// InsertBefore adds rows before the row with key and reports whether that row
// is held. The place of the reader does not move.
func (t *Timeline) InsertBefore(key string, rows ...Row) bool {
	i := t.indexOf(key)
	if i < 0 {
		return false
	}
	t.rows = append(t.rows[:i:i], append(append([]Row(nil), rows...), t.rows[i:]...)...)
	t.arrange()
	return true
}

// Update replaces the row that has the same key and reports whether it is held.
func (t *Timeline) Update(rows ...Row) bool {
	found := false
	for _, r := range rows {
		if i := t.indexOf(r.RowKey()); i >= 0 {
			t.rows[i] = r
			found = true
		}
	}
	if found {
		t.arrange()
	}
	return found
}

// Remove drops the rows with keys. When the row that keeps its place goes, the
// next one takes its place.
func (t *Timeline) Remove(keys ...string) {
	gone := make(map[string]bool, len(keys))
	for _, k := range keys {
		gone[k] = true
	}
	kept := make([]Row, 0, len(t.rows))
	orphan := false
	for _, r := range t.rows {
		key := r.RowKey()
		if gone[key] {
			orphan = orphan || key == t.anchor
			continue
		}
		if orphan {
			t.anchor, orphan = key, false
		}
		kept = append(kept, r)
	}
	if orphan && len(kept) > 0 {
		t.anchor = kept[len(kept)-1].RowKey()
	}
	t.rows = kept
	t.arrange()
}

// prefetch asks for the next page when less than a page of rows is left out of
// sight on a side.
func (t *Timeline) prefetch() {
	if len(t.placed) == 0 {
		return
	}
	const near = timelinePage / 2
	if t.placed[0].index < near {
		t.load(Older)
	}
	if len(t.rows)-1-t.placed[len(t.placed)-1].index < near {
		t.load(Newer)
	}
}

func (t *Timeline) load(dir Direction) {
	if !t.more[dir] || t.loading[dir] {
		return
	}
	t.loading[dir] = true
	at := t.rows[0]
	if dir == Newer {
		at = t.rows[len(t.rows)-1]
	}
	generation := t.generation
	t.source.LoadRows(at, dir, timelinePage, func(rows []Row, more bool) {
		if t.generation == generation {
			t.loading[dir] = false
			t.take(dir, at, rows, more)
		}
	})
}

// take adds a page that was asked for next to at.
func (t *Timeline) take(dir Direction, at Row, rows []Row, more bool) {
	if len(t.rows) == 0 {
		return
	}
	edge := t.rows[0]
	if dir == Newer {
		edge = t.rows[len(t.rows)-1]
	}
	if edge.RowKey() != at.RowKey() {
		return // the edge moved meanwhile; the next scroll asks again
	}
	t.more[dir] = more && len(rows) > 0
	if dir == Older {
		t.rows = append(append(make([]Row, 0, len(rows)+len(t.rows)), rows...), t.rows...)
		t.trim(Newer)
	} else {
		t.rows = append(t.rows, rows...)
		t.trim(Older)
	}
	t.arrange()
}

// trim drops rows on one side beyond the window, never those in sight or near.
func (t *Timeline) trim(side Direction) {
	surplus := len(t.rows) - timelineWindow
	if surplus <= 0 {
		return
	}
	if t.bottom && side == Newer {
		return
	}
	if side == Older {
		if !t.bottom {
			surplus = min(surplus, t.indexOf(t.anchor)-timelinePage)
		}
		if surplus > 0 {
			t.rows = append([]Row(nil), t.rows[surplus:]...)
			t.more[Older] = true
		}
		return
	}
	keep := max(len(t.rows)-surplus, t.indexOf(t.anchor)+2*timelinePage)
	if keep < len(t.rows) {
		t.rows = append([]Row(nil), t.rows[:keep]...)
		t.more[Newer] = true
	}
}
