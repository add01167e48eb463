package sqlite

// Times are unix milliseconds; an end of 0 is never. message.id is mailbox << 32 | seq, so that the
// envelopes of a mailbox lie together in the order of their numbers. seen holds every envelope id: with
// until = 0 while the envelope is stored.
const schema = `
CREATE TABLE mailbox(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  address BLOB NOT NULL UNIQUE,
  owner BLOB NOT NULL,
  kind INTEGER NOT NULL,
  max_messages INTEGER NOT NULL,
  max_bytes INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  granted INTEGER NOT NULL,
  last_seq INTEGER NOT NULL DEFAULT 0,
  state BLOB,
  bundle BLOB
);
CREATE TABLE token(
  mailbox INTEGER NOT NULL,
  hash BLOB NOT NULL,
  pop_burst INTEGER NOT NULL,
  pop_every INTEGER NOT NULL,
  max_pops INTEGER NOT NULL,
  popped INTEGER NOT NULL DEFAULT 0,
  expires INTEGER NOT NULL,
  PRIMARY KEY(mailbox, hash)
) WITHOUT ROWID;
CREATE TABLE permit(
  hash BLOB PRIMARY KEY,
  mailbox INTEGER NOT NULL,
  remaining INTEGER NOT NULL,
  expires INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX permit_mailbox ON permit(mailbox);
CREATE TABLE message(
  id INTEGER PRIMARY KEY,
  envelope BLOB NOT NULL,
  received INTEGER NOT NULL,
  requester BLOB NOT NULL,
  body BLOB NOT NULL
);
CREATE TABLE seen(
  mailbox INTEGER NOT NULL,
  envelope BLOB NOT NULL,
  until INTEGER NOT NULL,
  PRIMARY KEY(mailbox, envelope)
) WITHOUT ROWID;
CREATE TABLE prekey(
  mailbox INTEGER NOT NULL,
  place INTEGER NOT NULL,
  id INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY(mailbox, place)
);
`

// blobs: ends is of the unfinished upload while digest is NULL, then of the blob. gone holds the files whose rows were
// removed, until the files are.
const blobs = `
CREATE TABLE blob(
  file BLOB PRIMARY KEY,
  name BLOB NOT NULL UNIQUE,
  upload BLOB NOT NULL UNIQUE,
  mailbox INTEGER NOT NULL,
  token BLOB NOT NULL,
  size INTEGER NOT NULL,
  synced INTEGER NOT NULL DEFAULT 0,
  ends INTEGER NOT NULL,
  digest BLOB
) WITHOUT ROWID;
CREATE INDEX blob_mailbox ON blob(mailbox);
CREATE INDEX blob_ends ON blob(ends);
CREATE INDEX blob_unfinished ON blob(ends) WHERE digest IS NULL;
CREATE TABLE gone(file BLOB PRIMARY KEY) WITHOUT ROWID;
`

// migrations lead from one schema version to the next, the first from an empty file.
var migrations = []string{schema, blobs}
