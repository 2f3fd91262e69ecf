import numpy as np
import pytest

from pipelines.drift.expected import expected_auc, expected_losses
from pipelines.metrics import row_losses


def test_the_expected_auc_counts_every_pair_by_its_probability():
    score = np.array([0.9, 0.2, 0.6, 0.3])
    pairs = [(p, q) for i, p in enumerate(score) for j, q in enumerate(score) if i != j]
    ordered, every = (sum(p * (1 - q) for p, q in chosen) for chosen in ([x for x in pairs if x[0] > x[1]], pairs))
    assert expected_auc(score) == pytest.approx(ordered / every)


@pytest.mark.parametrize("metric", ["brier", "log_loss"])
def test_the_expected_loss_is_the_mean_over_both_answers(metric):
    score = np.array([0.1, 0.5, 0.8])
    of_late, of_on_time = (row_losses(metric, np.full(3, answer), score) for answer in (1.0, 0.0))
    assert expected_losses(metric, score) == pytest.approx(score * of_late + (1 - score) * of_on_time)
