//go:build e2e

package main

// timers takes the screens of disappearing messages and of retention.
func timers(g *gallery) {
	g.t.Helper()
	unlock(g, live(g))
	g.clickUntilItShows(g.row("Ada Lindqvist"))
	g.text("Bring the score")
	g.press("More")
	g.key("Down", "Down", "Return")
	g.text("New messages disappear on both sides")
	g.take("70-timer-choose")
	g.click(g.text("1 day"))
	g.press("Set timer")
	g.text("You set messages to disappear after 1 day.")
	g.take("71-timer-chat")
	g.press("Disappears after 1 d")
	g.text("Messages disappear after 1 day")
	g.take("72-timer-explained")
	g.key("Escape")
	g.press("Settings")
	g.press("About Sotto")
	g.press("Open Privacy")
	g.text("messages to take with you")
	g.press("Set how long")
	g.text("For every conversation that has no rule")
	g.take("73-retention")
	g.close()
}
