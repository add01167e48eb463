package sqlite

import (
	"context"
	"database/sql"
)

// statements of the writer, prepared once.
type statements struct {
	begin, commit, rollback             *sql.Stmt
	findBox, boxUsage, setSeq           *sql.Stmt
	insertMessage, insertSeen, findSeen *sql.Stmt
	deleteMessage, endSeen              *sql.Stmt
	findToken                           *sql.Stmt
}

func (st *statements) prepare(ctx context.Context, conn *sql.Conn) error {
	for _, p := range []struct {
		to  **sql.Stmt
		sql string
	}{
		{&st.begin, "BEGIN IMMEDIATE"},
		{&st.commit, "COMMIT"},
		{&st.rollback, "ROLLBACK"},
		{&st.findBox, "SELECT id, kind, max_messages, max_bytes, expires, last_seq FROM mailbox WHERE address=?"},
		{&st.boxUsage, "SELECT requester, count(*), sum(length(body)) FROM message WHERE id>? AND id<? GROUP BY requester"},
		{&st.setSeq, "UPDATE mailbox SET last_seq=? WHERE id=?"},
		{&st.insertMessage, "INSERT INTO message(id, envelope, received, requester, body) VALUES(?,?,?,?,?)"},
		{&st.insertSeen, "INSERT INTO seen(mailbox, envelope, until) VALUES(?,?,0) ON CONFLICT DO NOTHING"},
		{&st.findSeen, "SELECT until FROM seen WHERE mailbox=? AND envelope=?"},
		{&st.deleteMessage, "DELETE FROM message WHERE id=? RETURNING envelope, requester, length(body)"},
		{&st.endSeen, "UPDATE seen SET until=? WHERE mailbox=? AND envelope=?"},
		{&st.findToken, "SELECT expires FROM token WHERE mailbox=? AND hash=?"},
	} {
		stmt, err := conn.PrepareContext(ctx, p.sql)
		if err != nil {
			return err
		}
		*p.to = stmt
	}
	return nil
}

func (st *statements) close() {
	for _, s := range []*sql.Stmt{
		st.begin, st.commit, st.rollback, st.findBox, st.boxUsage, st.setSeq, st.insertMessage,
		st.insertSeen, st.findSeen, st.deleteMessage, st.endSeen, st.findToken,
	} {
		_ = s.Close()
	}
}
