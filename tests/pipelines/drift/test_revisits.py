"""What late labels bring: earlier windows judged again, and what of it counts in the run that looked."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pipelines.drift.history import History, Seen
from pipelines.drift.report import Attribution, DriftReport, Labels, Revisited
from pipelines.drift.revisits import Look, attribution_with, judge_again, overall_with, with_counting
from pipelines.drift.series import Observation, SeriesState
from pipelines.drift.severity import judge_after
from pipelines.errors import CallerError
from pipelines.monitoring_spec import Monitoring
from pipelines.retrain.signals import signals_of
from tests.pipelines.drift.made_windows import made_window
from tests.pipelines.retrain.reports import alarm, report

LOSS = "quality/loss/auc"
LABELS = Labels(rows=100, labelled=95, contradicted=0, final=True)
JULY = replace(made_window(), part="2013-07", as_of=datetime(2013, 8, 1, tzinfo=UTC))
CALM = Attribution("none", "", [], [], "Nothing is beyond its threshold; 30% of the labels are in.")


def policy(**changes: object) -> Monitoring:
    return Monitoring(**{"metric": "auc", "warning_loss": 0.02, "critical_loss": 0.05} | changes)


def loss(value: float | None) -> Observation:
    low, high = (None, None) if value is None else (value - 0.01, value + 0.01)
    return Observation("quality", "loss", "auc", value, 0.02, "auc, in words", low, high)


def late(value: float) -> Observation:
    return Observation("freshness", "unlabelled_rate", "labels", value, 0.1, "labels, in words")


def changed(value: float) -> Observation:
    return Observation("freshness", "contradicted_rate", "labels", value, 0.01, "changed, in words")


def look(month: int, *observations: Observation, version: int = 3) -> Look:
    return Look(f"2013-{month:02}", version, LABELS, list(observations))


def seen(month: int, value: float | None, threshold: float, by: int | None = None) -> Seen:
    """The loss of the month's window, as the run of the month, or of another, saw it."""
    window, run = f"2013-{month:02}", by or month
    return Seen(f"2013-{run:02}", datetime(2013, run + 1, 1, tzinfo=UTC), window, 3, LOSS, value, 0.02, threshold, [])


def counted(
    *looks: Look, own: float | None = None, past: tuple[Seen, ...] = (), rules: Monitoring | None = None
) -> tuple[list[SeriesState], list[Revisited]]:
    """Of July's run, whose champion is version 3: its own states, and the windows that it looked at again."""
    rules = rules or policy()
    judged, known = judge_again(rules, looks, {}, History(past), JULY, 3)
    states = judge_after(rules, [loss(own)], {}, known, "2013-07", 3)
    return states, with_counting(judged, states, 3)


def test_a_loss_that_late_labels_show_counts_where_the_window_s_own_is_not_known():
    states, revisited = counted(look(6, loss(0.07)))
    severity, [reason] = overall_with(states, revisited, {}, 3)
    assert severity == "critical"
    assert reason.startswith("critical: revisited 2013-06: loss of auc 0.07 [0.06, 0.08], more than 0.02 since 2013-06")
    told = attribution_with(CALM, revisited)
    assert told.cause == "unknown"
    assert told.sentence.startswith("Revisited 2013-06: auc lost 0.070 [0.060, 0.080] now that its labels are in.")


def test_labels_that_are_overdue_are_late_labels():
    _, revisited = counted(look(6, late(1.0)))
    assert attribution_with(CALM, revisited).cause == "late_labels"
    _, revisited = counted(look(6, late(1.0), loss(0.07)))
    assert attribution_with(CALM, revisited).cause == "unknown"


def test_a_loss_of_old_counts_no_more_once_the_window_s_own_quality_is_known():
    states, revisited = counted(look(6, loss(0.07)), own=0.0)
    assert overall_with(states, revisited, {}, 3) == ("ok", [])
    assert attribution_with(CALM, revisited) == CALM


def test_of_windows_looked_at_again_the_newest_loss_counts():
    for newest, severity in ((0.0, "ok"), (0.03, "warning"), (None, "critical")):
        states, revisited = counted(look(6, loss(newest)), look(5, loss(0.07)))
        assert overall_with(states, revisited, {}, 3)[0] == severity


