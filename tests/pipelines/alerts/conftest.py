import logging

import pytest

from tests.pipelines.alerts.servers import Hooks, Mailbox, running


@pytest.fixture
def hooks():
    with running(Hooks()) as server:
        yield server


@pytest.fixture
def mailbox():
    with running(Mailbox()) as server:
        yield server


@pytest.fixture(autouse=True)
def everything_is_logged(caplog):
    """What libraries say at their most talkative, so that a leaked secret is seen."""
    caplog.set_level(logging.DEBUG)
