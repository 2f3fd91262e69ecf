"""The shipped model's spec with few rounds and one lenient gate, for stores of thin months."""

from pipelines.gates.kinds.bounds import Floor
from pipelines.spec import find_model

SHIPPED = find_model("flight_delay")
SMALL = SHIPPED.model_copy(
    update={
        "training": SHIPPED.training.model_copy(update={"max_rounds": 8, "baselines": ["majority"]}),
        "gates": [Floor(kind="floor", metric="auc", at_least=0.3)],
    },
    deep=True,
)
