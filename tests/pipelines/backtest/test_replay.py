"""A policy replayed over a made history, with what the monitor and the gates say written by hand."""

from dataclasses import dataclass, field

import pytest

from pipelines.backtest.policies import Policy, policies_of
from pipelines.backtest.replay import Replay
from pipelines.drift.report import Attribution, DriftReport, Labels
from pipelines.drift.series import Observation, SeriesState
from pipelines.monitoring_spec import Retrain
from tests.pipelines.backtest.made_history import SPEC, Admission, made_history

EAGER = Policy("eager", "at a warning", Retrain(at_severity="warning", cooldown_days=0))
LAZY = Policy("lazy", "at a warning, 45 days apart", Retrain(at_severity="warning", cooldown_days=45))


@dataclass
class Monitor:
    """Alarms in the windows named; a model that took force since is another alarm's."""

    history: object
    alarming: frozenset[int]
    asked: list[tuple[int, ...]] = field(default_factory=list)

    def report(self, served):
        self.asked.append(served)
        window = len(served) - 1
        part, severity = self.history.windows[window].part, "warning" if window in self.alarming else "ok"
        loss = Observation("quality", "loss", "auc", 0.03 if severity == "warning" else 0.0, 0.02, "auc fell")
        state = SeriesState(loss, 0.02, severity, 1, 1, part, None)
        labels, found = Labels(100, 100, 0, True), Attribution("concept_shift", "", [], [], "")
        as_of = self.history.windows[window].interval.as_of.isoformat()
        return DriftReport("m", part, as_of, served[-1] + 1, severity, severity, [], labels, 0.5, found, [state])


@pytest.fixture(scope="module")
def history():
    return made_history()


def replayed(history, policy, alarming=(), refused=()):
    monitor, admission = Monitor(history, frozenset(alarming)), Admission(frozenset(refused))
    (run,) = Replay(history, monitor, admission).run([policy], lambda text: None)
    return run, monitor, admission


def policy_named(name: str) -> Policy:
    return next(one for one in policies_of(SPEC, [name]) if one.name == name)


def test_never_serves_the_first_model_for_ever(history):
    run, _, admission = replayed(history, policy_named("never"), alarming={0, 1, 2, 3})
    assert (run.served, run.trained, admission.asked) == ((0, 0, 0, 0), [], [])


def test_a_model_trained_at_the_end_of_a_window_serves_from_the_next(history):
    run, monitor, _ = replayed(history, EAGER, alarming={1})
    assert run.served == (0, 0, 2, 2)
    assert run.trained == [2]
    assert monitor.asked == [(0,), (0, 0), (0, 0, 2), (0, 0, 2, 2)]


def test_monthly_trains_at_every_end_but_the_last_which_nothing_follows(history):
    run, _, _ = replayed(history, policy_named("monthly"))
    assert (run.served, run.trained) == ((0, 1, 2, 3), [1, 2, 3])


def test_a_refused_candidate_costs_and_changes_nothing(history):
    run, _, _ = replayed(history, EAGER, alarming={0}, refused={1})
    assert (run.served, run.trained) == ((0, 0, 0, 0), [1])
    assert run.turns[0].admitted is False
    assert run.turns[0].refused == ["floor on auc: auc is low"]


def test_a_refused_candidate_makes_the_policy_back_off(history):
    """A cooldown of 45 days from April's end is over at June's, the doubled one is not."""
    admitted, _, _ = replayed(history, LAZY, alarming={1, 2})
    assert admitted.trained == [2]
    refused, _, _ = replayed(history, LAZY, alarming={1, 2, 3}, refused={2})
    assert refused.trained == [2]
    assert "doubled" in refused.turns[3].reason


def test_each_try_against_a_champion_is_counted_and_the_next_champion_starts_anew(history):
    _, _, admission = replayed(history, policy_named("monthly"), refused={1, 2})
    assert admission.asked == [(0, 1, 1), (0, 2, 2), (0, 3, 3)]
    _, _, admission = replayed(history, policy_named("monthly"), refused={1})
    assert admission.asked == [(0, 1, 1), (0, 2, 2), (2, 3, 1)]


def test_policies_side_by_side_are_what_each_is_alone(history):
    monitor, admission = Monitor(history, frozenset({1})), Admission(frozenset())
    policies = [policy_named("never"), EAGER, policy_named("monthly")]
    together = Replay(history, monitor, admission).run(policies, lambda text: None)
    assert together == [replayed(history, policy, alarming={1})[0] for policy in policies]


def test_an_alarm_below_the_policys_severity_is_none(history):
    critical = Policy("critical", "", Retrain(at_severity="critical", cooldown_days=0))
    run, _, _ = replayed(history, critical, alarming={1})
    assert [turn.alarmed for turn in run.turns] == [False] * 4
    run, _, _ = replayed(history, EAGER, alarming={1})
    assert [turn.alarmed for turn in run.turns] == [False, True, False, False]
    run, _, _ = replayed(history, policy_named("monthly"), alarming={1})
    assert [turn.alarmed for turn in run.turns] == [None] * 4
