package app

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// fuzzed names, for every function that reads bytes which somebody else may have chosen, the fuzz target that feeds it.
// A decoder that needs none says why, in words.
var fuzzed = map[string]string{
	"app/assistant.Answer": "FuzzAnswer",

	"app/media.Decode":      "FuzzDecode",
	"app/media.DecodeSmall": "FuzzDecode",
	"app/media.SafeName":    "FuzzSafeName",
	"app/media.Sniff":       "FuzzSniff",
	"app/media.Warnings":    "FuzzWarnings",
	"app/media.strip":       "FuzzStrip",

	"app/messenger.Messenger.Verify": "what the person typed is compared digit by digit, and nothing is decoded",
	"app/messenger.decodePlaintext":  "FuzzDecodePlaintext",
	"app/messenger.parseEnvelope":    "FuzzParseEnvelope",
	"app/messenger.parseLink":        "FuzzParseLink",
	"app/messenger.unpad":            "FuzzDecodePlaintext",

	"app/privacy/backup.Verify":        "FuzzVerify",
	"app/privacy/backup.decode":        "FuzzDecode",
	"app/privacy/backup.decoder.parse": "FuzzDecode",

	"app/privacy/export.Verify":            "FuzzVerifyManifest",
	"app/privacy/export.openSealed":        "FuzzParseLines",
	"app/privacy/export.parseContact":      "FuzzParseLines",
	"app/privacy/export.parseConversation": "FuzzParseLines",
	"app/privacy/export.parseMessage":      "FuzzParseLines",
	"app/privacy/export.parseSignature":    "FuzzVerifyManifest",
	"app/privacy/export.unmarshal":         "FuzzParseLines",

	"app/security.ParseHead":    "FuzzParseHead",
	"app/security.VerifyExport": "FuzzVerifyExport",
	"app/security.parseLine":    "FuzzVerifyExport",

	"app/ui/widget.ParseMessage": "FuzzParseMessage",

	"chat.CleanFileName":                "FuzzCleanFileName",
	"chat.ParseContactID":               "FuzzParseIDs",
	"chat.ParseConversationID":          "FuzzParseIDs",
	"chat.ParseMessageID":               "FuzzParseIDs",
	"chat.ContactID.UnmarshalText":      "FuzzParseIDs",
	"chat.ConversationID.UnmarshalText": "FuzzParseIDs",
	"chat.DeviceID.UnmarshalText":       "FuzzParseIDs",
	"chat.MailboxID.UnmarshalText":      "FuzzParseIDs",
	"chat.MessageID.UnmarshalText":      "FuzzParseIDs",
	"chat.parseHex":                     "FuzzParseIDs",

	"chat/content.Decode":     "FuzzDecode",
	"chat/content.decodeAs":   "FuzzDecode",
	"chat/content.decodeBody": "FuzzDecode",

	"cmd/sottoctl.parseCall":            "FuzzParseRequest",
	"cmd/sottoctl.parseRequest":         "FuzzParseRequest",
	"cmd/sottoctl.lineReader.next":      "FuzzLines",
	"cmd/sottoctl.parseLasting":         "FuzzParseWords",
	"cmd/sottoctl.parseSize":            "FuzzParseWords",
	"cmd/sottoctl.parseSpan":            "FuzzParseWords",
	"cmd/sottoctl.moment.UnmarshalText": "FuzzParseWords",
	"cmd/sottoctl.span.UnmarshalText":   "FuzzParseWords",
	"cmd/sottoctl.stamp.UnmarshalJSON":  "FuzzParseWords",
	"cmd/sottoctl.v1.UnmarshalJSON":     "it reads what the program itself printed",
	"cmd/sottoctl.parseArguments":       "only the person who starts the program chooses its arguments",

	"crypto/encode.NewReader": "FuzzReader",

	"crypto/filecrypt.Verify":      "FuzzOpenChunks",
	"crypto/filecrypt.verify":      "FuzzOpenChunks",
	"crypto/filecrypt.NewReader":   "FuzzOpenChunks",
	"crypto/filecrypt.chunks.open": "FuzzOpenChunks",

	"crypto/handshake.OpenBundle":       "FuzzOpenBundle",
	"crypto/handshake.OpenCell":         "FuzzOpenCell",
	"crypto/handshake.OpenPair":         "FuzzOpenBundle",
	"crypto/handshake.ParseInitial":     "FuzzAcceptHeader",
	"crypto/handshake.ParseOneTimePair": "FuzzParsePrekeys",
	"crypto/handshake.ParsePrekeySet":   "FuzzParsePrekeys",
	"crypto/handshake.parseBlock":       "FuzzParseBlock",
	"crypto/handshake.parsePrekey":      "FuzzParsePrekeys",
	"crypto/handshake.parseStatement":   "FuzzOpenBundle",

	"crypto/identity.Certificate.Verify":     "FuzzVerifySignature",
	"crypto/identity.DeviceStatement.Verify": "FuzzVerifyDeviceList",
	"crypto/identity.Known.Load":             "FuzzKnown",
	"crypto/identity.Known.Verify":           "FuzzKnown",
	"crypto/identity.LoadDeviceList":         "FuzzVerifyDeviceList",
	"crypto/identity.Parse":                  "FuzzParseSecrets",
	"crypto/identity.ParseCertificate":       "FuzzParseCertificate",
	"crypto/identity.ParseDevice":            "FuzzParseSecrets",
	"crypto/identity.ParseFingerprint":       "FuzzParseFingerprint",
	"crypto/identity.ParseSafetyQR":          "FuzzParseSafetyQR",
	"crypto/identity.VerifyDeviceList":       "FuzzVerifyDeviceList",
	"crypto/identity.parseListBody":          "FuzzParseListBody",
	"crypto/identity.parsePublicKey":         "FuzzParseCertificate",
	"crypto/identity.parseSecretKey":         "FuzzParseSecrets",
	"crypto/identity.parseSignature":         "FuzzVerifySignature",
	"crypto/identity.parseStatement":         "FuzzVerifyDeviceList",
	"crypto/identity.standardEd25519.Verify": "FuzzVerifySignature",

	"crypto/ratchet.Decrypt":     "FuzzDecrypt",
	"crypto/ratchet.ParseState":  "FuzzParseState",
	"crypto/ratchet.parseHeader": "FuzzDecrypt",

	"crypto/vault.Open":              "FuzzOpen",
	"crypto/vault.OpenDamaged":       "FuzzOpenDamaged",
	"crypto/vault.ParseCover":        "FuzzRowOpen",
	"crypto/vault.ParseRecoveryCode": "FuzzParseRecoveryCode",
	"crypto/vault.RowKey.Open":       "FuzzRowOpen",
	"crypto/vault.parse":             "FuzzOpen",

	"transport/relay.Relay.Operations":    "FuzzRequest",
	"transport/relay.Relay.accept":        "FuzzRequest",
	"transport/relay.Relay.serveBlobs":    "FuzzRequest",
	"transport/relay.Relay.transfer":      "FuzzRequest",
	"transport/relay.OpenIdentity":        "it takes the name of a folder; what stands in it is the relay's own",
	"transport/relay.parseRange":          "FuzzBlobGet",
	"transport/relay.transfer.commit":     "FuzzUploadCommit",
	"transport/relay.transfer.give":       "FuzzBlobGet",
	"transport/relay.transfer.remove":     "FuzzBlobDelete",
	"transport/relay.transfer.takePart":   "FuzzUploadPart",
	"transport/relay.transfer.tellOffset": "FuzzUploadHead",

	"transport/wire.Decode":       "FuzzDecode",
	"transport/wire.ParseBearer":  "FuzzParseBearer",
	"transport/wire.ParseAddress": "FuzzParsePass",
	"transport/wire.ParseDecimal": "FuzzParseDecimal",
	"transport/wire.ParseDigest":  "FuzzParseDigest",
	"transport/wire.ParsePass":    "FuzzParsePass",

	"storage/blob.Open":      "it takes the name of a folder that the program chooses",
	"storage/blob.parseName": "FuzzParseName",

	"storage/search.decode": "FuzzDecode",
	"storage/search.parse":  "FuzzQuery",
	"storage/search.unseal": "FuzzUnseal",

	"storage/sqlite.Salvage":            "FuzzSalvage",
	"storage/sqlite.Open":               "it takes the name of a file; what stands in it is read by the decoders of bodies",
	"storage/sqlite.decodeAnnotation":   "FuzzBodies",
	"storage/sqlite.decodeAttachment":   "FuzzBodies",
	"storage/sqlite.decodeConsent":      "FuzzBodies",
	"storage/sqlite.decodeContact":      "FuzzBodies",
	"storage/sqlite.decodeConversation": "FuzzBodies",
	"storage/sqlite.decodeEnding":       "FuzzBodies",
	"storage/sqlite.decodeEntry":        "FuzzBodies",
	"storage/sqlite.decodeEvent":        "FuzzBodies",
	"storage/sqlite.decodeInitial":      "FuzzBodies",
	"storage/sqlite.decodeInvitation":   "FuzzBodies",
	"storage/sqlite.decodeKey":          "FuzzBodies",
	"storage/sqlite.decodeLeft":         "FuzzBodies",
	"storage/sqlite.decodeMailbox":      "FuzzBodies",
	"storage/sqlite.decodeMessage":      "FuzzBodies",
	"storage/sqlite.decodePrekey":       "FuzzBodies",
	"storage/sqlite.decodeQueueItem":    "FuzzBodies",
	"storage/sqlite.decodeRejected":     "FuzzBodies",
	"storage/sqlite.decodeRoute":        "FuzzBodies",
	"storage/sqlite.decodeSession":      "FuzzBodies",
	"storage/sqlite.decodeSegment":      "FuzzBodies",
	"storage/sqlite.decodeSetting":      "FuzzBodies",
	"storage/sqlite.decodeThread":       "FuzzBodies",
}

