package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"sotto/app/profile"
	"sotto/app/security"
	"sotto/chat"
)

type lockGroup struct {
	Slots slotsGroup `cmd:"" help:"See and change what opens the profile."`
}

type slotsGroup struct {
	List   slotsListVerb   `cmd:"" help:"List what opens the profile."`
	Add    slotsAddGroup   `cmd:"" help:"Add another way to open it."`
	Remove slotsRemoveVerb `cmd:"" help:"Take a way to open it away."`
}

type slotsAddGroup struct {
	Passphrase slotsAddPassphraseVerb `cmd:"" help:"Another passphrase."`
	KeyFile    slotsAddKeyFileVerb    `cmd:"" name:"key-file" help:"A passphrase and a key file, both needed."`
	Keychain   slotsAddKeychainVerb   `cmd:"" help:"The keychain of this computer: opens without a passphrase for whoever is logged in as you."`
	Recovery   slotsAddRecoveryVerb   `cmd:"" help:"A new recovery code, in place of the one there is."`
}

// slotObject is a way to open the profile.
type slotObject struct {
	V       v1     `json:"v"`
	ID      string `json:"id"`
	Kind    string `json:"kind"`
	Created stamp  `json:"created"`
	Used    stamp  `json:"used"`    // when it last opened the profile; null: not that it is known
	Current bool   `json:"current"` // it opened the profile this time
	// What one guess at the passphrase costs (Argon2id); 0 where there is none.
	Memory  uint32 `json:"memory"` // KiB
	Passes  uint32 `json:"passes"`
	Threads uint8  `json:"threads"`

	RecoveryCode string `json:"recovery_code,omitempty"` // of one that was just made; shown once
}

func newSlot(s profile.Slot) slotObject {
	return slotObject{
		ID: s.ID, Kind: string(s.Kind), Created: stamp(s.Created), Used: stamp(s.Used), Current: s.Current,
		Memory: s.Memory, Passes: s.Passes, Threads: s.Threads,
	}
}

func (o slotObject) cost() string {
	if o.Memory == 0 {
		return "-"
	}
	return fmt.Sprintf("%d MiB, %d times", o.Memory>>10, o.Passes)
}

func (o slotObject) print(p *page) {
	if o.RecoveryCode != "" {
		p.line("%s", o.RecoveryCode)
		return
	}
	p.pairs([2]string{"id", o.ID}, [2]string{"kind", o.Kind}, [2]string{"created", o.Created.local()}, [2]string{"cost", o.cost()})
}

type slotObjects []slotObject

func (o slotObjects) print(p *page) {
	rows := make([][]string, len(o))
	for i, s := range o {
		used := s.Used.local()
		if s.Current {
			used += " (now)"
		}
		rows[i] = []string{s.ID, s.Kind, s.Created.local(), used, s.cost()}
	}
	p.table([]string{"ID", "KIND", "CREATED", "USED", "COST OF A GUESS"}, rows)
}

type slotsListVerb struct{}

func (slotsListVerb) do(ctx context.Context, d *desk) (any, error) {
	p, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	list, err := p.Slots(ctx)
	out := make(slotObjects, len(list))
	for i, s := range list {
		out[i] = newSlot(s)
	}
	return out, err
}

// openConfirmed opens the profile and confirms a change of slots with its passphrase.
func (d *desk) openConfirmed(ctx context.Context) (*profile.Profile, error) {
	secret, err := d.passphrase(ctx)
	if err != nil {
		return nil, err
	}
	d.session.typed = secret
	p, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	return p, p.StepUp.Confirm(ctx, security.ActSlots, []byte(secret))
}

type slotsAddPassphraseVerb struct{ newPassphrase }

func (*slotsAddPassphraseVerb) onlyTerminal() {}

func (v *slotsAddPassphraseVerb) do(ctx context.Context, d *desk) (any, error) {
	p, err := d.openConfirmed(ctx)
	if err != nil {
		return nil, err
	}
	secret, err := v.read(ctx, d)
	if err != nil {
		return nil, err
	}
	slot, err := p.AddPassphrase(ctx, string(secret))
	if err != nil {
		return nil, err
	}
	d.say("Each of the passphrases opens the profile now.")
	return newSlot(slot), nil
}

