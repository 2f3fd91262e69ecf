"""What the steps read and write, as the assets that Airflow draws.

An asset is named `SUBJECT/ARTIFACT`, such as `flights/features` or `flight_delay/champion`. Its URI
is a name too, not an address: where the store lies differs by environment, and may hold secrets.
"""

from airflow.sdk import Asset

from pipelines.flow import STEPS, Step

WRITER_OF = {step.writes: step for step in STEPS}


def asset_of(artifact: str, subject: str) -> Asset:
    name = f"{subject}/{artifact.replace(' ', '_')}"
    return Asset(name=name, uri=f"trainyard://{name}", group="trainyard")


def assets_read(step: Step, subject: str, dataset: str) -> list[Asset]:
    """A model's step reads its dataset's artifacts beside its own."""
    return [
        asset_of(artifact, dataset if WRITER_OF[artifact].subject == "dataset" else subject) for artifact in step.reads
    ]
