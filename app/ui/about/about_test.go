package about_test

import (
	"testing"

	"sotto/app/apptest/stage"
	"sotto/app/ui/about"
	"sotto/app/ui/screen"
	"sotto/assets"
)

func TestItSaysVersionLicenceAndThatNobodyAuditedIt(t *testing.T) {
	s := stage.New(t)
	s.Show(about.New(s.Services(nil), screen.Place{}))
	for _, said := range []string{assets.Version, "Apache License 2.0", "nobody outside the project has reviewed", "Nothing is counted or reported"} {
		if !s.Text(said) {
			t.Errorf("%q is not said", said)
		}
	}
	s.Tap("Open Privacy")
	if len(s.Opened) != 1 || s.Opened[0].Screen != screen.Privacy {
		t.Errorf("it leads to %v", s.Opened)
	}
}
