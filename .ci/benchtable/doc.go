// Command benchtable prints Sotto's figures beside those of its peers, measured in one run, and writes them into
// docs/PERFORMANCE.md (`make bench`).
//
// Ours come from Go benchmarks of the packages; a metric of theirs becomes a row. The peers come from the folder of
// anchors: SOTTO_ANCHORS, or ../shared/anchors beside the checkout. Each round runs one after the other, ours and the
// peer's; the table holds medians. Without anchors, or what they need to run, it says so and prints ours alone.
//
//	SOTTO_ANCHORS=DIR BENCH_MESSAGES=1000000 BENCH_ROUNDS=3 make bench
//
// BENCH_ONLY, a regular expression over the names of the steps, measures some of them and prints their rows.
package main
