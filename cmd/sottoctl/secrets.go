package main

import (
	"context"

	"sotto/app/profile"
	"sotto/chat"
)

// newPassphrase is where a new passphrase comes from.
type newPassphrase struct {
	NewPassphraseFile string `placeholder:"FILE" xor:"new" help:"Read the new passphrase from the first line of a file."`
	NewPassphraseEnv  string `placeholder:"VAR" xor:"new" help:"Read the new passphrase from an environment variable."`
}

func (n newPassphrase) read(ctx context.Context, d *desk) ([]byte, error) {
	return secretSource{
		file: n.NewPassphraseFile, env: n.NewPassphraseEnv, prompt: "New passphrase: ", repeat: true,
		flags: "--new-passphrase-file or --new-passphrase-env",
	}.read(ctx, d.words)
}

type passwdVerb struct{ newPassphrase }

func (v *passwdVerb) do(ctx context.Context, d *desk) (any, error) {
	old, err := d.passphrase(ctx)
	if err != nil {
		return nil, err
	}
	d.session.typed = old
	p, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	secret, err := v.read(ctx, d)
	if err != nil {
		return nil, err
	}
	if err := p.ChangePassphrase(ctx, old, string(secret)); err != nil {
		return nil, err
	}
	d.say("The passphrase is changed. The recovery code stays as it was.")
	return done{}, nil
}

func (*passwdVerb) onlyTerminal() {}

type recoverVerb struct {
	CodeFile string `required:"" placeholder:"FILE" help:"Read the recovery code from the first line of a file; - asks at the terminal."`
	newPassphrase
}

func (*recoverVerb) onlyTerminal() {}

func (v *recoverVerb) do(ctx context.Context, d *desk) (any, error) {
	dir, err := d.dir()
	if err != nil {
		return nil, err
	}
	if !profile.Exists(dir) {
		return nil, chat.ErrNoProfile
	}
	source := secretSource{file: v.CodeFile, prompt: "Recovery code: ", flags: "--code-file FILE"}
	if v.CodeFile == "-" {
		source.file = ""
	}
	code, err := source.read(ctx, d.words)
	if err != nil {
		return nil, err
	}
	secret, err := v.read(ctx, d)
	if err != nil {
		return nil, err
	}
	p, err := d.enter(ctx, dir, profile.RecoveryCode(string(code)))
	if err != nil {
		return nil, err
	}
	if err := p.ResetPassphrase(ctx, string(secret)); err != nil {
		return nil, err
	}
	d.say("The profile opens with the new passphrase. The recovery code stays as it was.")
	return done{}, nil
}
