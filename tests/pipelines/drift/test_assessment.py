from dataclasses import replace

from pipelines.drift.assessment import informing_columns
from tests.pipelines.drift.made_windows import made_reference, spec_with


def test_only_what_the_model_reads_moves_its_predictions_with_the_season():
    reference, spec = made_reference(), spec_with()
    assert "temperature_f" in informing_columns(spec, reference)
    assert informing_columns(spec.model_copy(update={"features": ["schedule"]}), reference) == frozenset()
    assert informing_columns(spec, replace(reference, in_season=True)) == frozenset()
