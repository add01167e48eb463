package main

import (
	"context"
	"strings"

	"sotto/app/messenger"
	"sotto/app/profile"
	"sotto/chat"
	"sotto/transport/wire"
)

type initVerb struct {
	Name  string `required:"" placeholder:"NAME" help:"What others see when you write to them."`
	Relay string `placeholder:"PASS-OR-ADDRESS" help:"Relay pass or address of the home relay, or - to read it from standard input (default: the embedded relay)."`
	Bot   bool   `help:"Say to everybody that this is a bot."`
}

// initObject is a new profile. The recovery code stands here once and nowhere else.
type initObject struct {
	V            v1     `json:"v"`
	ID           string `json:"id"`
	Name         string `json:"name"`
	Bot          bool   `json:"bot"`
	Relay        string `json:"relay"`
	RecoveryCode string `json:"recovery_code"`
}

func (o initObject) print(p *page) {
	p.pairs(
		[2]string{"name", plain(o.Name)}, [2]string{"id", o.ID}, [2]string{"relay", plain(o.Relay)},
		[2]string{"recovery code", o.RecoveryCode},
	)
}

func (v *initVerb) do(ctx context.Context, d *desk) (any, error) {
	dir, err := d.dir()
	if err != nil {
		return nil, err
	}
	if profile.Exists(dir) { // said before anybody is asked for a passphrase
		return nil, chat.ErrProfileExists
	}
	relay, err := d.text(v.Relay, longestSetting)
	if err != nil {
		return nil, err
	}
	if relay = strings.TrimSpace(relay); v.Relay != "" {
		if _, err := wire.ParsePass(relay); err != nil {
			return nil, explain(chat.ErrMalformed, wordsNoRelay+". Nothing was made.")
		}
	}
	secret, err := secretSource{
		file: d.flags.PassphraseFile, env: d.flags.PassphraseEnv, prompt: "New passphrase: ", repeat: true,
	}.read(ctx, d.words)
	if err != nil {
		return nil, err
	}
	p, code, err := profile.Create(ctx, profile.CreateOptions{
		Dir: dir, Name: v.Name, Passphrase: string(secret), Relay: relay, Bot: v.Bot,
	})
	if err != nil {
		return nil, err
	}
	d.session.profile = p
	m := p.Messenger
	self := m.Self()
	address, err := m.HomeRelay(ctx)
	d.say("Write the recovery code down. It opens this profile when the passphrase is forgotten, and is not shown again.")
	return initObject{ID: self.ID.String(), Name: self.Name, Bot: self.Bot, Relay: address, RecoveryCode: code}, err
}

func (*initVerb) onlyTerminal() {}

type whoamiVerb struct{}

// selfObject is who this profile is.
type selfObject struct {
	V      v1     `json:"v"`
	ID     string `json:"id"`
	Device string `json:"device"`
	Name   string `json:"name"`
	Bot    bool   `json:"bot"`
	Relay  string `json:"relay"` // address of the home relay, never its pass
}

func (o selfObject) print(p *page) {
	bot := ""
	if o.Bot {
		bot = "yes"
	}
	p.pairs(
		[2]string{"name", plain(o.Name)}, [2]string{"bot", bot}, [2]string{"id", o.ID}, [2]string{"device", o.Device},
		[2]string{"relay", plain(o.Relay)},
	)
}

func (whoamiVerb) do(ctx context.Context, d *desk) (any, error) {
	m, err := d.local(ctx)
	if err != nil {
		return nil, err
	}
	return newSelf(ctx, m)
}

func newSelf(ctx context.Context, m *messenger.Messenger) (selfObject, error) {
	self := m.Self()
	relay, err := m.HomeRelay(ctx)
	return selfObject{ID: self.ID.String(), Device: self.Device.String(), Name: self.Name, Bot: self.Bot, Relay: relay}, err
}
