import pytest

from pipelines.errors import SpecError
from pipelines.spec import MODELS, load_models

PERTURBATION = """
[[gates]]
kind = "robustness"
metric = "auc"
[[gates.perturbations]]
name = "°F as °C"
scale = { column = "temperature_f", factor = 0.56 }
loss_at_most = 0.1
shift_at_most = 0.2
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "shift_at_most = 0.2",
            "shift_at_most = 0.0",
            "perturbations[0].shift_at_most must be greater than 0 (got 0.0)",
        ),
        ("factor =", "facto =", "perturbations[0].scale.facto' (got 0.56); allowed here: column, factor, offset"),
        ("loss_at_most = 0.1\n", "", "perturbations[0].loss_at_most is required"),
    ],
)
def test_a_key_inside_of_a_gates_own_table_is_named_whole(tmp_path, old, new, expected):
    shipped = (MODELS / "flight_delay.toml").read_text()
    (tmp_path / "flight_delay.toml").write_text(shipped + PERTURBATION.replace(old, new))
    with pytest.raises(SpecError) as raised:
        load_models(tmp_path)
    assert f"gates[{shipped.count('[[gates]]')}].{expected}" in str(raised.value)
