# Two commands do everything: `make demo` and `make test`. Each installs what it needs first.

SWIFT ?= swift
CONFIG ?= debug
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
# What Debian and Ubuntu call the C libraries and the tools of the tests.
PACKAGES := libcurl4-openssl-dev libpq-dev libsqlite3-dev libssl-dev openssl pkg-config

# What `webhooks --version` names; a checkout without git has none. A build that is told nothing says `unknown`.
COMMIT := $(shell git rev-parse --short=12 HEAD 2>/dev/null)$(shell git diff --quiet HEAD -- 2>/dev/null || (git rev-parse -q --verify HEAD >/dev/null 2>&1 && echo -dirty))

.PHONY: help setup setup-tests build release deb test-deb demo test example sanitize sanitize-thread sanitize-address soak storm simulate model fuzz docs figures format lint clean

help: ## What there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

setup:
	@command -v $(SWIFT) >/dev/null || { echo "error: no swift on the PATH; install the toolchain from swift.org" >&2; exit 1; }
	@missing=""; for package in $(PACKAGES); do \
	    dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; done; \
	if [ -n "$$missing" ]; then echo "installing:$$missing"; \
	    $(SUDO) apt-get update -qq && DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq $$missing >/dev/null; fi

# A server for the tests, unless they are pointed to another one; PHP for the README's lines; and what they verify signatures
# with, in a virtual environment of the repository's own.
setup-tests: PACKAGES += $(if $(WEBHOOKS_TEST_POSTGRES),,postgresql) php-cli
setup-tests: setup .venv/.complete .tools/promtool

# The releases of the client library that the HTTP API is tested with: three generations of it.
CLIENT_LIBRARIES = Tests/WebhooksCommandTests/Clients/versions.txt

.venv/.complete: Tests/InteropTests/requirements.txt $(CLIENT_LIBRARIES) Tests/WebhooksCommandTests/Clients/schemathesis.txt
	@python3 -c 'import venv, ensurepip' 2>/dev/null || { \
	    $(SUDO) apt-get update -qq && DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq python3-venv >/dev/null; }
	@python3 -m venv --clear .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement Tests/InteropTests/requirements.txt
	@for version in $$(cat $(CLIENT_LIBRARIES)); do \
	    python3 -m venv .venv/svix-$$version && .venv/svix-$$version/bin/python -m pip install --quiet \
	        --disable-pip-version-check svix==$$version || exit 1; done
	@python3 -m venv .venv/schemathesis && .venv/schemathesis/bin/pip install --quiet --disable-pip-version-check \
	    --requirement Tests/WebhooksCommandTests/Clients/schemathesis.txt
	@touch $@

# What metrics and alert rules are checked with: Prometheus' own tool, out of its package, which would start a server.
.tools/promtool:
	@rm -rf .tools/package && mkdir -p .tools/package
	@cd .tools/package && { apt-get download -qq prometheus 2>/dev/null || { \
	    $(SUDO) apt-get update -qq && apt-get download -qq prometheus; } } && dpkg-deb -x prometheus_*.deb .
	@mv .tools/package/usr/bin/promtool $@ && rm -rf .tools/package && touch $@

build release: export WEBHOOKS_COMMIT := $(COMMIT)

build: setup ## Builds the command line for development
	$(SWIFT) build --product webhooks -c $(CONFIG)

# What an idle dispatcher has in memory are for the most part pages of the binary. Without names for others to link to, and with
# relocations in the short form that a C library knows from 2.36 on, it is a tenth less. LINK= leaves the toolchain's own way.
LINK ?= -Xlinker --no-export-dynamic $(shell getconf GNU_LIBC_VERSION | \
    awk '{ split($$2, v, "."); if (v[1] > 2 || v[2] >= 36) print "-Xswiftc -use-ld=lld -Xlinker -z -Xlinker pack-relative-relocs" }')

# The same bytes wherever the checkout is: a failed assertion in C names its file from there.
release: setup ## Builds an optimised, self-contained .build/release/webhooks
	$(SWIFT) build --product webhooks -c release --static-swift-stdlib $(LINK) -Xcc -ffile-prefix-map=$(CURDIR)=.

