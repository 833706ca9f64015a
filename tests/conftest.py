"""What `pytest` can be asked for here, and that its workers share the processors."""

import os

import pytest

from gnomon_validation.runs.pool import cores
from gnomon_validation.runs.worker import ONE_THREAD


def pytest_addoption(parser):
    parser.addoption(
        "--stale", action="store_true", help="discovery: only where witnesses are older than what they are of"
    )
    parser.addoption("--anew", action="store_true", help="discovery: keep no witness that was found before")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """Return one more than there are processors: some tests wait, for an end that does not come or another process."""
    return cores() + 1


def pytest_configure():
    """Let each worker, which starts after this, compute with one thread: there are more workers than processors."""
    os.environ.update({**ONE_THREAD, **os.environ})