type slotsAddKeyFileVerb struct {
	File string `placeholder:"FILE" required:"" xor:"file" help:"A file of 32 bytes to 1 MiB; it must never change."`
	Make string `placeholder:"FILE" required:"" xor:"file" help:"Make a key file of random bytes there first."`
	newPassphrase
}

func (*slotsAddKeyFileVerb) onlyTerminal() {}

func (v *slotsAddKeyFileVerb) do(ctx context.Context, d *desk) (any, error) {
	p, err := d.openConfirmed(ctx)
	if err != nil {
		return nil, err
	}
	secret, err := v.read(ctx, d)
	if err != nil {
		return nil, err
	}
	dir, err := d.dir()
	if err != nil {
		return nil, err
	}
	file := v.File
	if v.Make != "" {
		if file, err = filepath.Abs(v.Make); err != nil {
			return nil, err
		}
		if err := profile.MakeKeyFile(dir, file); errors.Is(err, chat.ErrExists) {
			return nil, explain(err, "There is a file of that name already. It was left as it is, and no slot was added.")
		} else if err != nil {
			return nil, err
		}
	}
	slot, err := p.AddKeyFile(ctx, string(secret), file)
	if err != nil {
		return nil, err
	}
	d.say("The passphrase opens the profile together with the file: sottoctl --key-file FILE. Keep a copy of the file elsewhere; without it, only the other ways open.")
	if w, err := profile.WaysIn(dir, profile.Options{}); err == nil && w.Passphrase {
		d.say("It is no second factor yet: a passphrase opens the profile alone. Take that way away with: sottoctl lock slots remove ID")
	}
	return newSlot(slot), nil
}

type slotsAddKeychainVerb struct{}

func (*slotsAddKeychainVerb) onlyTerminal() {}

func (v *slotsAddKeychainVerb) do(ctx context.Context, d *desk) (any, error) {
	p, err := d.openConfirmed(ctx)
	if err != nil {
		return nil, err
	}
	slot, err := p.AddKeychain(ctx)
	if err != nil {
		return nil, err
	}
	d.say("The profile opens without a passphrase on this computer: whoever is logged in as you can open it, with --keychain or at the window.")
	return newSlot(slot), nil
}

type slotsAddRecoveryVerb struct{}

func (*slotsAddRecoveryVerb) onlyTerminal() {}

func (v *slotsAddRecoveryVerb) do(ctx context.Context, d *desk) (any, error) {
	p, err := d.openConfirmed(ctx)
	if err != nil {
		return nil, err
	}
	code, err := p.NewRecoveryCode(ctx)
	if err != nil {
		return nil, err
	}
	slots, err := p.Slots(ctx)
	if err != nil {
		return nil, err
	}
	out := slotObject{Kind: string(profile.SlotRecovery)}
	for _, s := range slots {
		if s.Kind == profile.SlotRecovery {
			out = newSlot(s)
		}
	}
	out.RecoveryCode = code
	d.say("Write these 20 words down and keep them away from this computer. They are shown only now; an earlier code opens nothing any more.")
	return out, nil
}

type slotsRemoveVerb struct {
	ID string `arg:"" name:"id" help:"Id of the slot."`
}

func (*slotsRemoveVerb) onlyTerminal() {}

func (v *slotsRemoveVerb) do(ctx context.Context, d *desk) (any, error) {
	p, err := d.openConfirmed(ctx)
	if err != nil {
		return nil, err
	}
	err = p.RemoveSlot(ctx, v.ID)
	switch {
	case errors.Is(err, chat.ErrNotFound):
		return nil, explain(err, "There is no slot of that id. See: sottoctl lock slots list")
	case err != nil:
		return nil, err
	}
	d.say("It opens the profile no more. Older copies of the profile's files still open with it.")
	return done{}, nil
}
