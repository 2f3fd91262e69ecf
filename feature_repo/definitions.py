"""Feast's objects, generated from the declared views of every dataset and model; `feast apply` reads them."""

from pipelines.environment import store_uri
from pipelines.feature_store import feast_objects
from pipelines.spec import load_datasets, load_models

# Feast looks for its objects among the module's globals.
for dataset in load_datasets():
    for feast_object in feast_objects(dataset, load_models().values(), store_uri()):
        globals()[f"{type(feast_object).__name__}_{feast_object.name}"] = feast_object
