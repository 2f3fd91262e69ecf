import pytest

from pipelines.drift.inputs import ColumnDrift
from pipelines.drift.plain_report import Quality, assess
from pipelines.metrics import Measured
from pipelines.monitoring_spec import Monitoring

AUC = Monitoring(metric="auc", warning_loss=0.02, critical_loss=0.05)
MAE = Monitoring(metric="mae", warning_loss=4.0, critical_loss=8.0)
STILL = ColumnDrift("prediction", 0.0, 0.0, False)


def auc(value: float, low: float | None = None, high: float | None = None) -> Quality:
    return Quality("auc", {"auc": Measured(value, low, high)}, reference=0.75, labelled=90, rows=100)


def mae(value: float, low: float, high: float) -> Quality:
    return Quality("mae", {"mae": Measured(value, low, high)}, reference=20.0, labelled=90, rows=100)


@pytest.mark.parametrize(
    ("quality", "severity"),
    [
        (auc(0.80, 0.78, 0.82), "ok"),
        (auc(0.74, 0.72, 0.76), "ok"),
        (auc(0.72, 0.70, 0.74), "warning"),
        (auc(0.68, 0.65, 0.71), "warning"),
        (auc(0.66, 0.63, 0.69), "critical"),
        (auc(0.66), "critical"),
    ],
    ids=["better", "within", "worse", "much worse, not for certain", "worse for certain", "worse, without interval"],
)
def test_quality_with_labels_decides(quality, severity):
    assert assess(AUC, quality, STILL, [])[0] == severity


@pytest.mark.parametrize(
    ("quality", "severity"),
    [
        (mae(15, 14, 16), "ok"),
        (mae(25, 23, 27), "warning"),
        (mae(30, 27, 33), "warning"),
        (mae(31, 29, 33), "critical"),
    ],
)
def test_where_less_is_better_a_rise_is_a_loss(quality, severity):
    assert assess(MAE, quality, STILL, [])[0] == severity


def test_inputs_warn_at_most():
    severity, reasons = assess(AUC, None, STILL, [ColumnDrift("distance_mi", 9.0, 0.0, False)])
    assert severity == "warning" and reasons == ["distance_mi: PSI 9.00 against training"]


def test_seasonal_inputs_only_inform():
    assert assess(AUC, None, STILL, [ColumnDrift("temperature_f", 29.0, 0.0, True)]) == ("ok", [])


def test_lost_values_warn_in_seasonal_inputs_too():
    severity, reasons = assess(AUC, None, STILL, [ColumnDrift("temperature_f", 0.0, 0.4, True)])
    assert severity == "warning" and reasons == ["temperature_f: 40% more nulls than in training"]


def test_shifted_predictions_warn():
    severity, reasons = assess(AUC, None, ColumnDrift("score", 0.3, 0.0, False), [])
    assert severity == "warning" and "predictions: PSI 0.30" in reasons[0]


def test_the_worst_reason_comes_first():
    inputs = [ColumnDrift("distance_mi", 9.0, 0.0, False)]
    severity, reasons = assess(AUC, auc(0.60, 0.58, 0.62), STILL, inputs)
    assert severity == "critical"
    assert [reason.split()[0] for reason in reasons] == ["auc", "distance_mi:"]


def test_nothing_moved_is_ok_without_reasons():
    assert assess(AUC, auc(0.75, 0.73, 0.77), STILL, [ColumnDrift("distance_mi", 0.1, 0.0, False)]) == ("ok", [])
