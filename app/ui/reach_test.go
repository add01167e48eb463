package ui

import (
	"testing"

	"fyne.io/fyne/v2"

	"sotto/app/ui/theme"
)

// TestWhatKeepsAHistorySafeIsReachedFromTheMenu goes to search, storage, retention, backups and the ways to open a
// profile as a person does, in the real window.
func TestWhatKeepsAHistorySafeIsReachedFromTheMenu(t *testing.T) {
	v := newWorld(t, theme.Light)
	v.friend("Ada", "hello")
	items := map[string]*fyne.MenuItem{}
	for _, m := range v.w.win.MainMenu().Items {
		for _, i := range m.Items {
			items[i.Label] = i
		}
	}
	for _, way := range []struct {
		menu string
		taps []string
		want string
	}{
		{"Search all messages", nil, "Search"},
		{"Privacy", []string{"Set how long"}, "Keep messages"},
		{"Storage", nil, "Check the history"},
		{"Storage", []string{"Check now"}, "All well"},
		{"Security", nil, "Ways to open this profile"},
		{"Privacy", []string{"Back up"}, "Passphrase of the backup"},
	} {
		i := items[way.menu]
		if i == nil || i.Disabled {
			t.Fatalf("the menu has no %q", way.menu)
		}
		i.Action()
		v.q.Drain()
		for _, label := range way.taps {
			v.tap(label)
		}
		v.until(way.menu+" shows "+way.want, func() bool { return v.text(way.want) })
	}
}
