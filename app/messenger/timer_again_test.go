package messenger

import (
	"testing"
	"time"

	"sotto/app/apptest/memstore"
	"sotto/chat"
	"sotto/transport/wire"
)

// setTimer lets one side set the timer; the envelope comes to lie on the table.
func (p *post) setTimer(t testing.TB, i int, after time.Duration) {
	t.Helper()
	p.now = p.now.Add(time.Minute)
	p.as(t, i, func(m *Messenger) {
		if err := m.SetTimer(t.Context(), m.ConversationWith(p.ids[1-i]), after); err != nil {
			t.Fatal(err)
		}
		m.sendTo(t.Context(), p.ids[1-i])
	})
}

// timers returns what holds on both sides.
func (p *post) timers(t testing.TB) (out [2]time.Duration) {
	t.Helper()
	for i := range out {
		p.as(t, i, func(m *Messenger) {
			var err error
			if out[i], err = m.Timer(t.Context(), m.ConversationWith(p.ids[1-i])); err != nil {
				t.Fatal(err)
			}
		})
	}
	return out
}

// timerNotices counts the changes that one side shows.
func (p *post) timerNotices(t testing.TB, i int) (n int) {
	t.Helper()
	p.as(t, i, func(m *Messenger) {
		all, err := m.Messages(t.Context(), m.ConversationWith(p.ids[1-i]), 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, msg := range all {
			if msg.Kind == chat.KindNotice && msg.Notice == NoticeTimer {
				n++
			}
		}
	})
	return n
}

// back restores one side from a copy of its store, as a backup does: on another device, without sessions, without what
// waited to be sent. What was on its way to the former device is lost.
func (p *post) back(t testing.TB, i int, image *memstore.Store) {
	t.Helper()
	p.stores[i], p.table[i] = image.Image(), nil
	p.change(t, i, func(tx chat.Tx) error {
		items, err := tx.Queue().List()
		if err != nil {
			return err
		}
		for _, item := range items {
			if err := tx.Queue().Delete(item.ID); err != nil {
				return err
			}
		}
		settings, err := tx.Settings().List()
		if err != nil {
			return err
		}
		for name := range settings {
			if name == settingTimerAsked+p.ids[1-i].String() || name == settingTimerAnswered+p.ids[1-i].String() {
				if err := tx.Settings().Delete(name); err != nil {
					return err
				}
			}
		}
		return nil
	})
	p.moved(t, i, false)
}

func TestI13TheTimerIsTheSameOnBothSidesAfterARestore(t *testing.T) {
	type change struct {
		by    int // 0 is the contact, 1 is who is restored
		after time.Duration
	}
	for name, c := range map[string]struct {
		before, since []change
		want          time.Duration
		notices       [2]int
	}{
		"switched off by the contact":         {[]change{{0, time.Hour}}, []change{{0, 0}}, 0, [2]int{2, 2}},
		"switched on by the contact":          {nil, []change{{0, time.Hour}}, time.Hour, [2]int{1, 1}},
		"changed by the contact":              {[]change{{0, time.Hour}}, []change{{0, 2 * time.Hour}}, 2 * time.Hour, [2]int{2, 2}},
		"set by the other before":             {[]change{{1, time.Hour}}, []change{{0, 2 * time.Hour}}, 2 * time.Hour, [2]int{2, 2}},
		"switched off by the former device":   {[]change{{1, time.Hour}}, []change{{1, 0}}, 0, [2]int{2, 2}},
		"switched on by the former device":    {nil, []change{{1, time.Hour}}, time.Hour, [2]int{1, 1}},
		"changed by the former device":        {[]change{{0, time.Hour}}, []change{{1, 2 * time.Hour}}, 2 * time.Hour, [2]int{2, 2}},
		"changed by both":                     {nil, []change{{0, time.Hour}, {1, 2 * time.Hour}, {0, 3 * time.Hour}}, 3 * time.Hour, [2]int{3, 1}},
		"not changed, set by the contact":     {[]change{{0, time.Hour}}, nil, time.Hour, [2]int{1, 1}},
		"not changed, set by who is restored": {[]change{{1, time.Hour}}, nil, time.Hour, [2]int{1, 1}},
		"switched off before":                 {[]change{{0, time.Hour}, {0, 0}}, nil, 0, [2]int{2, 2}},
		"never set":                           {nil, nil, 0, [2]int{0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			p := established(t)
			for _, b := range c.before {
				p.setTimer(t, b.by, b.after)
				p.exchange(t)
			}
			image := p.stores[1].Image()
			for _, s := range c.since {
				p.setTimer(t, s.by, s.after)
				p.exchange(t)
			}
			p.back(t, 1, image)
			p.write(t, 1, 1)
			p.exchange(t) // nobody has confirmed the new device
			if got := p.timers(t); got != [2]time.Duration{c.want, c.want} {
				t.Errorf("the timers are %v", got)
			}
			if got := [2]int{p.timerNotices(t, 0), p.timerNotices(t, 1)}; got != c.notices {
				t.Errorf("%v changes are shown", got)
			}
			p.setTimer(t, 1, 5*time.Hour) // goes on as ever
			p.exchange(t)
			p.setTimer(t, 0, 6*time.Hour)
			p.exchange(t)
			if got := p.timers(t); got != [2]time.Duration{6 * time.Hour, 6 * time.Hour} {
				t.Errorf("after two more changes the timers are %v", got)
			}
		})
	}
}

func TestI13AnOwnTimerThatNeverLeftIsToldAfterARestore(t *testing.T) {
	p := established(t)
	p.setTimer(t, 1, time.Hour)
	p.table[0] = nil
	image := p.stores[1].Image()
	p.back(t, 1, image)
	p.write(t, 1, 1)
	p.exchange(t)
	if got := p.timers(t); got != [2]time.Duration{time.Hour, time.Hour} {
		t.Errorf("the timers are %v", got)
	}
}

func TestI13TimersAgreeWhenBothSidesAreOlderImages(t *testing.T) {
	for name, late := range map[string]int{"the later change is the one's": 0, "the later change is the other's": 1} {
		t.Run(name, func(t *testing.T) {
			p := established(t)
			p.setTimer(t, 1-late, time.Hour)
			p.exchange(t)
			early := p.stores[1-late].Image()
			p.setTimer(t, late, 2*time.Hour)
			p.exchange(t)
			last := p.stores[late].Image()
			p.setTimer(t, 1-late, 3*time.Hour) // both lose it
			p.exchange(t)
			p.stores[1-late], p.stores[late], p.table = early, last, [2][]wire.Push{}
			p.forget(t, 0)
			p.forget(t, 1)
			p.write(t, 0, 1)
			p.write(t, 1, 1)
			p.exchange(t)
			if got := p.timers(t); got != [2]time.Duration{2 * time.Hour, 2 * time.Hour} {
				t.Errorf("the timers are %v", got)
			}
		})
	}
}

func TestI13ATimerThatALostStateMissedIsToldAgain(t *testing.T) {
	for name, missed := range map[string]time.Duration{"off": 0, "changed": 2 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			p := established(t)
			p.setTimer(t, 0, time.Hour)
			p.exchange(t)
			p.forget(t, 1)
			p.setTimer(t, 0, missed)
			p.handAll(t, 1) // cannot be opened
			if n := len(p.told(t, 1, EventSession, SessionLost)); n != 1 {
				t.Fatalf("the loss was told %d times", n)
			}
			p.exchange(t)
			if got := p.timers(t); got != [2]time.Duration{missed, missed} {
				t.Errorf("the timers are %v", got)
			}
			if a, b := p.timerNotices(t, 0), p.timerNotices(t, 1); a != 2 || b != 2 {
				t.Errorf("%d and %d changes are shown", a, b)
			}
		})
	}
}

