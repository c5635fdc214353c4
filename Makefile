.PHONY: help demo demo-voice serve test test-model soak bench text-against-voice
MAKEFLAGS += --no-print-directory

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 20

demo: ## hold conversations with a demo agent and write demo-report/ (installs what is missing; needs no key)
	@sh tools/setup.sh demo
	@.venv/bin/python -m ringback.demo --report demo-report

demo-voice: ## hold spoken calls with a demo agent and write demo-voice-report/, which plays them (installs what is missing; needs no key)
	@sh tools/setup.sh voice
	@.venv/bin/python -m ringback.demo --voice --report demo-voice-report

serve: ## serve the REST API on port 8000 and carry out runs (installs what is missing)
	@sh tools/setup.sh demo
	@.venv/bin/ringback serve

test: ## check all that continuous integration checks (installs what is missing)
	@sh tools/setup.sh test
	@sh tools/check.sh

test-model: ## test the persona and the judge with a small real language model on this machine (installs what is missing)
	@sh tools/setup.sh model
	@.venv/bin/python -m pytest tests/model

soak: ## kill and pause servers and workers for ten minutes (installs what is missing)
	@sh tools/setup.sh test
	@.venv/bin/python -m pytest tests/soak --override-ini=timeout=1800

bench: ## measure speed and memory against bare loops on this machine (installs what is missing)
	@sh tools/setup.sh test
	@.venv/bin/python bench/run.py
	@.venv/bin/python bench/service.py all
	@.venv/bin/python bench/run_requests.py
	@.venv/bin/python bench/reading.py
	@.venv/bin/python bench/voice.py
	@.venv/bin/python bench/telephone.py

text-against-voice: ## compare text and voice by time, CPU and money (installs what is missing; OPTIONS='--prices FILE')
	@sh tools/setup.sh voice
	@.venv/bin/python bench/text_against_voice.py $(OPTIONS)
