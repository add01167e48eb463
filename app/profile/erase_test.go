package profile_test

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3" // reads the tables without the store

	"sotto/app/messenger"
	"sotto/app/profile"
	"sotto/chat"
)

// The test binary starts itself again with this variable: the child deletes a conversation of that profile.
const eraseIn = "SOTTO_TEST_ERASE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(eraseIn); dir != "" {
		eraseConversation(dir)
		return
	}
	if dir := os.Getenv(childLives); dir != "" {
		live(dir, os.Getenv(childSeed))
		return
	}
	if message := os.Getenv(childCopies); message != "" {
		openCopy(os.Getenv(childDir), message)
		return
	}
	if act := os.Getenv(childAct); act != "" {
		backUpOrRestore(act, os.Getenv(childDir), os.Getenv(childFile))
		return
	}
	os.Exit(m.Run())
}

// eraseConversation deletes the only conversation once a line comes in, says so, and waits to be killed.
func eraseConversation(dir string) {
	ctx := context.Background()
	p, err := profile.Open(ctx, profile.OpenOptions{Options: cheap, Dir: dir, Secret: profile.Passphrase(passphrase)})
	if err != nil {
		fmt.Println("opening:", err)
		os.Exit(1)
	}
	list, err := p.Messenger.Conversations(ctx)
	if err != nil || len(list) != 1 {
		fmt.Println("conversations:", len(list), err)
		os.Exit(1)
	}
	fmt.Println("ready")
	in := bufio.NewReader(os.Stdin)
	in.ReadString('\n') //nolint:errcheck // the end of the input serves as well
	_, err = p.Eraser.DeleteConversation(ctx, list[0].ID, false)
	fmt.Println("deleted", err)
	in.ReadString('\n') //nolint:errcheck // until it is killed
}

// TestAKilledDeletionOfAConversationLeavesNothingOfIt kills the process that deletes at moments that show from outside,
// and looks at the files: no row, tag or key of the conversation, and with the vault from after, the history from
// before opens nothing.
func TestAKilledDeletionOfAConversationLeavesNothingOfIt(t *testing.T) {
	for _, c := range []struct {
		point string
		until func(dir string, before map[string][]byte) bool
	}{
		{"before it begins", nil},
		{"when something is in the log", func(dir string, before map[string][]byte) bool {
			return !bytes.Equal(contents(dir, "history.db-wal"), before["history.db-wal"])
		}},
		{"when the vault turns", func(dir string, before map[string][]byte) bool {
			return !bytes.Equal(contents(dir, "vault"), before["vault"])
		}},
		{"when it is done", func(string, map[string][]byte) bool { return false }},
	} {
		t.Run(c.point, func(t *testing.T) {
			dir := talked(t)
			rows, old := rowsOf(t, dir), contents(dir, "history.db")
			if len(rows["messages"]) < 100 || len(rows["keys"]) == 0 || len(rows["segments"]) == 0 {
				t.Fatalf("the test sets up %d messages, %d keys, %d segments", len(rows["messages"]), len(rows["keys"]), len(rows["segments"]))
			}
			killErasing(t, dir, c.until)

			p, err := profile.Open(t.Context(), profile.OpenOptions{Options: cheap, Dir: dir, Secret: profile.Passphrase(passphrase)})
			if err != nil {
				t.Fatal(err)
			}
			list, err := p.Messenger.Conversations(t.Context())
			if err != nil || len(list) != 1 {
				t.Fatalf("%d conversations, %v", len(list), err)
			}
			left, err := p.Messenger.Messages(t.Context(), list[0].ID, 0, 1000)
			if err != nil || len(left) != 0 && len(left) != len(rows["messages"]) {
				t.Fatalf("%d of %d messages are left, %v", len(left), len(rows["messages"]), err)
			}
			if c.until == nil && len(left) == 0 {
				t.Fatal("the conversation went before anybody asked")
			}
			if len(left) > 0 { // it had not committed: nothing was lost, and it can be deleted
				if _, err := p.Eraser.DeleteConversation(t.Context(), list[0].ID, false); err != nil {
					t.Fatal(err)
				}
			}
			nothingLeft(t, dir, rows, old) // while it is open, too: closing tidies up
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
			nothingLeft(t, dir, rows, old)
			opensNothing(t, dir, old)
		})
	}
}

