"""What run requests are carried out with."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.metadata import version

from ringback.callers.build import model_needs
from ringback.domain.run import Provenance, RunSpecification
from ringback.domain.scenario import Scenario
from ringback.domain.telephone import plain_number
from ringback.evaluation.evaluator import judge_needs
from ringback.library.agents import AgentLibrary
from ringback.library.personalities import PersonalityLibrary
from ringback.library.profiles import ProfileLibrary
from ringback.library.scenarios import ScenarioLibrary
from ringback.library.suite_records import SuiteRecords
from ringback.models.prices import price, source
from ringback.runs.estimate import estimate
from ringback.runs.submission import Submission
from ringback.runs.submission_plan import Shelves
from ringback.runs.submission_telephone import OwnLines
from ringback.settings import Settings
from ringback.storage.answers import Answers
from ringback.storage.database import Database
from ringback.storage.queue import RunQueue
from ringback.storage.sealing import Seal
from ringback.storage.store import Store
from ringback.wiring.models import Models, choose_models, own_prices, prompt_versions, speech_names


def open_submission(
    settings: Settings,
    environ: Mapping[str, str],
    numbers: tuple[str, ...],
    *,
    database: Database,
    seal: Seal,
    store: Store,
    queue: RunQueue,
) -> Submission:
    """Takes run requests into this database; `numbers` are ours on the telephone, without separators."""
    models = _Models(settings, environ)
    return Submission(
        store=store,
        answers=Answers(database),
        seal=seal,
        shelves=Shelves(
            agents=AgentLibrary(database, seal),
            scenarios=ScenarioLibrary(database),
            personalities=PersonalityLibrary(database),
            profiles=ProfileLibrary(database),
            read_suite=SuiteRecords(database).read,
            lines=OwnLines(
                numbers=numbers,
                calls_from=plain_number(settings.sip_user or "") or next(iter(numbers), None),
                has_trunk=settings.sip_trunk is not None,
            ),
        ),
        provenance_of=models.provenance_of,
        cost_of=models.cost_of,
        speech_of=lambda agent: speech_names(agent, settings, environ),
        wake=queue.wake,
        let_in=lambda: queue.let_in_now(),  # noqa: PLW0108 - which one that is turns out later
        chat_timeout=settings.chat_timeout,
    )


class _Models:
    """Which models requests need, and what they cost."""

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        self._settings = settings
        self._environ = environ

    def provenance_of(self, scenarios: Sequence[Scenario]) -> Provenance:
        """Where a result of these scenarios comes from.

        Raises:
            ModelNotConfigured: a scenario needs a model and none is set.
        """
        names = self._names(scenarios)
        prices_file = self._settings.prices_file
        return Provenance(
            ringback_version=_version(),
            models=names,
            prompt_versions=prompt_versions() if names else {},
            prices=(f"{prices_file.name}, then {source()}" if prices_file else source()) if names else None,
        )

    def cost_of(self, specifications: Sequence[RunSpecification]) -> float | None:
        """US dollars that the models may cost; None where there is no price."""
        names = self._names([specification.scenario for specification in specifications])
        prices = own_prices(self._settings)

        def price_by(role: str) -> Callable[[int, int], float | None]:
            name = names.get(role)
            return lambda tokens_in, tokens_out: price(name, tokens_in, tokens_out, prices) if name else None

        return estimate(specifications, price_by("caller"), price_by("judge")).cost

    def _names(self, scenarios: Sequence[Scenario]) -> dict[str, str]:
        # As people know them; those that need none, which may be thousands, are not even copied.
        named = [one.model_copy(update={"key": one.name}) for one in scenarios if model_needs(one) or judge_needs(one)]
        models: Models = choose_models(named, self._settings, self._environ)
        return {choice.role: choice.name for choice in (models.caller, models.judge) if choice is not None}


@cache
def _version() -> str:
    return version("ringback")
