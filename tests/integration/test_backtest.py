"""A backtest of real trainings on thin months: what is fitted is kept, and what the past did not know is not used."""

import json
from dataclasses import replace

import numpy as np
import pytest

from pipelines.backtest.admission import Admission
from pipelines.backtest.comparison import Request, run_backtest
from pipelines.backtest.fits import KeptFits
from pipelines.backtest.history import gather_history
from pipelines.errors import CallerError, MissingInput
from pipelines.gates.kinds.versus import VersusChampion
from pipelines.interval import Interval, parse_time
from pipelines.layout import backtest_folder
from pipelines.steps import backtest, featurize, validate
from pipelines.store import Store
from tests.conftest import use_home
from tests.integration.small_model import SMALL
from tests.pipelines.months import APRIL, FEBRUARY, JANUARY, MARCH, pull

pytestmark = pytest.mark.slow

SPAN = Interval.parse("2013-03-01", "2013-05-01")
REQUEST = Request(["never", "monthly", "warning-0"], SPAN.start, SPAN.end)
LENIENT = VersusChampion(kind="versus_champion", metric="auc", not_worse_by=0.4)
SPEC = SMALL.model_copy(update={"gates": [*SMALL.gates, LENIENT]})


def quiet(text: str, done: int, of: int) -> None:
    """Says nothing."""


@pytest.fixture(scope="module")
def thin_store(year, flights, tmp_path_factory):
    """Thin months, January to April, with all that two windows need: read it, a backtest only adds to it."""
    home = tmp_path_factory.mktemp("thin") / "home"
    with pytest.MonkeyPatch.context() as monkeypatch:
        use_home(monkeypatch, home)
        store = Store(str(home / "store"))
        for month in (JANUARY, FEBRUARY, MARCH, APRIL):
            pull(store, year, month)
            validate.run(flights, month, store)
            featurize.run(flights, month, store)
        yield store


@pytest.fixture(scope="module")
def made(thin_store):
    return run_backtest(SPEC, thin_store, REQUEST, quiet)


def test_each_window_has_the_scores_of_every_model_that_was_there(made):
    history = made.history
    assert [window.part for window in history.windows] == ["2013-03", "2013-04"]
    assert [fit.as_of for fit in history.fits] == [MARCH.start, APRIL.start]
    assert sorted(history.scores) == [(0, 0), (0, 1), (1, 1)]
    assert all(len(scores) == len(history.windows[window].key) for (_, window), scores in history.scores.items())
    assert history.fits[1].rows > history.fits[0].rows


def test_a_policy_that_retrains_serves_another_model_and_pays_for_it(made):
    never, monthly = (next(one for one in made.outcomes if one.name == name) for name in ("never", "monthly"))
    assert (never.run.served, never.cpu_s) == ((0, 0), 0)
    assert (monthly.run.served, monthly.retrains) == ((0, 1), 1)
    assert monthly.cpu_s == pytest.approx(made.history.fits[1].cpu_s)


def test_nothing_is_fitted_twice(made, thin_store):
    trained = []
    again = run_backtest(SPEC, thin_store, REQUEST, lambda text, done, of: trained.append(text))
    assert not [text for text in trained if text.startswith("train")]
    assert again.to_json() == made.to_json()


def test_a_kept_model_scores_a_window_as_it_did(made, thin_store):
    """The scores of a window are lost, and made again from the kept model."""
    fit, window = made.history.fits[0], made.history.windows[1]
    (path,) = [one for one in thin_store.files_below(backtest_folder(SPEC.name)) if f"{fit.key}/2013-04-" in one]
    thin_store.delete(path)
    assert np.array_equal(KeptFits(SPEC, thin_store).scores(fit, window.joined), made.history.scores[0, 1])


def test_another_recipe_is_fitted_anew(made, thin_store):
    other = SPEC.model_copy(update={"training": SPEC.training.model_copy(update={"seed": 99})})
    history = gather_history(other, thin_store, SPAN, quiet)
    assert {fit.key for fit in history.fits}.isdisjoint(fit.key for fit in made.history.fits)


def test_a_label_is_unknown_before_it_came(made):
    """Flights of the window's last hours land after its end."""
    history, window = made.history, made.history.windows[0]
    then, now = (history.rows(window.interval, at).label for at in (window.interval.end, parse_time("2014-01-01")))
    assert np.isnan(then).sum() > np.isnan(now).sum()
    assert np.array_equal(~np.isnan(now), window.known)


def test_the_gates_judge_a_candidate_on_its_own_held_out_month(made):
    judged = Admission(made.history).evaluation(champion=0, candidate=1, attempt=1)
    assert judged.window == (MARCH.start.isoformat(), APRIL.start.isoformat())
    assert [gate.kind for gate in judged.gates] == ["floor", "versus_champion"]
    known_then = ~np.isnan(made.history.rows(MARCH, APRIL.start).label)
    assert judged.champion_rows == judged.rows == known_then.sum()


def test_a_candidate_that_fails_a_gate_changes_nothing_that_serves(thin_store):
    strict = SPEC.model_copy(update={"gates": [SMALL.gates[0].model_copy(update={"at_least": 0.999})]})
    outcomes = run_backtest(strict, thin_store, REQUEST, quiet).outcomes
    monthly = next(one for one in outcomes if one.name == "monthly")
    assert (monthly.run.served, monthly.retrains, monthly.refused) == ((0, 0), 1, 1)
    assert monthly.cpu_s > 0


def test_the_step_leaves_the_comparison_and_its_picture_in_the_store(made, thin_store):
    _, result = backtest.run(SPEC, REQUEST, thin_store, quiet)
    kept = json.loads(thin_store.read_file(result.references["comparison"]))
    assert set(kept["policies"]) == {"never", "monthly", "warning-0", "oracle"}
    assert kept["recommendation"]["policy"] == result.figures["policy"]
    assert thin_store.read_file(f"{backtest_folder(SPEC.name)}/newest.png").startswith(b"\x89PNG")


def test_a_partition_that_is_missing_is_told_before_anything_is_trained(thin_store):
    longer = replace(REQUEST, end=parse_time("2013-06-01"))
    with pytest.raises(MissingInput, match="partition 2013-05 is missing"):
        run_backtest(SPEC, thin_store, longer, quiet)


def test_a_single_window_is_refused(thin_store):
    with pytest.raises(CallerError, match="holds 1 whole partitions of flights"):
        run_backtest(SPEC, thin_store, replace(REQUEST, end=APRIL.start), quiet)