def test_what_another_champion_lost_is_told_and_does_not_count():
    states, revisited = counted(look(6, loss(0.07), version=2))
    severity, [reason] = overall_with(states, revisited, {}, 3)
    assert severity == "info" and reason.startswith("info: revisited 2013-06: auc lost 0.070")
    assert reason.endswith("by version 2; version 3 scores now")
    assert [(one.states[0].severity, one.counting) for one in revisited] == [("critical", [])]


def test_windows_looked_at_again_in_one_run_are_each_other_s_past():
    rules = policy(persistence="2 of 3")
    states, [may, june] = counted(look(6, loss(0.07)), look(5, loss(0.07)), rules=rules)
    assert (may.states[0].severity, june.states[0].severity, june.states[0].since) == ("info", "critical", "2013-05")
    assert overall_with(states, [may, june], {}, 3)[0] == "critical"
    states, _ = counted(look(6, loss(0.07)), own=0.07, rules=rules)
    assert (states[0].severity, states[0].since) == ("critical", "2013-06"), "and that of the run's own window"


def test_a_window_is_judged_against_what_it_was_judged_against_before():
    _, [june] = counted(look(6, loss(0.07)), past=(seen(6, None, 0.08),))
    assert (june.states[0].threshold, june.states[0].severity) == (0.08, "ok")


def test_a_window_looked_at_again_knows_nothing_of_those_after_it():
    _, [may] = counted(look(5, loss(0.07)), past=(seen(6, 0.07, 0.02),), rules=policy(persistence="2 of 3"))
    assert (may.states[0].beyond, may.states[0].of, may.states[0].since) == (1, 1, "2013-05")


def test_a_loss_looked_at_twice_is_one_signal():
    _, [first] = counted(look(5, loss(0.07)))
    _, [again] = counted(look(6, loss(0.07)), past=(seen(5, 0.07, 0.02, by=6),))
    assert first.states[0].since == again.states[0].since == "2013-05"


@pytest.mark.parametrize("observation", [late(0.3), changed(0.2)], ids=["missing", "changed"])
def test_labels_that_are_overdue_or_changed_count_in_the_run_that_finds_it(observation):
    states, revisited = counted(look(5, observation), look(6, loss(0.0), changed(0.0)), own=0.0)
    severity, [reason] = overall_with(states, revisited, {}, 3)
    assert severity == "warning" and reason.startswith("warning: revisited 2013-05: share")


def test_reasons_of_all_windows_come_the_worst_first():
    states, revisited = counted(look(5, late(0.3)), look(6, loss(0.07)))
    _, reasons = overall_with(states, revisited, {"2013-04": "Score it again: python -m pipelines backfill …"}, 3)
    assert [reason.partition(":")[0] for reason in reasons] == ["critical", "warning", "info"]
    assert reasons[2] == "info: 2013-04 cannot be looked at again: Score it again: python -m pipelines backfill …"


def test_the_policy_hears_of_what_counts_with_the_window_that_it_is_of():
    _, revisited = counted(look(5, loss(0.07)), look(6, loss(0.08)))
    [signal] = signals_of(replace(report(quality=None, part="2013-07"), revisited=revisited))
    assert (signal.identity, signal.severity) == ("quality/loss/auc since 2013-05", "critical")
    assert signal.text == "revisited 2013-06: auc, in words"


def test_a_report_is_read_back_with_the_windows_that_were_looked_at_again():
    _, revisited = counted(look(6, loss(0.07)))
    kept = replace(report(quality=None), revisited=revisited, not_revisited={"2013-04": "score it again"})
    assert DriftReport.from_json(kept.to_json().encode()) == kept
    assert kept.told_quality == "critical"


def test_a_report_from_before_days_were_kept_is_read():
    kept = json.loads(report(alarm()).to_json())
    del kept["states"][0]["observation"]["days"]
    assert DriftReport.from_json(json.dumps(kept).encode()).states[0].observation.days == []


@pytest.mark.parametrize("change", [{"attribution": None}, {"revisited": [{"part": "2013-04", "quality": []}]}])
def test_a_report_of_another_form_names_the_command_that_makes_it_anew(change):
    kept = json.loads(report(part="2013-05").to_json()) | change
    kept = {name: value for name, value in kept.items() if value is not None}
    with pytest.raises(
        CallerError, match=r"the drift report of 2013-05 is of another form .* backfill flight_delay__m"
    ):
        DriftReport.from_json(json.dumps(kept).encode())
