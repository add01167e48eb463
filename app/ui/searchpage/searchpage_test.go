package searchpage

import (
	"testing"
	"time"

	"sotto/app/apptest/stage"
	"sotto/app/messenger"
	"sotto/app/ui/screen"
	"sotto/chat"
)

func TestTheSearchSaysThatItIsStillIndexingAndCanBeStopped(t *testing.T) {
	s := stage.New(t)
	p := s.Profile("Mira")
	guide, err := p.AddGuide(t.Context(), "cli")
	if err != nil {
		t.Fatal(err)
	}
	conv := p.Messenger.ConversationWith(guide.ID)
	if _, err := p.Messenger.Send(t.Context(), conv, "Hello Guide", messenger.SendOptions{}); err != nil {
		t.Fatal(err)
	}
	p.Search.Hold(true)
	v := New(s.Services(p), screen.Place{})
	s.Show(v)
	v.Type("Guide")
	s.Sees("Indexing stopped at 0 %")
	s.Sees("Nothing found yet")
	s.Tap("Go on")
	s.Until("the hit is listed", func() bool { return len(v.Items()) > 0 })
	s.Until("it is ready", func() bool { return !v.progress.Visible() })
	v.Choose(v.Items()[0].Key)
	if n := len(s.Opened); n == 0 || s.Opened[n-1].Conversation != conv || !s.Opened[n-1].Found {
		t.Errorf("opened %+v", s.Opened)
	}
}

func TestTwoDaysAreBothIncluded(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 3, n, 0, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		first, last  string
		since, until time.Time
		ok           bool
	}{
		{"2026-03-01", "2026-03-02", day(1), day(3), true},
		{"2026-03-01", "2026-03-01", day(1), day(2), true},
		{"2026-03-01", "", day(1), time.Time{}, true},
		{"", "2026-03-01", time.Time{}, day(2), true},
		{"", "", time.Time{}, time.Time{}, true},
		{"2026-03-02", "2026-03-01", time.Time{}, time.Time{}, false},
		{"yesterday", "", time.Time{}, time.Time{}, false},
		{"", "2026-02-30", time.Time{}, time.Time{}, false},
	} {
		f, ok := span(c.first, c.last, time.UTC)
		if ok != c.ok || !f.since.Equal(c.since) || !f.until.Equal(c.until) {
			t.Errorf("%q to %q: %v to %v, %v", c.first, c.last, f.since, f.until, ok)
		}
	}
}

func TestFiltersAloneAskForSomething(t *testing.T) {
	for name, f := range map[string]filter{
		"conversation": {conversation: chat.ConversationID{1}}, "author": {author: chat.ContactID{1}},
		"kind": {kind: chat.KindText}, "since": {since: time.Unix(1, 0)}, "until": {until: time.Unix(1, 0)},
	} {
		if !f.narrow() {
			t.Errorf("%s does not narrow", name)
		}
	}
	if (filter{}).narrow() {
		t.Error("no filter narrows")
	}
}

func TestAHitInANameAndInItsCaptionIsMarkedInBoth(t *testing.T) {
	h := chat.Hit{
		Message:    chat.Message{Kind: chat.KindAttachment, Text: "the survey of May", File: chat.File{Name: "survey.pdf"}},
		NameRanges: [][2]int{{0, 6}}, Ranges: [][2]int{{4, 10}},
	}
	text, ranges := said(h)
	var hits []string
	for _, r := range ranges {
		hits = append(hits, text[r[0]:r[1]])
	}
	if text != "survey.pdf · the survey of May" || len(hits) != 2 || hits[0] != "survey" || hits[1] != "survey" {
		t.Errorf("%q marks %q", text, hits)
	}
	h.Message.Text, h.Ranges = "", nil
	if text, ranges := said(h); text != "survey.pdf" || len(ranges) != 1 {
		t.Errorf("without a caption %q marks %v", text, ranges)
	}
}
