# make test: builds everything and runs every test. The Debian packages it needs are installed when missing.
PACKAGES = libopenblas-dev libsndfile1-dev libsoxr-dev libasound2-dev libavahi-client-dev pkg-config python3-venv openssl

TEXT = good morning to all of you

# The network announcement, the page and the scripts of docs/ are tested with the programs that others use.
test: PACKAGES += avahi-daemon avahi-utils dbus chromium chromium-driver firefox-esr pulseaudio alsa-utils curl ffmpeg dpkg-dev gpg gpg-agent xz-utils haproxy jq
# The cycle model of Benchmarks/arm asks llvm-mca; without it those tests are skipped.
test: PACKAGES += llvm-19
# What runs the kernels of the other architecture on this one.
ifneq ($(shell uname -m),aarch64)
test: PACKAGES += gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static
endif

.PHONY: build test test-kernels test-arm64 fuzz sanitize speak evaluate evaluate-quick allocations packages format lint deb deb-check deb-check-arm64 arm64 deb-arm64 apt-repository image image-arm64 image-test scale-test appliance-test appliance-test-arm64 home-assistant-test

build: packages
	swift build -c release --product makima

# All is built once, optimised and open to tests. Warnings are errors, and a module imports only what the package says it may.
# What the built-in model says is listened to at last.
TESTED = .build/test/release
test: packages .venv-tests .venv-evaluate
	Tests/KernelsARM/run.sh
	python3 -m unittest discover -s Tests/CycleModel
	WARNINGS_AS_ERRORS=1 swift test -c release -Xswiftc -enable-testing --scratch-path .build/test \
		--explicit-target-dependency-import-check error
	MAKIMA=$(TESTED)/makima .venv-tests/bin/pytest -q Tests/Clients
	.venv-tests/bin/pytest -q Tests/Packaging
	.venv-tests/bin/python Tests/Documentation/run.py $(TESTED)
	.venv-evaluate/bin/pytest -q Training/test_hearing.py
	$(EVALUATE_QUICK) --programs $(TESTED)

# Every test of the suite with each instruction set that this processor can be told to use.
test-kernels: packages
	Tests/InstructionSets/run.sh

# A minute of each parser of outside bytes under libFuzzer, or FUZZ_SECONDS of the one named by PARSER.
fuzz: packages
	Tests/Fuzz/run.sh $(PARSER)

# Every test of the suite under the thread sanitizer, then under the address sanitizer.
sanitize: packages
	Tests/Sanitizers/run.sh

# Python reads what the quantizer writes, and talks to the server as its clients do. Of the last package the page's tests take what it
# brings along, axe-core, and not the browsers it is for.
.venv-tests: Tests/QuantizeTests/requirements.txt Tests/Clients/requirements.txt
	python3 -m venv .venv-tests && .venv-tests/bin/pip install --quiet $(addprefix -r ,$^)
	.venv-tests/bin/pip install --quiet --no-deps axe-playwright-python==0.1.8 && touch .venv-tests

# Says TEXT with the built-in model: into speech.wav, and to the sound device if there is one.
speak: build
	.build/release/makima say "$(TEXT)" --output speech.wav --play

# Measures the built-in model on the fixed lists of Training, beside the teacher it learnt from: every figure of docs/voices.md,
# as build/evaluation/table.md. SOURCE is the folder the model was quantized from, to compare the formats as well. It fails when
# a limit is broken, as does the part that `make test` runs: 120 sentences, and whether speech ends in 50 texts.
evaluate: PACKAGES += flite pocketsphinx pocketsphinx-en-us
evaluate: build .venv-training
	swift build -c release --product makima-quantize
	.venv-training/bin/python -W ignore Training/evaluate.py all build/evaluation $(if $(SOURCE),--source $(SOURCE))

EVALUATE_QUICK = .venv-evaluate/bin/python -W ignore Training/evaluate.py quick build/evaluation
test evaluate-quick: PACKAGES += flite
evaluate-quick: build .venv-evaluate
	$(EVALUATE_QUICK)

.venv-evaluate: Training/requirements-evaluate.txt
	python3 -m venv .venv-evaluate && .venv-evaluate/bin/pip install --quiet -r $< && touch .venv-evaluate

