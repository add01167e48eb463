package main

import (
	"context"
	"errors"
	"strconv"
	"time"

	"sotto/app/profile"
	"sotto/chat"
)

type salvageVerb struct {
	Out      string `required:"" placeholder:"PATH" help:"New folder to write."`
	CodeFile string `placeholder:"FILE" help:"Open with the recovery code in this file, in place of the passphrase."`
}

func (*salvageVerb) onlyTerminal() {}

// salvageObject is what could be saved of a profile, and what not. salvage.json in the folder says it in full.
type salvageObject struct {
	V            v1     `json:"v"`
	Path         string `json:"path"`
	Complete     bool   `json:"complete"` // nothing is missing
	Signed       bool   `json:"signed"`   // as an export
	Contacts     int    `json:"contacts"`
	Conversation int    `json:"conversations"`
	Messages     int    `json:"messages"`
	Files        int    `json:"files"`         // of messages
	FilesMissing int    `json:"files_missing"` // manifest.json says which, and why
	Lost         int    `json:"lost"`          // messages known to be missing
	Exact        bool   `json:"exact"`         // false: more may be missing
	VaultDamaged bool   `json:"vault_damaged"`
	Pages        int    `json:"pages"`            // of the database
	Unreadable   int    `json:"unreadable_pages"` // of them
	Report       string `json:"report"`           // name of the full report in the folder
}

func newSalvage(path string, s profile.Salvaged) salvageObject {
	counts := s.Export.Manifest.Counts
	o := salvageObject{
		Path: path, Complete: s.Report.Complete, Signed: s.Report.Signed, Contacts: counts.Contacts, Conversation: counts.Conversations,
		Messages: counts.Messages, Files: counts.Files, FilesMissing: counts.FilesMissing, Lost: s.Report.Lost(), Exact: true, VaultDamaged: s.Report.VaultDamaged, Pages: s.Report.File.Pages,
		Unreadable: s.Report.File.UnreadablePages, Report: profile.SalvageFile,
	}
	for _, c := range s.Report.Conversations {
		o.Exact = o.Exact && c.Exact
	}
	for _, t := range s.Report.Tables {
		if t.Table == "messages" {
			o.Exact = o.Exact && t.Expected != nil
		}
	}
	return o
}

func (o salvageObject) print(p *page) {
	lost, signed := strconv.Itoa(o.Lost)+" messages", "yes"
	if !o.Exact {
		lost = "at least " + lost
	}
	if !o.Signed {
		signed = "no, the identity cannot be read"
	}
	p.pairs(
		[2]string{"path", plain(o.Path)},
		[2]string{"saved", number(o.Messages, "message") + " in " + number(o.Conversation, "conversation") + ", " + number(o.Contacts, "contact")},
		[2]string{"files", number(o.Files, "file") + " saved, " + strconv.Itoa(o.FilesMissing) + " missing"},
		[2]string{"lost", lost}, [2]string{"pages", number(o.Unreadable, "page") + " of " + strconv.Itoa(o.Pages) + " unreadable"},
		[2]string{"signed", signed}, [2]string{"report", o.Report},
	)
}

func (v *salvageVerb) do(ctx context.Context, d *desk) (any, error) {
	dir, err := d.dir()
	if err != nil {
		return nil, err
	}
	if !profile.Exists(dir) {
		return nil, chat.ErrNoProfile
	}
	secret, err := v.secret(ctx, d)
	if err != nil {
		return nil, err
	}
	s, err := profile.Salvage(ctx, profile.SalvageOptions{Dir: dir, Secret: secret, Out: v.Out, Zone: time.Local})
	switch {
	case errors.Is(err, chat.ErrExists):
		return nil, explain(err, "There is a file or folder of that name already. It was left as it is.")
	case errors.Is(err, chat.ErrVaultDamaged):
		return nil, explain(err, "The vault file is too damaged to be opened, and without it nothing can be read. A backup is the only way back: sottoctl restore FILE")
	case errors.Is(err, chat.ErrDamaged):
		return nil, explain(err, "Not one key could be read from the history, so nothing can be saved from it. A backup is the only way back: sottoctl restore FILE")
	case err != nil:
		return nil, err
	}
	d.say("What could be read is in the folder, not encrypted. The profile itself was left as it is; %s lists what is missing.", profile.SalvageFile)
	return newSalvage(v.Out, s), nil
}

func (v *salvageVerb) secret(ctx context.Context, d *desk) (profile.Secret, error) {
	if v.CodeFile != "" {
		code, err := secretSource{file: v.CodeFile}.read(ctx, d.words)
		return profile.RecoveryCode(string(code)), err
	}
	typed, err := d.passphrase(ctx)
	if err == nil && d.flags.KeyFile != "" {
		return profile.WithKeyFile(typed, d.flags.KeyFile), nil
	}
	return profile.Passphrase(typed), err
}
