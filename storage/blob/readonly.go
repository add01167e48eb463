package blob

import "sotto/chat"

// ReadOnly opens the committed files of a folder that is left as it is, as for the salvage of a damaged profile. The folder
// need not be there.
type ReadOnly struct{ folder Folder }

var _ chat.Blobs = ReadOnly{}

// Look returns the folder dir for reading alone.
func Look(dir string) ReadOnly { return ReadOnly{Folder{dir}} }

// Open implements chat.Blobs.
func (r ReadOnly) Open(id chat.BlobID) (chat.BlobReader, error) { return r.folder.Open(id) }

// Create answers chat.ErrReadOnly.
func (ReadOnly) Create() (chat.BlobWriter, error) { return nil, chat.ErrReadOnly }

// Resume answers chat.ErrReadOnly.
func (ReadOnly) Resume(chat.BlobID) (chat.BlobWriter, error) { return nil, chat.ErrReadOnly }

// Remove answers chat.ErrReadOnly.
func (ReadOnly) Remove(...chat.BlobID) error { return chat.ErrReadOnly }

// Free answers 0.
func (ReadOnly) Free() (int64, error) { return 0, nil }
