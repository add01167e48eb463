package profile_test

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"sotto/app/apptest/leak"
	"sotto/app/messenger"
	"sotto/app/privacy/backup"
	"sotto/app/profile"
	"sotto/chat"
	"sotto/storage"
)

// planter makes words that stand nowhere else, and remembers each whole and in parts.
type planter struct {
	r       *rand.Rand
	secrets []leak.Secret
	words   int
	texts   int
}

// word is of 9 letters or more, so that it is not found by chance.
func (p *planter) word() string {
	const first, second = "bdfgklmnprstvz", "aeiou"
	var b strings.Builder
	for range 5 + p.r.IntN(2) {
		b.WriteByte(first[p.r.IntN(len(first))])
		b.WriteByte(second[p.r.IntN(len(second))])
	}
	p.words++
	return b.String()
}

// text plants words: the whole and each of them.
func (p *planter) text(kind string, words int) string {
	var all []string
	for range words {
		w := p.word()
		all = append(all, w)
		p.secrets = append(p.secrets, leak.Secret{Name: kind + " (a word)", Value: []byte(w)})
	}
	p.texts++
	whole := strings.Join(all, " ")
	p.secrets = append(p.secrets, leak.Secret{Name: kind, Value: []byte(whole)})
	return whole
}

// file plants a name, a caption, a content and a picture.
func (p *planter) file(lines int) plantedFile {
	f := plantedFile{name: p.text("file name", 2) + ".odt", caption: p.text("caption", 3), picture: []byte(p.text("thumbnail", 20))}
	f.content = strings.Repeat(p.text("content of a file", 5)+"\n", lines)
	return f
}

