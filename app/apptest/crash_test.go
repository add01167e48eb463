package apptest_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"sotto/app/apptest"
	"sotto/app/messenger"
	"sotto/chat"
	"sotto/transport/wire"
)

// scene is one thing that a process does, again and again, dying at another point each time.
type scene struct {
	name string
	// play readies the n-th repetition and returns who dies and what it does then. The world goes on from one to the next.
	play func(n int) (who *mortal, act func() error)
	// over is called when everyone lives again: it completes what the person would repeat, and returns the two whose
	// conversation must be whole.
	over func(n int) (a, b *mortal)
	// receipts says that all messages of the first of the two are delivered in the end.
	receipts bool
}

// run plays a scene once to the end, then again and again, dying at every point that was come to in any of them, at its
// every time. It prints how many that were.
func (s scene) run(t *testing.T, w *seen) map[string]int {
	t.Helper()
	deaths := map[string]int{}
	todo := []death{{}}
	known := map[string]bool{}
	for n := 1; len(todo) > 0; n++ {
		if n > 1000 {
			t.Fatal("there is no end of points")
		}
		at := todo[0]
		todo = todo[1:]
		who, act := s.play(n)
		died, passed := who.attempt(at, act)
		for _, point := range slices.Sorted(maps.Keys(passed)) {
			if !known[point] {
				known[point] = true
				todo = append(todo, death{point, 1})
			}
		}
		if died {
			deaths[at.point]++
			todo = append(todo, death{at.point, at.nth + 1})
			who.resurrect()
		}
		who.fuse.Arm("", 0, nil)
		a, b := s.over(n)
		what := fmt.Sprintf("%s, dead at %v", s.name, at)
		aftermath(t, what, w, a, b)
		for _, m := range a.Thread(b.Person) {
			if s.receipts && strings.HasPrefix(m.Text, s.name) && m.State != chat.Delivered {
				t.Errorf("%s: %q is only %s", what, m.Text, m.State)
			}
		}
	}
	points := 0
	for n := range maps.Values(deaths) {
		points += n
	}
	t.Logf("%s: a process died at each of %d points: %v", s.name, points, deaths)
	if points == 0 {
		t.Errorf("%s: nobody ever died", s.name)
	}
	return deaths
}

// talking returns two friends whose session is past its beginning.
func talking(t *testing.T, w *apptest.World, s *seen, person func(name string) *mortal) (ada, ben *mortal) {
	t.Helper()
	ada, ben = person("Ada"), person("Ben")
	w.Befriend(ada.Person, ben.Person)
	for i := range 3 {
		ada.Say(ben.Person, fmt.Sprint("Ada begins ", i))
		settle(t, ada.Person)
		ben.Say(ada.Person, fmt.Sprint("Ben begins ", i))
		settle(t, ben.Person)
	}
	aftermath(t, "before", s, ada, ben)
	return ada, ben
}

// say sends a text. A person who sees it fail does not know whether it was kept.
func say(from, to *mortal, text string) error {
	_, err := from.Send(from.t.Context(), from.ConversationWith(to.ID), text, messenger.SendOptions{})
	if err == nil {
		from.said[to.ID] = append(from.said[to.ID], text)
	}
	return err
}

// TestAProcessDeadAtAnyWriteLosesAndDoublesNothing is I10 and I2 at every point of everything that a session does: a
// send, a receive, a flush of many, receipts, a move, and a start.
func TestAProcessDeadAtAnyWriteLosesAndDoublesNothing(t *testing.T) {
	all := map[string]int{}
	for _, c := range scenes {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, keys := apptest.NewWorld(t), newSeen()
				ada, ben := talking(t, w, keys, func(name string) *mortal {
					return newMortal(t, w, keys, name, apptest.PersonOptions{})
				})
				maps.Copy(all, c.between(t, w, ada, ben).run(t, keys))
			})
		})
	}
	for _, point := range []string{
		"before a commit", "after a commit", "before Send", "after Send", "before Ack", "after Ack", "Messages.Put", "Sessions.Put",
		"Queue.Add", "Queue.Put", "Queue.Delete", "Routes.Put", "Mailboxes.Put", "before CreateMailbox", "after CreateMailbox",
		"before PutToken", "after PutToken", "Attachments.Put", "before Blobs.Create", "after opening a file", "in Blob.Write", "before Blob.Commit",
		"after Blob.Commit", "before GrantBlob", "after GrantBlob", "in Upload", "before Upload", "after Upload", "before CommitBlob",
		"after CommitBlob", "before DeleteBlob", "after DeleteBlob", "before CompareAndSetState", "after CompareAndSetState",
	} {
		if all[point] == 0 {
			t.Errorf("no process died at %q", point)
		}
	}
}

