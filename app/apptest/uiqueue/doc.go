// Package uiqueue stands in for the UI thread in tests. Fyne's test driver runs fyne.Do on the caller's goroutine, where
// it races; a [Queue] keeps what was dispatched and runs it on the test's goroutine, in order.
//
//	q := uiqueue.New()
//	work := screen.NewWork(q.Do)
//	...
//	q.Until(t, func() bool { return list.Len() == 1 })
package uiqueue
