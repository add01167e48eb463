package sqlite

import (
	"os"
	"testing"
	"time"

	"sotto/chat"
	"sotto/crypto/vault"
)

// BenchmarkCheck opens a long history as a killed process left it, which is what stands before the first screen, then
// reads all of it, which happens behind, and salvages it. BENCH_MESSAGES is how long it is.
func BenchmarkCheck(b *testing.B) {
	n := historySize(b)
	p := newProfile(b)
	s := p.create(b)
	text := sentences()
	var seqs [historyThreads]uint64
	for from := 0; from < n; from += 1000 {
		write(b, s, func(tx chat.Tx) error {
			for i := from; i < min(from+1000, n); i++ {
				c := i / 100 % historyThreads
				if seqs[c]++; seqs[c] == 1 {
					if err := tx.Conversations().Put(chat.Conversation{ID: conv(byte(c))}); err != nil {
						return err
					}
				}
				_, err := tx.Messages().Put(chat.Message{
					ID: chat.NewMessageID(), Conversation: conv(byte(c)), Author: chat.ContactID{byte(seqs[c] % 2)}, Direction: chat.In,
					Kind: chat.KindText, Seq: seqs[c], Sent: day, Received: day, State: chat.Delivered, Text: text(),
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	killed := newProfile(b)
	for from, to := range map[string]string{p.db: killed.db, p.db + "-wal": killed.db + "-wal", p.vault: killed.vault} {
		if err := os.WriteFile(to, fileBytes(b, from), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	closeStore(b, s)
	step := func(name string, f func() error) {
		start := time.Now()
		if err := f(); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(start).Seconds()*1e3, name)
	}
	for b.Loop() {
		step("open-ms", func() (err error) { s, err = killed.tryOpen(nil); return err })
		step("file-ms", func() error { return s.Check(b.Context()) })
		step("messages-ms", func() error {
			got, err := s.Examine(b.Context(), nil)
			if !got.Sound() || got.Messages != n {
				b.Errorf("%+v", got)
			}
			return err
		})
		closeStore(b, s)
		step("salvage-ms", func() error {
			v, err := vault.Open(fileBytes(b, killed.vault), cheapLimits, vault.Passphrase(passphrase))
			if err != nil {
				return err
			}
			into := newProfile(b).create(b)
			w, err := Salvage(b.Context(), killed.db, v, into, day, nil)
			if err == nil && !w.Whole() {
				b.Errorf("%+v", w)
			}
			return err
		})
	}
	b.ReportMetric(0, "ns/op")
}