// TestNoneOfAThousandPlantedTextsLiesInAnyFile plants texts, names and addresses everywhere a person can put them, and
// searches every file: while the profile is open, as a kill leaves it, after a backup that was killed, closed, and what a
// salvage leaves.
func TestNoneOfAThousandPlantedTextsLiesInAnyFile(t *testing.T) {
	glass := newGlassRelay(t)
	p := &planter{r: rand.New(rand.NewPCG(6, 28))}
	root := t.TempDir()
	dir := filepath.Join(root, "profile")
	ctx := context.Background()
	ada, _, err := profile.Create(ctx, profile.CreateOptions{
		Options: cheap, Dir: dir, Name: p.text("own name", 2), Passphrase: passphrase, Relay: glass.pass,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := ada.Start(ctx); err != nil {
		t.Fatal(err)
	}
	ben := create(t, p.text("name of the other", 2), glass.pass)
	introduce(t, ada, ben)
	p.secrets = append(p.secrets, leak.Secret{Name: "relay address", Value: []byte(strings.SplitN(strings.TrimPrefix(glass.pass, "sotto-relay://"), "@", 2)[1])})
	for _, who := range []*profile.Profile{ada, ben} {
		id := who.Messenger.Self().ID
		p.secrets = append(p.secrets, leak.Secret{Name: "fingerprint", Value: id[:]})
	}
	peer := ben.Messenger.Self().ID
	conv := ada.Messenger.ConversationWith(peer)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var sent []chat.MessageID
	for i := range 640 {
		m, err := ada.Messenger.Send(ctx, conv, p.text("own text", 2+i%3), messenger.SendOptions{})
		must(err)
		sent = append(sent, m.ID)
	}
	for range 360 {
		_, err := ben.Messenger.Send(ctx, conv, p.text("text of the other", 3), messenger.SendOptions{})
		must(err)
	}
	for i := range 60 {
		_, err := ada.Messenger.Edit(ctx, sent[i], p.text("edited text", 2))
		must(err)
	}
	must(ada.Messenger.SetDraft(ctx, conv, p.text("draft", 4)))
	must(ada.Messenger.Rename(ctx, peer, p.text("given name", 2)))
	must(ada.PutSetting(ctx, "ui/planted", []byte(p.text("setting", 3))))
	must(ada.Messenger.Sync(ctx, 20*time.Second))
	must(ben.Messenger.Sync(ctx, 20*time.Second))
	must(ada.Messenger.Sync(ctx, 20*time.Second))
	for i := range 6 { // files, of both
		from, to, peer := ada, ben, ben.Messenger.Self().ID
		if i%2 == 1 {
			from, to, peer = ben, ada, ada.Messenger.Self().ID
		}
		arrived := eventOf(to, messenger.EventMessage)
		m := p.file(200<<i).send(t, from, from.Messenger.ConversationWith(peer))
		await(t, arrived)
		if i < 4 {
			takeIn(t, to, m.ID)
		}
		if i == 0 {
			sent = append(sent[:150], append([]chat.MessageID{m.ID}, sent[150:]...)...)
		}
	}
	_, err = ada.Eraser.DeleteMessages(ctx, sent[150:160]...)
	must(err)
	ada.Search.Start()
	must(ada.Search.Save(ctx))
	_, err = ada.Backup.Write(ctx, backup.Request{Out: filepath.Join(root, "kept"+backup.Suffix), Passphrase: backupPassphrase})
	must(err)
	if p.texts < 1000 {
		t.Fatalf("%d texts", p.texts)
	}
	if here, err := ada.Messenger.MessagesAfter(ctx, conv, 0, 2000); err != nil || len(here) < 900 {
		t.Fatalf("%d messages, %v", len(here), err)
	}

	scanner := leak.NewScanner(p.secrets...)
	scan := func(when string, least int) {
		t.Helper()
		hits, files, err := scanner.ScanDir(root)
		if err != nil || files < least {
			t.Errorf("%s: %d files, %v", when, files, err)
		}
		for _, h := range hits[:min(len(hits), 5)] {
			t.Errorf("%s: %v", when, h)
		}
		t.Logf("%s: %d files, %d texts of %d words", when, files, p.texts, p.words)
	}
	scan("open", 8)
	killedDir := filepath.Join(root, "killed")
	must(os.CopyFS(killedDir, os.DirFS(dir))) // as a kill leaves it, with the log
	if _, err := os.Stat(filepath.Join(killedDir, storage.HistoryFile+"-wal")); err != nil {
		t.Fatal("there is no write-ahead log")
	}
	closed(t, ada)
	for i := range 4 { // killed at four moments
		killed(t, "backup", killedDir, filepath.Join(root, fmt.Sprint("killed", i, backup.Suffix)), time.Duration(i*20)*time.Millisecond)
	}
	scan("after kills", 12)
	ada = openIn(t, killedDir)
	if !ada.Integrity().Unclean {
		t.Error("the kill was not noticed")
	}
	must(ada.Search.Save(startedSearch(ctx, ada)))
	closed(t, ada)
	scan("opened again and closed", 12)

	outside := t.TempDir() // a salvage is plain by its nature; what it leaves beside it is not
	_, err = profile.Salvage(ctx, profile.SalvageOptions{Options: cheap, Dir: killedDir, Secret: profile.Passphrase(passphrase), Out: filepath.Join(outside, "saved")})
	must(err)
	scan("salvaged", 12)
	found, _, err := scanner.ScanDir(outside)
	if err != nil || len(found) < 500 {
		t.Errorf("the same search finds %d places in a plain export, %v", len(found), err)
	}

	for _, s := range p.secrets[:40] { // the control: each form of a planted text is found in tmp/
		for form, b := range encodings(s.Value) {
			name := filepath.Join(dir, storage.TempFolder, "control")
			must(os.MkdirAll(filepath.Dir(name), 0o700))
			must(os.WriteFile(name, append([]byte("before "), b...), 0o600))
			if hits, _, err := scanner.ScanDir(filepath.Dir(name)); err != nil || len(hits) == 0 {
				t.Errorf("%s of %q is not found where it is, %v", form, s.Name, err)
			}
			must(os.Remove(name))
		}
	}
}

// encodings are texts that hold a secret in another form, at every alignment of base64.
func encodings(secret []byte) map[string][]byte {
	out := map[string][]byte{"bytes": secret, "hex": []byte(hex.EncodeToString(secret)), "HEX": fmt.Appendf(nil, "%X", secret)}
	for _, u := range utf16.Encode([]rune(string(secret))) {
		out["UTF-16LE"] = binary.LittleEndian.AppendUint16(out["UTF-16LE"], u)
		out["UTF-16BE"] = binary.BigEndian.AppendUint16(out["UTF-16BE"], u)
	}
	for shift := range 3 {
		inside := append(append(make([]byte, 3+shift), secret...), "after"...)
		out[fmt.Sprint("base64 at ", shift)] = []byte(base64.StdEncoding.EncodeToString(inside))
		out[fmt.Sprint("base64url at ", shift)] = []byte(base64.RawURLEncoding.EncodeToString(inside))
	}
	return out
}

func startedSearch(ctx context.Context, p *profile.Profile) context.Context {
	p.Search.Start()
	return ctx
}
