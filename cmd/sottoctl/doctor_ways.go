package main

import (
	"context"
	"strings"

	"sotto/app/profile"
)

// noteWays tells what opens the profile, and whether its own relay serves.
func (o *doctorObject) noteWays(ctx context.Context, p *profile.Profile) error {
	slots, err := p.Slots(ctx)
	if err != nil {
		return err
	}
	o.add(judgeWays(slots))
	if p.Relay.Damaged() {
		o.add(checkObject{
			Name: "own relay", Judgement: judgedFailed, Detail: "It does not run: its file is damaged.",
			Advice: "Set the file aside and begin a new one with sottoctl relay-serve --begin-anew, or in the window under Security.",
		})
	}
	return nil
}

// judgeWays lists the kinds of slots. Without a recovery code, or with a key file that is not required, it works, and
// something should be known.
func judgeWays(slots []profile.Slot) checkObject {
	has := map[profile.SlotKind]bool{}
	kinds := make([]string, len(slots))
	for i, s := range slots {
		has[s.Kind] = true
		kinds[i] = string(s.Kind)
	}
	c := checkObject{Name: "ways in", Judgement: judgedOK, Detail: "It opens with: " + strings.Join(kinds, ", ") + "."}
	switch {
	case !has[profile.SlotRecovery]:
		c.Judgement = judgedAttention
		c.Detail += " There is no recovery code."
		c.Advice = "Make one with sottoctl lock slots add recovery."
	case has[profile.SlotKeyFile] && has[profile.SlotPassphrase]:
		c.Judgement = judgedAttention
		c.Detail += " The key file is not required: a passphrase opens it alone."
		c.Advice = "Take that passphrase away with sottoctl lock slots remove ID."
	}
	return c
}