// talked makes a closed profile with a conversation.
func talked(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "p")
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
	for i := range 120 {
		if _, err := ada.Messenger.Send(t.Context(), conv, fmt.Sprint("message ", i), messenger.SendOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(ada.Messenger.Sync(t.Context(), 20*time.Second), ada.Close()); err != nil {
		t.Fatal(err)
	}
	return dir
}

// killErasing starts a child that deletes the conversation, and kills it.
func killErasing(t *testing.T, dir string, until func(string, map[string][]byte) bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), eraseIn+"="+dir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	if line, err := lines.ReadString('\n'); line != "ready\n" {
		t.Fatalf("the child says %q, %v", line, err)
	}
	// Opening writes as well.
	opened := map[string][]byte{"vault": contents(dir, "vault"), "history.db-wal": contents(dir, "history.db-wal")}
	if until != nil {
		if _, err := io.WriteString(in, "go\n"); err != nil {
			t.Fatal(err)
		}
		done := make(chan string, 1)
		go func() {
			line, _ := lines.ReadString('\n') //nolint:errcheck // ends with the child
			done <- line
		}()
		for waiting := true; waiting && !until(dir, opened); {
			select {
			case line := <-done:
				waiting = false
				if line != "deleted <nil>\n" {
					t.Errorf("the child says %q", line)
				}
			default:
			}
		}
	}
	cmd.Process.Kill() //nolint:errcheck // it waits for it
	cmd.Wait()         //nolint:errcheck // killed
}

// row is what a table keeps of a thing: a tag to find it by and the sealed or wrapped body.
type row [2][]byte

// rowsOf reads, table by table, the rows of everything that belongs to the conversation.
func rowsOf(t *testing.T, dir string) map[string][]row {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, "history.db")+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // read only
	out := map[string][]row{}
	for table, query := range map[string]string{
		"messages":    "SELECT tag, body FROM messages",
		"threads":     "SELECT body, body FROM threads",
		"segments":    "SELECT body, body FROM segments",
		"annotations": "SELECT tag, body FROM annotations",
		"keys":        "SELECT k.body, k.body FROM keys k JOIN conversations c ON c.key = k.id",
	} {
		rows, err := db.Query(query)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var tag, body []byte
			if err := rows.Scan(&tag, &body); err != nil {
				t.Fatal(err)
			}
			out[table] = append(out[table], row{tag, body})
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// nothingLeft looks for every tag, sealed body and wrapped key in every file of the profile.
func nothingLeft(t *testing.T, dir string, rows map[string][]row, old []byte) {
	t.Helper()
	files := map[string][]byte{}
	for _, name := range []string{"history.db", "history.db-wal", "history.db-journal", "vault"} {
		files[name] = contents(dir, name)
	}
	for table, all := range rows {
		for _, r := range all {
			for _, blob := range r {
				if !bytes.Contains(old, blob) {
					t.Errorf("the same search does not find something of the %s in the file from before", table)
				}
				for name, file := range files {
					if bytes.Contains(file, blob) {
						t.Errorf("%s holds something of the %s of the conversation", name, table)
					}
				}
			}
		}
	}
	if left := rowsOf(t, dir); len(left["messages"])+len(left["annotations"]) != 0 {
		t.Errorf("%d messages, %d annotations are left", len(left["messages"]), len(left["annotations"]))
	}
}

// opensNothing puts the history from before beside the vault from after.
func opensNothing(t *testing.T, dir string, old []byte) {
	t.Helper()
	for _, name := range []string{"history.db-wal", "history.db-shm"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "history.db"), old, 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := profile.Open(t.Context(), profile.OpenOptions{Options: cheap, Dir: dir, Secret: profile.Passphrase(passphrase)})
	if !errors.Is(err, chat.ErrDamaged) {
		t.Errorf("the history from before opens with the vault from after: %v", err)
	}
	if err == nil {
		p.Close() //nolint:errcheck // reported already
	}
}

// contents reads a file of a profile; nothing when there is none.
func contents(dir, name string) []byte {
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return nil
	}
	return b
}