func TestI13ATimerToldAgainDoesNotComeBackOverALaterOne(t *testing.T) {
	p := established(t)
	p.setTimer(t, 0, time.Hour)
	p.exchange(t)
	p.setTimer(t, 1, 2*time.Hour)
	p.exchange(t)
	p.forget(t, 1)
	p.write(t, 1, 1) // asks
	p.now = p.now.Add(time.Minute)
	p.as(t, 1, func(m *Messenger) { // a change that crosses the answer
		if err := m.SetTimer(t.Context(), m.ConversationWith(p.ids[0]), 0); err != nil {
			t.Fatal(err)
		}
	})
	p.exchange(t)
	if got := p.timers(t); got != [2]time.Duration{0, 0} {
		t.Errorf("the timers are %v", got)
	}
	if a, b := p.timerNotices(t, 0), p.timerNotices(t, 1); a != 3 || b != 3 {
		t.Errorf("%d and %d changes are shown", a, b)
	}
}

func TestI13TheTimerIsToldAgainOnceAnHour(t *testing.T) {
	p := established(t)
	image := p.stores[1].Image()
	p.setTimer(t, 0, 2*time.Hour)
	p.exchange(t)
	restored := func() time.Duration {
		p.back(t, 1, image)
		p.write(t, 1, 1)
		p.exchange(t)
		return p.timers(t)[1]
	}
	if got := restored(); got != 2*time.Hour {
		t.Fatalf("after a restore the timer is %v", got)
	}
	if got := restored(); got != 0 {
		t.Errorf("told again within the hour: %v", got)
	}
	p.now = p.now.Add(resendEvery)
	if got := restored(); got != 2*time.Hour {
		t.Errorf("after an hour the timer is %v", got)
	}
}

