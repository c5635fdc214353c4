"""The rubric: which metrics decide a run's success, in the reference product's `rubric_config` form."""

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Operator(StrEnum):
    """Comparison of a metric's value with the rule's."""

    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    EQ = "eq"
    NEQ = "neq"
    IN = "in"


class RubricCondition(_Part):
    """One comparison."""

    field: Literal["score", "enum"] = "score"
    """What is compared: the number, or the category of an `enum` metric."""
    op: Operator
    """The comparison: gt, gte, lt, lte, eq, neq or in."""
    value: Any
    """What it is compared with; a list for `in`."""


class RubricConditions(_Part):
    """Comparisons that must all hold."""

    operator: Literal["and"] = "and"
    """How the comparisons are joined."""
    conditions: tuple[RubricCondition, ...] = Field(min_length=1)
    """The comparisons."""


class RubricRule(_Part):
    """A metric and what its value must be."""

    metric_id: int | str
    """A metric's slug; `expected_outcome` and `checks` name those two."""
    conditions: RubricConditions
    """What its value must be."""


class Rubric(_Part):
    """Rules that must all hold; metrics without a rule do not count."""

    evaluation_logic: Literal["and"] = "and"
    """How the rules are joined."""
    rules: tuple[RubricRule, ...] = Field(min_length=1)
    """One rule for each metric that counts."""
