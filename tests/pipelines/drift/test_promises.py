import numpy as np
import pytest

from pipelines.drift.expected import shortfall_of
from pipelines.drift.promises import observe_promises, untold, usual_values
from pipelines.drift.windows import Scored
from pipelines.metrics import placements
from pipelines.monitoring_spec import Monitoring

POLICY = Monitoring(metric="auc", warning_loss=0.02, critical_loss=0.05)
DAYS, PER_DAY = 42, 400


def drawn(score: np.ndarray, positive: np.ndarray | None = None, seed: int = 3) -> Scored:
    """Labels that come as the probabilities `positive` say, those of the scores if left out."""
    label = np.random.default_rng(seed).random(len(score)) < (score if positive is None else positive)
    day = np.repeat(
        [f"2013-03-{day:02}" if day < 32 else f"2013-04-{day - 31:02}" for day in range(1, DAYS + 1)], PER_DAY
    )
    return Scored(label.astype("float64"), score, day)


def probabilities(low: float = 0.05, high: float = 0.7, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).uniform(low, high, DAYS * PER_DAY)


def observed(found: Scored, usual: Scored | None = None, **monitoring: object) -> dict[str, object]:
    policy = POLICY.model_copy(update=monitoring)
    return {
        one.statistic: one for one in observe_promises(policy, "classification", usual or drawn(probabilities()), found)
    }


def test_a_harder_month_is_no_shortfall():
    """Scores lie closer together, and their AUC is lower for it; they are as right as ever."""
    harder = drawn(probabilities(0.25, 0.45))
    assert placements(harder.label, harder.score)[0] < placements(*_label_and_score(drawn(probabilities())))[0] - 0.1
    found = observed(harder)
    assert found["shortfall"].value < 0.02 and found["bias"].value < 0.02
    assert found["shortfall"].worth == POLICY.warning_loss and found["bias"].worth == 0.05


def test_another_answer_to_the_same_scores_is_one():
    score = probabilities()
    flat = observed(drawn(score, np.full(len(score), score.mean())))
    assert flat["shortfall"].value > 0.15 and flat["bias"].value < 0.02
    later = observed(drawn(score, np.minimum(1, score + 0.1)))
    assert later["bias"].value == pytest.approx(0.1, abs=0.02)
    assert later["bias"].low < 0.1 < later["bias"].high
    assert later["bias"].text.startswith("mean label 0.4")


def test_what_a_champion_always_missed_is_no_news():
    score = probabilities()
    low = np.clip(score - 0.08, 0.01, 1)
    held_out, window = (drawn(low, score, seed) for seed in (3, 4))
    assert usual_values("auc", held_out)["bias"] == pytest.approx(0.08, abs=0.02)
    assert observed(window, held_out)["bias"].value < 0.02
    assert "of which 0.0" in observed(window, held_out)["bias"].text


def test_a_bad_month_of_the_evaluation_is_not_taken_for_usual():
    """Every second week is late by much, the others by nothing: the weeks do not agree."""
    score = probabilities()
    week = np.repeat(np.arange(DAYS) // 7, PER_DAY)
    held_out = drawn(score, np.where(week % 3 == 0, np.minimum(1, score + 0.15), score))
    assert usual_values("auc", held_out)["bias"] == 0.0


def test_of_too_few_weeks_nothing_is_usual():
    low = drawn(probabilities() - 0.04, probabilities() + 0.1)
    few = low.day < "2013-03-28"
    assert usual_values("auc", Scored(low.label[few], low.score[few], low.day[few])) == {"bias": 0.0, "shortfall": 0.0}


def test_the_shortfall_of_a_loss_has_the_sign_of_worse():
    score = probabilities()
    flat = drawn(score, np.full(len(score), score.mean()))
    assert shortfall_of("brier", flat).value > 0.01 and shortfall_of("log_loss", flat).value > 0.03


def test_numbers_promise_no_metric_and_their_bias_informs_until_its_worth_is_declared():
    minutes = drawn(probabilities())
    minutes = Scored(minutes.label * 60, minutes.score * 60, minutes.day)
    policy = POLICY.model_copy(update={"metric": "mae"})
    (bias,) = observe_promises(policy, "regression", minutes, minutes)
    assert (bias.statistic, bias.worth) == ("bias", None)
    (bias,) = observe_promises(policy.model_copy(update={"prediction_bias": 4.0}), "regression", minutes, minutes)
    assert bias.worth == 4.0


def test_what_cannot_be_told_has_the_same_series_and_says_why():
    told = untold(POLICY, "classification", drawn(probabilities()), "no labels")
    assert [(one.statistic, one.value, one.text) for one in told] == [
        ("bias", None, "no labels"),
        ("shortfall", None, "no labels"),
    ]


def _label_and_score(scored: Scored) -> tuple[np.ndarray, np.ndarray]:
    return scored.label, scored.score
