# Sotto. `make` alone lists the targets.
export GOFLAGS = -trimpath -buildvcs=false -tags=sqlite_fts5

FUZZTIME ?= 10s
PKGS = ./...

.PHONY: help run test race kills fuzz bench lint golden vectors model planted screenshots package deps-build deps-test

help: ## list the targets
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: deps-build ## build and open Sotto (with no display: under Xvfb, ends with a screenshot)
	go build -o bin/ . ./cmd/...
	@.ci/open

test: deps-test lint ## all tests, vet and formatting; installs what it needs
	go test -timeout 20m $(PKGS)
	go test -timeout 10m -tags sqlite_fts5,e2e -run 'TestWindow|TestNoRelease' .

race: deps-test ## all tests under the race detector
	go test -race -timeout 40m $(PKGS)

kills: ## kill -9 a living profile SOTTO_KILLS (default 200) times at seeded moments
	SOTTO_KILLS=$${SOTTO_KILLS:-200} go test -count=1 -timeout 40m -v -run 'Killed' ./app/profile ./storage/sqlite ./storage/search ./storage/blob

fuzz: ## every fuzz target for FUZZTIME (default 10s) each
	@for pkg in $$(go list $(PKGS)); do \
		for f in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			echo "$$pkg $$f"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5x $$pkg || exit 1; \
		done; \
	done

bench: ## our figures, the anchors' and the ratios, from one run
	@.ci/bench

lint: ## go vet, staticcheck, gofumpt
	go vet $(PKGS)
	go tool staticcheck $(PKGS)
	@out=$$(go tool gofumpt -l .); [ -z "$$out" ] || { echo "not gofumpt-clean:"; echo "$$out"; exit 1; }

golden: ## rewrite the golden images; write the golden history of a new schema
	go test ./app/ui/... -update
	go test ./storage/sqlite -run GoldenHistory -update-golden

REFERENCE = crypto/testdata/reference
vectors: ## record the reference vectors anew and derive them in JavaScript (needs node and npm)
	cd $(REFERENCE) && npm ci --ignore-scripts --no-audit --no-fund
	go test -count=1 ./crypto/handshake -run SecondImplementation -record
	cd $(REFERENCE) && node derive.mjs handshakes
	go test -count=1 ./crypto/ratchet -run SecondImplementation -record
	cd $(REFERENCE) && node derive.mjs conversation
	go test -count=1 ./crypto/filecrypt -run SecondImplementation -record
	cd $(REFERENCE) && node derive.mjs files
	go test -count=1 ./crypto/handshake ./crypto/ratchet ./crypto/filecrypt -run SecondImplementation

model: ## search the session manager within wide bounds, and plant every bug in it (minutes)
	SOTTO_MODEL=planted go test -count=1 -v -timeout 30m -run Planted ./app/apptest/model
	SOTTO_MODEL=large go test -count=1 -v -timeout 2h -run Reachable ./app/apptest/model

planted: ## plant bugs in identity, handshake, ratchet and filecrypt; their tests must find each (long)
	SOTTO_PLANTED=all go test -count=1 -timeout 40m -v -run Planted ./crypto

screenshots: deps-test ## drive the real window under Xvfb and save every screen, light and dark
	@.ci/screenshots

package: ## dist/: the programs of this system with licence and docs, as tar.xz
	@.ci/package

deps-build:
	@.ci/deps build

deps-test:
	@.ci/deps test
