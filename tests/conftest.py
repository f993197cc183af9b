"""Fixtures that every test may ask for: a database of its own and a cache of its own, on real engines."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from redis import Redis

from tests import engines
from tests.engines import RUN_FOLDER

# A machine that others use as well keeps no deadline of a fifth of a second for one example.
settings.register_profile("house", deadline=None)
settings.load_profile("house")


def pytest_configure(config: pytest.Config) -> None:
    told = getattr(config, "workerinput", None)  # by the process that shares the tests out
    config.stash[RUN_FOLDER] = Path(told["run_folder"]) if told else engines.make_run_folder()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["run_folder"] = str(node.config.stash[RUN_FOLDER])


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        engines.end_run(config.stash[RUN_FOLDER])


@pytest.fixture(scope="session")
def engine_addresses(pytestconfig: pytest.Config) -> engines.Addresses:
    """Where this run's engines answer. Tests want `database_url` and `redis_url` instead."""
    return engines.addresses(pytestconfig.stash[RUN_FOLDER])


@pytest.fixture(scope="session")
def databases(engine_addresses: engines.Addresses, worker: str) -> Iterator[engines.Databases]:
    """Copies of the migrated template, for tests that need more than one."""
    found = engines.Databases(engine_addresses.database_url, worker)
    yield found
    found.close()


@pytest.fixture
def database_url(databases: engines.Databases) -> Iterator[str]:
    """Return the address of a migrated, empty database that no other test sees."""
    url = databases.copy()
    yield url
    databases.discard(url)


@pytest.fixture
def redis_url(engine_addresses: engines.Addresses, worker: str) -> str:
    """Return the address of an empty cache. Its keys are this worker's; what is published reaches all."""
    number = 0 if worker == "main" else int(worker.removeprefix("gw")) + 1
    url = f"{engine_addresses.redis_url.rpartition('/')[0]}/{number}"
    with Redis.from_url(url) as client:
        client.flushdb()
    return url


@pytest.fixture(scope="session")
def worker(pytestconfig: pytest.Config) -> str:
    """Return the name of this process among those that share the tests: gw0, gw1, …, or main."""
    told = getattr(pytestconfig, "workerinput", {"workerid": "main"})
    return str(told["workerid"])
