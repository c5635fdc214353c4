"""What the reference has and Ringback has not built yet: each answers 501 with a sentence, never a pretended success.

An operation that a family of routes has is taken out of the table by itself: what is built is asked first.
"""

import re
from collections.abc import Iterator
from functools import cache

from starlette.types import ASGIApp, Receive, Scope, Send

from ringback.api.mounting import Mounted, shape
from ringback.errors import NotAvailable

_V1 = "/test_framework/v1/"

OPERATIONS: dict[str, tuple[str, ...]] = {
    "Folders of scenarios are not available yet; tags are.": (
        "GET scenarios/folders/",
        "POST scenarios/create_folder/",
        "POST scenarios/rename_folder/",
        "POST scenarios/move_folder/",
        "POST scenarios/delete_folder/",
    ),
    "This bulk work on scenarios is not available yet; change them one by one.": (
        "POST scenarios/adv_update/",
        "POST scenarios/duplicate/",
    ),
    "Export of scenarios is not available yet.": ("GET scenarios/export_scenarios/",),
    "Earlier versions of scenarios are not kept yet.": (
        "GET scenarios/{id}/history/",
        "POST scenarios/{id}/restore/",
    ),
    "Audio clips in scenarios are not available yet.": (
        "POST scenarios/{id}/condition-audio/",
        "GET scenarios/{id}/condition-audio/",
        "DELETE scenarios/{id}/condition-audio/{audio_id}/",
    ),
    "Use PATCH on the scenario: this operation was deprecated and is not available.": (
        "POST scenarios/{id}/update_conditional_actions/",
    ),
    "Generation of scenarios is not available yet.": (
        "POST scenarios/generate-bg/",
        "GET scenarios/generate-progress/",
        "POST scenarios/generate-clarify-answer/",
        "POST scenarios/generate-instructions/",
        "POST scenarios/improve_instructions/",
        "GET scenarios/instructions-progress/",
        "POST scenarios/create-from-transcript-bg/",
        "GET scenarios/create-from-transcript-progress/",
        "POST scenarios/{id}/update_scenario_with_transcript/",
        "POST scenarios/scenario-agent/",
        "GET scenarios/scenario-agent-progress/",
    ),
    "The ready-made infrastructure suite is not available yet.": (
        "POST scenarios/add_infrastructure_suite/",
        "GET scenarios/infrastructure_suite_preview/",
        "GET scenarios/has_infrastructure_suite/",
    ),
    "Calls over platforms are not available yet; `run_scenarios/` calls an agent by telephone or over WebSockets.": (
        "POST scenarios/run_scenarios_livekit/",
        "POST scenarios/run_scenarios_livekit_v2/",
        "POST scenarios/run_scenarios_pipecat/",
        "POST scenarios/run_scenarios_pipecat_v2/",
        "POST scenarios/run_scenarios_vapi_webrtc/",
        "POST scenarios/run_scenarios_retell_webrtc/",
        "POST scenarios/run_scenarios_elevenlabs/",
        "POST scenarios/run_scenarios_agora/",
    ),
    "Runs over this channel are not available yet; `run_scenarios_text/` runs over a WebSocket of yours.": (
        "POST scenarios/run_scenarios_livekit_chat/",
        "POST scenarios/run_scenarios_email/",
        "POST scenarios/run_scenarios_ello/",
        "POST scenarios/run_scenarios_jotform/",
    ),
    "A result comes from a run request: `run_scenarios_text/` and its kin.": ("POST results/",),
    "Questions about results and written summaries are not available yet.": (
        "POST results/{id}/ask_about_failures/",
        "POST results/{id}/regenerate_ai_summary/",
    ),
    "Exports of several results and combined reports are not available yet; `export_result_runs/` exports one.": (
        "GET results/bulk_export_result_runs/",
        "GET results/bulk_export_progress/",
        "GET results/reports/",
        "POST results/reports/share/",
        "POST results/reports/ask-about-failures/",
    ),
    "This is not available yet; a run's review fields can be changed with PATCH.": (
        "POST runs/{id}/mark_metric_vote/",
        "POST runs/{id}/mark_expected_outcome_vote/",
        "POST runs/{id}/mark_critical_scenario_wrong/",
        "POST runs/{id}/unmark_critical_scenario_wrong/",
    ),
    "Live audio is not available yet; a call that is over has its `voice_recording_url`.": (
        "GET runs/{id}/get_listen_url/",
    ),
    "Traces are not available yet.": ("GET runs/{id}/trace/",),
    "This is not available yet; `results/{id}/evaluate_metrics/` evaluates runs again.": (
        "POST runs/{id}/run_expected_outcome_bg/",
        "GET runs/run_expected_outcome_progress/",
    ),
    "This operation on agents is not available yet.": (
        "GET aiagents/short_list/",
        "GET aiagents/{id}/runs_overview/",
    ),
    "Earlier versions of agents are not kept yet.": ("GET aiagents/{id}/history/", "POST aiagents/{id}/restore/"),
    "Knowledge bases are not available yet.": (
        "POST aiagents/{id}/upload_knowledge_base/",
        "GET aiagents/{id}/knowledge_base/",
        "DELETE aiagents/{id}/delete_knowledge_base/",
        "GET knowledge-base-connectors/",
    ),
    "Every personality can be used with every agent; there is nothing to enable.": (
        "GET aiagents/{id}/personalities/",
        "POST aiagents/{id}/enable_personalities/",
        "POST aiagents/{id}/disable_personalities/",
    ),
    "Mock tools are not available yet.": (
        "GET aiagents/{id}/tools/",
        "POST aiagents/{id}/tools/",
        "GET aiagents/{id}/tool/{tool_name}/",
        "PATCH aiagents/{id}/tool/{tool_name}/",
        "DELETE aiagents/{id}/tool/{tool_name}/",
        "POST aiagents/{id}/tool/{tool_name}/",
        "POST aiagents/{id}/mcp/{mock_index}/",
        "POST aiagents/{id}/tools/auto-fetch/",
        "GET aiagents/{id}/tools/auto-fetch-progress/",
        "GET aiagents/{id}/tools/mock-status/",
        "GET tools/",
        "GET tools/{id}/",
    ),
    "Dynamic variables are not available yet.": (
        "GET aiagents/{id}/dynamic-variables/",
        "POST aiagents/{id}/dynamic-variables/",
        "PATCH aiagents/{id}/dynamic-variable/{variable_id}/",
        "DELETE aiagents/{id}/dynamic-variable/{variable_id}/",
    ),
    "Bulk work on metrics is not available yet; change them one by one.": (
        "POST metrics/bulk_create/",
        "POST metrics/bulk_manage_agents/",
        "POST metrics/bulk-toggle-settings/",
        "POST metrics/delete_metrics/",
        "PATCH metrics/reorder/",
    ),
    "Help with writing metrics is not available yet.": (
        "POST metrics/preview/",
        "GET metrics/preview-progress/",
        "POST metrics/generate_metrics/",
        "GET metrics/generate_metrics_progress/",
        "POST metrics/generate_evaluation_trigger/",
        "POST metrics/simplify_prompt/",
        "POST metrics/{id}/run_reviews/",
        "GET metrics/run_reviews_progress/",
        "GET metrics/{id}/history/",
        "POST metrics/{id}/variables/",
        "GET metrics/simplify_prompt_progress/",
        "POST metrics/generate_clean_description/",
        "POST metrics/generate_clean_description_bg/",
        "GET metrics/generate_clean_description_progress/",
    ),
    "The predefined metrics cannot be added to or copied; those that there are can be attached to scenarios.": (
        "POST metrics/{id}/add_to_predefined_metrics/",
        "POST predefined-metrics/copy/",
    ),
    "Metrics in Python are not available yet.": (
        "POST metrics/{id}/evaluate_llm_judge_metric/",
        "POST metrics/{id}/evaluate_basic_metric/",
        "POST metrics/{id}/evaluate_advance_metric/",
    ),
    "Findings on how instructions are followed are not available yet.": (
        "GET critical-metric-scenarios/",
        "PATCH critical-metric-scenarios/{id}/",
    ),
}
"""Sentence → operations under /test_framework/v1/."""

