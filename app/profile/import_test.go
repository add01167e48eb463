package profile_test

import (
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"sotto/app/messenger"
	"sotto/app/privacy"
	"sotto/app/privacy/export"
	"sotto/app/profile"
)

// What comes back by an import is under the rules that stand, at once.
func TestWhatIsTakenInIsUnderTheRules(t *testing.T) {
	var behind atomic.Int64
	behind.Store(int64(2 * time.Hour))
	options := cheap
	options.Now = func() time.Time { return time.Now().Add(-time.Duration(behind.Load())) }
	ada, _, err := profile.Create(t.Context(), profile.CreateOptions{
		Options: options, Dir: filepath.Join(t.TempDir(), "profile"), Name: "Ada", Passphrase: passphrase,
	})
	if err != nil {
		t.Fatal(err)
	}
	start(t, ada)
	ben := create(t, "Ben", "")
	introduce(t, ada, ben)
	id := ben.Messenger.Self().ID
	say(t, ada, ben, "old")
	out := filepath.Join(t.TempDir(), "export")
	if _, err := ada.Export.Write(t.Context(), export.Request{Out: out}); err != nil {
		t.Fatal(err)
	}
	behind.Store(0)
	if err := ada.Retention.Set(t.Context(), privacy.RuleChange{Keep: time.Hour}); err != nil {
		t.Fatal(err)
	}
	gone := func() bool { return len(texts(t, ada, id)) == 0 }
	eventually(t, "the end of what is old", gone)
	removed := eventOf(ada, messenger.EventDelete, messenger.RemovedRetention)
	if got, err := ada.Import.Import(t.Context(), export.ImportRequest{Path: out}); err != nil || got.Added == 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	await(t, removed)
	eventually(t, "the end of what was taken in", gone)
}
