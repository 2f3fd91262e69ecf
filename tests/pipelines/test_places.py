import pytest

from pipelines.errors import CallerError
from pipelines.places import place_of, places_of


@pytest.mark.parametrize(
    "compute, train, validate",
    [
        ("", "local", "local"),
        ("kubernetes", "kubernetes", "kubernetes"),
        (" kubernetes , validate=local", "kubernetes", "local"),
        ("local,train=kubernetes", "kubernetes", "local"),
    ],
)
def test_all_steps_run_in_one_place_but_those_that_are_named(compute, train, validate, monkeypatch):
    monkeypatch.setenv("TRAINYARD_COMPUTE", compute)
    assert (place_of("train"), place_of("validate")) == (train, validate)


@pytest.mark.parametrize("compute", ["mainframe", "kubernetes,trian=local", "kubernetes,train=", "local,,"])
def test_what_is_no_place_or_step_is_refused(compute):
    with pytest.raises(CallerError, match="TRAINYARD_COMPUTE"):
        places_of(compute)
