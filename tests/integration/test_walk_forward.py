"""An older window is scored by the candidate that it would have been, so its scores are found under that one's key."""

import pytest

from pipelines.layout import candidate_scores, training_set
from pipelines.steps import assemble
from pipelines.training_set import TrainingSet, stamp
from pipelines.walk_forward import candidate_key, score_older_windows
from tests.integration.rivals import recipe, rival_spec
from tests.pipelines.months import FEBRUARY, MARCH

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("months", [None, 2])
def test_the_window_before_has_the_key_of_the_candidate_of_its_end(joined_store, months):
    spec = recipe(rival_spec(), window_months=months, walk_forward_windows=2, max_rounds=1)
    manifests = []
    for interval in (FEBRUARY, MARCH):
        assemble.run(spec, interval, joined_store)
        path = training_set(spec.name, stamp(interval.as_of))
        manifests.append(TrainingSet.from_json(joined_store.read_file(path)))
    earlier, newest = manifests
    parts = [one.part for one in newest.partitions]
    assert parts == (["2013-01", "2013-02", "2013-03"] if months is None else ["2013-02", "2013-03"])
    assert score_older_windows(spec, joined_store, newest) == [
        candidate_scores(spec.name, candidate_key(spec, earlier))
    ]
