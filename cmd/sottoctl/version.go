package main

import (
	"context"
	"runtime"
	"runtime/debug"

	"sotto/assets"
)

type versionVerb struct{}

type versionObject struct {
	V       v1     `json:"v"`
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

func (versionVerb) do(context.Context, *desk) (any, error) {
	return thisVersion(), nil
}

func thisVersion() versionObject {
	o := versionObject{Version: assets.Version, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				o.Commit = s.Value
			}
		}
	}
	return o
}

func (o versionObject) print(p *page) {
	p.line("sottoctl %s (%s, %s/%s)", o.Version, o.Go, o.OS, o.Arch)
}
