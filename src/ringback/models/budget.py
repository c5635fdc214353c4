"""What model calls have used and cost so far, and the limit that they must not pass."""

from ringback.domain.usage import Usage, dollars
from ringback.errors import CostLimitReached


class Budget:
    """The account of one result, shared by all of its models.

    Calls already under way when the limit is reached are finished, so the sum may end a few calls above it.
    """

    def __init__(self, limit_usd: float | None = None) -> None:
        """Open an account; `limit_usd` None only counts."""
        self.limit_usd = limit_usd
        self.usage = Usage()
        """All calls so far, those without a known price and those whose reply was of no use included."""
        self._spent = 0.0
        self._unpriced: str | None = None

    @property
    def spent(self) -> float:
        """US dollars so far; calls without a known price count nothing."""
        return self._spent

    def check(self) -> None:
        """Before a call. Raises `CostLimitReached` once the limit is reached, or the cost can no longer be told."""
        if self.limit_usd is None:
            return
        if self._unpriced is not None:
            raise CostLimitReached(
                f"{self._unpriced} does not report its tokens, so the cost limit of {dollars(self.limit_usd)} cannot "
                "be kept; leave --max-cost out, or set a price of 0 for it in the prices file (RINGBACK_PRICES_FILE)."
            )
        if self._spent >= self.limit_usd:
            raise CostLimitReached(
                f"The cost limit of {dollars(self.limit_usd)} is reached ({dollars(self._spent)} spent); "
                "raise --max-cost to go on."
            )

    def add(self, name: str, usage: Usage) -> None:
        """After a call of the model of this name."""
        self.usage += usage
        if usage.cost is None:
            self._unpriced = name
        else:
            self._spent += usage.cost
