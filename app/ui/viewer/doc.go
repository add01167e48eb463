// Package viewer is one picture over the whole window: the whole of it or enlarged, and the others of the conversation
// before and after it.
//
// What is kept beside the file is shown at once, then the picture itself at the size of the window, and all of its pixels
// only when it is enlarged. All of that is decoded off the UI thread, within the bounds of app/media; a picture of many
// pixels is shown with fewer.
package viewer
