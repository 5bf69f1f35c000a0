"""`generate_houses`: houses as files (`spatune houses generate`)."""

from __future__ import annotations

from pathlib import Path

from ....errors import SpatuneError
from ....progress import Progress
from ....work_folder import claim_folder
from .config import GenerateHousesConfig
from .index import INDEX_FILE, HouseIndex
from .procthor import LARGEST_SEED, procthor_room_specs
from .seed_house import SeedTask
from .seed_workers import SeedWorkers

SECONDS_A_SEED = 300.0
"""How long a process may work on one seed before it is killed."""

_FEWEST_FAILURES = 20


def generate_houses(config: GenerateHousesConfig) -> Path:
    """Fill a folder with houses; a killed run goes on where it stopped.

    The houses are those of the first seeds that give one, whatever the number of processes.

    Returns:
        The folder's index.

    Raises:
        SpatuneError: A setting that makes no sense, a folder of other settings, or too many seeds
            that gave no house.
    """
    _check(config)
    claim_folder(config.out, _deciding(config))
    index = HouseIndex(config.out)
    index.remove_strays(config.split)
    failed = len(index.failures)
    done = len(index.entries)
    processes = min(config.workers, max(0, config.count - done))
    with (
        Progress(config.count, "houses", done=done) as progress,
        SeedWorkers(processes, config.out, SECONDS_A_SEED) as workers,
    ):
        seed = config.first_seed
        while len(index.entries) < config.count:
            # No more seeds than could all be needed, so that the houses are those of the first
            # seeds that give one.
            while workers.idle and len(index.entries) + workers.busy < config.count:
                while seed in index.entries or seed in index.failures:
                    seed += 1
                if seed > LARGEST_SEED:
                    raise SpatuneError(f"seeds end at {LARGEST_SEED}; lower --first-seed")
                workers.submit(_task(config, seed))
                seed += 1
            for result in workers.results():
                if result.entry is not None:
                    index.add(result.entry)
                else:
                    index.add_failure(result.task.seed, result.reason)
                _check_failures(config, index, failed)
                progress.update(len(index.entries), f"{len(index.failures)} seeds gave none")
    print(f"{len(index.entries)} houses -> {config.out / INDEX_FILE}")
    return config.out / INDEX_FILE


def _task(config: GenerateHousesConfig, seed: int) -> SeedTask:
    simple = config.generator == "simple"
    specs = config.room_specs
    return SeedTask(
        seed=seed,
        split=config.split,
        rooms=config.rooms if simple else None,
        room_spec=specs[seed % len(specs)] if specs else None,
        targets=config.targets,
    )


def _deciding(config: GenerateHousesConfig) -> dict[str, object]:
    """Settings that decide which houses come; a later run may ask for more of them."""
    deciding: dict[str, object] = {
        "generator": config.generator,
        "split": config.split,
        "first_seed": config.first_seed,
        "targets": config.targets,
    }
    if config.generator == "simple":
        return {**deciding, "rooms": config.rooms}
    return {**deciding, "room_specs": list(config.room_specs)}


def _check(config: GenerateHousesConfig) -> None:
    if config.count < 1:
        raise SpatuneError(f"--count is {config.count}; ask for at least one house")
    if config.workers < 1:
        raise SpatuneError(f"--workers is {config.workers}; at least one process is needed")
    if config.first_seed < 0:
        raise SpatuneError(f"--first-seed is {config.first_seed}; seeds begin at 0")
    if config.generator == "simple":
        if config.room_specs:
            raise SpatuneError("--room-specs are for --generator procthor; leave them out")
        if not 1 <= config.rooms <= 3:
            raise SpatuneError(f"--rooms is {config.rooms}; the simple generator makes 1 to 3")
        return
    known = procthor_room_specs()
    unknown = [name for name in config.room_specs if name not in known]
    if unknown:
        raise SpatuneError(f"unknown floor plan {unknown[0]!r}; choose from: {', '.join(known)}")


def _check_failures(config: GenerateHousesConfig, index: HouseIndex, before: int) -> None:
    failures = len(index.failures) - before
    if failures > max(_FEWEST_FAILURES, 3 * config.count):
        seed, reason = list(index.failures.items())[-1]
        raise SpatuneError(f"{failures} seeds gave no house; the last one, {seed}: {reason}")
