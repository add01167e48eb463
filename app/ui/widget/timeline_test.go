package widget_test

import (
	"fmt"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"sotto/app/apptest/golden"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
)

// archive is a source with n messages; held answers wait until release.
type archive struct {
	rows    []widget.Row
	asked   int
	hold    bool
	waiting []func()
}

func newArchive(n int) *archive {
	a := &archive{}
	for i := range n {
		a.rows = append(a.rows, archived(i))
	}
	return a
}

func archived(i int) widget.Message {
	return widget.Message{
		ID: fmt.Sprintf("m%06d", i), Own: i%3 == 0, First: i%2 == 0, Last: i%2 == 1, Time: "12:00",
		Text: fmt.Sprintf("Message %d. %s", i, strings.Repeat("Some words that wrap. ", i%7)),
	}
}

func (a *archive) LoadRows(at widget.Row, dir widget.Direction, n int, done func([]widget.Row, bool)) {
	a.asked++
	i := len(a.rows)
	if at != nil {
		fmt.Sscanf(at.RowKey(), "m%d", &i)
	}
	var page []widget.Row
	more := false
	if dir == widget.Older {
		from := max(i-n, 0)
		page, more = a.rows[from:i], from > 0
	} else {
		to := min(i+1+n, len(a.rows))
		page, more = a.rows[i+1:to], to < len(a.rows)
	}
	page = append([]widget.Row(nil), page...)
	if a.hold {
		a.waiting = append(a.waiting, func() { done(page, more) })
		return
	}
	done(page, more)
}

func (a *archive) release() {
	waiting := a.waiting
	a.waiting = nil
	for _, f := range waiting {
		f()
	}
}

func viewOf(r widget.Row) widget.RowView {
	switch r := r.(type) {
	case widget.Message:
		return widget.NewBubble(r, nil)
	case widget.Day:
		return widget.NewDaySeparator(r)
	case widget.Notice:
		return widget.NewNoticeLine(r, nil)
	}
	panic("unknown row")
}

func smallTimeline() *widget.Timeline {
	src := &archive{}
	src.rows = append(src.rows, widget.Day{Key: "m000000", Label: "Today"})
	for _, m := range sampleMessages() {
		src.rows = append(src.rows, m)
	}
	t := widget.NewTimeline(src, viewOf)
	t.Reset()
	return t
}

func shownTimeline(t testing.TB, src *archive, size fyne.Size) *widget.Timeline {
	t.Helper()
	golden.App(t, theme.Light, 1)
	tl := widget.NewTimeline(src, viewOf)
	w := test.NewTempWindow(t, tl)
	w.SetPadded(false)
	w.Resize(size)
	tl.Reset()
	return tl
}

// tops answers the tops of the bubbles in sight, by id.
func tops(tl *widget.Timeline) map[string]float32 {
	out := map[string]float32{}
	for _, o := range test.WidgetRenderer(tl).Objects() {
		if b, ok := o.(*widget.Bubble); ok && b.Visible() {
			out[b.Message().ID] = b.Position().Y
		}
	}
	return out
}

// bottomOf answers the lower edge of the bubble with id, or -1.
func bottomOf(tl *widget.Timeline, id string) float32 {
	for _, o := range test.WidgetRenderer(tl).Objects() {
		if b, ok := o.(*widget.Bubble); ok && b.Message().ID == id {
			return b.Position().Y + b.Size().Height
		}
	}
	return -1
}

// held answers one bubble in sight whose top lies in the view, and that top.
func held(t *testing.T, tl *widget.Timeline) (string, float32) {
	t.Helper()
	best, y := "", float32(1e9)
	for id, top := range tops(tl) {
		if top >= 0 && top < y {
			best, y = id, top
		}
	}
	if best == "" {
		t.Fatal("no bubble in sight")
	}
	return best, y
}

func TestTimelineOpensAtTheNewestMessage(t *testing.T) {
	tl := shownTimeline(t, newArchive(1000), fyne.NewSize(500, 600))
	if !tl.IsAtBottom() {
		t.Error("the timeline does not stick to the bottom")
	}
	if got := bottomOf(tl, "m000999"); got != 600-16 {
		t.Errorf("the newest message ends at %v, wanted 584", got)
	}
}

func TestAShortConversationStandsAtTheBottom(t *testing.T) {
	tl := shownTimeline(t, newArchive(2), fyne.NewSize(500, 600))
	if got := bottomOf(tl, "m000001"); got != 584 {
		t.Errorf("the newest message ends at %v, wanted 584", got)
	}
	tl.ScrollBy(-500)
	if got := bottomOf(tl, "m000001"); got != 584 || !tl.IsAtBottom() {
		t.Errorf("scrolling moved a short conversation to %v", got)
	}
}