// talk is a scene of two people who know each other.
type talk struct {
	name  string
	scene func(t *testing.T, w *apptest.World, ada, ben *mortal) scene
}

func (c talk) between(t *testing.T, w *apptest.World, ada, ben *mortal) scene {
	s := c.scene(t, w, ada, ben)
	s.name = c.name
	if s.over == nil {
		s.over = func(int) (*mortal, *mortal) { return ada, ben }
	}
	return s
}

var scenes = []talk{
	{"send", func(_ *testing.T, _ *apptest.World, ada, ben *mortal) scene {
		return scene{
			play: func(n int) (*mortal, func() error) {
				return ada, func() error { return say(ada, ben, fmt.Sprint("send ", n)) }
			},
		}
	}},
	{"receive", func(t *testing.T, _ *apptest.World, ada, ben *mortal) scene {
		return scene{
			play: func(n int) (*mortal, func() error) {
				return ben, func() error { return say(ada, ben, fmt.Sprint("receive ", n)) }
			},
		}
	}},
	{"receive in turn", func(t *testing.T, _ *apptest.World, ada, ben *mortal) scene {
		return scene{
			play: func(n int) (*mortal, func() error) { // each message of Ada's begins a chain
				if err := say(ben, ada, fmt.Sprint("turn ", n)); err != nil {
					t.Fatal(err)
				}
				settle(t, ben.Person)
				settle(t, ada.Person)
				return ben, func() error { return say(ada, ben, fmt.Sprint("receive in turn ", n)) }
			},
		}
	}},
	{"flush", func(t *testing.T, w *apptest.World, ada, ben *mortal) scene {
		return scene{
			play: func(n int) (*mortal, func() error) {
				w.Relay.Down(true)
				for i := range 3 {
					if err := say(ada, ben, fmt.Sprint("flush ", n, " ", i)); err != nil {
						t.Fatal(err)
					}
				}
				return ada, func() error {
					w.Relay.Down(false)
					return nil
				}
			},
		}
	}},
	{"receipt of the receiver", func(_ *testing.T, _ *apptest.World, ada, ben *mortal) scene {
		ben.Ledger.Allow(chat.DeliveryReceipts, true)
		return scene{
			receipts: true,
			play: func(n int) (*mortal, func() error) {
				return ben, func() error { return say(ada, ben, fmt.Sprint("receipt of the receiver ", n)) }
			},
		}
	}},
	{"receipt at the sender", func(_ *testing.T, _ *apptest.World, ada, ben *mortal) scene {
		ben.Ledger.Allow(chat.DeliveryReceipts, true)
		return scene{
			receipts: true,
			play: func(n int) (*mortal, func() error) {
				return ada, func() error { return say(ada, ben, fmt.Sprint("receipt at the sender ", n)) }
			},
		}
	}},
	{"move", func(t *testing.T, w *apptest.World, ada, ben *mortal) scene {
		homes := []string{w.PassOf(w.AddRelay(wire.Address{Host: "127.0.0.1", Port: 4002, Mode: wire.Plain})), w.PassOf(w.Relay)}
		return scene{
			play: func(n int) (*mortal, func() error) {
				return ada, func() error {
					if err := ada.SetHomeRelay(t.Context(), homes[n%2]); err != nil {
						return err
					}
					return errors.Join(say(ada, ben, fmt.Sprint("moving ", n)), say(ben, ada, fmt.Sprint("to the mover ", n)))
				}
			},
		}
	}},
	{"move of the other", func(t *testing.T, w *apptest.World, ada, ben *mortal) scene {
		homes := []string{w.PassOf(w.AddRelay(wire.Address{Host: "127.0.0.1", Port: 4002, Mode: wire.Plain})), w.PassOf(w.Relay)}
		return scene{
			play: func(n int) (*mortal, func() error) {
				return ben, func() error {
					if err := ada.SetHomeRelay(t.Context(), homes[n%2]); err != nil {
						return err
					}
					return errors.Join(say(ada, ben, fmt.Sprint("moving ", n)), say(ben, ada, fmt.Sprint("to the mover ", n)))
				}
			},
		}
	}},
	{"send a file", func(t *testing.T, _ *apptest.World, ada, ben *mortal) scene {
		return givingScene(t, ada, ben, "send a file", func(n int, _ []byte, give func() error) (*mortal, func() error) { return ada, give })
	}},
	{"fetch a file", func(t *testing.T, _ *apptest.World, ada, ben *mortal) scene {
		return givingScene(t, ada, ben, "fetch a file", func(_ int, _ []byte, give func() error) (*mortal, func() error) {
			if err := give(); err != nil {
				t.Fatal(err)
			}
			settle(t, ada.Person)
			settle(t, ben.Person)
			last := ben.Thread(ada.Person)
			return ben, func() error { return ben.FetchFile(t.Context(), last[len(last)-1].ID) }
		})
	}},
	{"start", func(t *testing.T, _ *apptest.World, ada, ben *mortal) scene {
		return scene{
			play: func(n int) (*mortal, func() error) {
				ada.Sleep()
				if err := say(ben, ada, fmt.Sprint("while you were away ", n)); err != nil {
					t.Fatal(err)
				}
				settle(t, ben.Person)
				return ada, ada.rise
			},
		}
	}},
}

