from dataclasses import replace

from pipelines.alerts.findings import Findings, findings
from pipelines.drift.report import Labels, Revisited
from tests.pipelines.alerts.reports import report, state


def found(*states, answer="wait", unmonitored=(), least="warning", quality="ok"):
    return findings(report("2013-03", *states, quality=quality), answer, list(unmonitored), least, "warning")


def test_all_statistics_of_a_column_are_one_thing_at_the_worst_severity():
    told = found(
        state("input", "psi", "temperature_f", "warning"),
        state("input", "step", "temperature_f", "critical"),
        state("input", "psi", "carrier", "ok"),
    )
    assert told.alarming == {"input/temperature_f": "critical"}


def test_a_metric_and_its_slices_are_one_thing():
    told = found(
        state("quality", "loss", "auc", "ok"),
        state("quality", "loss", "auc[carrier=AA]", "warning"),
        state("quality", "loss", "auc[carrier=B6]", "warning"),
    )
    assert told.alarming == {"quality/auc": "warning"}


def test_what_only_informs_is_no_finding_unless_it_is_routed():
    hint = state("input", "psi", "humidity", "info")
    assert found(hint).alarming == {}
    assert found(hint, least="info").alarming == {"input/humidity": "info"}


def test_a_thing_that_was_not_measured_is_neither_wrong_nor_right():
    told = found(state("freshness", "feature_age_h", "weather", "ok", value=None))
    assert (told.alarming, told.untold) == ({}, {"freshness/weather"})


def test_a_thing_still_beyond_its_threshold_is_not_over():
    told = found(state("input", "psi", "carrier", "info"))
    assert told.untold == {"input/carrier"}
    assert found(state("input", "psi", "carrier", "ok")).untold == frozenset()


def test_quality_is_not_over_before_the_window_is_final():
    calm = state("quality", "loss", "auc", "ok")
    assert found(calm, quality=None).untold == {"quality/auc"}
    assert found(calm).untold == frozenset()


def test_quality_that_late_labels_tell_counts_as_this_window_s():
    awaited = report("2013-03", state("quality", "loss", "auc", "ok", value=None), quality=None)
    for severity, alarming in (("critical", {"quality/auc": "critical"}), ("ok", {})):
        late = Revisited("2013-02", 3, Labels(9, 9, 0, True), [state("quality", "loss", "auc", severity)])
        told = replace(awaited, revisited=[replace(late, counting=["quality/loss/auc"])])
        assert findings(told, "wait", [], "warning", "warning") == Findings(alarming, frozenset())
        not_counted = findings(replace(awaited, revisited=[late]), "wait", [], "warning", "warning")
        assert not_counted == Findings({}, frozenset({"quality/auc"}))


def test_a_question_to_a_person_and_an_order_to_stop_are_findings():
    assert found(answer="ask").alarming == {"decision/ask": "warning"}
    assert found(answer="stop").alarming == {"decision/stop": "critical"}
    assert found(answer="retrain").alarming == {}


def test_windows_that_nobody_monitored_are_findings():
    assert found(unmonitored=["2013-02"]).alarming == {"unmonitored/2013-02": "warning"}