// decoderName begins the names of functions that read what others wrote. What is called open or verify inside a package
// is reached through its exported functions.
var decoderName = regexp.MustCompile(`^(Parse|Decode|Open|Load|Verify|Unmarshal|Decrypt|parse|decode|unmarshal|unpad)`)

// decodingRooms are the rooms in which every function of such a name must stand in the table.
var decodingRooms = []string{
	"app/media", "app/messenger", "app/privacy/backup", "app/privacy/export", "app/security", "chat", "chat/content", "cmd/sottoctl", "crypto/encode", "crypto/filecrypt", "crypto/handshake",
	"crypto/identity", "crypto/ratchet", "crypto/vault", "storage/blob", "storage/search", "storage/sqlite", "transport/relay", "transport/wire",
}

func TestEveryDecoderOfHostileInputIsFuzzed(t *testing.T) {
	rooms := map[string]*room{}
	for name := range maps.Keys(fuzzed) {
		rooms[roomOf(name)] = nil
	}
	for _, name := range decodingRooms {
		rooms[name] = nil
	}
	for name := range rooms {
		rooms[name] = readRoom(t, name)
		for _, d := range rooms[name].decoders {
			if _, ok := fuzzed[name+"."+d]; !ok && slices.Contains(decodingRooms, name) {
				t.Errorf("%s.%s reads what others wrote and stands in no row of the table", name, d)
			}
		}
		for _, h := range rooms[name].handlers {
			if _, ok := fuzzed[name+"."+h]; !ok {
				t.Errorf("%s.%s answers requests and stands in no row of the table", name, h)
			}
		}
	}
	if got := len(rooms["transport/relay"].handlers); got < 9 {
		t.Errorf("%d handlers of the relay are seen", got)
	}
	for decoder, target := range fuzzed {
		r := rooms[roomOf(decoder)]
		function := decoder[len(roomOf(decoder))+1:]
		if !r.functions[function] {
			t.Errorf("%s: there is no such function", decoder)
			continue
		}
		if strings.Contains(target, " ") {
			continue
		}
		switch reached, seeds := r.reach(target); {
		case reached == nil:
			t.Errorf("%s: there is no fuzz target %s in its room", decoder, target)
		case seeds == 0:
			t.Errorf("%s has no seeds", target)
		case !reached["Check"] && !reached["CheckBesides"]:
			t.Errorf("%s does not bound what its decoder allocates (app/apptest/alloc)", target)
		case !reached[function[strings.LastIndex(function, ".")+1:]]:
			t.Errorf("%s does not call %s", target, decoder)
		}
	}
}

