package model

import "syscall"

// processNanoseconds is the CPU time of this process so far.
func processNanoseconds() int64 {
	var usage syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return usage.Utime.Nano() + usage.Stime.Nano()
}
