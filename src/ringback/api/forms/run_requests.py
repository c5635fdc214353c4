"""What run requests say, field by field, and what they mean together."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from ringback.api.forms.run_fields import (
    Count,
    CountTo100,
    Headers,
    Ids,
    ProviderId,
    ScenarioSelector,
    Seconds,
    SipAddress,
    SocketUrl,
    Tag,
    TelephoneNumber,
)
from ringback.api.numbers import Number
from ringback.errors import InvalidFields
from ringback.runs.selection import Selector
from ringback.runs.submission_request import Numbers, Over, RunsWanted

_TWO_FREQUENCIES = "`freq` and `frequency` are two names of one field, and they differ. Give one of them."


class _Request(BaseModel):
    """What every run request can say. Fields that are not known are passed over, as clients send more than there is."""

    model_config = ConfigDict(extra="ignore")

    agent_id: Number | None = Field(
        default=None,
        description="The agent that is tested. With `scenarios` as ids or with `tags` it may be left out: then it is"
        " the scenarios' own.",
    )
    assistant_id: ProviderId | None = Field(
        default=None, description="The agent by its id at its provider, in place of `agent_id`."
    )
    project_id: Number | None = Field(default=None, description="There is one project; any value is accepted.")
    name: str | None = Field(
        default=None, max_length=255, description="What the result is called; the agent's name by default."
    )
    concurrency_limit: Count | None = Field(
        default=None, description="Most conversations of this result at the same time."
    )
    mock_tool_names: list[str] | None = Field(
        default=None, description="Mock tools are not available yet: null or an empty list."
    )

    def refusals(self) -> dict[str, list[str]]:
        """What is wrong with the fields together."""
        if self.mock_tool_names:
            return {"mock_tool_names": ["Mock tools are not available yet. Leave this field out."]}
        return {}

    def _checked(self) -> None:
        if found := self.refusals():
            raise InvalidFields(found)


class _Repeated(_Request):
    """A request whose conversations can be repeated as often as one likes."""

    freq: Count | None = Field(default=None, description="The old name of `frequency`.")
    frequency: Count | None = Field(
        default=None, description="Conversations of each scenario, personality and test profile; 1 by default."
    )

    def refusals(self) -> dict[str, list[str]]:
        """What is wrong with the fields together."""
        found = super().refusals()
        if self.freq is not None and self.frequency is not None and self.freq != self.frequency:
            found |= {"freq": [_TWO_FREQUENCIES], "frequency": [_TWO_FREQUENCIES]}
        return found

    @property
    def repeats(self) -> int | None:
        """Whichever of the two names was used."""
        return self.freq if self.frequency is None else self.frequency


class RunForm(_Repeated):
    """Which scenarios to run, with which agent, how often and as whom.

    One of `scenarios` and `tags` is needed. There is a conversation for each scenario, repetition, personality and
    test profile.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"agent_id": 3, "scenarios": ["12", "15"], "frequency": 3, "name": "nightly"},
                {"agent_id": 3, "scenarios": "all"},
                {"tags": ["smoke"], "personality_ids": [2, 4]},
            ]
        }
    )

    scenarios: ScenarioSelector | None = Field(
        default=None,
        description='Ids; `"all"` of the agent; or how many of the agent\'s, those with the lowest ids (all, where'
        " there are fewer). Ids may be strings of digits.",
    )
    tags: list[Tag] | None = Field(
        default=None, max_length=100, description="Scenarios with any of these tags. Not together with `scenarios`."
    )
    folder_path: str | None = Field(default=None, description="Folders are not available yet: empty.")
    personality_ids: Ids | None = Field(
        default=None, description="In place of the scenarios' own personalities; each multiplies the conversations."
    )
    personality_id: Number | None = Field(default=None, description="One more of `personality_ids`.")
    test_profile_ids: Ids | None = Field(
        default=None, description="In place of the scenarios' own test profiles; each multiplies the conversations."
    )
    test_profile_id: Number | None = Field(default=None, description="One more of `test_profile_ids`.")
    agent_number: TelephoneNumber | None = Field(
        default=None,
        description="By telephone: the number to call in place of the agent's; where it calls us, the number that its"
        " calls come from.",
    )
    outbound_phone_number: TelephoneNumber | None = Field(
        default=None,
        description="By telephone: which of our numbers (`phone-numbers/`) the calls come from; where the agent calls"
        " us, the one that it has to call.",
    )
    mode: Literal["same_number", "different_numbers"] | None = Field(
        default=None,
        description="By telephone: whether all calls come from the same of our numbers (the default), or each from the"
        " next one. Where the agent calls us, each run has a number of its own in any case.",
    )

    def refusals(self) -> dict[str, list[str]]:
        """What is wrong with the fields together."""
        found = super().refusals()
        if self.folder_path:
            found["folder_path"] = ["Folders are not available yet. Choose scenarios by id or by tag."]
        return found

    def wanted(self, operation: str, over: Over, *, sip_endpoint: str | None = None, **more: Any) -> RunsWanted:
        """The request. Raises `InvalidFields`."""
        self._checked()
        return RunsWanted(
            operation=operation,
            over=over,
            selector=Selector(
                scenarios=self.scenarios,
                tags=tuple(dict.fromkeys(self.tags or ())),
                agent_id=self.agent_id,
                assistant_id=self.assistant_id or None,
            ),
            frequency=self.repeats,
            name=self.name or None,
            personality_ids=_merged(self.personality_ids, self.personality_id),
            test_profile_ids=_merged(self.test_profile_ids, self.test_profile_id),
            concurrency_limit=self.concurrency_limit,
            numbers=Numbers(
                sip_endpoint=sip_endpoint,
                agent_number=self.agent_number or None,
                outbound_phone_number=self.outbound_phone_number or None,
                different=self.mode == "different_numbers",
            ),
            **more,
        )


