package conversation

import (
	"context"
	"strconv"
	"strings"
	"time"

	"sotto/app/messenger"
	"sotto/app/ui/form"
	"sotto/app/ui/i18n"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

const day = 24 * time.Hour

// timers are the times that are offered for new messages; 0 is off.
var timers = []time.Duration{0, 30 * time.Second, 5 * time.Minute, time.Hour, 8 * time.Hour, day, 7 * day, 28 * day}

// ownTimer is the option of a time that is typed.
const ownTimer = "own"

// disappearing is the state of a conversation with a timer.
func disappearing(after time.Duration, named i18n.Args) condition {
	long := i18n.Duration(after)
	return condition{
		icon: theme.IconTimer, word: i18n.T("timer.chip", i18n.Args{"Time": shortTime(after)}), title: i18n.T("timer.title", i18n.Args{"Time": long}),
		text: i18n.T("timer.text", i18n.Args{"Time": long, "Name": named["Name"]}), offer: i18n.T("timer.change"), action: changeTimer,
	}
}

// shortTime writes a time in as few letters as a chip has room for: 1 d, 90 s.
func shortTime(d time.Duration) string {
	for _, u := range []struct {
		unit time.Duration
		key  string
	}{{7 * day, "timer.weeks"}, {day, "timer.days"}, {time.Hour, "timer.hours"}, {time.Minute, "timer.minutes"}} {
		if d >= u.unit && d%u.unit == 0 {
			return i18n.T(u.key, i18n.Args{"N": int(d / u.unit)})
		}
	}
	return i18n.T("timer.seconds", i18n.Args{"N": int((d + time.Second - 1) / time.Second)})
}

// timerNotice tells who set the timer, and to what.
func (t teller) timerNotice(m chat.Message) widget.Notice {
	n := widget.Notice{Key: m.ID.String(), Icon: theme.IconTimer, Action: i18n.T("chat.what")}
	args := t.named()
	who := "them"
	if m.Author == t.self {
		who = "you"
	}
	if m.ExpiresAfter == 0 {
		n.Text = i18n.T("timer.notice."+who+".off", args)
		return n
	}
	args["Time"] = i18n.Duration(m.ExpiresAfter)
	n.Text = i18n.T("timer.notice."+who, args)
	return n
}

// chooseTimer lets the person set the timer of the conversation.
func (v *View) chooseTimer() {
	if !v.ready {
		return
	}
	chosen := strconv.FormatInt(int64(v.timer), 10)
	var options []form.Option
	known := false
	for _, d := range timers {
		title := i18n.T("timer.off")
		if d > 0 {
			title = i18n.Duration(d)
		}
		known = known || d == v.timer
		options = append(options, form.Option{Key: strconv.FormatInt(int64(d), 10), Title: title})
	}
	options = append(options, form.Option{Key: ownTimer, Title: i18n.T("timer.own")})
	entry := widget.NewEntry(i18n.T("timer.own.placeholder"))
	field := widget.NewField(i18n.T("timer.own.label"), i18n.T("timer.own.hint"), entry)
	if !known {
		chosen = ownTimer
		entry.SetText(compact(v.timer))
	}
	holder := widget.NewColumn(0)
	show := func(key string) {
		holder.RemoveAll()
		if key == ownTimer {
			holder.Add(field)
		}
		holder.Refresh()
	}
	var sheet *form.Sheet
	radio := form.NewRadio(chosen, func(key string) {
		show(key)
		sheet.Fit()
	}, options...)
	show(chosen)
	sheet = form.NewSheet(form.SheetWords{
		Title: i18n.T("timer.choose"), Text: i18n.T("timer.choose.text", v.named()), Act: i18n.T("timer.act"), Cancel: i18n.T("chat.cancel"), Rank: widget.Primary,
	}, widget.NewColumn(theme.Space2, radio, holder), func() {
		after, ok := chosenTimer(radio.Chosen(), entry.Text)
		if !ok {
			field.SetError(i18n.T("timer.own.wrong"))
			return
		}
		sheet.Close()
		v.setTimer(after)
	}, nil)
	sheet.Open(v.s.Canvas())
}

func chosenTimer(key, typed string) (time.Duration, bool) {
	if key == ownTimer {
		return parseTimer(typed)
	}
	n, err := strconv.ParseInt(key, 10, 64)
	return time.Duration(n), err == nil
}

// timerUnits are the letters behind a number that is typed.
var timerUnits = []struct {
	letter string
	unit   time.Duration
}{{"w", 7 * day}, {"d", day}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}}

// parseTimer reads a whole number with a unit: "90 s", "3d", "2 weeks".
func parseTimer(text string) (time.Duration, bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	end := strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' })
	if end <= 0 || len(text) > 24 {
		return 0, false
	}
	n, err := strconv.ParseUint(text[:end], 10, 32)
	word := strings.TrimSpace(text[end:])
	if err != nil || word == "" {
		return 0, false
	}
	for _, u := range timerUnits {
		if word[:1] != u.letter {
			continue
		}
		if n > uint64(messenger.LongestTimer/u.unit) {
			return 0, false
		}
		d := time.Duration(n) * u.unit
		return d, d >= messenger.ShortestTimer
	}
	return 0, false
}

// compact writes a time as parseTimer reads it.
func compact(d time.Duration) string {
	for _, u := range timerUnits {
		if d >= u.unit && d%u.unit == 0 {
			return strconv.FormatInt(int64(d/u.unit), 10) + " " + u.letter
		}
	}
	return ""
}

func (v *View) setTimer(after time.Duration) {
	messages, id := v.s.Messenger(), v.id
	v.s.Work.InOrder(func(ctx context.Context) error { return messages.SetTimer(ctx, id, after) }, v.s.Nav.Fail)
}

// dropEnded takes the rows of messages that have ended off the timeline at once, so that what is read anew has edges that
// are there and the reader's place is kept.
func (v *View) dropEnded(gone map[chat.MessageID]bool) {
	var keys []string
	newest := v.newest
	for _, r := range v.timeline.Rows() {
		id, ok := messageOf(r)
		switch {
		case ok && gone[id]:
			keys = append(keys, r.RowKey())
		case ok && gone[v.newest]:
			newest = id
		}
	}
	if len(keys) > 0 {
		v.newest = newest
		v.timeline.Remove(keys...)
	}
}