FAMILIES: dict[str, str] = {
    "/schedules/v1/cron-jobs/": "Schedules are not available yet.",
    "/observability/v1/observe/": "Observation of production calls is not available yet.",
    "/observability/v1/vapi/": "Observation of production calls is not available yet.",
    "/observability/v1/retell/": "Observation of production calls is not available yet.",
    "/observability/v1/livekit/": "Observation of production calls is not available yet.",
    "/observability/v1/pipecat/": "Observation of production calls is not available yet.",
    "/observability/v1/call-logs/": "Logs of production calls are not available yet.",
    "/observability/v2/call-logs/": "Logs of production calls are not available yet.",
    "/observability/v1/alerts/": "Alerts are not available yet.",
    "/dashboards/dashboards/": "Dashboards are not available yet.",
    "/dashboards/widgets/": "Dashboards are not available yet.",
    "/user/v1/projects/": "There is one project; projects and their webhooks are not available yet.",
    "/user/organizations/": "There is one organisation.",
    "/user/v2/organizations/": "There is one organisation.",
    "/user/memberships/": "There are no members yet: whoever has a key may do what its scope allows.",
    "/user/v1/audit-logs/": "Audit logs are not available yet.",
    "/user/oauth/": "OAuth is not available yet; use an API key.",
    "/test_framework/billing/": "There is nothing to pay.",
    "/test_framework/custom-provider-transcript-webhook/": "Transcripts that come later are not available yet.",
    "/slack/slack-workspaces/": "Slack is not available yet.",
    "/test_framework/v1/scenario-improvement-sessions/": "Improvement of scenarios is not available yet.",
    "/test_framework/metric-reviews/": "Optimisation of metrics by reviews is not available yet.",
    "/test_framework/test-sets/": "Test sets are not available yet.",
}
"""Beginning of a path → sentence, for every method."""

