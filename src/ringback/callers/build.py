"""From a run's specification to its caller."""

from ringback.callers.caller import Caller, Remarker
from ringback.callers.conditional import ConditionalCaller
from ringback.callers.conditions import shown
from ringback.callers.prompts import PROMPT_VERSIONS
from ringback.callers.scripted import ScriptedCaller
from ringback.callers.triggers import parse_trigger
from ringback.domain.run import RunSpecification
from ringback.domain.scenario import AfterScript, Condition, ConditionType, Scenario, ScenarioType
from ringback.errors import ModelNotConfigured, NotSupported, UsageError
from ringback.models.model import LanguageModel

__all__ = ["PROMPT_VERSIONS", "build_caller", "model_needs"]


def model_needs(scenario: Scenario) -> tuple[str, ...]:
    """Why the scenario needs a caller model, one sentence a reason; empty where it needs none."""
    if scenario.type is ScenarioType.SCRIPT:
        improvises = scenario.after_script is AfterScript.IMPROVISE
        return ("The caller improvises when its script is out.",) if improvises else ()
    if scenario.type is ScenarioType.INSTRUCTION:
        return ("The caller is a persona that follows instructions.",)
    actions = scenario.conditional_actions
    if scenario.type is not ScenarioType.CONDITIONAL_ACTIONS or actions is None:
        return ()
    return tuple(reason for condition in actions.conditions[1:] for reason in _needs(condition))


def _needs(condition: Condition) -> tuple[str, ...]:
    natural = (
        condition.type is ConditionType.STANDARD
        and isinstance(condition.condition, str)
        and parse_trigger(condition.condition) is None
    )
    reasons: list[str] = []
    if natural:
        reasons.append(f"Condition {shown(condition)} is in natural language.")
    if not condition.fixed_message:
        reasons.append(f"The action of condition {condition.id} is not a fixed message.")
    return tuple(reasons)


def build_caller(specification: RunSpecification, *, model: LanguageModel | None, remark: Remarker) -> Caller:
    """The caller of one run.

    Args:
        specification: the run, with templates filled.
        model: the caller model; None where none is configured.
        remark: where the caller notes what its guard discarded.

    Raises:
        NotSupported: the scenario asks for what cannot run here yet.
        ModelNotConfigured: the scenario needs a model and there is none.
        UsageError: a directive is malformed once the templates are filled.
    """
    scenario = specification.scenario
    if scenario.unsupported:
        raise NotSupported(f"scenario '{scenario.key}' cannot run here: {scenario.unsupported}")
    needs = model_needs(scenario)
    if needs and model is None:
        raise ModelNotConfigured(
            f"scenario '{scenario.key}' needs a caller model. {needs[0]} Set RINGBACK_CALLER_MODEL to `provider:name`."
        )
    match scenario.type:
        case ScenarioType.SCRIPT:
            return _scripted(specification, model if needs else None, remark)
        case ScenarioType.CONDITIONAL_ACTIONS:
            return _conditional(specification, model if needs else None, remark)
        case ScenarioType.INSTRUCTION if model is not None:
            return _persona(specification, model, remark)
        case _:
            raise NotSupported(
                f"scenario '{scenario.key}' cannot run here: its type '{scenario.type}' is not supported."
            )


def _scripted(specification: RunSpecification, model: LanguageModel | None, remark: Remarker) -> Caller:
    scenario = specification.scenario
    opener = (scenario.first_message,) if scenario.first_message else ()
    return ScriptedCaller(
        (*opener, *scenario.script), then=_persona(specification, model, remark) if model is not None else None
    )


def _persona(specification: RunSpecification, model: LanguageModel, remark: Remarker) -> Caller:
    from ringback.callers.persona import PersonaCaller  # noqa: PLC0415 - scripted callers never need it

    return PersonaCaller(specification, model=model, remark=remark)


def _conditional(specification: RunSpecification, model: LanguageModel | None, remark: Remarker) -> Caller:
    scenario = specification.scenario
    if scenario.conditional_actions is None or not scenario.conditional_actions.conditions:
        raise UsageError(f"scenario '{scenario.key}' has no conditions.")
    judge = composer = None
    if model is not None:
        from ringback.callers.call_keys import CallKeys  # noqa: PLC0415 - callers without a model never need it
        from ringback.callers.condition_judge import ModelConditionJudge  # noqa: PLC0415 - likewise
        from ringback.callers.persona import PersonaComposer  # noqa: PLC0415 - likewise

        keys = CallKeys(specification)
        judge = ModelConditionJudge(model, keys)
        composer = PersonaComposer(specification, model=model, remark=remark, keys=keys)
    try:
        return ConditionalCaller(scenario.conditional_actions, judge=judge, composer=composer)
    except ValueError as error:
        raise UsageError(f"scenario '{scenario.key}', conditional_actions: {error}") from None
