package apptest_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"sotto/app/apptest"
	"sotto/chat"
	"sotto/transport/transporttest"
)

// TestFilesArriveThroughWhateverHappens: two people give each other files and texts, over connections that drop, repeat and
// break, through cuts in the middle of bytes, and through ends and starts of both programs.
func TestFilesArriveThroughWhateverHappens(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dice := rand.New(rand.NewPCG(seed, 5))
				w := apptest.NewWorld(t)
				faults := transporttest.Faults{DropRequest: 0.1, DropAnswer: 0.1, Duplicate: 0.1, Reorder: 0.2, Delay: 3 * time.Millisecond, Cut: 0.05}
				ada := w.Person("Ada", apptest.PersonOptions{Faults: faults, Seed: seed})
				ben := w.Person("Ben", apptest.PersonOptions{Faults: faults, Seed: seed + 100})
				w.Befriend(ada, ben)
				ben.Ledger.Allow(chat.AutomaticDownload, true)
				ada.Ledger.Allow(chat.ReadReceipts, true)
				ben.Ledger.Allow(chat.ReadReceipts, true)
				sent := map[*apptest.Person]map[chat.MessageID][]byte{ada: {}, ben: {}}
				other := map[*apptest.Person]*apptest.Person{ada: ben, ben: ada}
				for i := range 40 {
					who := []*apptest.Person{ada, ben}[dice.IntN(2)]
					switch dice.IntN(6) {
					case 0:
						w.Relay.CutBlobs(int64(dice.IntN(100_000)), int64(dice.IntN(100_000)))
					case 1:
						who.Crash()
					case 2:
						who.Say(other[who], fmt.Sprint("text ", i))
					case 3:
						for id := range sent[other[who]] {
							if who.File(id).State == chat.FileOffered {
								if err := who.FetchFile(t.Context(), id); err != nil {
									t.Fatal(err)
								}
							}
						}
					default:
						file := apptest.Bytes(uint64(i), dice.IntN(400_000))
						sent[who][who.Give(other[who], fmt.Sprint("file ", i), file).ID] = file
					}
					time.Sleep(time.Duration(dice.IntN(2000)) * time.Millisecond)
				}
				w.Relay.CutBlobs()
				ada.Calm()
				ben.Calm()
				ada.Crash()
				ben.Crash()
				for who, files := range sent {
					for id, want := range files {
						peer := other[who]
						for peer.File(id).State == "" {
							time.Sleep(time.Second)
						}
						if err := peer.FetchFile(t.Context(), id); err != nil {
							t.Fatal(err)
						}
						for peer.File(id).State == chat.FileFetching {
							time.Sleep(time.Second)
						}
						if got, err := peer.Contents(id); err != nil || !bytes.Equal(got, want) {
							t.Errorf("%s reads %d of %d bytes, %v, %+v", peer.Name, len(got), len(want), err, peer.File(id))
						}
					}
				}
				same(t, ada, ben)
				settle(t, ada)
				settle(t, ben)
				if n := len(w.BlobsAt(w.Relay)); n != 0 {
					t.Errorf("%d files are left on the relay", n)
				}
				for _, p := range []*apptest.Person{ada, ben} {
					if n := p.SweepFiles(); n != 0 {
						t.Errorf("%s kept %d files that no message names", p.Name, n)
					}
				}
			})
		})
	}
}
