# `make demo`, `make test` and `make test-servers` install missing tools where there is apt-get; the other targets name
# the missing tools and the command that installs them.
#
# Another PHP than the one on the PATH:
#   make test PHP=/opt/php/bin/php PHP_CONFIG=/opt/php/bin/php-config

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := build

ifdef PHP
export PHP
endif
ifdef PHP_CONFIG
export PHP_CONFIG
endif
ifdef DESTDIR
export DESTDIR
endif

ifdef PREFIX
export PREFIX
endif

# Files or folders for `make phpt`, and more options for run-tests.php.
TESTS := php-tests
RUN_TESTS :=

# Another build of the extension, for the same PHP, that `make bench` compares the new one with.
AGAINST :=

# The PHP that `make test-debug` runs on; built from Debian's source when it is not given, in the
# series of the installed PHP or in another one: make test-debug SERIES=8.4
DEBUG_PHP :=
SERIES :=

# Parts of `make torture` and of `make test-servers`, by words in their names: make torture ONLY="sections moved"
ONLY :=

.PHONY: help build tool demo test test-servers phpt test-debug matrix test-jit test-valgrind test-pages screenshots bench bench-requests bench-servers bench-tool torture signatures docs install install-tool uninstall clean

help: ## Lists the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' Makefile | column -t -s '|' 2>/dev/null || grep '##' Makefile

build: ## Builds the extension: modules/sync.so
	@scripts/build.sh

tool: ## Builds the command: .build/tool/syncctl
	@scripts/build-tool.sh

demo: ## Installs missing tools, builds, and shows two processes sharing an object
	@scripts/need.sh --install build
	@scripts/build.sh
	@scripts/demo.sh

test: ## Runs all tests; the last line is "N passed, N failed"
	@scripts/test.sh

test-servers: ## Starts PHP-FPM behind nginx, Apache, php-cgi, php -S, and tests Sync in them: make test-servers ONLY=apache
	@scripts/test-servers.sh $(if $(ONLY),'--only=$(ONLY)')

phpt: build ## Runs PHPT files alone: make phpt TESTS=php-tests/one.phpt
	@scripts/phpt.sh $(RUN_TESTS) $(TESTS)

test-debug: ## Runs the PHPT suite, and many threads, on a debug and thread-safe PHP, where a leak is a failure
	@scripts/test-debug.sh "$(DEBUG_PHP)" $(SERIES)

matrix: ## Runs the suite on PHP 8.2 and 8.4, release and debug, and writes README's table: make matrix ONLY="8.2-release 8.4-debug"
	@scripts/test-matrix.sh $(if $(ONLY),$(ONLY),--write)

test-jit: build ## Runs the PHPT suite with opcache off, on, and with both kinds of JIT
	@scripts/test-jit.sh $(TESTS)

test-valgrind: build ## Runs the PHPT suite under valgrind
	@scripts/need.sh --install valgrind
	@# No pipes for a debugger, which a test that changes its user could not remove; no tracing of programs that
	@# are not PHP; and no PCRE JIT, whose code valgrind cannot follow.
	@# Everything is forty times slower under valgrind. No leak check at the end: test-debug does that.
	@PATH="$(CURDIR)/scripts/valgrind:$$PATH" TEST_TIMEOUT=1800 USE_ZEND_ALLOC=0 VALGRIND_OPTS='--vgdb=no --leak-check=no --trace-children-skip=*/mount,*/umount,*/python*,*/node' scripts/phpt.sh -m --show-mem -d pcre.jit=0 $(RUN_TESTS) $(TESTS)

test-pages: ## Runs the pages of examples/ in Chromium, from PHP-FPM behind nginx; the last line is "N passed, N failed"
	@scripts/need.sh --install pages
	@scripts/build.sh
	@scripts/test-pages.sh

screenshots: ## Makes docs/images anew, from the pages of examples/
	@scripts/need.sh --install screenshots
	@scripts/build.sh
	@scripts/test-pages.sh --screenshots

bench: build ## Measures against APCu, Yac, Redis and others; or against another build: make bench AGAINST=OLD.so
	@$(if $(AGAINST),benches/compare '$(AGAINST)',benches/run)
	@$(if $(AGAINST),:,cargo bench --quiet --locked -p sync-msgpack)

bench-requests: build ## Measures requests to PHP-FPM against APCu and opcache; also against another build: AGAINST=OLD.so
	@scripts/need.sh --install fpm
	@benches/requests $(if $(AGAINST),'--against=$(AGAINST)')

bench-tool: tool ## Measures the command: check of a million names, export into import, what top costs
	@benches/tool

bench-servers: build ## Measures a page under PHP-FPM and nginx, by wrk, against APCu and phpredis
	@scripts/need.sh --install peers
	@benches/servers

torture: ## Kills writers at random (TORTURE_SECONDS=600) and looks for lost values; then 150 writers at once
	@cargo run --release --locked -p sync-torture --features torture -- $(ONLY)
	@$(if $(ONLY),:,cargo run --release --locked -p sync-torture -- crowd)

signatures: ## Writes src/php/signatures.rs, the classes as the engine sees them, anew from stubs/sync.stub.php
	@$(or $(PHP),php) -n scripts/generate-signatures.php

docs: signatures build ## Writes the README's API table and docs/api anew from stubs/sync.stub.php
	@scripts/with-sync.sh scripts/check-docs.php --write
	@$(or $(PHP),php) -n scripts/generate-api.php

install: ## Installs the extension and enables it for all SAPIs (with DESTDIR: below that folder)
	@scripts/install.sh install

install-tool: tool ## Installs syncctl and its completion below /usr/local (PREFIX=…; with DESTDIR: below that folder)
	@scripts/build-tool.sh --install

uninstall: ## Undoes `make install`
	@scripts/install.sh uninstall

clean: ## Removes everything that was built
	@rm -rf modules target .build
