// Package alloc bounds what a decoder of hostile input may allocate: [Factor] times the input plus [Slack].
//
// The bound is on the peak, and what is measured lies above it: every byte the heap hands out while the decoder runs,
// whether it is freed before the end or not, and whichever goroutine asks for it. So a pass is a proof for that input,
// collection of garbage or none, and an excess can come from another goroutine; it counts only if it comes again and
// again. Stacks are not counted: no decoder recurses deeper than its format nests.
package alloc
