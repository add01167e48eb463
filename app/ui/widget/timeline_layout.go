package widget

import (
	"reflect"

	"fyne.io/fyne/v2"

	"sotto/app/ui/theme"
)

// heightsKept bounds the height cache.
const heightsKept = 4096

func (t *Timeline) indexOf(key string) int {
	for i, r := range t.rows {
		if r.RowKey() == key {
			return i
		}
	}
	return -1
}

// columnWidth answers the width of a row: the chat column less its margins.
func (t *Timeline) columnWidth() float32 {
	return max(min(t.Size().Width, theme.ChatWidth)-2*timelinePad, 80)
}

// height answers the height of row i, measured once per (key, revision, width,
// scale).
func (t *Timeline) height(i int) float32 {
	row := t.rows[i]
	k := heightKey{row.RowKey(), row.RowRevision(), t.columnWidth(), scaleOf(t)}
	if h, ok := t.heights[k]; ok {
		return h
	}
	kind := reflect.TypeOf(row)
	m, ok := t.measures[kind]
	if !ok {
		m = t.view(row)
		t.measures[kind] = m
	}
	m.ShowRow(row)
	h := m.HeightFor(k.width)
	if len(t.heights) >= heightsKept {
		clear(t.heights)
	}
	t.heights[k] = h
	return h
}

// holdFirstVisible makes the first row in sight the one that keeps its place.
func (t *Timeline) holdFirstVisible() {
	if len(t.placed) == 0 {
		return
	}
	p := t.placed[0]
	for _, q := range t.placed {
		if q.y+q.h > 0 {
			p = q
			break
		}
	}
	t.bottom, t.anchor, t.offset = false, t.rows[p.index].RowKey(), p.y
}

// arrange places the rows around the anchor, asks for the pages that come near,
// and shows what is in sight.
func (t *Timeline) arrange() {
	s := t.Size()
	if s.Height <= 0 || s.Width <= 0 {
		return
	}
	t.placed = t.placed[:0]
	if len(t.rows) > 0 {
		first, y := t.firstVisible(s.Height)
		y = t.clamp(first, y, s.Height)
		if t.bottom {
			first, y = t.firstVisible(s.Height)
		} else {
			for first > 0 && y > 0 {
				first--
				y -= t.height(first)
			}
		}
		t.placeFrom(first, y, s.Height)
		if !t.bottom {
			t.holdFirstVisible()
		}
	}
	t.showPlaced()
	t.placeJump(s)
	t.repaint()
	t.tell()
	t.prefetch()
}

// firstVisible walks from the anchor upwards to the first row in sight and
// answers its index and top.
func (t *Timeline) firstVisible(height float32) (int, float32) {
	i, y := t.indexOf(t.anchor), t.offset
	if t.bottom || i < 0 {
		t.bottom = true
		i = len(t.rows) - 1
		y = height - timelinePad - t.height(i)
	}
	for i > 0 && y > 0 {
		i--
		y -= t.height(i)
	}
	for i < len(t.rows)-1 && y+t.height(i) < 0 {
		y += t.height(i)
		i++
	}
	return i, y
}

// clamp keeps the ends of the conversation at the ends of the view: it answers
// the corrected top of row first, and sets bottom when the newest row is in
// sight or everything fits.
func (t *Timeline) clamp(first int, y, height float32) float32 {
	if t.bottom {
		return y
	}
	if first == 0 && !t.more[Older] && y > timelinePad {
		y = timelinePad
		t.anchor, t.offset = t.rows[0].RowKey(), y
	}
	end := y
	for i := first; i < len(t.rows) && end <= height; i++ {
		end += t.height(i)
		if i == len(t.rows)-1 && end <= height-timelinePad+0.5 {
			if !t.more[Newer] {
				t.bottom = true
			}
			shift := height - timelinePad - end
			t.offset += shift
			return y + shift
		}
	}
	return y
}

func (t *Timeline) placeFrom(first int, y, height float32) {
	for i := first; i < len(t.rows) && y < height; i++ {
		h := t.height(i)
		if y+h > 0 {
			t.placed = append(t.placed, placedRow{index: i, y: y, h: h})
		}
		y += h
	}
}

// showPlaced gives every placed row a view, taking spare ones first.
func (t *Timeline) showPlaced() {
	for _, s := range t.shown {
		s.inSight = false
	}
	for _, p := range t.placed {
		if s := t.shown[t.rows[p.index].RowKey()]; s != nil {
			s.inSight = true
		}
	}
	for key, s := range t.shown {
		if !s.inSight {
			delete(t.shown, key)
			t.putBack(s)
		}
	}
	width := t.columnWidth()
	x := (t.Size().Width - width) / 2
	for _, p := range t.placed {
		s := t.viewFor(t.rows[p.index])
		s.view.Move(fyne.NewPos(x, p.y))
		s.view.Resize(fyne.NewSize(width, p.h))
	}
}

// putBack keeps a view that is out of sight for another row.
func (t *Timeline) putBack(s *shownRow) {
	if r, ok := s.view.(Releaser); ok {
		r.Release()
	}
	s.row = nil
	t.spare[s.kind] = append(t.spare[s.kind], s)
}

func (t *Timeline) viewFor(row Row) *shownRow {
	key, kind := row.RowKey(), reflect.TypeOf(row)
	s := t.shown[key]
	if s != nil && s.kind != kind {
		t.putBack(s)
		s = nil
	}
	if s == nil {
		if n := len(t.spare[kind]); n > 0 {
			s = t.spare[kind][n-1]
			t.spare[kind] = t.spare[kind][:n-1]
		} else {
			s = &shownRow{view: t.view(row), kind: kind}
		}
		t.shown[key] = s
	}
	if s.row == nil || s.row.RowKey() != key || s.row.RowRevision() != row.RowRevision() {
		s.row = row
		s.view.ShowRow(row)
		s.view.Refresh()
	}
	return s
}

func (t *Timeline) placeJump(s fyne.Size) {
	t.jump.label = t.JumpLabel
	SetVisible(t.jump, !t.bottom && len(t.rows) > 0)
	place(t.jump, s.Width-36-theme.Space4, s.Height-36-theme.Space3, 36, 36)
}

// tell calls back when the bottom was reached or left, and when another newest
// row is in sight.
func (t *Timeline) tell() {
	if t.AtBottom != nil && t.toldAway == t.bottom {
		t.toldAway = !t.bottom
		t.AtBottom(t.bottom)
	}
	if t.Seen == nil || len(t.placed) == 0 {
		return
	}
	newest := t.rows[t.placed[len(t.placed)-1].index]
	if key := newest.RowKey(); key != t.lastSeen {
		t.lastSeen = key
		t.Seen(newest)
	}
}
