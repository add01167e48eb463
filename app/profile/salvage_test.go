package profile_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"sotto/app/messenger"
	"sotto/app/privacy/export"
	"sotto/app/profile"
	"sotto/chat"
	"sotto/storage"
)

// written makes a closed profile with some messages and returns its folder, its recovery code and the texts.
func written(t *testing.T) (dir, code string, texts []string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "Ada")
	ada, code, err := profile.Create(t.Context(), profile.CreateOptions{Options: cheap, Dir: dir, Name: "Ada", Passphrase: passphrase})
	if err != nil {
		t.Fatal(err)
	}
	if err := ada.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ben := create(t, "Ben", "")
	introduce(t, ada, ben)
	conv := ada.Messenger.ConversationWith(ben.Messenger.Self().ID)
	for i := range 60 {
		text := fmt.Sprintf("the %dth letter to Benjamin", i)
		if _, err := ada.Messenger.Send(t.Context(), conv, text, messenger.SendOptions{}); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	if err := ada.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, code, texts
}

// files reads every file of a folder.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !e.IsDir() {
			b, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			out[e.Name()] = string(b)
		}
	}
	return out
}

func salvageTo(t *testing.T, dir string, secret profile.Secret) (string, profile.Salvaged, error) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "saved")
	s, err := profile.Salvage(t.Context(), profile.SalvageOptions{Options: cheap, Dir: dir, Secret: secret, Out: out})
	return out, s, err
}

// linesOf returns all messages of an export.
func linesOf(t *testing.T, out string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(out, "conversations", "*", "messages.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	all := ""
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all += string(b)
	}
	return all
}

