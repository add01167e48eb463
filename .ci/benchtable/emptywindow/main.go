// Command emptywindow opens a window with nothing in it: what the toolkit alone costs (docs/PERFORMANCE.md).
package main

import (
	"fyne.io/fyne/v2"
	fyneapp "fyne.io/fyne/v2/app"
)

func main() {
	w := fyneapp.NewWithID("sotto.bench.empty").NewWindow("Empty")
	w.Resize(fyne.NewSize(1000, 700))
	w.ShowAndRun()
}