_NUMBERED = ("id", "audio_id", "variable_id", "mock_index")


class NotYet:
    """Answers 501 to what is not built; stands before the routes, whose parameters would swallow some of it."""

    def __init__(self, app: ASGIApp, mounted: Mounted) -> None:
        self._app = app
        self._operations = _not_built(mounted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. Raises `NotAvailable`."""
        if scope["type"] == "http":
            sentence = self._sentence_of(scope["method"], scope["path"])
            if sentence is not None:
                raise NotAvailable(sentence)
        await self._app(scope, receive, send)

    def _sentence_of(self, method: str, path: str) -> str | None:
        method = "GET" if method == "HEAD" else method
        for pattern, sentence in self._operations.get((method, path.count("/")), ()):
            if pattern.fullmatch(path):
                return sentence
        return next((sentence for family, sentence in FAMILIES.items() if path.startswith(family)), None)


@cache  # applications that follow each other in one process have the same routes
def _not_built(mounted: Mounted) -> dict[tuple[str, int], list[tuple[re.Pattern[str], str]]]:
    """Patterns and sentences by the method and the slashes of a path."""
    built = mounted.shapes()
    found: dict[tuple[str, int], list[tuple[re.Pattern[str], str]]] = {}
    for method, path, sentence in operations():
        if (method, shape(path)) not in built:
            found.setdefault((method, path.count("/")), []).append((_pattern(path), sentence))
    return found


def operations() -> Iterator[tuple[str, str, str]]:
    """Method, path and sentence of each operation of the table."""
    for sentence, named in OPERATIONS.items():
        for operation in named:
            method, path = operation.split()
            yield method, _V1 + path, sentence


def _pattern(path: str) -> re.Pattern[str]:
    """Numbers where numbers stand, so that a literal word there is left to whoever has it."""
    parts = re.split(r"\{(\w+)\}", path)
    return re.compile(
        "".join(
            re.escape(part) if index % 2 == 0 else ("[0-9]+" if part in _NUMBERED else "[^/]+")
            for index, part in enumerate(parts)
        )
    )
