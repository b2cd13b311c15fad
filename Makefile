# The two doors: `make run` starts the wine application on the embedded store
# (and `make ads` the advertisement counter), `make test` runs every check there
# is on a clean clone.

GO ?= go

.PHONY: run ads test browsers lint unit race size soak bench peers

run:
	$(GO) run ./examples/wine

ads:
	$(GO) run ./examples/ads

test: browsers lint unit race size

# What the stories in real browsers run with. Who may install it gets it; others
# are told by the tests what to install.
browsers:
	@missing=""; \
	command -v node >/dev/null || missing="$$missing nodejs"; \
	command -v npm >/dev/null || missing="$$missing npm"; \
	command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || missing="$$missing chromium"; \
	command -v firefox-esr >/dev/null || command -v firefox >/dev/null || missing="$$missing firefox-esr"; \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -q >/dev/null && apt-get install -qy --no-install-recommends $$missing >/dev/null; \
	fi

lint:
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); \
	if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	GOOS=js GOARCH=wasm $(GO) build ./node ./lang/... ./sim/...
	GOOS=wasip1 GOARCH=wasm $(GO) build ./node ./lang/... ./sim/...

# All rooms but the weight of a page, which size takes once.
ROOMS = $$($(GO) list ./... | grep -v internal/weight)

unit:
	$(GO) test $(ROOMS)

# The race detector slows the simulator ten times, so -short takes fewer seeds,
# and the stories of examples/ads, of examples/wine and of browsers, most of them of processes
# built without it, are told by unit alone.
race:
	$(GO) test -race -short $$($(GO) list $(ROOMS) | grep -v -e examples/ads -e 'examples/wine$$' -e browsertest)

# What the browser pays: a js/wasm program over node, compressed.
size:
	$(GO) test -run Size -v ./internal/weight

# The long runs: more seeds of every story.
soak:
	MARTINELLI_SOAK=1 $(GO) test -timeout 4h ./...

# The figures of docs/figures.md, peers beside us. A shared machine varies, so
# passes take turns: "make bench PASSES=5 | (cd bench && go run ./median)".
# Below host there is one goroutine: those figures are of one core, with the
# collector on it.
PASSES ?= 1

bench:
	@for pass in $$(seq $(PASSES)); do \
		uptime && \
		$(GO) test -run '^$$' -bench . -benchmem -cpu 1 $$($(GO) list ./... | grep -v /host/) && \
		$(GO) test -run '^$$' -bench . -benchmem ./host/... && \
		(cd bench && $(GO) vet ./... && $(GO) test -bench . -benchmem ./...) && \
		$(MAKE) --no-print-directory peers || exit 1; \
	done

# Yjs, Loro and Automerge, beside BenchmarkAlgebra of bench.
peers:
	@command -v npm >/dev/null || { echo "make bench: the peers need Node 20 or later with npm: install it (nodejs.org, or your system's package nodejs and npm)"; exit 1; }
	@cd bench/peers && { test -d node_modules || npm ci --ignore-scripts --no-audit --no-fund >&2; } && node --expose-gc peers.mjs
