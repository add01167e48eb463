package messenger

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// leftOut are the settings of the messenger that are in no backup, and why.
var leftOut = map[string]string{
	settingDevice:        "the keys of one device",
	settingListTold:      "a restored device tells its list in its first messages",
	settingGeneration:    "of mailboxes that a restored device has not",
	settingCredential:    "opens mailboxes of one device",
	settingReach:         "where a contact writes to one device",
	settingReplaced:      "mailboxes of one device",
	settingTaken:         "counts of one device's day",
	settingResent:        "when one device sent again",
	settingAsked:         "when one device asked",
	settingRefused:       "when one device raised an alert",
	settingRouted:        "when one device told its route",
	settingTimerAsked:    "when one device told the timer again",
	settingTimerAnswered: "when one device told the timer again",
	settingRejected:      "when one device raised an alert",
	settingFirsts:        "counts of one device's mailboxes",
	settingBlobs:         "of mailboxes that a restored device has not, and they end by themselves",
	settingLeft:          "is there while the profile is locked only",
	settingRestored:      "marks a restore under way",
}

// TestEverySettingBelongsIntoABackupOrNot fails for a setting that nobody decided about.
func TestEverySettingBelongsIntoABackupOrNot(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(`setting[A-Z]\w* *= *"(messenger/[^"]*)"`)
	found := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range name.FindAllSubmatch(b, -1) {
			found++
			if s := string(m[1]); InBackup(s) == (leftOut[s] != "") {
				t.Errorf("%s: %q is to be in a backup, or in the table of what is left out, and not in both", file, s)
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d settings were found", found)
	}
}