# A checkout's files are for everybody to read; secrets are not, and validate says so.
# For the Debian that builds it, by the versions of its libraries. VERSION=… is another version than the binary's.
deb: PACKAGES += dpkg-dev binutils python3
deb: release ## Makes a Debian package of it in .build/deb: make deb VERSION=0.1.0-1
	@rm -f .build/deb/*.deb
	@packaging/build-deb "$$($(SWIFT) build --show-bin-path -c release)/webhooks" .build/deb

# Takes minutes, root, and this machine's package sources; not part of `make test`. BINARY=… takes one that is there.
test-deb: PACKAGES += dpkg-dev binutils python3 debootstrap lintian mandoc systemd-container
test-deb: $(if $(BINARY),setup,release) ## Installs, runs, upgrades and purges the package in a Debian of its own, and under systemd
	@$(SUDO) Tests/Package/test-deb "$(or $(BINARY),$$($(SWIFT) build --show-bin-path -c release)/webhooks)" .build/debian

demo: build ## Sends an example of every topic to a local receiver and shows what was recorded
	@chmod go-rwx config/secrets/*
	@Examples/demo.sh "$$($(SWIFT) build --show-bin-path -c $(CONFIG))/webhooks"

# Tests that start processes or threads, or that wait for real sockets and files: one at a time, so that a busy machine
# doesn't turn their patience into failures. What runs in parallel computes.
ONE_AT_A_TIME := GuaranteeTests|FaultHarnessTests|CurlTransportTests|SQLiteStoreTests|PostgresStoreTests|WebhooksTests|WebhooksGRDBTests|WebhookReceiverTests|WebhookMonitoringTests|RunnerTests|SeveralServersTests
# These wait for the processes that they start; they take as long as all others together, and run beside them.
OF_THE_COMMAND := WebhooksCommandTests
# These compute for a minute in threads of their own, and would keep what runs in parallel waiting for its turn.
SIMULATED := SimulationTests

test: setup-tests ## Runs all tests
	$(SWIFT) build --build-tests
	@tests="$$($(SWIFT) build --show-bin-path)/swift-webhooksPackageTests.xctest" && \
	    Tests/run.sh "$$tests" --skip '$(SIMULATED)|$(ONE_AT_A_TIME)|$(OF_THE_COMMAND)' && \
	    Tests/run.sh "$$tests" --filter '$(SIMULATED)' && \
	    Tests/beside.sh "Tests/postgres.sh Tests/run.sh '$$tests' --no-parallel --filter '$(ONE_AT_A_TIME)'" \
	        "Tests/postgres.sh Tests/run.sh '$$tests' --no-parallel --filter '$(OF_THE_COMMAND)'"

# What a host with `traits: []` neither fetches nor compiles: command line, servers, benchmarks.
NOT_FOR_HOSTS := WebhooksCommand WebhooksServer WebhooksPostgres WebhookMonitoring WebhookSimulation WebhooksBenchmarking

example: setup ## Builds and tests the backend in Examples/LMSBackend, end to end over HTTP
	$(SWIFT) build --build-tests --package-path Examples/LMSBackend
	$(SWIFT) test --skip-build --no-parallel --package-path Examples/LMSBackend
	@cd Examples/LMSBackend/.build && found=$$(ls -d checkouts/swift-argument-parser checkouts/swift-mustache \
	    $(addprefix debug/,$(addsuffix .build/*.o,$(NOT_FOR_HOSTS))) 2>/dev/null); \
	    test -z "$$found" || { echo "error: a host's build brings" $$found >&2; exit 1; }

# In folders of their own, so that `make test` doesn't build everything anew, and only what is run there.
THREADED := WebhookEngineTests CurlTransportTests SQLiteStoreTests WebhooksTests WebhooksGRDBTests
THREAD := --sanitize=thread --scratch-path .build-tsan
ADDRESS := --sanitize=address --scratch-path .build-asan

sanitize: sanitize-thread sanitize-address ## Runs what has threads, and the simulation, under the sanitizers

# The simulation has one thread. What is loaded first tells the sanitizer of Swift's Mutex.
sanitize-thread: export WEBHOOKS_TEST_TARGETS = $(THREADED)
sanitize-thread: setup
	$(SWIFT) build --build-tests $(THREAD)
	clang -O1 -shared -fPIC -o .build-tsan/swift-mutex.so Tests/Sanitizer/swift-mutex.c -ldl
	LD_PRELOAD=$(CURDIR)/.build-tsan/swift-mutex.so TSAN_OPTIONS="suppressions=$(CURDIR)/Tests/Sanitizer/suppressions.txt" \
	    $(SWIFT) test --skip-build $(THREAD) --no-parallel --skip SimulationTests

# Every step of the engine, and the store in memory, on a few seeds. Leaks at the end are XCTest's own.
sanitize-address: export WEBHOOKS_TEST_TARGETS = WebhookEngineTests
sanitize-address: setup
	$(SWIFT) build --build-tests $(ADDRESS)
	ASAN_OPTIONS=detect_leaks=0 WEBHOOKS_SIM_SEEDS=$(or $(SEEDS),50) \
	    $(SWIFT) test --skip-build $(ADDRESS) --filter SimulationTests

simulate: setup ## Runs the simulation on many seeds: make simulate SEEDS=20000
	WEBHOOKS_SIM_SEEDS=$(or $(SEEDS),20000) $(SWIFT) test --filter Simulation

# Millions of states: a minute and a half.
model: ## Looks at every state of a small model of the leases (Tests/Model)
	@{ command -v spin && command -v gcc; } >/dev/null || { \
	    $(SUDO) apt-get update -qq && DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq --no-install-recommends spin gcc >/dev/null; }
	@Tests/Model/run.sh

fuzz: setup ## Runs every fuzzer for longer, one after the other: make fuzz SECONDS=600
	$(SWIFT) build --build-tests -c release -Xswiftc -enable-testing
	WEBHOOKS_FUZZ_SECONDS=$(or $(SECONDS),600) WEBHOOKS_FUZZ_FOLDER=$${TMPDIR:-/tmp} \
	    $(SWIFT) test --skip-build -c release --no-parallel --filter FuzzTests

docs: setup ## Builds the documentation of the library into .build/docs
	$(SWIFT) build --target Webhooks
	@python3 .ci/docs.py "$$($(SWIFT) build --show-bin-path)"

figures: ## Prints the figures of the sources: files, lengths, types that a host sees
	@python3 .ci/figures.py

format: ## Formats the sources
	$(SWIFT) format --in-place --recursive --parallel Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources

lint: ## Checks the format
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources
	@! grep -rnE '\b_read *\{' Sources Benchmarks/Sources || { \
	    echo "error: read through a getter: Swift 6.3 without optimisation reads what a \`_read\` of a large struct has yielded" \
	        "after it was freed (swiftlang/swift issue 89836)" >&2; exit 1; }

clean: ## Removes what was built
	rm -rf .build .build-tsan .build-asan

# The verdict is the last line. COUNTED=1 runs the guarantees' own tests before, with 1,000 kills of each kind on each store.
soak: PACKAGES += $(if $(COUNTED),postgresql)
soak: setup ## Runs the real binary in storms of faults: make soak HOURS=1 SEED=42, COUNTED=1 for 1,000 kills of each kind
	$(SWIFT) build -c $(CONFIG)
	$(if $(COUNTED),WEBHOOKS_SOAK=1 Tests/postgres.sh $(SWIFT) test --no-parallel --filter GuaranteeTests)
	@soak="$$($(SWIFT) build --show-bin-path -c $(CONFIG))/soak"; \
	    HOURS=$(HOURS) SEED=$(SEED) ROUND=$(ROUND) WITHOUT=$(WITHOUT) exec "$$soak"

# The verdict is the last line. On a server of its own, which it kills again and again.
storm: PACKAGES += postgresql
storm: setup ## Runs several dispatchers on one PostgreSQL in a storm of faults: make storm MINUTES=10 SEED=42, or HOURS=1
	$(SWIFT) build -c $(CONFIG)
	@soak="$$($(SWIFT) build --show-bin-path -c $(CONFIG))/soak"; \
	    HOURS=$(HOURS) MINUTES=$(MINUTES) SEED=$(SEED) WEBHOOKS_TEST_POSTGRES= exec Tests/postgres.sh "$$soak" storm

# What the benchmarks need beyond that: an HTTP/2 receiver, a database.
BENCH_PACKAGES := nghttp2-server postgresql
BENCH_BUILD := cd Benchmarks && $(SWIFT) build -c release --static-swift-stdlib $(LINK)
BENCH := .build/release/bench $(BENCHFLAGS)
BENCH_POSTGRES := WEBHOOKS_TEST_POSTGRES_FSYNC=on ../Tests/postgres.sh

bench: setup ## Measures against the targets, beside libcurl's limit: Benchmarks/README.md
	$(BENCH_BUILD) && $(BENCH)

bench-all: PACKAGES += $(BENCH_PACKAGES)
bench-all: setup ## Measures every scenario
	$(BENCH_BUILD) && $(BENCH_POSTGRES) $(BENCH) --all 1

.PHONY: bench bench-all
