package storetest

import (
	"slices"
	"time"

	"sotto/transport/relay/store"
	"sotto/transport/wire"
)

// plenty are limits that nothing here reaches.
var plenty = store.BlobLimits{
	MailboxBytes: 1 << 40, MailboxBlobs: 1 << 20, TokenBytes: 1 << 40, TokenBlobs: 1 << 20, Room: 1 << 40,
}

// blob is a blob of the present mailbox and token, of 1,000 bytes.
func (f *fixture) blob(n byte) store.Blob {
	return store.Blob{
		Name: wire.BlobName{n}, Upload: wire.UploadHash{n}, File: store.BlobFile{n},
		Mailbox: f.box, Token: f.token.Hash(), Size: 1000,
	}
}

// granted grants a blob.
func (f *fixture) granted(n byte) store.Blob {
	f.Helper()
	b := f.blob(n)
	f.ok(f.GrantBlob(f.Context(), b, plenty, f.now))
	return b
}

// committed grants and commits a blob.
func (f *fixture) committed(n byte) store.Blob {
	f.Helper()
	b := f.granted(n)
	f.ok(f.CommitBlob(f.Context(), b.File, [32]byte{n}, f.now))
	return b
}

// found looks a blob up under both of its names.
func (f *fixture) found(b store.Blob) store.Blob {
	f.Helper()
	byName, err := f.Store.Blob(f.Context(), b.Name, f.now)
	f.ok(err)
	byUpload, err := f.Upload(f.Context(), b.Upload, f.now)
	f.ok(err)
	if byName != byUpload {
		f.Fatalf("by name %+v, by upload %+v", byName, byUpload)
	}
	return byName
}

func (f *fixture) noBlob(b store.Blob) {
	f.Helper()
	_, err := f.Store.Blob(f.Context(), b.Name, f.now)
	f.is(err, wire.ErrNotFound)
	_, err = f.Upload(f.Context(), b.Upload, f.now)
	f.is(err, wire.ErrNotFound)
}

// goneFiles checks which files wait for their removal, and forgets them.
func (f *fixture) goneFiles(want ...byte) {
	f.Helper()
	files, err := f.GoneBlobs(f.Context(), 100)
	f.ok(err)
	var got []byte
	for _, file := range files {
		got = append(got, file[0])
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		f.Fatalf("files %v are gone, want %v", got, want)
	}
	f.ok(f.ForgetBlobs(f.Context(), files...))
	if files, err = f.GoneBlobs(f.Context(), 100); err != nil || len(files) > 0 {
		f.Fatalf("%d files are not forgotten, %v", len(files), err)
	}
}

func blobLife(f *fixture) {
	b := f.granted(1)
	got := f.found(b)
	want := b
	want.Ends = f.now.Add(wire.UploadRetention)
	if got != want {
		f.Fatalf("granted %+v, want %+v", got, want)
	}
	f.ok(f.SyncBlob(f.Context(), b.File, 400))
	if got := f.found(b); got.Synced != 400 || got.Committed {
		f.Fatalf("synced %+v", got)
	}
	f.now = f.now.Add(time.Hour)
	f.ok(f.CommitBlob(f.Context(), b.File, [32]byte{7}, f.now))
	want.Committed, want.Digest, want.Synced, want.Ends = true, [32]byte{7}, 1000, f.now.Add(wire.BlobRetention)
	if got := f.found(b); got != want {
		f.Fatalf("committed %+v, want %+v", got, want)
	}
	f.is(f.SyncBlob(f.Context(), b.File, 1), wire.ErrNotFound)
	f.is(f.CommitBlob(f.Context(), b.File, [32]byte{8}, f.now), wire.ErrNotFound)
	f.is(f.SyncBlob(f.Context(), store.BlobFile{9}, 1), wire.ErrNotFound)
	f.goneFiles()
	for range 2 {
		f.ok(f.DropBlob(f.Context(), b.File))
	}
	f.noBlob(b)
	f.goneFiles(1)
}

func blobNames(f *fixture) {
	f.is(f.GrantBlob(f.Context(), store.Blob{Mailbox: wire.Mailbox{99}}, plenty, f.now), wire.ErrNoMailbox)
	stranger := f.blob(1)
	stranger.Token = wire.TokenHash{99}
	f.is(f.GrantBlob(f.Context(), stranger, plenty, f.now), wire.ErrUnauthorized)
	b := f.granted(1)
	f.ok(f.SyncBlob(f.Context(), b.File, 400))
	again := b
	again.File = store.BlobFile{2} // every try names its own file
	f.ok(f.GrantBlob(f.Context(), again, plenty, f.now))
	if got := f.found(b); got.File != b.File || got.Synced != 400 {
		f.Fatalf("a repeat changed it: %+v", got)
	}
	for name, change := range map[string]func(*store.Blob){
		"another size":   func(b *store.Blob) { b.Size++ },
		"another name":   func(b *store.Blob) { b.Name = wire.BlobName{50} },
		"another upload": func(b *store.Blob) { b.Upload = wire.UploadHash{50} },
	} {
		other := again
		change(&other)
		if err := f.GrantBlob(f.Context(), other, plenty, f.now); err == nil {
			f.Errorf("%s is granted", name)
		} else {
			f.is(err, wire.ErrConflict)
		}
	}
	f.create(store.Mailbox{Kind: wire.ContactMailbox})
	f.is(f.GrantBlob(f.Context(), f.blob(1), plenty, f.now), wire.ErrConflict)
	f.ok(f.PutToken(f.Context(), b.Mailbox, store.Token{Hash: wire.TokenHash{77}, Expires: f.now.Add(time.Hour)}, f.now))
	ended := b
	ended.Token = wire.TokenHash{77}
	f.is(f.GrantBlob(f.Context(), ended, plenty, f.now.Add(time.Hour)), wire.ErrExpired)
}

