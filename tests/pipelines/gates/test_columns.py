import pytest

from pipelines.errors import SpecError
from pipelines.gates.columns import require_declared
from pipelines.gates.kinds.fairness import Fairness
from pipelines.gates.kinds.slices import Slices
from pipelines.report.specs import check
from pipelines.spec import find_model

GATES = {
    "slices": Slices(kind="slices", metric="auc", columns=["origin", "carier"], not_worse_by=0.05),
    "fairness": Fairness(
        kind="fairness", by="carier", measure="demographic_parity_difference", threshold=0.5, at_most=0.2
    ),
}


@pytest.mark.parametrize("kind", GATES)
def test_a_column_that_is_no_feature_is_answered_with_those_that_are(kind):
    spec = find_model("flight_delay")
    declared = spec.model_copy(update={"gates": [*spec.gates, GATES[kind]]})
    words = rf"flight_delay: gates\[{len(spec.gates)}\], {kind}, reads the column 'carier', .* declared: carrier,"
    with pytest.raises(SpecError, match=words):
        require_declared(declared)


def test_a_feature_that_the_model_itself_leaves_out_may_be_read():
    spec = find_model("flight_delay")
    gate = Slices(kind="slices", metric="auc", columns=["carrier"], not_worse_by=0.05)
    require_declared(spec.model_copy(update={"features": ["weather"], "gates": [gate]}))


def test_specs_checks_the_columns_of_every_gate(monkeypatch):
    spec = find_model("flight_delay").model_copy(update={"gates": [GATES["slices"]]})
    monkeypatch.setattr("pipelines.report.specs.load_models", lambda: {"flight_delay": spec})
    with pytest.raises(SpecError, match="reads the column 'carier'"):
        check()
