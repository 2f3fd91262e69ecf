"""Every page in a real browser, in Airflow's frame and alone: what it answers, light and dark, wide and narrow."""

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(900)]

MODEL = "trainyard/models/flight_delay"
PAGES = {
    "models": ("trainyard/", "Models"),
    "model": (MODEL, "flight_delay"),
    "evaluation": (f"{MODEL}/versions/1/evaluation", "Evaluation of version 1"),
    "lineage": (f"{MODEL}/versions/1/lineage", "Lineage of version 1"),
    "datasets": ("trainyard/datasets", "Data"),
    "dataset": ("trainyard/datasets/flights", "flights"),
}
LOOKS = [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)]


def settled(page, address, heading):
    page.goto(address)
    page.get_by_role("heading", level=1, name=heading, exact=True).wait_for()
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("theme, width", LOOKS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_itself(yard, page_of, shot, name, theme, width):
    path, heading = PAGES[name]
    page = page_of("vic", theme, width)
    settled(page, yard.address(path), heading)
    shot(page, f"{name}-{theme}-{width}")
    spills = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert spills <= 0, "the page itself does not scroll sideways"
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    dark = sum(map(int, background.removeprefix("rgb(").removesuffix(")").split(","))) < 3 * 128
    assert dark == (theme == "dark")


def test_airflow_leads_there_and_a_link_leads_back_out_of_the_frame(yard, page_of, shot):
    page = page_of("vic")
    page.goto(yard.address("/"))
    page.get_by_role("link", name="Models").click()
    frame = page.frame_locator("iframe[title=Models]")
    frame.get_by_role("link", name="flight_delay").click()
    frame.get_by_role("heading", level=1, name="flight_delay").wait_for()
    shot(page, "framed")
    frame.get_by_role("link", name="train", exact=True).click()
    page.wait_for_url("**/dags/flight_delay__train**")


@pytest.mark.parametrize("destination, heading", [("model", "flight_delay"), ("evaluation", "flight_delay")])
def test_a_dag_has_a_tab_that_shows_its_model(yard, page_of, destination, heading):
    page = page_of("vic")
    page.goto(yard.address(f"dags/flight_delay__train/plugin/{destination}" if destination == "model" else MODEL))
    if destination == "model":
        page.frame_locator("iframe[title=Model]").get_by_role("heading", level=1, name=heading).wait_for()
    else:
        page.get_by_role("heading", level=1, name=heading).wait_for()


def test_a_newcomer_finds_the_answers(yard, page_of):
    page = page_of("vic")
    settled(page, yard.address(MODEL), "flight_delay")
    text = page.locator("body").inner_text()
    assert "v1" in text and "Apr 1, 2013" in text, "which version is in force, and since when"
    assert "approved by ana" in text, "who answered for it"
    assert "passes all 1 gates" in text, "what the gates said"
    page.goto(yard.address(f"{MODEL}/versions/1/evaluation"))
    page.get_by_role("cell", name="floor").or_(page.get_by_text("floor", exact=True)).first.wait_for()
    assert "auc is" in page.locator("body").inner_text()


def test_what_people_and_data_wrote_is_text_and_runs_nowhere(yard, page_of):
    page = page_of("admin")
    for path, heading in PAGES.values():
        settled(page, yard.address(path), heading)
        assert page.title().startswith(("Trainyard", heading, "flight_delay")) or " ran" not in page.title()
        assert " ran" not in page.title()
    settled(page, yard.address("trainyard/"), "Models")
    assert "<img src=x onerror" in page.locator("body").inner_text()
    settled(page, yard.address(MODEL), "flight_delay")
    assert "<script>document.title" in page.locator("body").inner_text()


def test_a_whole_page_of_the_store_is_shown_in_a_frame_of_its_own(yard, page_of):
    page = page_of("vic")
    settled(page, yard.address(f"{MODEL}/versions/1/evaluation"), "Evaluation of version 1")
    page.get_by_role("button", name="Whole page").click()
    shown = page.get_by_role("dialog").locator("iframe")
    assert shown.get_attribute("sandbox") in ("", "allow-scripts")
    page.get_by_role("dialog").frame_locator("iframe").get_by_text("floor").first.wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")


def test_the_list_is_narrowed_by_its_fields_and_the_address_keeps_them(yard, page_of):
    page = page_of("vic")
    settled(page, yard.address("trainyard/"), "Models")
    page.get_by_label("Search").fill("nothing is called so")
    page.get_by_role("link", name="flight_delay").wait_for(state="hidden")
    page.reload()
    page.get_by_role("heading", level=1, name="Models").wait_for()
    assert page.get_by_label("Search").input_value() == "nothing is called so"
