"""What `pytest` can be asked for here."""


def pytest_addoption(parser):
    parser.addoption(
        "--stale", action="store_true", help="discovery: only where witnesses are older than what they are of"
    )
