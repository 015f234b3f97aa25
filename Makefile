# make test: builds everything and runs every test. The Debian packages it needs are installed when missing.
PACKAGES = libopenblas-dev libsndfile1-dev libsoxr-dev libasound2-dev libavahi-client-dev pkg-config python3-venv openssl

TEXT = good morning to all of you

# The network announcement and the page are tested with the programs that others use.
test: PACKAGES += avahi-daemon avahi-utils dbus chromium chromium-driver
# What runs the kernels of the other architecture on this one.
ifneq ($(shell uname -m),aarch64)
test: PACKAGES += gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static
endif

.PHONY: build test speak evaluate packages format lint deb appliance-test

build: packages
	swift build -c release --product makima

# Warnings are errors, and a module imports only what the package says it may.
test: packages .venv-tests
	Tests/KernelsARM/run.sh
	WARNINGS_AS_ERRORS=1 swift test --explicit-target-dependency-import-check error
	.venv-tests/bin/pytest -q Tests/Clients

# Python reads what the quantizer writes, and talks to the server as its clients do.
.venv-tests: Tests/QuantizeTests/requirements.txt Tests/Clients/requirements.txt
	python3 -m venv .venv-tests && .venv-tests/bin/pip install --quiet $(addprefix -r ,$^) && touch .venv-tests

# Says TEXT with the built-in model: into speech.wav, and to the sound device if there is one.
speak: build
	.build/release/makima say "$(TEXT)" --output speech.wav --play

# Measures the built-in model on the fixed lists of Training: words misheard by pocketsphinx (points above the teacher's),
# texts whose speech does not end. It fails above these limits; the figures are in docs/voices.md.
WORDS_LIMIT = 13
STOPS_LIMIT = 0
SAY = .build/release/makima say --seed {seed} --output {wav} {text}

evaluate: PACKAGES += flite pocketsphinx pocketsphinx-en-us
evaluate: build .venv-evaluate
	.venv-evaluate/bin/python -W ignore Training/evaluate.py words build/evaluation --command "$(SAY)" --limit $(WORDS_LIMIT)
	.venv-evaluate/bin/python -W ignore Training/evaluate.py stops build/evaluation --command "$(SAY)" --limit $(STOPS_LIMIT)

.venv-evaluate: Training/requirements-evaluate.txt
	python3 -m venv .venv-evaluate && .venv-evaluate/bin/pip install --quiet -r $< && touch .venv-evaluate

# Builds build/makima_VERSION_ARCHITECTURE.deb: a program with Swift's runtime inside, and what the service needs.
deb: PACKAGES += debhelper dpkg-dev python3
deb: packages
	packaging/build-deb.sh build

# Installs the package on a clean Debian 12 that boots in a container, and lives with it: as root.
appliance-test: PACKAGES += debootstrap systemd-container iproute2 curl
appliance-test: deb
	Tests/Appliance/run.sh build/makima_*.deb

# Asks apt only for what is missing, so that a second run needs neither root nor a network.
packages:
	@missing=$$(dpkg-query -W -f '$${db:Status-Abbrev}$${Package}\n' $(PACKAGES) 2>&1 | grep -v '^ii' || true); \
	if [ -n "$$missing" ]; then \
	  sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	  $$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq $(PACKAGES); \
	fi

format:
	swift format --in-place --recursive Package.swift Sources Quantize Tests

lint:
	swift format lint --strict --recursive Package.swift Sources Quantize Tests
