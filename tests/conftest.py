"""What `pytest` can be asked for here."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--stale", action="store_true", help="discovery: only where witnesses are older than what they are of"
    )
