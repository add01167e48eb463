package attach

import (
	"testing"

	"sotto/app/media"
)

func TestTheSwitchStandsBeforePicturesWereLookedAt(t *testing.T) {
	for name, c := range map[string]struct {
		item item
		want bool
	}{
		"a picture by its name": {item{file: Path("/home/ada/lake.JPG")}, true},
		"from the clipboard":    {item{file: Bytes("pasted", []byte{1})}, true},
		"a document":            {item{file: Path("/home/ada/notes.txt")}, false},
		"looked at, a picture":  {item{file: Path("lake"), looked: true, look: look{picture: true}}, true},
		"looked at, none":       {item{file: Path("lake.jpg"), looked: true}, false},
		"looked at, refused":    {item{file: Path("lake.jpg"), looked: true, fault: media.ErrStructure}, true},
	} {
		if got := c.item.mayStrip(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
