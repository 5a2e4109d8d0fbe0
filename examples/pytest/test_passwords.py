import time

import pytest

from passwords import CURRENT, PREVIOUS, Password


@pytest.fixture
def password(client):
    """A password under a name that no other run has, deleted at the end."""
    password = Password(client, f"app-{time.time_ns()}")
    password.create("first")
    yield password
    password.delete()


def test_what_was_created_can_be_read(password):
    assert password.read() == "first"


def test_a_rotation_keeps_the_old_password(password):
    new = password.rotate()
    assert new != "first"
    assert password.read(CURRENT) == new
    assert password.read(PREVIOUS) == "first"


def test_a_rotation_can_be_taken_back(password):
    new = password.rotate()
    password.roll_back()
    assert password.read(CURRENT) == "first"
    assert password.read(PREVIOUS) == new


def test_there_may_be_no_password(client):
    assert Password(client, f"app-{time.time_ns()}").read() is None
