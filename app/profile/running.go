package profile

import "os"

// runningName is a file that is there while the profile is open: found before opening, it says that the run before did
// not end by closing. It is empty.
const runningName = "running"

// uncleanStop reports whether the run before ended without closing.
func (f *folder) uncleanStop() bool {
	_, err := os.Lstat(f.path(runningName))
	return err == nil
}

// begin leaves the mark. A disk that takes no further file must not keep anybody from opening: the next opening then
// does not know how this run ended.
func (f *folder) begin() {
	file, err := os.OpenFile(f.path(runningName), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return
	}
	_ = file.Sync()
	_ = file.Close()
}

// endWell takes the mark away. One that stays costs a check.
func (f *folder) endWell() { _ = os.Remove(f.path(runningName)) }