class TextRunForm(RunForm):
    """A run request over text."""

    websocket_url: SocketUrl | None = Field(
        default=None,
        description="Where to connect in place of the agent's own URL. The agent's secret and headers go there; the"
        " server's own never.",
        examples=["wss://staging.example.com/chat"],
    )
    websocket_headers: Headers | None = Field(
        default=None, description="Headers of the connection, over the agent's; `X-VOCERA-…` cannot be changed."
    )

    def wanted(self, operation: str, over: Over, **more: Any) -> RunsWanted:
        """The request. Raises `InvalidFields`."""
        return super().wanted(
            operation, over, websocket_url=self.websocket_url, websocket_headers=self.websocket_headers or {}, **more
        )


class SipRunForm(RunForm):
    """A run request by telephone."""

    sip_endpoint: SipAddress | None = Field(
        default=None,
        description="The SIP address to call in place of the agent's own, `sip:…` or `sips:…`. The agent's credentials"
        " answer for it there; the installation's own never.",
        examples=["sip:agent@staging.example.com"],
    )

    def wanted(self, operation: str, over: Over, **more: Any) -> RunsWanted:
        """The request. Raises `InvalidFields`."""
        return super().wanted(operation, over, sip_endpoint=self.sip_endpoint, **more)


class ChatRunForm(RunForm):
    """A run request in pull mode: the client fetches what the caller says, and answers it."""

    timeout: Seconds | None = Field(default=None, description="Seconds that one whole conversation may take.")

    def wanted(self, operation: str, over: Over, **more: Any) -> RunsWanted:
        """The request. Raises `InvalidFields`."""
        return super().wanted(operation, over, call_timeout=self.timeout, **more)


class ScenarioUrl(BaseModel):
    """One scenario and where its conversations connect."""

    model_config = ConfigDict(extra="ignore")

    scenario: Number = Field(description="Number of the scenario.")
    websocket_url: SocketUrl | None = Field(
        default=None,
        description="Where to connect; without it, the agent's own URL.",
        examples=["wss://agent.example.com/chat"],
    )

    @model_validator(mode="before")
    @classmethod
    def _bare_number(cls, value: Any) -> Any:
        """The reference's command line sends numbers alone."""
        return {"scenario": value} if isinstance(value, int | str) and not isinstance(value, bool) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The object, or its `scenario` alone."""
        of_object = handler.resolve_ref_schema(handler(core_schema))
        return {"description": cls.__doc__, "anyOf": [of_object, *of_object["properties"]["scenario"]["anyOf"]]}


class SocketRunForm(_Request):
    """Scenarios, each with a URL of its own or at the agent's; of an agent nothing else is needed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"scenarios": [{"scenario": 12, "websocket_url": "wss://agent.example.com/a"}]}]
        }
    )

    agent: Number | None = Field(default=None, description="Another name of `agent_id`.")
    scenarios: list[ScenarioUrl] = Field(
        min_length=1,
        max_length=1000,
        description="A number alone, or one with its URL. Each scenario once.",
    )
    freq: CountTo100 | None = Field(default=None, description="The old name of `frequency`.")
    frequency: CountTo100 | None = Field(default=None, description="Conversations of each scenario; 1 by default.")
    websocket_headers: Headers | None = Field(
        default=None, description="Headers of the connections, over the agent's; `X-VOCERA-…` cannot be changed."
    )

    def refusals(self) -> dict[str, list[str]]:
        """What is wrong with the fields together."""
        found = super().refusals()
        if self.freq is not None and self.frequency is not None and self.freq != self.frequency:
            found |= {"freq": [_TWO_FREQUENCIES], "frequency": [_TWO_FREQUENCIES]}
        if self.agent is not None and self.agent_id is not None and self.agent != self.agent_id:
            sentence = "`agent` and `agent_id` are two names of one field, and they differ. Give one of them."
            found |= {"agent": [sentence], "agent_id": [sentence]}
        numbers = [one.scenario for one in self.scenarios]
        if twice := [number for number in dict.fromkeys(numbers) if numbers.count(number) > 1]:
            found["scenarios"] = [f"Scenario {number} stands there twice. Make two requests." for number in twice]
        return found

    def wanted(self, operation: str) -> RunsWanted:
        """The request. Raises `InvalidFields`."""
        self._checked()
        return RunsWanted(
            operation=operation,
            over=Over.OWN_URLS,
            selector=Selector(
                scenarios=tuple(one.scenario for one in self.scenarios),
                agent_id=self.agent if self.agent_id is None else self.agent_id,
                assistant_id=self.assistant_id or None,
            ),
            frequency=self.freq if self.frequency is None else self.frequency,
            name=self.name or None,
            concurrency_limit=self.concurrency_limit,
            websocket_headers=self.websocket_headers or {},
            urls={one.scenario: one.websocket_url for one in self.scenarios if one.websocket_url is not None},
        )


def _merged(several: list[int] | None, one: int | None) -> tuple[int, ...]:
    return tuple(dict.fromkeys([*(several or ()), *(() if one is None else (one,))]))
