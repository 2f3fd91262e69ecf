import math
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from pipelines.gates.evaluation import Evaluation, evaluate
from pipelines.gates.gate import Gate, GateResult
from pipelines.gates.kinds.bounds import Ceiling, Floor
from pipelines.metrics import Measured
from pipelines.release.differences import Change
from pipelines.report.evaluation_page import curves_of, gate_row, page_of, passing_side, what_next
from pipelines.report.scales import NONE
from pipelines.spec import ApprovalPolicy, find_model
from tests.pipelines.gates import hand_written
from tests.pipelines.gates.hand_written import CHAMPION, RIGHT, WRONG

WINDOW = ("2013-03-01T00:00:00+00:00", "2013-04-01T00:00:00+00:00")
FLOOR, CEILING = Floor(kind="floor", metric="auc", at_least=0.6), Ceiling(kind="ceiling", metric="brier", at_most=0.2)
VOID = {"meta", "br"}


class Checked(HTMLParser):
    """Raises AssertionError on a tag that is not closed where it should be."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.unnamed: list[str] = []
        self.feed(page)
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)
        told = dict(attrs)
        if tag == "svg" and not ({"aria-label", "aria-hidden"} & set(told)):
            self.unnamed.append(str(told))
        assert tag != "script" and not ({"src", "href"} & set(told)), "the page needs nothing beside itself"

    def handle_startendtag(self, tag, attrs):
        """A tag that closes itself."""

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes another"


def judged_page(gates=(FLOOR, CEILING), champion=WRONG, details=None, changes=(), **fields) -> str:
    gathered = hand_written.evidence(champion=champion, gates=list(gates), majority=np.full(6, 0.5))
    judged = replace(evaluate(gathered, WINDOW), **fields)
    if details is not None:
        judged = replace(judged, gates=[replace(judged.gates[0], details=details), *judged.gates[1:]])
    page = page_of(gathered.spec, judged, curves_of(gathered.spec, gathered.rows), gathered.champion, changes)
    checked = Checked(page)
    assert not checked.unnamed, "every picture says what it shows"
    return page


def text(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_verdict_comes_first_with_what_follows_from_it():
    page = judged_page()
    assert page.index("Version 3 passes all 2 gates against champion 2.") < page.index("It may be promoted.")
    assert "champion 2 in force since 2013-03-01" in text(page) and "2013-03-01 to 2013-04-01" in text(page)


def test_a_failed_candidate_leaves_the_champion():
    page = judged_page(champion=WRONG, gates=[Floor(kind="floor", metric="auc", at_least=1.1)])
    assert "It is not promoted: champion 2 stays in force." in page and "✕ fail" in page


def test_without_a_champion_the_page_says_so():
    told = text(judged_page(champion=None))
    assert "no champion yet" in told and "There is no champion yet to differ from." in told
    assert "champion 2" not in told and "champion None" not in told


@pytest.mark.parametrize("count", [1, 30])
def test_one_gate_or_thirty(count):
    page = judged_page(gates=[FLOOR] * count)
    assert page.count('<td class="what">') == count and len(page) < 300_000


def test_what_others_wrote_is_escaped():
    evil = "<script>alert(1)</script>"
    change = Change("features", evil, None, evil)
    page = judged_page(
        details={"slices": [{"name": evil, "value": 0.1, "verdict": evil}], evil: evil}, changes=[change]
    )
    assert "&lt;script&gt;" in page, "and the parser found no script element"


def test_what_is_not_known_is_a_dash_and_not_drawn():
    metrics = {"candidate": {"auc": Measured(math.nan, None, None)}}
    page = judged_page(metrics=metrics, details={"share": math.nan, "slices": [{"name": "AA", "value": None}]})
    assert not re.search(r"\b(nan|None|inf|null)\b", text(page))


def test_what_changed_stands_by_group_in_words():
    changes = [
        Change("data", "as of", "2013-11-01T00:00:00+00:00", "2013-12-01T00:00:00+00:00"),
        Change("parameters", "training.parameters.eta", 0.1, 0.06),
        Change("features", "wind_gust_mph", None, "used"),
        Change("metrics", "candidate auc", 0.7, 0.8),
    ]
    told = text(judged_page(changes=changes))
    assert "as of 2013-11-01 2013-12-01" in told and "training.parameters.eta 0.1 0.06" in told
    assert f"wind_gust_mph {NONE} used" in told and "candidate auc" not in told


def test_a_regression_is_drawn_with_its_own_curves():
    spec = find_model("arrival_minutes").model_copy(
        update={"gates": [Ceiling(kind="ceiling", metric="mae", at_most=9)]}
    )
    rows = hand_written.scored(RIGHT, champion=WRONG, label=np.arange(6), mean=np.full(6, 2.5), ridge=np.full(6, 2.0))
    gathered = replace(hand_written.evidence(champion=WRONG), spec=spec, rows=rows, walk_forward=rows)
    page = page_of(spec, evaluate(gathered, WINDOW), curves_of(spec, rows), CHAMPION, [])
    assert "Quantiles of the residual" in page and "observed - predicted, arr_delay_min" in page
    assert "Receiver" not in page


def test_a_declared_side_is_taken_and_else_the_verdict_shows_it():
    assert passing_side(FLOOR, result("fail", 0.5, 0.6)) == "above"
    assert passing_side(CEILING, result("cannot_tell", 0.5, 0.6)) == "below"
    plain = Gate(kind="own")
    assert passing_side(plain, result("pass", 0.5, 0.6)) == passing_side(plain, result("fail", 0.7, 0.6)) == "below"
    assert passing_side(plain, result("pass", 0.7, 0.6)) == passing_side(plain, result("fail", 0.5, 0.6)) == "above"
    assert (
        passing_side(plain, result("cannot_tell", 0.7, 0.6)) is passing_side(plain, result("pass", None, 0.6)) is None
    )


def result(verdict, value, bound, **rest) -> GateResult:
    return GateResult("own", "auc", verdict, "why", value=value, bound=bound, **rest)


def test_what_only_is_reported_and_at_which_level_is_said():
    row = gate_row(FLOOR, result("fail", 0.5, 0.6, low=0.4, high=0.6, details={"confidence": 0.9}))
    assert row.silent and (row.interval, row.level) == ("[0.4000, 0.6000]", "90 %")
    assert not gate_row(FLOOR, result("fail", 0.5, 0.6, stops=True)).silent


def test_a_person_is_asked_where_the_spec_wants_one():
    spec = hand_written.evidence().spec.model_copy(update={"approval": ApprovalPolicy(required=True)})
    assert what_next(spec, verdict("pass")) == "It may be promoted, once a person has approved it."
    assert "Not being able to tell is no reason to promote: there is no champion yet" in what_next(
        spec, verdict("cannot_tell")
    )


def verdict(given) -> Evaluation:
    return replace(evaluate(hand_written.evidence(gates=[FLOOR], majority=np.full(6, 0.5)), WINDOW), verdict=given)
