"""What `pytest` can be asked for here, and that its workers share the processors."""

import os

from gnomon_validation.runs.worker import ONE_THREAD


def pytest_addoption(parser):
    parser.addoption(
        "--stale", action="store_true", help="discovery: only where witnesses are older than what they are of"
    )
    parser.addoption("--anew", action="store_true", help="discovery: keep no witness that was found before")


def pytest_configure():
    """Let each worker, which starts after this, compute with one thread: there are as many workers as processors."""
    os.environ.update({**ONE_THREAD, **os.environ})