func blobQuota(f *fixture) {
	grant := func(n byte, change func(*store.BlobLimits)) error {
		l := plenty
		change(&l)
		return f.GrantBlob(f.Context(), f.blob(n), l, f.now)
	}
	f.granted(1)
	for name, change := range map[string]func(*store.BlobLimits){
		"bytes of the mailbox":  func(l *store.BlobLimits) { l.MailboxBytes = 1999 },
		"number of the mailbox": func(l *store.BlobLimits) { l.MailboxBlobs = 1 },
		"bytes of the token":    func(l *store.BlobLimits) { l.TokenBytes = 1999 },
		"number of the token":   func(l *store.BlobLimits) { l.TokenBlobs = 1 },
		"room on the disk":      func(l *store.BlobLimits) { l.Room = 1999 },
	} {
		if err := grant(2, change); err == nil {
			f.Errorf("%s: granted", name)
		} else {
			f.is(err, wire.ErrQuota)
		}
		f.ok(grant(1, change)) // what stands is answered all the same
	}
	f.ok(f.SyncBlob(f.Context(), store.BlobFile{1}, 600))
	f.ok(grant(2, func(l *store.BlobLimits) { l.Room = 1400 })) // what has come is no promise any more
	f.ok(f.DropBlob(f.Context(), store.BlobFile{2}))
	f.ok(f.PutToken(f.Context(), f.box, store.Token{Hash: wire.TokenHash{88}}, f.now))
	other := f.blob(3)
	other.Token = wire.TokenHash{88}
	l := plenty
	l.TokenBytes, l.TokenBlobs = 1000, 1
	f.ok(f.GrantBlob(f.Context(), other, l, f.now))

	f.create(store.Mailbox{Kind: wire.InvitationMailbox}) // whoever holds a link has no use for files
	f.is(grant(4, func(*store.BlobLimits) {}), wire.ErrUnauthorized)

	f.create(store.Mailbox{Kind: wire.ContactMailbox})
	f.createGranted(f.box) // holds an eighth
	f.is(grant(4, func(l *store.BlobLimits) { l.MailboxBytes = 7999 }), wire.ErrQuota)
	f.is(grant(4, func(l *store.BlobLimits) { l.MailboxBlobs = 7 }), wire.ErrQuota)
	f.ok(grant(4, func(l *store.BlobLimits) { l.MailboxBytes, l.MailboxBlobs = 8000, 8 }))
	f.is(grant(5, func(l *store.BlobLimits) { l.MailboxBytes = 8000 }), wire.ErrQuota)
	f.now = f.now.Add(wire.UploadRetention)
	f.ok(grant(5, func(l *store.BlobLimits) { l.MailboxBytes, l.Room = 8000, 1000 })) // ended, though not swept
}

func blobEnds(f *fixture) {
	first, second := f.granted(1), f.committed(2)
	f.now = Start.Add(wire.UploadRetention - time.Millisecond)
	f.ok(f.Sweep(f.Context(), f.now))
	f.found(first)
	f.now = Start.Add(wire.UploadRetention)
	f.noBlob(first)
	f.found(second)
	again := f.blob(1)
	again.File = store.BlobFile{3} // its names are free again, before any sweep
	f.ok(f.GrantBlob(f.Context(), again, plenty, f.now))
	f.goneFiles(1)
	f.now = Start.Add(wire.BlobRetention - time.Millisecond)
	f.found(second)
	f.now = Start.Add(wire.BlobRetention)
	f.noBlob(second)
	f.goneFiles()
	f.ok(f.Sweep(f.Context(), f.now))
	f.goneFiles(2, 3)
}

func blobsOfMailbox(f *fixture) {
	first, second := f.granted(1), f.committed(2)
	kept := f.box
	f.create(store.Mailbox{Kind: wire.ContactMailbox, Expires: f.now.Add(time.Hour)})
	third := f.committed(3)
	f.ok(f.DeleteMailbox(f.Context(), kept, f.now))
	f.noBlob(first)
	f.noBlob(second)
	f.goneFiles(1, 2)
	f.found(third)
	f.now = f.now.Add(time.Hour)
	f.noBlob(third)
	f.ok(f.Sweep(f.Context(), f.now))
	f.goneFiles(3)

	f.create(store.Mailbox{Kind: wire.ContactMailbox, Expires: f.now.Add(time.Hour)})
	fourth := f.committed(4)
	f.now = f.now.Add(time.Hour)
	f.made-- // the same address once more, after its end
	f.create(store.Mailbox{Kind: wire.ContactMailbox})
	f.noBlob(fourth)
	f.goneFiles(4)
}

func blobsOfToken(f *fixture) {
	first, second := f.granted(1), f.committed(2)
	f.ok(f.DropToken(f.Context(), f.box, f.token.Hash(), f.now))
	f.noBlob(first)
	f.found(second)
	f.goneFiles(1)
}

func blobPages(f *fixture) {
	for n := byte(5); n > 0; n-- {
		f.granted(n)
	}
	f.ok(f.CommitBlob(f.Context(), store.BlobFile{4}, [32]byte{1}, f.now))
	var after store.BlobFile
	var got []byte
	for {
		page, err := f.BlobsAfter(f.Context(), after, 2)
		f.ok(err)
		if len(page) == 0 {
			break
		}
		for _, b := range page {
			got = append(got, b.File[0])
			after = b.File
			if b.Committed != (b.File[0] == 4) {
				f.Errorf("%+v", b)
			}
		}
	}
	if !slices.Equal(got, []byte{1, 2, 3, 4, 5}) {
		f.Errorf("paged %v", got)
	}
}
