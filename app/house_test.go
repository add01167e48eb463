package app

import (
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A room may import the standard library as far as its wall says, the rooms and the third-party modules listed.
// A trailing /... names a room and all below it.
type wall struct {
	room   string
	allow  []string
	noStd  []string // standard packages kept out
	reason string
}

const (
	cbor   = "github.com/fxamacker/cbor/v2"
	sqlite = "github.com/mattn/go-sqlite3"
	fyne   = "fyne.io/fyne/v2/..."
)

// The first wall whose room contains a package holds for it.
var walls = []wall{
	{
		room:   "chat/content",
		allow:  []string{"chat", cbor},
		reason: "the codec of the inner plaintext knows the vocabulary and CBOR, nothing else",
	},
	{
		room:   "chat/disk",
		allow:  []string{"chat"},
		reason: "failures of a file system get the vocabulary's names here, for every floor that writes files",
	},
	{room: "chat", reason: "the vocabulary is a leaf: everyone speaks it, it speaks of no one"},

	{
		room:   "crypto/...",
		allow:  []string{"crypto/...", "golang.org/x/crypto/...", "github.com/ProtonMail/go-crypto/..."},
		noStd:  []string{"net", "os", "database", "log", "io/fs", "path/filepath"},
		reason: "cryptography is pure: bytes in, bytes out, no files, sockets or logs",
	},

	{
		room:   "storage/search",
		allow:  []string{"storage/sqlite", "chat", "chat/disk", "crypto/vault", "golang.org/x/text/unicode/norm"},
		reason: "the index reads the history and seals its snapshot; Unicode's decompositions let accents be ignored",
	},
	{
		room:   "storage/blob",
		allow:  []string{"chat", "chat/disk"},
		reason: "files are sealed before they come here: it has no key and opens nothing",
	},
	{
		room:   "storage/...",
		allow:  []string{"storage/...", "chat", "chat/disk", "crypto/vault", "crypto/encode", "crypto/filecrypt", sqlite},
		reason: "storage keeps sealed rows: it knows the ports of chat and the vault, no use case and no network",
	},

	{
		room:   "transport/wire",
		allow:  []string{cbor},
		reason: "the wire is shared by relay and client and depends on neither",
	},
	{
		room:   "transport/client",
		allow:  []string{"transport/wire", "github.com/coder/websocket", "golang.org/x/net/...", "golang.org/x/time/rate"},
		reason: "the client speaks frames; what is inside an envelope is not its business",
	},
	{
		room: "transport/relay/...",
		allow: []string{
			"transport/wire", "transport/relay/...", "github.com/coder/websocket", "github.com/prometheus/client_golang/...",
			"golang.org/x/time/rate", sqlite,
		},
		reason: "the relay must be unable to open an envelope: it imports no cryptography of ours",
	},
	{
		room:   "transport/transporttest",
		allow:  []string{"transport/..."},
		reason: "the fault transport serves the real relay in memory",
	},

	{
		room:   "app/messenger",
		allow:  []string{"chat", "chat/content", "crypto/...", "transport/wire"},
		reason: "use cases reach storage and relay through ports",
	},
	{
		room:   "app/privacy/...",
		allow:  []string{"app/privacy/...", "chat", "chat/content", "chat/disk", "crypto/...", "github.com/ProtonMail/go-crypto/..."},
		reason: "privacy and messenger do not know each other: chat.Gate and chat.Outbox join them",
	},
	{
		room:   "app/security/...",
		allow:  []string{"app/security/...", "chat", "chat/content", "crypto/..."},
		reason: "security records and locks; it does not send",
	},
	{
		room:   "app/assistant",
		allow:  []string{"chat", "app/messenger"},
		reason: "a bot is an ordinary user of the messenger",
	},
	{
		room:   "app/media",
		allow:  []string{"chat", "golang.org/x/image/...", "golang.org/x/text/unicode/norm"},
		reason: "files of others are judged and decoded without network, storage or window; Unicode's form C names them alike on every disk",
	},
	{
		room: "app/profile",
		allow: []string{
			"chat", "chat/content", "chat/disk", "crypto/...", "app/messenger", "app/privacy/...", "app/security/...", "app/assistant", "app/media",
			"app/platform/...", "storage/...", "transport/client", "transport/wire", "transport/relay/...",
			"assets", "github.com/gofrs/flock", "github.com/adrg/xdg",
		},
		reason: "the composition root wires everything but the window",
	},
	{
		room:   "app/platform/...",
		allow:  []string{"chat", "app/platform/...", "github.com/godbus/dbus/v5", "github.com/adrg/xdg", "github.com/zalando/go-keyring", "golang.org/x/sys/..."},
		reason: "per-OS ports serve the window and the command line alike, without Fyne",
	},
	{
		room:   "app/ui/theme",
		allow:  []string{fyne, "assets"},
		reason: "the theme knows colours and sizes only",
	},
	{
		room:   "app/ui/widget",
		allow:  []string{fyne, "app/ui/theme", "github.com/boombuler/barcode/..."},
		reason: "widgets expose callbacks and hold no business logic",
	},
	{
		room:   "app/ui/i18n",
		allow:  []string{fyne, "assets", "golang.org/x/text/..."},
		reason: "translations know the strings only",
	},
	{
		room: "app/ui/...",
		allow: []string{
			fyne, "app/ui/...", "assets", "chat", "app/messenger", "app/privacy/...", "app/security/...", "app/profile", "app/platform/...", "app/media",
		},
		reason: "the window talks to use cases, never to storage, transport or cryptography",
	},
	{
		room:   "app/apptest/...",
		allow:  []string{"..."},
		reason: "test worlds may see everything; only tests import them",
	},
	{room: "app", reason: "the floor itself is a sign on the door"},
	{room: "assets", allow: []string{fyne}, reason: "assets are bytes"},

	{room: "cmd/sotto-relay", allow: []string{"transport/...", "assets", "github.com/alecthomas/kong", "github.com/gofrs/flock", "golang.org/x/crypto/acme/..."}, reason: "the relay is built without Fyne and without our cryptography"},
	{room: "cmd/...", allow: []string{"..."}, reason: "commands are composition roots"},
	{room: ".", allow: []string{"..."}, reason: "main is the window's composition root"},
}

func TestEveryRoomImportsOnlyWhatItsWallAllows(t *testing.T) {
	for _, f := range sources(t) {
		w := wallOf(f.room)
		if w == nil {
			t.Errorf("%s: room %q has no wall; add it to the house (docs/ARCHITECTURE.md) first", f.name, f.room)
			continue
		}
		for _, imp := range f.imports {
			if why := forbidden(w, f, imp); why != "" {
				t.Errorf("%s imports %s: %s (%s)", f.name, imp, why, w.reason)
			}
		}
	}
}

func forbidden(w *wall, f source, imp string) string {
	local, isLocal := strings.CutPrefix(imp, "sotto/")
	switch {
	case imp == "fyne.io/fyne/v2/app" && f.room != ".":
		return "only main.go may import Fyne's app package"
	case f.test:
		return "" // tests may look anywhere
	case isLocal && matches("app/apptest/...", local), imp == "testing", strings.HasSuffix(imp, "fyne/v2/test"):
		if matches("app/apptest/...", f.room) || matches("transport/transporttest", f.room) || strings.HasSuffix(f.room, "storetest") {
			return ""
		}
		return "test code is imported from tests only"
	case isLocal:
		if slices.ContainsFunc(w.allow, func(p string) bool { return matches(p, local) }) {
			return ""
		}
		return "not among the rooms it may see"
	case !strings.Contains(strings.SplitN(imp, "/", 2)[0], "."):
		if slices.ContainsFunc(w.noStd, func(p string) bool { return imp == p || strings.HasPrefix(imp, p+"/") }) {
			return "kept out of this room"
		}
		return ""
	case slices.ContainsFunc(w.allow, func(p string) bool { return matches(p, imp) }):
		return ""
	}
	return "not among the modules it may use"
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	documented := map[string]bool{}
	for _, f := range sources(t) {
		if !f.test {
			documented[f.room] = documented[f.room] || f.doc
		}
	}
	for room, ok := range documented {
		if !ok {
			t.Errorf("package %s has no package comment; give it a doc.go", room)
		}
	}
}

func TestAWallFindsAForbiddenImport(t *testing.T) {
	for _, c := range []struct{ room, imp string }{
		{"crypto/ratchet", "os"},
		{"crypto/ratchet", "net/http"},
		{"chat", "sotto/crypto/encode"},
		{"transport/relay", "sotto/crypto/identity"},
		{"app/privacy", "sotto/app/messenger"},
		{"app/messenger", "sotto/storage/sqlite"},
		{"app/ui/chatview", "sotto/storage"},
		{"app/ui/chatview", "fyne.io/fyne/v2/app"},
		{"app/messenger", "sotto/app/apptest"},
		{"storage/sqlite", "sotto/app/messenger"},
	} {
		if forbidden(wallOf(c.room), source{room: c.room}, c.imp) == "" {
			t.Errorf("no wall keeps %s from importing %s", c.room, c.imp)
		}
	}
}

func wallOf(room string) *wall {
	for i := range walls {
		if walls[i].room == room || matches(walls[i].room, room) {
			return &walls[i]
		}
	}
	return nil
}

func matches(pattern, p string) bool {
	if pattern == "..." {
		return true
	}
	if base, ok := strings.CutSuffix(pattern, "/..."); ok {
		return p == base || strings.HasPrefix(p, base+"/")
	}
	return p == pattern
}

type source struct {
	name, room string
	test, doc  bool
	imports    []string
}

func sources(t *testing.T) []source {
	t.Helper()
	var out []source
	root := ".."
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if rel != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node_modules") {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(rel) != ".go" {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		for _, g := range file.Comments {
			for _, c := range g.List {
				if x, err := constraint.Parse(c.Text); err == nil && x.String() == "ignore" {
					return nil
				}
			}
		}
		s := source{name: rel, room: path.Dir(rel), test: strings.HasSuffix(rel, "_test.go"), doc: file.Doc != nil}
		for _, i := range file.Imports {
			v, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			s.imports = append(s.imports, v)
		}
		out = append(out, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) == 0 {
		t.Fatal("no source files found")
	}
	return out
}