func TestNoFuzzTargetIsForgotten(t *testing.T) {
	listed := map[string]bool{}
	for decoder, target := range fuzzed {
		listed[roomOf(decoder)+"."+target] = true
	}
	seen := map[string]bool{}
	for _, f := range sources(t) {
		if !f.test || seen[f.room] {
			continue
		}
		seen[f.room] = true
		for _, target := range readRoom(t, f.room).targets {
			if !listed[f.room+"."+target] {
				t.Errorf("%s.%s stands in no row of the table", f.room, target)
			}
		}
	}
}

// roomOf is the package of a decoder, "crypto/vault" of "crypto/vault.RowKey.Open".
func roomOf(decoder string) string {
	slash := strings.LastIndex(decoder, "/")
	return decoder[:slash+1+strings.Index(decoder[slash+1:], ".")]
}

// room is what a package declares and what its functions mention.
type room struct {
	functions map[string]bool            // outside of tests; methods as Type.Name
	decoders  []string                   // those among them that by name and parameters read bytes
	handlers  []string                   // those that answer a request of HTTP
	targets   []string                   // fuzz targets
	mentions  map[string]map[string]bool // function or method name, or variable -> identifiers in it
	seeds     map[string]int             // of a target
}

func readRoom(t *testing.T, name string) *room {
	t.Helper()
	r := &room{functions: map[string]bool{}, mentions: map[string]map[string]bool{}, seeds: map[string]int{}}
	files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(name), "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("room %s: %d files, %v", name, len(files), err)
	}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			r.take(d, strings.HasSuffix(path, "_test.go"))
		}
	}
	return r
}

