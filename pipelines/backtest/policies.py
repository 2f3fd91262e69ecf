"""The policies that a backtest can replay, by the names that the command line knows."""

import re
from dataclasses import dataclass
from datetime import datetime

from pipelines.drift.policy import Decision
from pipelines.errors import CallerError
from pipelines.monitoring_spec import Retrain
from pipelines.spec import ModelSpec

NEVER, ORACLE, SPEC = "never", "oracle", "spec"
CALENDAR = {"monthly": 1, "quarterly": 3}
VARIANTS = ("warning-20", "warning-60", "critical-20", "critical-60")
USUAL = (NEVER, *CALENDAR, SPEC, *VARIANTS, ORACLE)


@dataclass(frozen=True)
class Policy:
    """rule: of one that follows drift. every_months: of one that follows the calendar, else 0. With neither it never
    retrains, or knows the future."""

    name: str
    words: str
    rule: Retrain | None = None
    every_months: int = 0

    @property
    def is_feasible(self) -> bool:
        """Whether anybody could follow it without knowing the future."""
        return self.name != ORACLE


def policies_of(spec: ModelSpec, names: list[str]) -> list[Policy]:
    """Those named, in that order, and `never` and the oracle around them: the others are measured by both.

    Raises CallerError for a name that is none.
    """
    wanted = list(dict.fromkeys([NEVER, *(name for name in names if name != ORACLE), ORACLE]))
    return [_policy(spec, name) for name in wanted]


def usual(spec: ModelSpec) -> list[str]:
    """All names, without a variant that is the spec's own rule."""
    return [name for name in USUAL if name not in VARIANTS or _policy(spec, name).rule != spec.retrain]


def by_calendar(policy: Policy, as_of: datetime, last: datetime) -> Decision:
    """Retrain at the first window that ends in a new month or quarter; last: time of the last training, UTC."""
    periods = (_period(moment, policy.every_months) for moment in (last, as_of))
    if len(set(periods)) == 1:
        return Decision("wait", f"no new {_calendar_word(policy.every_months)} has begun since {last:%F}")
    return Decision("retrain", f"a new {_calendar_word(policy.every_months)} has begun")


def _policy(spec: ModelSpec, name: str) -> Policy:
    if name == NEVER:
        return Policy(name, "the first champion serves for ever")
    if name == ORACLE:
        return Policy(name, "knows the future: the best sequence of models, with the fewest retrainings")
    if name in CALENDAR:
        return Policy(name, f"at the start of each {_calendar_word(CALENDAR[name])}", every_months=CALENDAR[name])
    if name == SPEC:
        return Policy(name, f"the spec's own rule: {_rule_words(spec.retrain)}", rule=spec.retrain)
    found = re.fullmatch(r"(warning|critical)-(\d{1,4})", name)
    if not found:
        raise CallerError(
            f"No policy named '{name}'. Known: {', '.join(USUAL)}; the numbers are the cooldown in days, and may be "
            "others: warning-45"
        )
    rule = spec.retrain.model_copy(update={"at_severity": found[1], "cooldown_days": int(found[2])})
    return Policy(name, f"drift: {_rule_words(rule)}", rule=rule)


def _rule_words(rule: Retrain) -> str:
    return f"at {rule.at_severity}, cooldown of {rule.cooldown_days} days"


def _period(moment: datetime, months: int) -> int:
    return (moment.year * 12 + moment.month - 1) // months


def _calendar_word(months: int) -> str:
    return "month" if months == 1 else "quarter"