func TestSalvageOfADamagedHistoryIsASignedExportThatSaysWhatIsMissing(t *testing.T) {
	dir, _, texts := written(t)
	history := filepath.Join(dir, "history.db")
	sound, err := os.ReadFile(history)
	if err != nil {
		t.Fatal(err)
	}
	bad := bytes.Clone(sound)
	clear(bad[:4096]) // neither header nor schema
	if err := os.WriteFile(history, bad, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = profile.Open(t.Context(), profile.OpenOptions{Options: cheap, Dir: dir, Secret: profile.Passphrase(passphrase)})
	if !errors.Is(err, chat.ErrDamaged) {
		t.Fatalf("opening: %v", err)
	}
	before := files(t, dir)
	out, s, err := salvageTo(t, dir, profile.Passphrase(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(files(t, dir), before) {
		t.Error("a file of the damaged profile was written to")
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(out), ".sotto-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	all := linesOf(t, out)
	for _, text := range texts {
		if !strings.Contains(all, text) {
			t.Errorf("%q is missing", text)
		}
	}
	if !s.Report.Signed || s.Report.Complete || s.Report.VaultDamaged || s.Report.File.UnreadablePages == 0 || s.Report.Lost() != 0 {
		t.Errorf("%+v", s.Report)
	}
	verified, err := export.Verify(out, time.Now())
	if err != nil || verified.Exporter != s.Export.Exporter || verified.Manifest.Counts.Messages < len(texts) {
		t.Errorf("verified: %+v, %v", verified.Manifest.Counts, err)
	}
	var told profile.SalvageReport
	b, err := os.ReadFile(filepath.Join(out, profile.SalvageFile))
	if err := errors.Join(err, json.Unmarshal(b, &told)); err != nil || !reflect.DeepEqual(told, s.Report) {
		t.Errorf("%s: %v", b, err)
	}

	if err := os.WriteFile(history, sound, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, s, err := salvageTo(t, dir, profile.Passphrase(passphrase)); err != nil || !s.Report.Complete {
		t.Errorf("of a sound profile: %+v, %v", s.Report, err)
	}
}

func TestSalvageWithADamagedVaultUsesTheSlotThatIsWhole(t *testing.T) {
	dir, code, texts := written(t)
	name := filepath.Join(dir, "vault")
	sound, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for what, at := range map[string]int{"checksum": len(sound) - 5, "first slot": 60} {
		bad := bytes.Clone(sound)
		bad[at] ^= 0xff
		if err := os.WriteFile(name, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		out, s, err := salvageTo(t, dir, profile.RecoveryCode(code))
		if err != nil || !s.Report.VaultDamaged || s.Report.Complete || !strings.Contains(linesOf(t, out), texts[7]) {
			t.Errorf("%s: %+v, %v", what, s.Report, err)
		}
		if got, _ := os.ReadFile(name); !bytes.Equal(got, bad) {
			t.Errorf("%s: the vault was written to", what)
		}
	}
	if err := os.WriteFile(name, sound[:40], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := salvageTo(t, dir, profile.RecoveryCode(code)); !errors.Is(err, chat.ErrVaultDamaged) {
		t.Errorf("a vault of 40 bytes: %v", err)
	}
}

func TestSalvageCountsWrongSecretsAndOverwritesNothing(t *testing.T) {
	dir, _, _ := written(t)
	var delay *chat.DelayError
	for range 3 {
		if _, _, err := salvageTo(t, dir, profile.Passphrase("guess")); !errors.Is(err, chat.ErrWrongSecret) {
			t.Fatalf("a guess: %v", err)
		}
	}
	if _, _, err := salvageTo(t, dir, profile.Passphrase(passphrase)); !errors.As(err, &delay) {
		t.Errorf("after three guesses: %v", err)
	}
	out := t.TempDir()
	_, err := profile.Salvage(t.Context(), profile.SalvageOptions{Options: cheap, Dir: dir, Secret: profile.Passphrase(passphrase), Out: out})
	if !errors.Is(err, chat.ErrExists) {
		t.Errorf("onto a folder: %v", err)
	}
}

// TestASalvageWithoutItsIdentityIsNotSigned loses the settings, where the identity lies.
func TestASalvageWithoutItsIdentityIsNotSigned(t *testing.T) {
	dir, _, texts := written(t)
	history := filepath.Join(dir, "history.db")
	b, err := os.ReadFile(history)
	if err != nil {
		t.Fatal(err)
	}
	cut := 0
	for at := 4096; at < len(b) && cut == 0; at += 4096 {
		bad := bytes.Clone(b)
		clear(bad[at : at+4096])
		if err := os.WriteFile(history, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		out, s, err := salvageTo(t, dir, profile.Passphrase(passphrase))
		if errors.Is(err, chat.ErrDamaged) || err == nil && s.Report.Signed {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		cut = at
		if !strings.Contains(linesOf(t, out), texts[7]) || s.Report.Complete {
			t.Errorf("%+v", s.Report)
		}
		var place *export.PlaceError
		if _, err := export.Verify(out, time.Now()); !errors.As(err, &place) || place.File != "manifest.sig" || place.Change != export.Missing {
			t.Errorf("verified: %v", err)
		}
	}
	if cut == 0 {
		t.Error("no page holds the identity")
	}
}

// TestSalvageSavesFilesAsFarAsTheyAreWhole damages the history and the file of one of two messages.
func TestSalvageSavesFilesAsFarAsTheyAreWhole(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "Ada")
	ada, _, err := profile.Create(t.Context(), profile.CreateOptions{Options: cheap, Dir: dir, Name: "Ada", Passphrase: passphrase})
	if err != nil {
		t.Fatal(err)
	}
	if err := ada.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ben := create(t, "Ben", "")
	introduce(t, ada, ben)
	conv := ada.Messenger.ConversationWith(ben.Messenger.Self().ID)
	whole := plantedFile{name: "whole.txt", caption: "the first", content: strings.Repeat("kept ", 30_000)}
	cut := plantedFile{name: "cut.txt", caption: "the second", content: strings.Repeat("lost ", 30_000)}
	whole.send(t, ada, conv)
	sent := cut.send(t, ada, conv)
	var blob chat.BlobID
	err = ada.View(t.Context(), func(tx chat.Tx) error {
		a, err := tx.Attachments().Get(sent.ID)
		blob = a.Blob
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	closed(t, ada)
	history, err := os.ReadFile(filepath.Join(dir, "history.db"))
	if err != nil {
		t.Fatal(err)
	}
	clear(history[:4096]) // neither header nor schema
	err = errors.Join(os.WriteFile(filepath.Join(dir, "history.db"), history, 0o600),
		os.Truncate(filepath.Join(dir, storage.BlobFolder, blob.String()), 70_000))
	if err != nil {
		t.Fatal(err)
	}
	out, s, err := salvageTo(t, dir, profile.Passphrase(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	m := s.Export.Manifest
	if m.Counts.Files != 1 || m.Counts.FilesMissing != 1 || len(m.MissingFiles) != 1 || m.MissingFiles[0].Reason != "damaged" {
		t.Errorf("%+v, missing %+v", m.Counts, m.MissingFiles)
	}
	var saved []string
	for _, f := range m.Files {
		if strings.HasSuffix(f.Path, "whole.txt") || strings.HasSuffix(f.Path, "cut.txt") {
			saved = append(saved, f.Path)
		}
	}
	if len(saved) != 1 {
		t.Fatalf("%q are saved", saved)
	}
	if b, err := os.ReadFile(filepath.Join(out, filepath.FromSlash(saved[0]))); err != nil || string(b) != whole.content {
		t.Errorf("%d bytes are saved, %v", len(b), err)
	}
	if lines := linesOf(t, out); !strings.Contains(lines, "the second") || !strings.Contains(lines, "cut.txt") {
		t.Error("the message whose file is damaged is not saved")
	}
}
