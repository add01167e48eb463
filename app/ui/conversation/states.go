package conversation

import (
	"sotto/app/messenger"
	"sotto/app/ui/confirm"
	"sotto/app/ui/i18n"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
	"sotto/chat"
)

// act is what the explanation of a state offers to do.
type act int

const (
	noAct act = iota
	compare
	openPrivacy
	openSettings
	confirmIt
	changeTimer
)

// condition is one state that the head of the chat shows: a chip, and three sentences on it.
type condition struct {
	icon   theme.IconName
	tone   widget.Tone
	word   string
	title  string
	text   string
	offer  string
	action act
}

// conditions lists the states of a contact, the weightiest first. overdue says that delivery has been in the way for
// longer than it may.
func conditions(c chat.Contact, s messenger.SecurityState, overdue bool) []condition {
	named := i18n.Args{"Name": screen.NameOf(c)}
	var out []condition
	if m := confirm.Of(s); m != confirm.Nothing {
		name := screen.NameOf(c)
		out = append(out, condition{
			icon: confirm.Icon(m), tone: confirm.Tone(m), word: confirm.Word(m), title: confirm.Title(m, name),
			text: confirm.Text(m, s, name), offer: i18n.T("confirm.act"), action: confirmIt,
		})
	}
	switch s.Verification {
	case chat.Changed: // said above
	case chat.Verified:
		out = append(out, condition{
			icon: theme.IconVerified, tone: widget.Fine, word: i18n.T("state.verified"), title: i18n.T("state.verified.title", named),
			text: i18n.T("state.verified.text", named), offer: i18n.T("state.look"), action: compare,
		})
	default:
		text := i18n.T("state.unverified.text", named)
		if c.Bot {
			text = i18n.T("state.unverified.bot", named)
		}
		out = append(out, condition{
			icon: theme.IconUnverified, word: i18n.T("state.unverified"), title: i18n.T("state.unverified.title", named),
			text: text, offer: i18n.T("state.compare"), action: compare,
		})
	}
	if w, ok := delivering(s, overdue, named); ok {
		out = append(out, w)
	}
	if c.Bot {
		out = append(out, condition{
			icon: theme.IconBot, word: i18n.T("state.bot"), title: i18n.T("state.bot.title", named),
			text: i18n.T("state.bot.text", named), offer: i18n.T("state.bot.offer"), action: openPrivacy,
		})
	}
	return append(out, quantum(s, named))
}

// delivering is the state of what is on its way.
func delivering(s messenger.SecurityState, overdue bool, named i18n.Args) (condition, bool) {
	c := condition{icon: theme.IconOffline, tone: widget.Careful, offer: i18n.T("state.offline.offer"), action: openSettings}
	away := s.Relay != "" && !s.Online
	switch {
	case s.Parked > 0:
		return condition{
			icon: theme.IconAlert, tone: widget.Alarming, word: i18n.N("state.parked", s.Parked),
			title: i18n.T("state.parked.title"), text: i18n.T("state.parked.text", named),
		}, true
	case !overdue:
		return c, false
	case away && s.Waiting > 0:
		c.word, c.title, c.text = i18n.N("state.offline.waiting", s.Waiting), i18n.T("state.offline.title"), i18n.T("state.offline.text", named)
	case away:
		c.word, c.title, c.text = i18n.T("state.offline"), i18n.T("state.offline.title"), i18n.T("state.offline.text", named)
	case s.Waiting > 0:
		c.word, c.title, c.text = i18n.N("state.offline.waiting", s.Waiting), i18n.T("state.waiting.title", named), i18n.T("state.waiting.text", named)
		c.offer, c.action = "", noAct
	default:
		return c, false
	}
	return c, true
}

// quantum is how far the post-quantum part of the session has come.
func quantum(s messenger.SecurityState, named i18n.Args) condition {
	switch s.PQ {
	case messenger.PQAuthenticated:
		return condition{
			icon: theme.IconQuantum, tone: widget.Fine, word: i18n.T("state.quantum"), title: i18n.T("state.quantum.title"),
			text: i18n.T("state.quantum.text", named),
		}
	case messenger.PQOverdue:
		return condition{
			icon: theme.IconQuantumPending, tone: widget.Careful, word: i18n.T("state.quantum.overdue"), title: i18n.T("state.quantum.overdue.title"),
			text: i18n.T("state.quantum.overdue.text", named),
		}
	}
	if s.PQ != messenger.PQPending {
		return condition{
			icon: theme.IconClock, word: i18n.T("state.quantum.none"), title: i18n.T("state.quantum.none.title", named),
			text: i18n.T("state.quantum.none.text"),
		}
	}
	return condition{
		icon: theme.IconQuantumPending, tone: widget.Careful, word: i18n.T("state.quantum.pending"), title: i18n.T("state.quantum.pending.title"),
		text: i18n.T("state.quantum.pending.text", named),
	}
}
