package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"sotto/app/profile"
	"sotto/chat"
)

func TestTheCommandLine(t *testing.T) {
	for _, c := range []struct {
		args []string
		want options
		bad  bool
	}{
		{args: nil, want: options{profile: profile.DefaultDir()}},
		{args: []string{"--profile", "p"}, want: options{profile: "p"}},
		{args: []string{"--demo", "d"}, want: options{profile: "d", demo: true}},
		{args: []string{"--version"}, want: options{profile: profile.DefaultDir(), version: true}},
		{args: []string{"--passphrase", "x"}, bad: true},
		{args: []string{"stray"}, bad: true},
	} {
		got, err := parse(c.args)
		if (err != nil) != c.bad || !c.bad && got != c.want {
			t.Errorf("%q: %+v, %v", c.args, got, err)
		}
	}
}

func TestDemoRefusesAnExistingProfile(t *testing.T) {
	dir := t.TempDir()
	vault := filepath.Join(dir, "vault")
	if err := os.WriteFile(vault, []byte("somebody's"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(options{profile: dir, demo: true}); !errors.Is(err, chat.ErrProfileExists) {
		t.Fatalf("%v, wanted ErrProfileExists", err)
	}
	if b, err := os.ReadFile(vault); err != nil || string(b) != "somebody's" {
		t.Errorf("the profile was touched: %q, %v", b, err)
	}
}
