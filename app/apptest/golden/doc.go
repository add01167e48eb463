// Package golden compares what the window draws with images kept in testdata.
//
// [Render] draws an object with Fyne's software painter in one of our looks;
// [Match] compares it with testdata/NAME.png of the calling test. Run a test
// with -update to write the images anew, then look at them. Small differences
// of glyph edges between font rasterisers are tolerated, see [Match].
package golden
