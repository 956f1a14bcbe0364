# Every target sets up what it needs, and does so again only when a lock has changed. `make` alone lists them.

bin := .venv/bin
# Two workers: the tests wait for the database and for hashes as much as they compute.
workers ?= 2
pytest := $(bin)/python -m pytest

.DEFAULT_GOAL := targets
.PHONY: targets demo test check static conformance attacks faults fuzz bench wheel lock upgrade runtime sample dev peers

targets:
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 20

runtime:
	@tools/setup runtime

sample:
	@tools/setup demo

dev:
	@tools/setup dev

demo: sample ## a server with a demo tenant, a phone and a mailbox (ARGS="--help" shows what it takes)
	@exec $(bin)/watchword demo $(ARGS)

test: dev ## the tests, in about a minute (ARGS="-k words" for some of them)
	@$(pytest) -q -n $(workers) --dist worksteal -m "not long" $(ARGS)

check: static test ## what the CI runs: format, lint, contracts, types, licences, tests

static: dev ## the same without the tests
	@tools/static

conformance: dev ## CASES=FILE plays its cases at a real server (DATABASE=URL for PostgreSQL); else both databases alike
	@$(if $(CASES),$(bin)/python -m watchword_testing.conformance "$(CASES)" $(if $(DATABASE),--database "$(DATABASE)"),$(pytest) -q tests/conformance) $(ARGS)

attacks: dev ## what must fail (ARGS=--mutants: and what must turn red, each case against a server with its defect)
	@$(pytest) -q -n $(workers) --dist loadfile tests/attacks $(ARGS)

faults: dev ## what must survive: killed workers, lost databases, silent providers
	@$(pytest) -q -n $(workers) --dist worksteal tests/faults $(ARGS)

peers: dev ## other people's service providers log in and out here; on Debian 12, as root (installs what it needs)
	@tests/peers/install
	@$(pytest) -q tests/peers $(ARGS)

fuzz: dev ## random messages, addresses and forms (FUZZ_EXAMPLES=n of each kind)
	@FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-2000} $(pytest) -q -n $(workers) --dist worksteal tests/fuzz $(ARGS)

bench: dev ## how fast it is here; writes docs/explanation/performance.md
	@$(bin)/python -m bench $(ARGS)

wheel: dev ## dist/watchword-*.whl
	@$(bin)/python -m pip wheel -q --disable-pip-version-check --no-deps --no-build-isolation -w dist .

lock: ## requirements/*.txt anew after a change of dependencies; what is locked stays
	@tools/lock

upgrade: ## requirements/*.txt anew, with the newest versions that pyproject.toml allows
	@tools/lock --upgrade
