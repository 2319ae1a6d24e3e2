# Every target works on a fresh clone with Go alone; lint, vuln and arm64 fetch their tools as Go modules.
GO ?= go
STATICCHECK = $(GO) run honnef.co/go/tools/cmd/staticcheck@v0.7.0
GOVULNCHECK = $(GO) run golang.org/x/vuln/cmd/govulncheck@v1.1.4
FUZZTIME ?= 10s

.PHONY: build test race noasm levels generate generate-check fuzz bench lint vuln arm64 ci

build:
	$(GO) build -o bin/train ./cmd/train

test:
	$(GO) test ./...

race:
	$(GO) test -race -short -timeout 30m ./...

noasm:
	$(GO) test -short -timeout 30m -tags noasm ./models/... ./trainer/...

# The kernels' and the models' tests at every level that this machine has.
levels:
	./scripts/levels.sh

generate:
	cd models/internal/kernel/_asm && $(GO) run .

# Fails if the committed assembly is not what the generator writes.
generate-check: generate
	git diff --exit-code -- models/internal/kernel

fuzz:
	./scripts/fuzz.sh $(FUZZTIME)

bench:
	$(GO) test -run '^$$' -bench . ./models/internal/kernel ./diagnostics
	for p in lenet_mnist lenet_cifar10 nin_cifar10; do $(GO) run ./cmd/train bench --config $$p || exit 1; done

lint:
	test -z "$$(gofmt -l .)" || { gofmt -d .; exit 1; }
	$(GO) vet ./...
	$(STATICCHECK) ./...

vuln:
	$(GOVULNCHECK) ./...

arm64:
	GOARCH=arm64 $(GO) vet ./...

ci:
	bash .ci/run
