package form_test

import (
	"os"
	"path/filepath"
	"testing"

	"sotto/app/apptest/stage"
	"sotto/app/ui/form"
)

func TestThePickerOfAnyFileSaysThatAFolderIsNone(t *testing.T) {
	s := stage.New(t)
	s.Show(page{form.Column()})
	root := t.TempDir()
	file := filepath.Join(root, "bare")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var picked []string
	asked := words
	asked.Folder = "a folder"
	p := form.PickAnyFile(s.Services(nil), asked, root, func(path string) { picked = append(picked, path) })
	s.Until("the file is listed", func() bool { return !s.Text("nothing") })
	s.Tap("Take")
	s.Sees("a folder")
	if len(picked) != 0 || !p.IsOpen() {
		t.Fatalf("took %q", picked)
	}
	s.Fill("Folder", file)
	s.Tap("Take")
	s.Until("it is taken", func() bool { return len(picked) == 1 })
}
