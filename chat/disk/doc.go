// Package disk gives the failures of a file system the names they have in package chat, and makes names on a disk last.
//
// A path is the user's and stays out of errors: [Error] takes it out. [Rename] and [SyncFolder] end what writes a file
// beside its place: after them the name survives a loss of power (POSIX fsync of the folder). [RenameNew] is for a name that must be free; [Sweep]
// removes what a killed process left beside a place.
//
//	if err := disk.Rename(temp, target); err != nil {
//		return fmt.Errorf("writing the backup: %w", err)
//	}
package disk
