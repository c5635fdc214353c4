"""From suite files and flags to a run request."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from ringback.cli.connecting import key_and_value
from ringback.cli.run_options import RunOptions
from ringback.domain.run import Provenance, Result, RunSpecification
from ringback.domain.scenario import Scenario
from ringback.domain.usage import dollars
from ringback.errors import UsageError
from ringback.library.files import LoadedSuites, load_suites
from ringback.models.prices import Prices, price, source
from ringback.results.summary import summarise
from ringback.runs.estimate import estimate
from ringback.runs.planner import plan
from ringback.runs.provenance import git_state
from ringback.runs.service import RunRequest, is_left
from ringback.storage.store import Store
from ringback.wiring.models import Models, prompt_versions


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What is going to run: a new request, or what a result left."""

    scenarios: tuple[Scenario, ...]
    specifications: tuple[RunSpecification, ...]
    warnings: tuple[str, ...] = ()
    request: RunRequest | None = None
    resume: int | None = None
    concurrency: int | None = None
    """What the suite files ask for."""

    def with_models(self, models: Models, prices_file: Path | None) -> "Planned":
        """The plan, its provenance naming the models that will be asked and where their prices are from."""
        if self.request is None:
            return self
        names = {choice.role: choice.name for choice in (models.caller, models.judge) if choice is not None}
        provenance = self.request.provenance.model_copy(
            update={
                "models": names,
                "prompt_versions": prompt_versions() if names else {},
                "prices": _price_sources(prices_file) if names else None,
            }
        )
        return replace(self, request=replace(self.request, provenance=provenance))

    def with_speech(self, names: Mapping[str, str]) -> "Planned":
        """The plan, its provenance naming what speaks and hears; no names: as it is."""
        if self.request is None or not names:
            return self
        provenance = self.request.provenance
        provenance = provenance.model_copy(update={"models": {**provenance.models, **names}})
        return replace(self, request=replace(self.request, provenance=provenance))


def _price_sources(prices_file: Path | None) -> str:
    return f"{prices_file.name}, then {source()}" if prices_file else source()


async def plan_request(options: RunOptions, store: Store) -> Planned:
    """Read the suites (or the result to resume) and plan its runs.

    Raises:
        SuiteError: problems in the files, all at once.
        UsageError: nothing is left after `--tag`, `--only` or `--failed-of`; no such result.
    """
    if options.resume is not None:
        return _resumed(await store.result(options.resume))
    loaded = load_suites(options.suites)
    scenarios = _chosen(loaded.scenarios, options, await _failed_keys(options, store))
    scenario_ids: dict[str, int] = {}
    for suite in loaded.files:
        keys = [scenario.key for scenario in suite.scenarios]
        scenario_ids |= await store.scenario_ids(_suite_name(suite.path), keys)
    specifications = plan(scenarios, scenario_ids, repeat=options.repeat, seed=options.seed)
    return Planned(
        scenarios=scenarios,
        specifications=specifications,
        warnings=tuple(str(warning) for warning in loaded.warnings),
        concurrency=loaded.concurrency_limit,
        request=RunRequest(
            name=", ".join(suite.name for suite in loaded.files),
            agent_name="",
            agent_url="",
            specifications=specifications,
            provenance=await _provenance(options, loaded),
        ),
    )


def _suite_name(path: Path) -> str:
    """What names the file from one day to the next, wherever the project's folder is moved to."""
    return Path(os.path.relpath(path)).as_posix()


def _resumed(result: Result) -> Planned:
    specifications = tuple(run.specification for run in result.runs if is_left(run))
    scenarios = {specification.scenario.key: specification.scenario for specification in specifications}
    return Planned(scenarios=tuple(scenarios.values()), specifications=specifications, resume=result.id)


async def _failed_keys(options: RunOptions, store: Store) -> set[str] | None:
    if options.failed_of is None:
        return None
    summary = summarise(await store.result(options.failed_of))
    return {scenario.key for scenario in summary.scenarios if not scenario.meets}


def _chosen(scenarios: Sequence[Scenario], options: RunOptions, failed: set[str] | None) -> tuple[Scenario, ...]:
    unknown = set(options.only) - {scenario.key for scenario in scenarios}
    if unknown:
        known = ", ".join(scenario.key for scenario in scenarios)
        raise UsageError(f"--only {', '.join(sorted(unknown))}: no scenario has this key. Known: {known}.")
    chosen = tuple(
        scenario
        for scenario in scenarios
        if (not options.only or scenario.key in options.only)
        and (not options.tags or set(options.tags) & set(scenario.tags))
        and (failed is None or scenario.key in failed)
    )
    if not chosen:
        raise UsageError(_nothing_chosen(scenarios, options, failed))
    return chosen


def _nothing_chosen(scenarios: Sequence[Scenario], options: RunOptions, failed: set[str] | None) -> str:
    if failed is not None and not failed:
        return f"Every scenario of result {options.failed_of} met its threshold: nothing to run."
    tags = sorted({tag for scenario in scenarios for tag in scenario.tags})
    return f"No scenario is left after --tag, --only and --failed-of. Tags in use: {', '.join(tags) or 'none'}."


async def _provenance(options: RunOptions, loaded: LoadedSuites) -> Provenance:
    commit, branch = await git_state(Path.cwd())
    return Provenance(
        ringback_version=version("ringback"),
        git_commit=commit,
        git_branch=branch,
        labels=dict(key_and_value(label, "--label") for label in options.labels),
        suite_hashes={suite.path.name: suite.sha256 for suite in loaded.files},
        seed=options.seed,
    )


def dry_run_lines(planned: Planned, models: Models, prices: Prices) -> Iterator[str]:
    """What would run, and what it may cost."""

    def price_of(name: str | None, tokens_in: int, tokens_out: int) -> float | None:
        return price(name, tokens_in, tokens_out, prices) if name else None

    caller, judge = (choice.name if choice else None for choice in (models.caller, models.judge))
    expected = estimate(
        planned.specifications,
        lambda tokens_in, tokens_out: price_of(caller, tokens_in, tokens_out),
        lambda tokens_in, tokens_out: price_of(judge, tokens_in, tokens_out),
    )
    for scenario in planned.scenarios:
        count = sum(specification.scenario.key == scenario.key for specification in planned.specifications)
        yield f"{count:>5} x {scenario.name} ({scenario.key})"
    yield f"{expected.conversations} conversation{'' if expected.conversations == 1 else 's'}"
    if not expected.caller_calls and not expected.judge_calls:
        yield "No model calls: nothing to pay."
        return
    yield f"about {expected.caller_calls} calls of the caller model ({caller or 'none needed'})"
    yield f"about {expected.judge_calls} calls of the judge ({judge or 'none needed'})"
    yield f"about {expected.input_tokens:,} tokens in, {expected.output_tokens:,} out"
    yield f"about {dollars(expected.cost)} ({source()})" if expected.cost is not None else "cost: no known price"
