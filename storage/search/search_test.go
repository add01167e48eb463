package search

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sotto/chat"
)

var ctx = context.Background()

func conv(n byte) chat.ConversationID { return chat.ConversationID{n, 1} }
func person(n byte) chat.ContactID    { return chat.ContactID{n, 2} }

// message is the n-th message of the tests: a minute after the one before, in conversation 1, by person 1.
func message(n int, text string) chat.Message {
	at := day.Add(time.Duration(n) * time.Minute)
	return chat.Message{
		ID: chat.MessageID{byte(n >> 8), byte(n), 7}, Conversation: conv(1), Author: person(1), Direction: chat.In, Kind: chat.KindText,
		Seq: uint64(n + 1), Sent: at, Received: at, State: chat.Read, Text: text,
	}
}

func (h *history) put(t testing.TB, messages ...chat.Message) {
	t.Helper()
	h.update(t, func(tx chat.Tx) error {
		for _, m := range messages {
			if _, err := tx.Conversations().Get(m.Conversation); err != nil {
				if err := tx.Conversations().Put(chat.Conversation{ID: m.Conversation}); err != nil {
					return err
				}
			}
			if _, err := tx.Messages().Put(m); err != nil {
				return err
			}
		}
		return nil
	})
}

func (h *history) index(t testing.TB, o Options) *Index {
	t.Helper()
	x := New(h.store, h.path(), o)
	t.Cleanup(func() {
		if err := x.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	if err := x.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	return x
}

// texts answers the texts that a query finds, newest first, with what matched in brackets.
func texts(t testing.TB, x *Index, q chat.Query) []string {
	t.Helper()
	if err := x.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	found, err := x.Search(ctx, q)
	if err != nil {
		t.Fatalf("Search(%q): %v", q.Text, err)
	}
	var out []string
	for _, h := range found.Hits {
		var b strings.Builder
		at := 0
		for _, r := range h.Ranges {
			b.WriteString(h.Message.Text[at:r[0]] + "[" + h.Message.Text[r[0]:r[1]] + "]")
			at = r[1]
		}
		out = append(out, b.String()+h.Message.Text[at:])
	}
	return out
}

func TestWordsAreFoundAsPeopleTypeThem(t *testing.T) {
	h := newHistory(t)
	x := h.index(t, Options{})
	all := []string{
		"Good morning, Ada", "See you at the Straße", "a café in Łódź", "明日の会議は東京です", "東に京", "안녕하세요 세계",
		"ÅNGSTRÖM units", "e\u0301cole", "done 👍🏽", "morning good", "version 2.10 of sotto.example/path", "поехали ёлка",
		"ไปกินข้าวกัน", "ﬁne ｔｅｘｔ", "zero\u200bwidth", strings.Repeat("x", 90) + "needle" + strings.Repeat("y", 90), "שָׁלוֹם", "ガギグ", "two\n\nlines",
	}
	for i, text := range all {
		h.put(t, message(i, text))
	}
	for _, c := range []struct {
		query string
		want  []string
	}{
		{"morning", []string{"[morning] good", "Good [morning], Ada"}},
		{"MORN", []string{"[morn]ing good", "Good [morn]ing, Ada"}},
		{"good morning", []string{"[morning] [good]", "[Good] [morning], Ada"}},
		{`"good morning"`, []string{"[Good morning], Ada"}},
		{`"good morning`, []string{"[Good morning], Ada"}},
		{`„good morning“ ada`, []string{"[Good morning], [Ada]"}},
		{"orni", []string{"m[orni]ng good", "Good m[orni]ng, Ada"}},
		{"strasse", []string{"See you at the [Straße]"}},
		{"cafe lodz", []string{"a [café] in [Łódź]"}},
		{"会", []string{"明日の[会]議は東京です"}},
		{"東京", []string{"明日の会議は[東京]です"}},
		{"京", []string{"東に[京]", "明日の会議は東[京]です"}},
		{"会議は東", []string{"明日の[会議は東]京です"}},
		{"녕하", []string{"안[녕하]세요 세계"}},
		{"세", []string{"안녕하[세]요 [세]계"}},
		{"angstrom", []string{"[ÅNGSTRÖM] units"}},
		{"école", []string{"[e\u0301cole]"}},
		{"ecole", []string{"[e\u0301cole]"}},
		{"👍", []string{"done [👍]🏽"}},
		{"2.10", []string{"version [2.10] of sotto.example/path"}},
		{"example/pa", []string{"version 2.10 of sotto.[example/pa]th"}},
		{"елка", []string{"поехали [ёлка]"}},
		{"กิน", []string{"ไป[กิน]ข้าวกัน"}},
		{"fine text", []string{"[ﬁne] [ｔｅｘｔ]"}},
		{"zerowidth", []string{"[zero\u200bwidth]"}},
		{"needle", []string{strings.Repeat("x", 90) + "[needle]" + strings.Repeat("y", 90)}},
		{strings.Repeat("x", 40) + "needle", []string{strings.Repeat("x", 50) + "[" + strings.Repeat("x", 40) + "needle]" + strings.Repeat("y", 90)}},
		{"שלום", []string{"[שָׁלוֹם]"}},
		{"ｶﾞｷﾞ", []string{"[ガギ]グ"}},
		{"カキ", nil},
		{`"two lines"`, []string{"[two\n\nlines]"}},
		{"u", []string{"ÅNGSTRÖM [u]nits"}},
		{"absent", nil},
		{"morning absent", nil},
		{`NEAR(good, 3) OR *`, nil},
		{`body:good AND`, nil},
		{"...", nil},
	} {
		if got := texts(t, x, chat.Query{Text: c.query}); !slices.Equal(got, c.want) {
			t.Errorf("%q finds %q, want %q", c.query, got, c.want)
		}
	}
}

func TestFiltersNarrowWhatIsFound(t *testing.T) {
	h := newHistory(t)
	x := h.index(t, Options{})
	other := message(1, "tea two")
	other.Conversation = conv(2)
	hers := message(2, "tea three")
	hers.Author = person(2)
	file := message(3, "tea four")
	file.Kind = chat.KindAttachment
	notice := message(4, "tea five")
	notice.Kind, notice.Seq = chat.KindNotice, 0
	h.put(t, message(0, "tea one"), other, hers, file, notice)
	at := func(n int) time.Time { return day.Add(time.Duration(n) * time.Minute) }
	for _, c := range []struct {
		name  string
		query chat.Query
		want  []string
	}{
		{"all", chat.Query{Text: "tea"}, []string{"[tea] four", "[tea] three", "[tea] two", "[tea] one"}},
		{"conversation", chat.Query{Text: "tea", Conversation: conv(2)}, []string{"[tea] two"}},
		{"person", chat.Query{Text: "tea", Author: person(2)}, []string{"[tea] three"}},
		{"kind", chat.Query{Text: "tea", Kind: chat.KindAttachment}, []string{"[tea] four"}},
		{"since", chat.Query{Text: "tea", Since: at(2)}, []string{"[tea] four", "[tea] three"}},
		{"until", chat.Query{Text: "tea", Until: at(2)}, []string{"[tea] two", "[tea] one"}},
		{"both dates", chat.Query{Text: "tea", Since: at(1), Until: at(2)}, []string{"[tea] two"}},
		{"no text", chat.Query{Conversation: conv(1), Kind: chat.KindText}, []string{"tea three", "tea one"}},
		{"unknown conversation", chat.Query{Text: "tea", Conversation: conv(9)}, nil},
		{"unknown person", chat.Query{Text: "tea", Author: person(9)}, nil},
	} {
		if got := texts(t, x, c.query); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestPagesFollowEachOtherWithoutGapOrRepetition(t *testing.T) {
	h := newHistory(t)
	x := h.index(t, Options{})
	var want []string
	for i := range 23 {
		m := message(i, fmt.Sprintf("page word %02d", i))
		m.Sent = day.Add(time.Duration(i/4) * time.Second) // several within a second
		m.Received = m.Sent
		h.put(t, m)
		want = append(want, m.Text)
	}
	slices.Reverse(want)
	if err := x.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	var got []string
	q := chat.Query{Text: "page", Limit: 5}
	for {
		found, err := x.Search(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, hit := range found.Hits {
			got = append(got, hit.Message.Text)
		}
		if found.Next == "" {
			break
		}
		q.Before = found.Next
	}
	if !slices.Equal(got, want) {
		t.Errorf("pages give %q, want %q", got, want)
	}
}

func TestOrderIsByTimeWhateverTheOrderOfStoring(t *testing.T) {
	h := newHistory(t)
	x := h.index(t, Options{})
	h.put(t, message(9, "late nine"), message(3, "late three"), message(5, "late five"))
	if got := texts(t, x, chat.Query{Text: "late"}); !slices.Equal(got, []string{"[late] nine", "[late] five", "[late] three"}) {
		t.Errorf("order %q", got)
	}
}

func TestTheIndexFollowsEditsDeletionsAndErasures(t *testing.T) {
	h := newHistory(t)
	x := h.index(t, Options{})
	edited, deleted, removed, elsewhere := message(0, "apple pie"), message(1, "apple cake"), message(2, "apple tart"), message(3, "apple juice")
	elsewhere.Conversation = conv(2)
	h.put(t, edited, deleted, removed, elsewhere)
	if got := texts(t, x, chat.Query{Text: "apple"}); len(got) != 4 {
		t.Fatalf("found %q before", got)
	}
	edited.Text, edited.Edited = "pear pie", true
	deleted.Text, deleted.Deleted = "", true
	h.put(t, edited, deleted)
	h.update(t, func(tx chat.Tx) error { return tx.Messages().Delete(removed.ID) })
	if err := h.store.Erase(ctx, func(tx chat.Tx) error { return tx.Conversations().Destroy(conv(2)) }); err != nil {
		t.Fatal(err)
	}
	if got := texts(t, x, chat.Query{Text: "apple"}); got != nil {
		t.Errorf("what is gone is found: %q", got)
	}
	if got := texts(t, x, chat.Query{Text: "pie"}); !slices.Equal(got, []string{"pear [pie]"}) {
		t.Errorf("what was edited: %q", got)
	}
	x.image.settle(true)
	for _, word := range []string{"apple", "cake", "tart", "juice"} {
		if strings.Contains(string(x.image.base.words), word) {
			t.Errorf("%q is still in the index", word)
		}
	}
	again := elsewhere
	again.Text = "grape juice"
	h.put(t, again)
	if got := texts(t, x, chat.Query{Text: "juice", Conversation: conv(2)}); !slices.Equal(got, []string{"grape [juice]"}) {
		t.Errorf("a conversation that came again: %q", got)
	}
}

func TestQueriesThatAskForNothingOrTooMuchAreRefused(t *testing.T) {
	h := newHistory(t)
	x := h.index(t, Options{})
	for name, q := range map[string]chat.Query{
		"nothing": {}, "spaces": {Text: " \n "}, "too long": {Text: strings.Repeat("a", chat.MaxQuery+1)},
		"too many": {Text: strings.Repeat("a ", chat.MaxTerms+1)}, "limit": {Text: "a", Limit: chat.MaxSearch + 1},
		"negative": {Text: "a", Limit: -1}, "kind": {Text: "a", Kind: chat.KindNotice}, "cursor": {Text: "a", Before: "1"},
		"cursor id": {Text: "a", Before: "1-zz"}, "cursor time": {Text: "a", Before: chat.Cursor("x-" + chat.MessageID{}.String())},
	} {
		if _, err := x.Search(ctx, q); !errors.Is(err, chat.ErrMalformed) {
			t.Errorf("%s: %v, want ErrMalformed", name, err)
		}
	}
}

func TestAClosedIndexFindsNothing(t *testing.T) {
	h := newHistory(t)
	x := h.index(t, Options{})
	h.put(t, message(0, "secret"))
	if err := x.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := x.Search(ctx, chat.Query{Text: "secret"}); !errors.Is(err, chat.ErrLocked) {
		t.Errorf("Search after Close: %v", err)
	}
}

// TestSearchAgreesWithReadingEverything compares the index with a plain scan over texts of many shapes, across merges,
// changes and reopening.
func TestSearchAgreesWithReadingEverything(t *testing.T) {
	h := newHistory(t)
	x := h.index(t, Options{Batch: 7})
	syllables := []string{"ka", "lo", "mi", "東", "京", "é", "x1", " ", " ", "-", "가", "👍"}
	r := newCorpus(5).r
	text := func() string {
		var b strings.Builder
		for range 3 + r.IntN(12) {
			b.WriteString(syllables[r.IntN(len(syllables))])
		}
		return b.String()
	}
	const n = 300
	current := make([]chat.Message, n)
	for i := range current {
		current[i] = message(i, text())
	}
	h.put(t, current...)
	for range 3 {
		for range 40 {
			i := r.IntN(n)
			current[i].Text = text()
			h.put(t, current[i])
		}
		if err := x.Wait(ctx); err != nil {
			t.Fatal(err)
		}
		for range 60 {
			q := strings.TrimSpace(text()[:])
			q = q[:len(q)-r.IntN(len(q)+1)]
			w, err := want(chat.Query{Text: strings.ToValidUTF8(q, "")})
			if err != nil || len(w.pieces) == 0 {
				continue
			}
			var all []string
			f := &folder{}
			for i := n - 1; i >= 0; i-- {
				if _, _, ok := f.match(w.terms, current[i].Text, ""); ok {
					all = append(all, current[i].Text)
				}
			}
			found, err := x.Search(ctx, chat.Query{Text: strings.ToValidUTF8(q, ""), Limit: n})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, hit := range found.Hits {
				got = append(got, hit.Message.Text)
			}
			if !slices.Equal(got, all) {
				t.Fatalf("%q finds %q, reading everything %q", q, got, all)
			}
		}
		if err := x.Close(ctx); err != nil {
			t.Fatal(err)
		}
		x = h.index(t, Options{Batch: 7})
	}
}

func TestWhileItIsBuiltItAnswersFromWhatIsThere(t *testing.T) {
	h := newHistory(t)
	for i := range 40 {
		h.put(t, message(i, "tea"))
	}
	var x *Index
	batches := 0
	held := make(chan struct{})
	x = New(h.store, h.path(), Options{Batch: 10, reached: func(point string) {
		if point != "batch" {
			return
		}
		if batches++; batches == 3 {
			x.Hold(true)
			close(held)
		}
	}})
	defer x.Close(ctx) //nolint:errcheck // it answers nil
	x.Start()
	<-held
	found, err := x.Search(ctx, chat.Query{Text: "tea", Limit: 50})
	if err != nil {
		t.Fatal(err)
	}
	if p := found.Progress; len(found.Hits) != 20 || p.Ready || !p.Held || p.Percent() != 50 {
		t.Errorf("%d hits, %+v, %d %%", len(found.Hits), p, p.Percent())
	}
	x.Hold(false)
	if got := texts(t, x, chat.Query{Text: "tea"}); len(got) != 40 {
		t.Errorf("%d hits when it went on", len(got))
	}
	if p := x.Progress(); !p.Ready || p.Held || p.Percent() != 100 {
		t.Errorf("progress at the end %+v", p)
	}
}
