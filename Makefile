# The two doors: `make run` starts the advertisement counter on the embedded
# store, `make test` runs every check there is on a clean clone.

GO ?= go

.PHONY: run test lint unit race size soak bench tidy-check

run:
	$(GO) run ./examples/ads

test: lint unit race size

lint:
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); \
	if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	GOOS=js GOARCH=wasm $(GO) build ./node ./lang/... ./sim/...
	GOOS=wasip1 GOARCH=wasm $(GO) build ./node ./lang/... ./sim/...

unit:
	$(GO) test ./...

# The race detector slows the simulator ten times, so -short takes fewer seeds.
race:
	$(GO) test -race -short ./...

# What the browser pays: a js/wasm program over node, compressed.
size:
	$(GO) test -run Size -v ./internal/weight

# The long runs: more seeds of every story.
soak:
	MARTINELLI_SOAK=1 $(GO) test -timeout 4h ./...

# Every figure of docs/figures.md, peers included. Runs on a shared machine
# vary: COUNT=5 and "| (cd bench && go run ./median)" give medians and ranges.
COUNT ?= 1

bench:
	$(GO) test -run '^$$' -bench . -benchmem -count $(COUNT) ./...
	cd bench && $(GO) vet ./... && $(GO) test -bench . -benchmem -count $(COUNT) ./...
