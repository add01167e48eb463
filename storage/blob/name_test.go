package blob

import (
	"strings"
	"testing"

	"sotto/app/apptest/alloc"
	"sotto/chat"
)

// FuzzParseName: whatever lies in the folder, only a name as it is written here is one.
func FuzzParseName(f *testing.F) {
	id := chat.BlobID{1, 0xab}.String()
	for _, name := range []string{id, id + partSuffix, strings.ToUpper(id), id + ".PART", id[:31], id + "0", partSuffix, "", "../" + id[3:]} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		var id chat.BlobID
		var ok bool
		alloc.Check(t, len(name), func() { id, ok = parseName(name) })
		if ok && name != id.String() && name != id.String()+partSuffix {
			t.Errorf("%q is taken for %v", name, id)
		}
	})
}
