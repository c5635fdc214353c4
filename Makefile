.PHONY: help demo test test-model bench

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14

demo: ## hold demo conversations with a demo agent and write demo-report/ (installs what is missing; no key needed)
	@sh tools/setup.sh demo
	@.venv/bin/python -m ringback.demo --report demo-report

test: ## check everything that continuous integration checks (installs what is missing)
	@sh tools/setup.sh test
	@sh tools/check.sh

