package conversation

import (
	"context"

	"sotto/app/ui/askbot"
	"sotto/app/ui/screen"
	"sotto/app/ui/theme"
	"sotto/app/ui/widget"
)

// showQuestion puts the question whether a bot may read into the composer's place, or takes it away once it was answered.
// What was written before stays in the composer.
func (c *composer) showQuestion() {
	needed := c.v.security.NeedsConsent
	if needed == (c.asked != nil) {
		return
	}
	canvas := c.v.s.Canvas()
	if !needed {
		c.asked = nil
		c.ask.RemoveAll()
		c.ask.Hide()
		c.content.Show()
		c.takeKeyboard()
		return
	}
	c.escape()
	c.stopTyping(false)
	panel, button := askbot.Panel(screen.NameOf(c.v.contact), c.agree)
	c.asked = button
	c.ask.Objects = append(c.ask.Objects[:0], widget.NewNarrow(theme.ChatWidth, false,
		widget.NewInset(theme.Space1, theme.Space4, theme.Space4, theme.Space4, panel)))
	c.content.Hide()
	c.ask.Show()
	if canvas.Focused() == c.field.Focus() {
		c.takeKeyboard()
	}
}

// takeKeyboard gives the keyboard to what can be used: the text or the question.
func (c *composer) takeKeyboard() {
	if c.asked != nil {
		c.v.s.Canvas().Unfocus()
		return
	}
	c.v.s.Canvas().Focus(c.field.Focus())
}

// agree records that the bot may read.
func (c *composer) agree() {
	c.asked.Disable()
	ledger, bot, button := c.v.s.Profile.Ledger, c.v.contact.ID, c.asked
	c.v.s.Work.InOrder(func(ctx context.Context) error {
		return askbot.Allow(ctx, ledger, bot, askbot.MethodBanner)
	}, func(err error) {
		button.Enable()
		c.v.s.Nav.Fail(err)
		c.v.s.Nav.Changed()
	})
}
