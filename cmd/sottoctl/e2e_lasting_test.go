package main

import (
	"testing"
	"time"
)

func TestHowLongMessagesStayIsSetSeenAndKeptFromTheCommandLine(t *testing.T) {
	if testing.Short() {
		t.Skip("opens profiles")
	}
	ada, bo := startPeer(t, "Ada"), startPeer(t, "Bo")
	meet(t, ada, bo)

	t.Run("a timer holds on both sides and is shown in the chat", func(t *testing.T) {
		var set, seen timerObject
		ada.call("timer", map[string]any{"contact": "Bo", "dur": "2h", "require": "sent", "wait": "20s"}).into(&set)
		if set.Timer == nil || *set.Timer != "2h" {
			t.Fatalf("set: %+v", set)
		}
		var sent messageObject
		ada.call("send", map[string]any{"contact": "Bo", "text": "for two hours", "require": "sent", "wait": "20s"}).into(&sent)
		if time.Time(sent.Expires).IsZero() {
			t.Error("the own message has no end")
		}
		bo.event("message", func(e eventObject) bool { return e.MessageID == sent.ID })
		bo.call("timer", map[string]any{"contact": "Ada"}).into(&seen)
		if seen.Timer == nil || *seen.Timer != "2h" {
			t.Errorf("the peer has %+v", seen)
		}
		notices := 0
		for _, m := range bo.messages("Ada") {
			if m.Notice == "timer" && m.Timer != nil && *m.Timer == "2h" && m.From != "" {
				notices++
			}
			if m.ID == sent.ID && time.Time(m.Expires).IsZero() {
				t.Error("the message has no end at the peer")
			}
		}
		if notices != 1 {
			t.Errorf("%d notices of the timer at the peer", notices)
		}
		ada.call("timer", map[string]any{"contact": "Bo", "dur": "off", "wait": "20s"}).into(&set)
		if set.Timer != nil {
			t.Errorf("taken back: %+v", set)
		}
		for dur, code := range map[string]string{"0": "malformed", "367d": "usage", "soon": "malformed"} {
			ada.call("timer", map[string]any{"contact": "Bo", "dur": dur}).fails(exitUsage, code)
		}
	})

	t.Run("a message ends on both sides", func(t *testing.T) {
		ada.call("timer", map[string]any{"contact": "Bo", "dur": "1s", "require": "sent", "wait": "20s"}).ok()
		var sent messageObject
		ada.call("send", map[string]any{"contact": "Bo", "text": "for a moment", "require": "sent", "wait": "20s"}).into(&sent)
		bo.event("message", func(e eventObject) bool { return e.MessageID == sent.ID })
		bo.call("read", map[string]any{"contact": "Ada"}).ok()
		for _, p := range []*peer{ada, bo} {
			p.event("delete", func(e eventObject) bool { return e.MessageID == sent.ID })
		}
		for _, p := range []struct {
			*peer
			with string
		}{{ada, "Bo"}, {bo, "Ada"}} {
			for _, m := range p.messages(p.with) {
				if m.ID == sent.ID {
					t.Errorf("it is still there: %+v", m)
				}
			}
		}
	})

	t.Run("a rule holds in one conversation and is shown beside the default", func(t *testing.T) {
		var kept keptObject
		bo.call("retention.set", map[string]any{"span": "30d", "conversation": "Ada"}).into(&kept)
		var rules retentionObject
		bo.call("retention.show", nil).into(&rules)
		if rules.Keep != nil || len(rules.Conversations) != 1 || rules.Conversations[0].Keep == nil || *rules.Conversations[0].Keep != "30d" {
			t.Errorf("the rules are %+v", rules)
		}
		bo.call("retention.set", map[string]any{"span": "default", "conversation": "Ada"}).ok()
		var again retentionObject
		bo.call("retention.show", nil).into(&again)
		if len(again.Conversations) != 0 {
			t.Errorf("after default: %+v", again)
		}
	})
}
