"""A model's row from hand-written events: what needs a person, who let the champion through, what it cost."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from pipelines.approval import APPROVAL, QUESTION
from pipelines.champions import PROMOTION, WITHDRAWAL
from pipelines.inventory.index import Index
from pipelines.inventory.rows import model_row
from pipelines.journal import Event, numbered, record_decided
from pipelines.layout import candidate_version
from pipelines.spec import find_dataset, find_model

NAME = "flight_delay"
MARCH, APRIL, MAY = (datetime(2013, month, 1, tzinfo=UTC) for month in (3, 4, 5))


def promotion(version, at, **told):
    content = {
        "version": version,
        "run_id": "a" * 32,
        "trained_until": at.isoformat(),
        "evaluation": "d",
        "against": None,
    }
    return Event(PROMOTION, NAME, at, {**content, "approval": None, **told})


def evaluation(version, at, verdict="pass", digest="d", **told):
    content = {"version": version, "champion_version": None, "attempt": 1, "verdict": verdict, "digest": digest}
    return Event("evaluation", NAME, at, content | told)


def about(kind, version, digest, **told):
    return Event(kind, NAME, APRIL, {"version": version, "evaluation_digest": digest, **told})


def drift(part, at, severity="ok", **told):
    return Event("drift", NAME, at, {"part": part, "severity": severity, "reasons": [], "cause": "none", **told})


@pytest.fixture
def row(store):
    """The row of a model of which these events were written, in their order."""

    def of(*events, today=None):
        for event in events:
            record_decided(store, lambda said, event=event: numbered(said, [event]))
        spec = find_model(NAME)
        index = Index(store)
        index.state()
        return model_row(index, spec, find_dataset(spec.dataset), today or datetime.now(UTC).date())

    return of


def test_a_model_of_which_nothing_is_known_has_no_version_in_force(row):
    found = row()
    assert (found.champion, found.quality, found.drift, found.gates, found.waiting) == (None, [], None, None, None)
    assert [one.kind for one in found.attention] == ["no_champion"]


def test_a_promotion_names_who_answered_for_it(row):
    by_ana = {"approval": {"by": "ana", "override": False, "at": "2013-03-01T00:00:00+00:00", "note": ""}}
    assert row(promotion(1, MARCH)).champion.by == "the gates"
    assert row(promotion(2, APRIL, **by_ana)).champion.by == "ana"
    found = row(promotion(1, APRIL, rollback={"by": "olga", "reason": "it is blind"})).champion
    assert (found.version, found.by) == (1, "olga") and found.promoted_at.date() == datetime.now(UTC).date()


def test_a_withdrawn_champion_is_not_in_force(row):
    gone = {"version": 1, "reason": "poisoned", "by": "ana", "leaves_none": True}
    assert row(promotion(1, MARCH), Event(WITHDRAWAL, NAME, APRIL, gone)).champion is None


def test_a_question_waits_until_it_is_answered(row):
    told = {"at": APRIL.isoformat(), "until": MAY.isoformat()}
    found = row(promotion(1, MARCH), evaluation(2, APRIL), about(QUESTION, 2, "d", **told))
    assert (found.waiting.version, found.waiting.until) == (2, MAY)
    assert [one.kind for one in found.attention] == ["approval"]
    assert row(about(APPROVAL, 2, "d", answer="reject", by="ana")).waiting is None


def test_a_question_about_an_evaluation_that_was_made_anew_waits_no_more(row):
    told = {"at": APRIL.isoformat(), "until": MAY.isoformat()}
    asked = [evaluation(2, APRIL), about(QUESTION, 2, "d", **told), evaluation(2, APRIL, digest="another")]
    assert row(*asked).waiting is None


def test_of_two_looks_at_a_window_the_newer_counts(row):
    first = {"part": "2013-03", "version": 1, "metric": "auc", "value": 0.7, "low": None, "high": None}
    first |= {"labelled": 0.4, "final": False}
    april = {**first, "part": "2013-04", "value": 0.72}
    again = {**first, "value": 0.74, "labelled": 0.98, "final": True}
    found = row(drift("2013-03", APRIL, quality=[first]), drift("2013-04", MAY, quality=[april, again]))
    assert [(one.part, one.value, one.final) for one in found.quality] == [
        ("2013-03", 0.74, True),
        ("2013-04", 0.72, False),
    ]
    assert found.quality[0].ended_at == APRIL


def test_a_journal_from_before_quality_was_kept_is_read(row):
    assert row(drift("2013-03", APRIL)).quality == []


def test_what_is_worse_comes_first(row):
    stopped = Event("serving_stopped", NAME, APRIL, {"part": "2013-03", "reason": "all features are null"})
    failed = evaluation(2, APRIL, "fail", sentence="version 2 fails floor on auc: it stays a candidate")
    found = row(promotion(1, MARCH), drift("2013-03", APRIL, "warning", sentence="moved"), failed, stopped)
    assert [(one.kind, one.rank) for one in found.attention] == [("serving_stopped", 5), ("drift", 2), ("gates", 1)]


def test_a_verdict_counts_as_it_was_last_given(row):
    found = row(evaluation(1, MARCH, "fail"), evaluation(1, MARCH, "pass", digest="again"))
    assert found.gates.verdict == "pass"


def test_cost_is_of_what_was_judged_in_the_last_thirty_days(row, store):
    for version, cost in ((1, {"cpu_s": 60.0, "gpu_s": None}), (2, {"cpu_s": 40.0, "gpu_s": 5.0})):
        store.write_file(candidate_version(NAME, version), json.dumps({"cost": cost}).encode())
    now = row(evaluation(1, MARCH), evaluation(2, APRIL), evaluation(3, MAY)).cost
    assert (now.trainings, now.cpu_s, now.gpu_s) == (3, 100.0, 5.0)
    later = datetime.now(UTC).date() + timedelta(days=31)
    assert row(today=later).cost.trainings == 0 and isinstance(later, date)
