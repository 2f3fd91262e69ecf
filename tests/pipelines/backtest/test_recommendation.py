"""Which policy is recommended, and what the sentence says of it."""

from pipelines.backtest.outcome import Outcome
from pipelines.backtest.policies import Policy
from pipelines.backtest.recommendation import pareto_front, recommend
from pipelines.backtest.replay import Run, Turn
from pipelines.metrics import Measured

NONE = Measured(0.0, 0.0, 0.0)
MARGIN = 0.01


def outcome(name: str, auc: float, cpu_s: float, trained: int = 0) -> Outcome:
    """Its own sequence of models, told apart by its quality."""
    admitted = [True if at < trained else None for at in range(9)]
    turns = [Turn("2013-04", int(auc * 1e4), "ok", None, "wait", "", one) for one in admitted]
    quality = Measured(auc, None, None)
    return Outcome(
        run=Run(Policy(name, ""), turns),
        windows=[quality] * 9,
        quality=quality,
        gain=NONE,
        regret=NONE,
        cpu_s=cpu_s,
        gpu_s=0.0,
        refused=0,
        asked=0,
        days_below=None,
        false_alarms=None,
        missed=0,
        fresh_gain=[],
    )


NEVER, MONTHLY = outcome("never", 0.70, 0), outcome("monthly", 0.73, 120, 8)
QUARTERLY = outcome("quarterly", 0.725, 40, 2)
WASTEFUL = outcome("wasteful", 0.72, 90, 5)
ALL = [NEVER, QUARTERLY, WASTEFUL, MONTHLY]


def sure(half: float):
    """A comparison whose interval is so wide on either side."""
    value = {one.run.served: one.quality.value for one in ALL}

    def gain(first, second) -> Measured:
        found = value[first] - value[second]
        return Measured(found, found - half, found + half)

    return gain


def test_the_front_leaves_out_what_another_beats_for_less():
    assert pareto_front(ALL, "auc") == [NEVER, QUARTERLY, MONTHLY]


def test_where_less_is_better_the_front_turns_round():
    assert pareto_front([NEVER, QUARTERLY, MONTHLY], "brier") == [NEVER]


def test_policies_that_did_the_same_are_all_on_the_front():
    twin = outcome("twin", 0.73, 120, 8)
    assert pareto_front([MONTHLY, twin], "auc") == [MONTHLY, twin]


def test_the_cheapest_within_the_margin_of_the_best_is_taken():
    found = recommend(ALL, "auc", MARGIN, sure(0.002))
    assert (found.policy, found.best, found.like) == ("quarterly", "monthly", [])
    assert found.reason == (
        "quarterly: mean auc 0.7250 for 2 retrainings, 40 CPU s; monthly, the best, has 0.7300 for 8 retrainings, "
        "120 CPU s, 0.0050 [0.0030, 0.0070] more, which is less than the margin of 0.01. Cheaper is never (nothing), "
        "which loses 0.0300 [0.0280, 0.0320] to monthly, more than the margin of 0.01"
    )


def test_a_loss_that_may_be_beyond_the_margin_is_not_taken_and_the_doubt_is_told():
    found = recommend(ALL, "auc", MARGIN, sure(0.006))
    assert found.policy == "monthly"
    assert "Cheaper is quarterly" in found.reason
    assert "which may be more than the margin of 0.01: these windows cannot tell" in found.reason


def test_what_the_windows_do_not_tell_apart_is_named():
    found = recommend(ALL, "auc", MARGIN, sure(0.006))
    assert found.like == ["quarterly"]
    assert found.reason.endswith("Not told apart from it by 9 windows: quarterly")


def test_never_is_recommended_when_nothing_is_gained_by_more_than_the_margin():
    found = recommend(ALL, "auc", 0.05, sure(0.006))
    assert found.policy == "never"
    assert found.front == ["never", "quarterly", "monthly"]
