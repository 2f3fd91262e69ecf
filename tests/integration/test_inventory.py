"""The inventory of a store that the steps themselves filled: lineage, evaluation and card of a real release."""

import pytest

from pipelines.champions import promotions
from pipelines.errors import MissingInput
from pipelines.inventory.inventory import Inventory
from pipelines.journal import everything
from pipelines.spec import load_datasets
from tests.integration.small_model import SMALL

pytestmark = pytest.mark.slow


@pytest.fixture
def inventory(released):
    return Inventory(released, {SMALL.name: SMALL}, load_datasets())


def test_a_release_is_told_from_its_source_to_what_it_scored(inventory, released):
    version = promotions(everything(released), SMALL.name)[-1].champion.version
    found = inventory.lineage(SMALL.name, version)
    kinds = {node.kind for node in found.nodes}
    assert {"source", "raw", "features", "training_set", "version", "evaluation", "promotion"} <= kinds
    known = {node.id for node in found.nodes}
    assert len(known) == len(found.nodes) and all(end in known for edge in found.edges for end in edge)
    read = {after for _, after in found.edges}
    assert [node.kind for node in found.nodes if node.id not in read] == ["source"], "all comes from the source"
    assert {node.state for node in found.nodes} == {"ok"}
    layers = {node.id: node.layer for node in found.nodes}
    assert all(layers[before] < layers[after] for before, after in found.edges)


def test_an_evaluation_has_its_gates_and_the_curves_it_was_judged_by(inventory, released):
    version = promotions(everything(released), SMALL.name)[-1].champion.version
    found = inventory.evaluation(SMALL.name, version)
    assert len(found.gates) == len(SMALL.gates) and found.verdict == "pass"
    assert found.document is not None and released.exists(found.document)
    assert "candidate" in found.curves[0].lines and found.curves[0].title == "Receiver operating characteristic"
    with pytest.raises(MissingInput, match=r"version 99 was not evaluated; evaluated: v1"):
        inventory.evaluation(SMALL.name, 99)


def test_the_card_names_what_the_champion_was_made_from(inventory):
    page = inventory.model(SMALL.name)
    assert page.card is not None and page.card.version == page.row.champion.version
    assert set(page.card.tables) == {"raw/flights/flights", "raw/flights/weather"} and page.card.rows > 0
    assert {view.view for view in page.card.features} and all(view.names for view in page.card.features)
    assert page.candidates[0].cpu_s is not None


def test_a_changed_release_record_costs_the_card_and_not_the_page(inventory, released):
    version = promotions(everything(released), SMALL.name)[-1].champion.version
    folder = f"releases/{SMALL.name}/v{version}"
    for name in released.list_files(folder, ".json"):
        released.write_file(f"{folder}/{name}.json", b"{}")
    page = inventory.model(SMALL.name)
    assert page.card is None and page.row.champion.version == version