func TestReadingPlaceStaysWhenOlderMessagesArrive(t *testing.T) {
	src := newArchive(1000)
	tl := shownTimeline(t, src, fyne.NewSize(500, 600))
	src.hold = true
	for range 12 {
		tl.ScrollBy(-300)
	}
	if len(src.waiting) == 0 {
		t.Fatal("no page was asked for")
	}
	id, y := held(t, tl)
	n := len(tl.Rows())
	src.release()
	if len(tl.Rows()) <= n {
		t.Fatal("the page was not taken")
	}
	if got := tops(tl)[id]; got != y {
		t.Errorf("%s moved from %v to %v when older messages arrived", id, y, got)
	}
}

func TestReadingPlaceStaysWhenAMessageAboveGrows(t *testing.T) {
	tl := shownTimeline(t, newArchive(300), fyne.NewSize(500, 600))
	tl.ScrollBy(-1500)
	id, y := held(t, tl)
	rows := tl.Rows()
	changed := 0
	for _, r := range rows {
		m := r.(widget.Message)
		if m.ID >= id {
			break
		}
		if _, inSight := tops(tl)[m.ID]; inSight {
			continue
		}
		m.Revision++
		m.Text = strings.Repeat("It was edited and is far longer now. ", 20)
		tl.Update(m)
		changed++
	}
	if changed == 0 {
		t.Fatal("no row above was changed")
	}
	if got := tops(tl)[id]; got != y {
		t.Errorf("%s moved from %v to %v", id, y, got)
	}
}

func TestReadingPlaceStaysOnResize(t *testing.T) {
	tl := shownTimeline(t, newArchive(300), fyne.NewSize(700, 600))
	tl.ScrollBy(-1500)
	first := func() (string, float32) {
		best, y := "", float32(1e9)
		for id, top := range tops(tl) {
			if top < y {
				best, y = id, top
			}
		}
		return best, y
	}
	id, y := first()
	for _, s := range []fyne.Size{{Width: 400, Height: 600}, {Width: 400, Height: 300}, {Width: 900, Height: 700}} {
		tl.Resize(s)
		if got, ok := tops(tl)[id]; !ok || got != y {
			t.Errorf("at %v: %s moved from %v to %v", s, id, y, got)
		}
	}
}

func TestBottomSticksOnArrivalGrowthAndResize(t *testing.T) {
	tl := shownTimeline(t, newArchive(100), fyne.NewSize(500, 600))
	tl.Append(archived(100))
	if got := bottomOf(tl, "m000100"); got != 584 {
		t.Errorf("after an arrival the newest ends at %v", got)
	}
	m := archived(100)
	m.Revision, m.Text = 1, strings.Repeat("longer ", 100)
	tl.Update(m)
	if got := bottomOf(tl, "m000100"); got != 584 {
		t.Errorf("after growth the newest ends at %v", got)
	}
	tl.Resize(fyne.NewSize(400, 450))
	if got := bottomOf(tl, "m000100"); got != 450-16 {
		t.Errorf("after a resize the newest ends at %v", got)
	}
}

func TestArrivalDoesNotMoveAReaderOfOlderMessages(t *testing.T) {
	tl := shownTimeline(t, newArchive(100), fyne.NewSize(500, 600))
	tl.ScrollBy(-400)
	id, y := held(t, tl)
	tl.Append(archived(100), archived(101))
	if got := tops(tl)[id]; got != y {
		t.Errorf("%s moved from %v to %v", id, y, got)
	}
	if tl.IsAtBottom() {
		t.Error("the reader was taken to the bottom")
	}
	tl.ScrollToEnd()
	if got := bottomOf(tl, "m000101"); got != 584 {
		t.Errorf("ScrollToEnd shows the newest ending at %v", got)
	}
}

func TestLateMessageGoesInWithoutMovingTheReader(t *testing.T) {
	tl := shownTimeline(t, newArchive(100), fyne.NewSize(500, 600))
	tl.ScrollBy(-600)
	id, y := held(t, tl)
	late := widget.Message{ID: "late", First: true, Last: true, Text: "late"}
	if !tl.InsertBefore("m000050", late) {
		t.Fatal("the row to insert before is not held")
	}
	if got := tops(tl)[id]; got != y {
		t.Errorf("%s moved from %v to %v", id, y, got)
	}
	if tl.InsertBefore("nowhere", late) {
		t.Error("an unknown row was accepted")
	}
}

func TestRemovingTheHeldRowKeepsTheView(t *testing.T) {
	tl := shownTimeline(t, newArchive(100), fyne.NewSize(500, 600))
	tl.ScrollBy(-3000)
	before := len(tops(tl))
	for id := range tops(tl) {
		tl.Remove(id)
	}
	if tl.IsAtBottom() || len(tops(tl)) < before/3 {
		t.Errorf("after removing what was in sight %d rows are shown, at bottom: %v", len(tops(tl)), tl.IsAtBottom())
	}
}