func TestI13TheOwnTimerGoesWithAQuestionOnceAnHour(t *testing.T) {
	p := established(t)
	p.setTimer(t, 1, 2*time.Hour)
	p.exchange(t)
	conv := ""
	p.as(t, 0, func(m *Messenger) { conv = m.ConversationWith(p.ids[1]).String() })
	asked := func() time.Duration {
		p.forget(t, 1)
		p.change(t, 0, func(tx chat.Tx) error { // as one that never heard of it
			return ignoreMissing(tx.Settings().Delete(settingTimer + conv))
		})
		p.write(t, 1, 1)
		p.exchange(t)
		return p.timers(t)[0]
	}
	if got := asked(); got != 2*time.Hour {
		t.Fatalf("with the question the timer was %v", got)
	}
	if got := asked(); got != 0 {
		t.Errorf("told again within the hour: %v", got)
	}
	p.now = p.now.Add(resendEvery)
	if got := asked(); got != 2*time.Hour {
		t.Errorf("after an hour the timer was %v", got)
	}
}

func TestI13ATimerWhoseContentIsNotKnownAnyMoreIsToldAgain(t *testing.T) {
	p := established(t)
	image := p.stores[1].Image()
	p.setTimer(t, 0, time.Hour)
	p.exchange(t)
	p.as(t, 0, func(m *Messenger) { // as a version left it that did not keep the content's id
		err := m.update(t.Context(), func(u *unit) error {
			conv := m.ConversationWith(p.ids[1])
			c, err := timerOf(u.Tx, conv)
			if err != nil {
				return err
			}
			c.ID, c.Seq = chat.MessageID{}, 0
			return u.putTimer(conv, c)
		})
		if err != nil {
			t.Fatal(err)
		}
	})
	for range 2 { // the second time under the id of the first
		p.back(t, 1, image)
		p.write(t, 1, 1)
		p.exchange(t)
		if got := p.timers(t); got != [2]time.Duration{time.Hour, time.Hour} {
			t.Errorf("the timers are %v", got)
		}
		p.now = p.now.Add(resendEvery)
	}
}
