// Package quickswitch is the small sheet of Ctrl+K: a name is typed, the first conversation that fits is opened by
// Enter, others by the arrows or the pointer.
package quickswitch
