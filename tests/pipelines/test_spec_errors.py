import traceback

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


@pytest.mark.parametrize(
    "written",
    [
        '[[alerts.routes]]\nseverity = "warning"\nchannels = ["https://hooks.example.com/SECRET"]',
        '[[alerts.routes]]\nseverity = "warning"\nchannels = ["T0/B0/SECRET"]',
        '[[alerts.routes]]\nseverity = "warning"\nchannel = "T0/B0/SECRET"',
        '[[alert.routes]]\nseverity = "warning"\nchannels = ["slack://SECRET"]',
        '[alerts]\nslack = "SECRET"',
        '[alerts]\nrunbooks = "https://user:SECRET@wiki.example.com"',
    ],
)
def test_the_address_of_a_channel_is_repeated_in_no_error_and_no_traceback(tmp_path, written):
    shipped = (MODELS / "flight_delay.toml").read_text()
    (tmp_path / "flight_delay.toml").write_text(f"{shipped}\n{written}\n")
    with pytest.raises(SpecError, match=r"TRAINYARD_CHANNEL_<NAME>") as raised:
        load_models(tmp_path)
    assert "SECRET" not in "".join(traceback.format_exception(raised.value))