func TestTimelineReachesTheFirstOfAHundredThousandAndComesBack(t *testing.T) {
	const n = 100_000
	src := newArchive(n)
	tl := shownTimeline(t, src, fyne.NewSize(500, 600))
	for range 4 * n {
		if _, ok := tops(tl)["m000000"]; ok {
			break
		}
		tl.TypedKey(&fyne.KeyEvent{Name: fyne.KeyHome})
	}
	if got := tops(tl)["m000000"]; got != 16 {
		t.Fatalf("the first message stands at %v, wanted 16", got)
	}
	if rows := len(tl.Rows()); rows > 700 {
		t.Errorf("%d rows are held, the window is unbounded", rows)
	}
	tl.ScrollToEnd()
	if got := bottomOf(tl, "m099999"); got != 584 {
		t.Errorf("after ScrollToEnd the newest ends at %v", got)
	}
}

func TestScrollingDownPagesNewerRowsBackIn(t *testing.T) {
	src := newArchive(3000)
	tl := shownTimeline(t, src, fyne.NewSize(500, 600))
	for range 60 {
		tl.TypedKey(&fyne.KeyEvent{Name: fyne.KeyHome})
	}
	if _, ok := tops(tl)["m000000"]; !ok {
		t.Fatal("the beginning was not reached")
	}
	for range 2000 {
		if tl.IsAtBottom() {
			break
		}
		tl.ScrollBy(540)
	}
	if got := bottomOf(tl, "m002999"); got != 584 {
		t.Errorf("scrolling down ended with the newest at %v", got)
	}
}

func TestAnAnswerForAnEarlierConversationIsIgnored(t *testing.T) {
	src := newArchive(500)
	tl := shownTimeline(t, src, fyne.NewSize(500, 600))
	src.hold = true
	for range 6 {
		tl.ScrollBy(-600)
	}
	if len(src.waiting) == 0 {
		t.Fatal("no page was asked for")
	}
	stale := src.waiting
	src.waiting, src.hold = nil, false
	tl.Reset()
	n := len(tl.Rows())
	for _, f := range stale {
		f()
	}
	if len(tl.Rows()) != n {
		t.Error("a page asked for before Reset was added after it")
	}
}

func TestRowsInSightDoNotOverlapAndCoverTheView(t *testing.T) {
	tl := shownTimeline(t, newArchive(400), fyne.NewSize(500, 600))
	for step := range 200 {
		tl.ScrollBy(-37)
		var edges []float32
		for _, o := range test.WidgetRenderer(tl).Objects() {
			if b, ok := o.(*widget.Bubble); ok {
				edges = append(edges, b.Position().Y, b.Position().Y+b.Size().Height)
			}
		}
		for i := 2; i < len(edges); i += 2 {
			if edges[i] != edges[i-1] {
				t.Fatalf("step %d: a row starts at %v and the one above ends at %v", step, edges[i], edges[i-1])
			}
		}
		if edges[0] > 0 && edges[0] != 16 || edges[len(edges)-1] < 600-16 {
			t.Fatalf("step %d: rows cover %v to %v of 600", step, edges[0], edges[len(edges)-1])
		}
	}
}

func TestTimelineTellsWhenTheBottomIsLeftAndReached(t *testing.T) {
	tl := shownTimeline(t, newArchive(100), fyne.NewSize(500, 600))
	var told []bool
	tl.AtBottom = func(b bool) { told = append(told, b) }
	tl.ScrollBy(-100)
	tl.ScrollBy(-100)
	tl.ScrollBy(500)
	if fmt.Sprint(told) != "[false true]" {
		t.Errorf("told %v, wanted [false true]", told)
	}
}

func TestTimelineScrollsAndIsNotDraggable(t *testing.T) {
	var tl any = widget.NewTimeline(newArchive(0), viewOf)
	if _, ok := tl.(fyne.Scrollable); !ok {
		t.Error("the timeline does not scroll")
	}
	if _, ok := tl.(fyne.Draggable); ok {
		t.Error("the timeline is draggable")
	}
}

// BenchmarkScroll100k scrolls by a wheel step through 100,000 rows; a step must
// stay far below a frame (8 ms).
func BenchmarkScroll100k(b *testing.B) {
	tl := shownTimeline(b, newArchive(100_000), fyne.NewSize(760, 720))
	dy := float32(-40)
	b.ReportAllocs()
	for b.Loop() {
		tl.ScrollBy(dy)
	}
}

// BenchmarkFling100k moves a page at a time, so that every row is new.
func BenchmarkFling100k(b *testing.B) {
	tl := shownTimeline(b, newArchive(100_000), fyne.NewSize(760, 720))
	b.ReportAllocs()
	for b.Loop() {
		tl.ScrollBy(-650)
	}
}