# What trains the model. These two packages ask for more than is used of them.
.venv-training: Training/requirements.txt Training/requirements-evaluate.txt
	python3 -m venv .venv-training && .venv-training/bin/pip install --quiet -r $<
	.venv-training/bin/pip install --quiet --no-deps qwen-tts==0.1.1 resemblyzer==0.1.4 && touch .venv-training

# Fails when a frame in the steady state of speech allocates memory: of optimised code only that can be asked.
allocations: packages
	swift build -c release --product makima-bench
	.build/release/makima-bench allocations --model Models/makima-mini

# Builds build/makima_VERSION_ARCHITECTURE.deb: a program with Swift's runtime inside, and what the service needs.
deb: PACKAGES += debhelper dpkg-dev python3
deb: packages
	packaging/build-deb.sh build

# The programs for arm64, on amd64: as root, for what packaging/cross.sh fetches at first.
CROSS_PACKAGES = mmdebstrap qemu-user-static util-linux
arm64: PACKAGES += $(CROSS_PACKAGES)
arm64: packages
	packaging/build-programs.sh arm64 makima makima-quantize makima-bench

# Their package, build/makima_VERSION_arm64.deb.
deb-arm64: PACKAGES += $(CROSS_PACKAGES)
deb-arm64: packages
	packaging/build-deb.sh build arm64

# Every test of the suite, built for arm64, one after the other under QEMU: as root. It takes long.
test-arm64: PACKAGES += $(CROSS_PACKAGES)
test-arm64: packages
	packaging/cross.sh test --no-parallel

# A signed repository of the packages in build/, for apt: build/apt. KEY signs, URL is where it will be published.
apt-repository: PACKAGES = dpkg-dev gpg gpg-agent xz-utils
apt-repository: packages
	packaging/apt-repository.sh build "$(KEY)" "$(URL)" build/apt

# A thousand sessions through HAProxy and three servers, one of which is killed and one drained: docs/scale-test.txt.
scale-test: PACKAGES += haproxy python3-venv
scale-test: build .venv-tests
	MAKIMA=.build/release/makima .venv-tests/bin/python Tests/Scale/run.py

# An image for containers, build/makima-image_ARCHITECTURE.tar: Debian 12 and the package. `make image-arm64` as root.
IMAGE = packaging/image.sh $$(ls build/makima_*_$(1).deb | tail -1) build/makima-image_$(1).tar
image image-arm64: PACKAGES += mmdebstrap python3 qemu-user-static
image: deb
	$(call IMAGE,$$(dpkg --print-architecture))

image-arm64: deb-arm64
	$(call IMAGE,arm64)

# Runs the image with a root that cannot be written, and speaks: as root.
image-test: PACKAGES += umoci runc jq curl
image-test: image
	Tests/Appliance/image.sh build/makima-image_$$(dpkg --print-architecture).tar

# Installs the package on a clean Debian 12 that boots in a container, and lives with it: as root.
appliance-test: PACKAGES += debootstrap systemd-container iproute2 curl lintian
appliance-test: deb
	Tests/Appliance/run.sh build/makima_*_$$(dpkg --print-architecture).deb

# Installs the package for arm64 on a Debian 12 and a Debian 13, whose programs QEMU runs: as root.
appliance-test-arm64: PACKAGES += $(CROSS_PACKAGES) curl
appliance-test-arm64: deb-arm64
	Tests/Appliance/arm64.sh build/makima_*_arm64.deb

# Home Assistant, on a Debian 13 without other computers, finds the package and speaks by it: as root.
home-assistant-test: PACKAGES += debootstrap iproute2
home-assistant-test: deb
	Tests/Appliance/home-assistant.sh build/makima_*_$$(dpkg --print-architecture).deb

# Builds the package of the commit once more, in another folder, and compares: two builds are the same, byte for byte.
deb-check: deb
	packaging/check-reproducible.sh build/makima_*_$$(dpkg --print-architecture).deb

deb-check-arm64: deb-arm64
	packaging/check-reproducible.sh build/makima_*_arm64.deb

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
