//go:build unix

package export_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sotto/app/apptest/memstore"
	"sotto/app/privacy"
	"sotto/app/privacy/export"
	"sotto/app/privacy/files"
	"sotto/app/security"
	"sotto/chat"
	"sotto/crypto/identity"
	"sotto/storage/blob"
)

// BenchmarkFiles writes, checks and takes in an export of one file of 100 MiB, whose blob lies on the disk.
func BenchmarkFiles(b *testing.B) {
	ctx := context.Background()
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	who, err := identity.New(clock)
	must(err)
	me := chat.ContactID(who.Fingerprint())
	audit := security.NewAudit(func() time.Time { return clock })
	kept, err := blob.Open(b.TempDir())
	must(err)
	sealed, err := files.Seal(ctx, kept, io.LimitReader(zeros{}, chat.MaxFile), chat.MaxFile, nil)
	must(err)
	store := memstore.New()
	conv := privacy.DirectConversation(me, ada)
	must(store.Update(ctx, func(tx chat.Tx) error {
		sealed.Message = chat.MessageID{1}
		if err := errors.Join(
			tx.Contacts().Put(chat.Contact{ID: ada, Name: "Ada", State: chat.ContactAccepted, Created: clock}),
			tx.Conversations().Put(chat.Conversation{ID: conv, Kind: chat.Direct, Members: []chat.ContactID{ada}, Created: clock}),
		); err != nil {
			return err
		}
		_, err := tx.Messages().Put(chat.Message{
			ID: sealed.Message, Conversation: conv, Author: ada, Direction: chat.In, Kind: chat.KindAttachment, State: chat.Read, Sent: clock, Received: clock,
			File: chat.File{Name: "large", Size: chat.MaxFile},
		})
		return errors.Join(err, tx.Attachments().Put(sealed))
	}))
	x := &export.Exporter{Store: store, Blobs: kept, Audit: audit, Identity: who, Name: func() string { return "Grace" }, Now: func() time.Time { return clock }}
	for name, form := range map[string]export.Encryption{"plain": export.Plain, "export code": export.ExportCode} {
		dir := b.TempDir()
		var last export.Summary
		out := ""
		b.Run("write "+name, func(b *testing.B) {
			b.SetBytes(chat.MaxFile)
			for n := 0; b.Loop(); n++ {
				must(os.RemoveAll(out))
				out = filepath.Join(dir, fmt.Sprint(n))
				last, err = x.Write(ctx, export.Request{Out: out, Encrypt: form})
				must(err)
			}
		})
		b.Run("take in "+name, func(b *testing.B) {
			b.SetBytes(chat.MaxFile)
			for b.Loop() {
				to, err := blob.Open(b.TempDir())
				must(err)
				i := &export.Importer{
					Store: memstore.New(), Blobs: to, Audit: audit, Self: func() chat.ContactID { return me }, Temp: b.TempDir(), Now: func() time.Time { return clock },
				}
				got, err := i.Import(ctx, export.ImportRequest{Path: out, Code: last.Code})
				if must(err); got.Files != 1 {
					b.Fatal("no file was taken in")
				}
			}
		})
	}
}
