package apptest_test

import (
	"bytes"
	"fmt"
	"testing"

	"sotto/app/apptest"
	"sotto/app/messenger"
	"sotto/chat"
)

// givingScene is one in which Ada gives Ben a file. In the end he has fetched every one that she was told is kept, byte for
// byte, and neither keeps a file that no message names.
func givingScene(t *testing.T, ada, ben *mortal, name string, play func(n int, file []byte, give func() error) (*mortal, func() error)) scene {
	t.Helper()
	ben.Ledger.Allow(chat.ReadReceipts, true) // so that what was fetched goes at the relay at once
	files := map[string][]byte{}
	return scene{
		play: func(n int) (*mortal, func() error) {
			caption, file := fmt.Sprint(name, " ", n), apptest.Bytes(uint64(n), 150_000)
			files[caption] = file
			return play(n, file, func() error {
				f := apptest.FileOf("figures.ods", file)
				f.Caption = caption
				_, err := ada.SendFile(t.Context(), ada.ConversationWith(ben.ID), f, messenger.SendOptions{}, nil)
				if err == nil {
					ada.said[ben.ID] = append(ada.said[ben.ID], caption)
				}
				return err
			})
		},
		over: func(int) (*mortal, *mortal) {
			settle(t, ada.Person)
			settle(t, ben.Person)
			ben.Until("every message of Ada's", func() bool { return alike(ben, ada) })
			rows := ben.Thread(ada.Person)
			msg := rows[len(rows)-1]
			if want, ok := files[msg.Text]; ok {
				fetched(t, ben.Person, msg.ID, want)
				if got, err := ada.Contents(msg.ID); err != nil || !bytes.Equal(got, want) {
					t.Errorf("Ada reads %d bytes of her own, %v", len(got), err)
				}
				for _, one := range rows[:len(rows)-1] {
					if s := ben.File(one.ID); s.State != "" && s.State != chat.FileHere {
						t.Errorf("%q is only %s", one.Text, s.State)
					}
				}
			}
			for _, m := range []*mortal{ada, ben} {
				if n := m.SweepFiles(); n != 0 {
					t.Errorf("%s kept %d files that no message names", m.Name, n)
				}
			}
			return ada, ben
		},
	}
}