func (r *room) take(d ast.Decl, test bool) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		r.mention(d.Name.Name, d)
		if strings.HasPrefix(d.Name.Name, "Fuzz") && test {
			r.targets = append(r.targets, d.Name.Name)
			r.seeds[d.Name.Name] = seeds(d)
		}
		if test {
			return
		}
		name := d.Name.Name
		if d.Recv != nil {
			name = receiver(d.Recv.List[0].Type) + "." + name
		}
		r.functions[name] = true
		for _, h := range handlers(name, d) {
			if !slices.Contains(r.handlers, h) {
				r.handlers = append(r.handlers, h)
			}
		}
		if decoderName.MatchString(d.Name.Name) && takesBytes(d.Type) {
			r.decoders = append(r.decoders, name)
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			if v, ok := s.(*ast.ValueSpec); ok {
				for _, n := range v.Names {
					r.mention(n.Name, v)
				}
			}
		}
	}
}

func (r *room) mention(name string, n ast.Node) {
	if r.mentions[name] == nil {
		r.mentions[name] = map[string]bool{}
	}
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.Name != name {
			r.mentions[name][id.Name] = true
		}
		return true
	})
}

// reach returns every name that a fuzz target mentions, itself or through functions of its package.
func (r *room) reach(target string) (reached map[string]bool, seeds int) {
	if !slices.Contains(r.targets, target) {
		return nil, 0
	}
	reached = map[string]bool{}
	for next := []string{target}; len(next) > 0; next = next[1:] {
		for name := range r.mentions[next[0]] {
			if !reached[name] {
				reached[name] = true
				next = append(next, name)
			}
		}
	}
	return reached, r.seeds[target]
}

// seeds counts the calls of Add.
func seeds(target *ast.FuncDecl) (n int) {
	ast.Inspect(target, func(node ast.Node) bool {
		if call, ok := node.(*ast.CallExpr); ok {
			if s, ok := call.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "Add" {
				n++
			}
		}
		return true
	})
	return n
}

func receiver(x ast.Expr) string {
	if star, ok := x.(*ast.StarExpr); ok {
		x = star.X
	}
	if id, ok := x.(*ast.Ident); ok {
		return id.Name
	}
	return "?"
}

// handlers are what of a function answers requests of HTTP: itself, when it or a function in it takes one, and then the
// methods that it names by their type, as a table of handlers does.
func handlers(name string, d *ast.FuncDecl) (out []string) {
	ast.Inspect(d, func(n ast.Node) bool {
		f, ok := n.(*ast.FuncType)
		if !ok || len(out) > 0 {
			return true
		}
		for _, p := range f.Params.List {
			if star, ok := p.Type.(*ast.StarExpr); ok {
				if x, ok := star.X.(*ast.SelectorExpr); ok && x.Sel.Name == "Request" {
					out = []string{name}
				}
			}
		}
		return true
	})
	if len(out) == 0 {
		return nil
	}
	ast.Inspect(d.Body, func(n ast.Node) bool {
		if x, ok := n.(*ast.SelectorExpr); ok {
			if p, ok := x.X.(*ast.ParenExpr); ok { // (*transfer).give
				out = append(out, receiver(p.X)+"."+x.Sel.Name)
			}
		}
		return true
	})
	return out
}

// takesBytes reports whether a parameter is bytes, a text, a stream of them, or parts of a call.
func takesBytes(f *ast.FuncType) bool {
	for _, p := range f.Params.List {
		switch x := p.Type.(type) {
		case *ast.ArrayType:
			if id, ok := x.Elt.(*ast.Ident); ok && x.Len == nil && (id.Name == "byte" || id.Name == "string") {
				return true
			}
		case *ast.Ident:
			if x.Name == "string" {
				return true
			}
		case *ast.SelectorExpr:
			if x.Sel.Name == "Reader" {
				return true
			}
		}
	}
	return false
}
