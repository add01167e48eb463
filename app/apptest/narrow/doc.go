// Package narrow is a TCP proxy for tests: it stands before a relay on loopback, counts what goes through, cuts
// connections, and stops at chosen bytes, so that what befalls a transfer falls where a seed says and not where a clock
// does.
//
//	n := narrow.Start(t, "127.0.0.1:7447")
//	pass = n.Pass(pass)
//	n.Plan(narrow.Step{Way: narrow.Up, At: 1 << 20, What: "cut"})
//	s := <-n.Reached // the connection that reached it stands still
//	n.Cut()
//	close(s.Done)
package narrow