// TestAProcessDeadAtAnyWriteOfAMeetingStillMeets is the same for the first message and its acceptance, on both sides: the
// person repeats what was not kept, and then both are contacts in one session.
func TestAProcessDeadAtAnyWriteOfAMeetingStillMeets(t *testing.T) {
	all := map[string]int{}
	for _, c := range []struct {
		name     string
		ada      bool // it is she who was asked that dies
		accepted bool // while she accepts, not while she is asked
	}{
		{"first message of who asks", false, false},
		{"first message at who is asked", true, false},
		{"acceptance of who is asked", true, true},
		{"acceptance at who asked", false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, keys := apptest.NewWorld(t), newSeen()
				ada := newMortal(t, w, keys, "Ada", apptest.PersonOptions{})
				var eve *mortal
				var link string
				add := func() error {
					_, err := eve.Add(t.Context(), link, messenger.AddOptions{Message: "May I?", ConfirmRelay: true})
					return err
				}
				accept := func() error {
					_, err := ada.Accept(t.Context(), eve.ID)
					return err
				}
				maps.Copy(all, scene{
					name: c.name,
					play: func(n int) (*mortal, func() error) {
						if eve != nil {
							eve.Sleep()
						}
						eve = newMortal(t, w, keys, fmt.Sprint("Eve ", n), apptest.PersonOptions{})
						settle(t, eve.Person)
						inv, _, err := ada.Invite(t.Context(), messenger.InviteOptions{})
						if err != nil {
							t.Fatal(err)
						}
						link = inv.Link
						settle(t, ada.Person)
						act := add
						if c.accepted {
							if err := add(); err != nil {
								t.Fatal(err)
							}
							ada.Until("the request", func() bool { return ada.State(eve.Person) == chat.ContactRequest })
							act = accept
						}
						if c.ada {
							return ada, act
						}
						return eve, act
					},
					over: func(int) (*mortal, *mortal) {
						if eve.State(ada.Person) == "" {
							if err := add(); err != nil {
								t.Fatal(err)
							}
						}
						ada.Until("the request", func() bool { return ada.State(eve.Person) != "" })
						if ada.State(eve.Person) == chat.ContactRequest {
							if err := accept(); err != nil {
								t.Fatal(err)
							}
						}
						eve.UntilAccepted(ada.Person)
						if err := errors.Join(say(ada, eve, "Welcome."), say(eve, ada, "Thank you.")); err != nil {
							t.Fatal(err)
						}
						return ada, eve
					},
				}.run(t, keys))
			})
		})
	}
	for _, point := range []string{"before PopPrekey", "after PopPrekey", "Replays.RecordInitial", "Prekeys.Delete", "Contacts.Put", "Sessions.Put"} {
		if all[point] == 0 {
			t.Errorf("nobody died at %q", point)
		}
	}
}
