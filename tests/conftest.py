"""What all tests share: annotations checked at run time, and programs compiled quickly and once for many runs."""

import gc
import importlib.metadata
import os
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import jaxtyping
import numpy as np
import pytest

from typechecking import check_annotations_of

check_annotations_of("latently")

_ENVIRONMENT = dict(os.environ)
_MATHEMATICS = ("games", "networks", "probability")
_ABOVE = ("cli", "report", "explorer", "export", "figures", "run")
_COMPILATION = "/jax/core/compile/backend_compile_duration"
_MOST_PROGRAMS = 1000  # in memory, about a megabyte each

_events: Counter[str] = Counter()
_drawn: dict[int, Any] = {}  # by identity of a module's generator: how it stood before the first test


@pytest.fixture(autouse=True, scope="module")
def float64(request: pytest.FixtureRequest) -> Iterator[None]:
    """The mathematics is tested in float64."""
    if request.path.parent.name not in _MATHEMATICS:
        yield
        return
    import jax  # here, because it reads where to keep compiled programs when it is imported

    with jax.enable_x64(True):
        yield


@pytest.fixture(autouse=True, scope="session")
def programs_shared() -> None:
    """Models share more of what they compile than a user's do: two fifths of a small fit went into drawing its weights.

    What runs once is evaluated equation by equation, to the same bits: one program draws all weights of a shape. And
    rounds and questions stay compiled, and what JAX traced is kept, while the tests go through all models.
    """
    import jax.numpy as jnp
    from jax.extend.core import ClosedJaxpr, jaxpr_as_fun

    from latently import inference
    from latently.estimators import building
    from latently.training import compilation
    from latently.training import round as rounds

    def evaluated(closed: ClosedJaxpr) -> Callable[..., list[Any]]:
        return lambda *arguments: list(map(jnp.asarray, jaxpr_as_fun(closed)(*arguments)))

    building.compiled_once = rounds.compiled_once = evaluated
    rounds._kept.most = inference._programs.most = 32
    compilation.MOST_TRACES = sys.maxsize
    building._shared = lru_cache(maxsize=64)(building._shared.__wrapped__)


@pytest.fixture(autouse=True, scope="module")
def annotations_checked(request: pytest.FixtureRequest) -> None:
    """Annotations are checked where arrays are made; above that a sixth of the time would ask the same again."""
    jaxtyping.config.update("jaxtyping_disable", request.path.parent.name in _ABOVE)


@pytest.fixture(autouse=True)
def same_draws(request: pytest.FixtureRequest) -> None:
    """A module's generator stands at each test where the module left it: no test draws by which ran before it."""
    for generator in vars(getattr(request, "module", None) or object).values():
        if isinstance(generator, np.random.Generator):
            bits = generator.bit_generator
            bits.state = _drawn.setdefault(id(generator), bits.state)


@pytest.fixture(autouse=True, scope="module")
def bounded_memory() -> Iterator[None]:
    """Modules share what they compiled until it is much; by the end of all tests it would take 8 GB a process."""
    jax = sys.modules.get("jax")
    if jax is not None and not _events:
        jax.monitoring.register_event_duration_secs_listener(lambda event, *_, **__: _events.update([event]))
        _events["listened to"] = 1
    yield
    if _events[_COMPILATION] > _MOST_PROGRAMS:
        sys.modules["jax"].clear_caches()
        _events[_COMPILATION] = 0


@pytest.hookimpl(tryfirst=True)  # before those that were not asked for are left out
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of what a `sampled` test asks of every model, an eighth is asked each time; `make exhaustive` asks the rest."""
    places: Counter[str] = Counter()
    for item in items:
        if item.get_closest_marker("sampled"):
            place = places[item.nodeid.partition("[")[0]]
            places[item.nodeid.partition("[")[0]] += 1
            if (place + zlib.crc32(item.path.stem.encode())) % 8:  # the same models in a file: they share programs
                item.add_marker("exhaustive")


@pytest.fixture(scope="session")
def case() -> Callable[[str], Path]:
    """A function from the name of an input, such as `arrays/counts.npy`, to its path; a test without it is skipped.

    The inputs are in the folder `cases` beside the one that $LATENTLY_DATA names.
    """
    given = _ENVIRONMENT.get("LATENTLY_DATA")

    def find(name: str) -> Path:
        path = Path(given or "").resolve().parent / "cases" / name
        if not (given and path.exists()):
            pytest.skip(f"needs cases/{name} beside the folder that $LATENTLY_DATA names")
        return path

    return find


@pytest.fixture(scope="session")
def users_environment(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> dict[str, str]:
    """The environment for a process that must compile as a user's does, with all of XLA's optimisations."""
    cache = getattr(pytestconfig, "cache", None)
    kept = tmp_path_factory.mktemp("compiled") if cache is None else cache.mkdir("compiled_as_users_do")
    users = getattr(pytestconfig, "workerinput", {}).get("environment", _ENVIRONMENT)
    return {**users, "LATENTLY_CACHE": str(kept)}


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist what the environment was before it was set up for tests."""
    node.workerinput["environment"] = _ENVIRONMENT


def pytest_configure(config: pytest.Config) -> None:
    """Set up JAX, here and for the processes that tests start.

    Nearly all of the time goes into compiling small programs that run once: a third of XLA's work on them is enough,
    and what it compiled is kept in pytest's cache. Tracing them makes so many objects that the garbage collector takes
    a tenth of the time unless it comes more rarely; and the threads of NumPy's linear algebra, where every core has a
    worker of its own, mostly wait for each other.
    """
    gc.set_threshold(50_000, 20, 50)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")  # for workers, which read it when they start
    settings: dict[str, str | bool | float] = {"jax_disable_most_optimizations": True}
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ and getattr(config, "cache", None) is not None:
        settings["jax_compilation_cache_dir"] = str(config.cache.mkdir("compiled"))
        settings["jax_persistent_cache_min_compile_time_secs"] = 0.0
        settings["jax_persistent_cache_min_entry_size_bytes"] = 0
    os.environ.update({name.upper(): str(value) for name, value in settings.items()})
    if importlib.metadata.version("jaxlib").startswith("0.10."):  # XLA does not start with flags that it does not know
        quick = "--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1"
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {quick}"
    if "jax" in sys.modules:  # it has read the variables already
        for name, value in settings.items():
            sys.modules["jax"].config.update(name, value)
