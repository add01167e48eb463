package main

import (
	"strings"
	"testing"

	"sotto/app/profile"
)

func TestWhatTheWaysInLackIsSaid(t *testing.T) {
	slots := func(kinds ...profile.SlotKind) (out []profile.Slot) {
		for _, k := range kinds {
			out = append(out, profile.Slot{Kind: k})
		}
		return out
	}
	for _, c := range []struct {
		slots []profile.Slot
		want  judgement
		says  string
	}{
		{slots(profile.SlotPassphrase, profile.SlotRecovery), judgedOK, "It opens with: passphrase, recovery-code."},
		{slots(profile.SlotRecovery, profile.SlotKeyFile), judgedOK, "recovery-code, key-file."},
		{slots(profile.SlotPassphrase, profile.SlotKeychain), judgedAttention, "There is no recovery code."},
		{slots(profile.SlotPassphrase, profile.SlotRecovery, profile.SlotKeyFile), judgedAttention, "The key file is not required"},
	} {
		got := judgeWays(c.slots)
		if got.Judgement != c.want || !strings.Contains(got.Detail, c.says) || (got.Advice == "") != (c.want == judgedOK) {
			t.Errorf("%v: %+v", c.slots, got)
		}
	}
}
