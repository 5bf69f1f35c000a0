"""Everything that is trained for the embedded checkpoints and the ablation, on one GPU.

    python recipes/tiny/train.py FOLDER [--scale cpu] [--minutes M] [--only PREFIX ...]

FOLDER holds `demos` and `nav` (data sets with arrays), `mix-full`, `mix-naming`, `mix-cot` and
`start`; make.sh makes them. Jobs run side by side as far as the machine's cores
allow; a job that is done is not run again, so the same command goes on after an interruption.
`--scale small` rehearses every job with a few steps on a CPU, `--scale cpu` is the experiment
that two cores can carry.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SPATUNE = [sys.executable, "-m", "spatune.cli"]
TRAIN = [
    sys.executable,
    "-c",
    "from spatune.policies import configuration_spatune\n"
    "from lerobot.scripts.lerobot_train import main\nmain()",
]
SEEDS = (0, 1, 2)


@dataclass(frozen=True)
class Job:
    """One command.

    Attributes:
        name: Unique; the log is `logs/<name>.log`.
        makes: What is there when it is done, relative to the folder.
        needs: Names of jobs before it.
        command: Words; several commands one after the other.
        cores: Cores that it keeps busy.
    """

    name: str
    makes: str
    needs: tuple[str, ...]
    commands: tuple[tuple[str, ...], ...]
    cores: int = 1


@dataclass(frozen=True)
class Scale:
    """Steps and batches of all jobs."""

    caption: int = 500
    twin: int = 1500
    sft: int = 1500
    cot: int = 250
    grpo: int = 20
    batch: int = 192
    vlm_loaders: int = 4
    policy: int = 2000
    shipped: int = 6000
    navigation: int = 1500
    qwen: int = 500
    tuned: int = 1000
    tokens: int = 800
    policy_batch: int = 256
    most_pictures: int = 0
    save_every: int = 100_000
    device: str = "cuda"
    prompts: int = 24
    completion: int = 256
    houses: str = "mix-full"
    """The questions about houses of the spatial stage."""
    only: tuple[str, ...] = ()
    """Jobs that are run without `--only`, with what they need; all if none."""


CPU = Scale(
    caption=100, twin=500, sft=500, cot=20, grpo=4, batch=32, vlm_loaders=0, policy=500,
    most_pictures=2, save_every=50,
    shipped=2500, navigation=800, qwen=100, tuned=100, tokens=200, policy_batch=128, device="cpu",
    prompts=4, completion=192,
    # 200 steps on all of them had taught the form of the answers alone.
    houses="replay-full",
    only=("grpo", "frozen-caption", "frozen-sft", "frozen-random", "frozen-cot", "reason-sft",
          "nav-sft", "nav-caption", "nav-random"),
)  # fmt: skip
"""What two cores do in some hours."""
SMALL = Scale(
    caption=2, twin=2, sft=2, cot=1, grpo=1, batch=4, vlm_loaders=0, policy=2, shipped=2,
    navigation=2, qwen=1, tuned=1, tokens=1, policy_batch=4, device="cpu", prompts=1, completion=8,
)  # fmt: skip


SCALES = {"gpu": Scale(), "cpu": CPU, "small": SMALL}


def vlm_jobs(scale: Scale) -> Iterator[Job]:
    """Data and the stages of the VLM."""
    spatune, device = tuple(SPATUNE), ("--device", scale.device)
    for theme, name, count in (("spatial", "ground", "2"), ("naming", "names", "1")):
        yield Job(
            name, name, (),
            ((*spatune, "data", "grounding", "--dataset", "demos", "--out", name,
              "--theme", theme, "--per-frame", count),),
        )  # fmt: skip
    pieces = (("mix-full", 6000, "replay-full"), ("ground", 12000, "replay-ground"))
    for source, count, name in pieces:
        # What was learnt before is asked again, so that the next stage does not replace it.
        copy = f"mkdir {name}.new && head -n {count} {source}/train.jsonl > {name}.new/train.jsonl"
        # Pictures that are drawn for questions lie in the mix itself.
        copy += f" && if [ -d {source}/images ]; then ln -s ../{source}/images {name}.new/; fi"
        copy += f" && mv {name}.new {name}"
        needs = (source,) if source == "ground" else ()
        yield Job(name, name, needs, (("bash", "-c", copy),))
    rates = ("--lr", "1e-3", "--vision-lr", "5e-4", "--weight-decay", "0.01", "--warmup", "0.05")
    spatial, naming = (scale.houses, "ground"), ("mix-naming", "names")

    def sft(name: str, base: str, data: tuple[str, ...], steps: int, *more: str) -> Job:
        words = (
            *spatune, "tune", "sft", "--vlm", base, "--data", *data, "--out", f"vlm/{name}",
            "--stage", name, "--steps", str(steps), "--batch-size", str(scale.batch),
            "--loaders", str(scale.vlm_loaders), "--save-every", str(scale.save_every),
            "--most-pictures", str(scale.most_pictures), *rates, *device, *more,
        )  # fmt: skip
        needs = tuple(d for d in data if not d.startswith("mix-"))
        needs += (Path(base).name,) if base.startswith("vlm/") else ()
        # On a CPU the first stage has the machine for itself.
        alone = scale.device == "cpu" and name == "naming"
        return Job(
            name, f"vlm/{name}", needs, (words,), cores=2 if alone else 1 + scale.vlm_loaders
        )

    yield sft("naming", "start", naming, scale.caption)
    # The untuned twin: the same start and as many steps again, about names alone.
    yield sft("caption", "vlm/naming", naming, scale.twin, "--seed", "1")
    yield sft("sft", "vlm/naming", spatial, scale.sft, "--seed", "1")
    yield Job(
        "cot", "vlm/cot", ("sft", "replay-full", "replay-ground"),
        ((*spatune, "tune", "cot", "--vlm", "vlm/sft", "--data", "mix-cot", "replay-full",
          "replay-ground", "--out", "vlm/cot", "--steps", str(scale.cot),
          "--batch-size", str(scale.batch),
          "--loaders", str(scale.vlm_loaders), "--save-every", "100000",
          "--lr", "5e-4", "--vision-lr", "1e-4", *device),),
        cores=1 + scale.vlm_loaders,
    )  # fmt: skip
    yield Job(
        "grpo", "vlm/grpo", ("cot",),
        ((*spatune, "tune", "grpo", "--vlm", "vlm/cot", "--data", "mix-cot", "--out", "vlm/grpo",
          "--steps", str(scale.grpo), "--prompts", str(scale.prompts), "--generations", "5",
          "--max-completion-length", str(scale.completion), "--lr", "1e-5", *device),),
    )  # fmt: skip
    fresh = (
        "from spatune.agent.reinitialise import reinitialise as r; "
        "r('start', 'vlm/random', seed=1, vision='fresh')"
    )
    yield Job("random", "vlm/random", (), ((sys.executable, "-c", fresh),))
    link = "import shutil; shutil.copytree('start', 'vlm/imagenet')"
    build = (
        "from pathlib import Path; "
        "from spatune.agent.tiny_families import build_tiny; "
        "from spatune.tuning.samples.read import read_rows; "
        "rows = read_rows([Path('mix-full'), Path('ground')]); "
        "build_tiny('qwen3_vl', 'vlm/qwen3-start', hidden_size=256, layers=6, vocab_size=2048, "
        "corpus=[t for r in rows for t in (r.prompt, r.answer)], image_size=128, patch_size=8, "
        "location_bins=128)"
    )
    # After the others: a transformer throughout, from nothing, on the same spatial data.
    needs = ("sft", "caption", "ground")
    yield Job("qwen3-start", "vlm/qwen3-start", needs, ((sys.executable, "-c", build),))
    yield sft("qwen3", "vlm/qwen3-start", spatial, scale.qwen)
    yield Job("imagenet", "vlm/imagenet", (), ((sys.executable, "-c", link),))


def features(vlm: str, scale: Scale, *, reason: bool = False, data: str = "demos") -> Job:
    """Features of all demonstrations."""
    name = f"{'nav-' * (data == 'nav')}features-{'reason-' if reason else ''}{vlm}"
    words = (
        *SPATUNE, "features", "--dataset", data, "--vlm", f"vlm/{vlm}", "--out", name,
        "--device", scale.device, "--batch-size", "128", *(("--reason",) if reason else ()),
        *(("--max-new-tokens", "4") if reason else ()),
        *(("--chunk-length", "1") if data == "nav" else ()),
    )  # fmt: skip
    cores = 1 if scale.device == "cpu" else 2
    return Job(name, name, (vlm,), (tuple(words),), cores=cores)


def policy(
    name: str, source: str, vlm: str, seed: int, steps: int, scale: Scale, *more: str
) -> Job:
    """A policy on cached features, packed without its VLM."""
    train = (
        *TRAIN, "--policy.type=spatune", f"--policy.device={scale.device}",
        "--policy.push_to_hub=false", "--policy.use_cached_features=true",
        "--policy.chunk_source=column", "--policy.action_normalisation=identity",
        f"--policy.vlm=vlm/{vlm}", f"--policy.cache_on_device={str(scale.device != 'cpu').lower()}",
        f"--dataset.repo_id=spatune/{source}", f"--dataset.root={source}",
        f"--output_dir=runs/{name}", f"--steps={steps}", f"--save_freq={steps}",
        f"--batch_size={scale.policy_batch}", "--num_workers=0", "--log_freq=100",
        f"--seed={seed}", *more,
    )  # fmt: skip
    pack = (
        *SPATUNE, "pack", "--checkpoint", f"runs/{name}/checkpoints/last/pretrained_model",
        "--vlm", f"vlm/{vlm}", "--out", f"policies/{name}",
    )  # fmt: skip
    return Job(name, f"policies/{name}", (source, vlm), (tuple(train), tuple(pack)))


def policy_jobs(scale: Scale) -> Iterator[Job]:
    """Features and policies of the ablation, the most wanted first."""
    yield features("sft", scale)
    wide = ("--policy.width=96", "--policy.hidden=768", "--policy.text_width=128")
    yield policy("shipped-sft", "features-sft", "sft", 0, scale.shipped, scale, *wide)
    for seed in SEEDS:
        for vlm in ("caption", "sft", "random"):
            if not seed and vlm != "sft":
                yield features(vlm, scale)
            yield policy(
                f"frozen-{vlm}-seed{seed}", f"features-{vlm}", vlm, seed, scale.policy, scale
            )
    for vlm in ("sft", "caption", "random"):
        yield features(vlm, scale, data="nav")
        for seed in SEEDS:
            yield navigation(vlm, seed, scale)
    yield features("sft", scale, reason=True)
    for seed in SEEDS:
        yield policy(
            f"reason-sft-seed{seed}", "features-reason-sft", "sft", seed, scale.policy, scale
        )
    for vlm in ("cot", "grpo", "imagenet"):
        yield features(vlm, scale)
        for seed in SEEDS if vlm != "imagenet" else (0,):
            yield policy(
                f"frozen-{vlm}-seed{seed}", f"features-{vlm}", vlm, seed, scale.policy, scale
            )
    yield features("qwen3", scale)
    yield policy("frozen-qwen3-seed0", "features-qwen3", "qwen3", 0, scale.policy, scale)
    for vlm in ("sft", "caption"):
        yield tuned(vlm, free=True, scale=scale)
    yield tuned("sft", free=False, scale=scale)
    for vlm in ("sft", "caption"):
        yield from tokens(vlm, scale)


def navigation(vlm: str, seed: int, scale: Scale) -> Job:
    """A policy that drives through houses."""
    return policy(
        f"nav-{vlm}-seed{seed}", f"nav-features-{vlm}", vlm, seed, scale.navigation, scale,
        "--policy.head=discrete", "--policy.chunk_length=1", "--policy.n_action_steps=1",
        "--policy.history=[1,2,4]", "--policy.width=32", "--policy.hidden=256",
        "--policy.state_noise=0.01",
    )  # fmt: skip


def tuned(vlm: str, *, free: bool, scale: Scale) -> Job:
    """A policy whose VLM is trained with it, with the vision tower or without."""
    name = f"tuned-{'free' if free else 'language'}-{vlm}-seed0"
    job = policy(name, "demos", vlm, 0, scale.tuned, scale)
    cached = f"--policy.cache_on_device={str(scale.device != 'cpu').lower()}"
    replaced = {
        "--policy.use_cached_features=true": "--policy.use_cached_features=false",
        cached: "--policy.freeze_vlm=false",
        f"--batch_size={scale.policy_batch}": f"--batch_size={min(64, scale.policy_batch)}",
    }
    train = tuple(replaced.get(word, word) for word in job.commands[0])
    train += (f"--policy.freeze_vision={str(not free).lower()}", "--policy.augment=true")
    pack = job.commands[1]
    where = pack.index("--vlm")
    return Job(name, job.makes, (vlm,), (train, (*pack[:where], *pack[where + 2 :])), cores=2)


def tokens(vlm: str, scale: Scale) -> Iterator[Job]:
    """VST's head: the VLM itself answers with actions."""
    rows = f"actions-{vlm}"
    yield Job(
        rows, rows, (vlm,),
        ((*SPATUNE, "data", "actions", "--dataset", "demos", "--vlm", f"vlm/{vlm}", "--out", rows,
          "--chunk-length", "8", "--suites", "libero_spatial", "libero_goal"),),
    )  # fmt: skip
    yield Job(
        f"tokens-{vlm}-seed0", f"policies/tokens-{vlm}-seed0", (rows,),
        ((*SPATUNE, "tune", "sft", "--vlm", f"{rows}/vlm", "--data", rows, "--stage", "tokens",
          "--out", f"policies/tokens-{vlm}-seed0", "--steps", str(scale.tokens),
          "--batch-size", str(scale.batch), "--loaders", str(scale.vlm_loaders),
          "--save-every", "100000", "--lr", "5e-4", "--vision-lr", "2e-4",
          "--device", scale.device),),
        cores=1 + scale.vlm_loaders,
    )  # fmt: skip


def chosen(jobs: list[Job], only: tuple[str, ...]) -> list[Job]:
    """Jobs whose names begin with one of these words, and those that they need; all for none."""
    by_name = {job.name: job for job in jobs}
    wanted: set[str] = set()
    more = {name for name in by_name if not only or name.startswith(only)}
    while more:
        wanted |= more
        more = {n for name in more for n in by_name[name].needs if n in by_name} - wanted
    return [job for job in jobs if job.name in wanted]


def run(folder: Path, jobs: list[Job], deadline: float, cores: int, export: Path | None) -> None:
    """Start jobs in order as their needs are met and cores are free, until all are done."""
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    known = {job.name for job in jobs}
    done = {job.name for job in jobs if (folder / job.makes).exists()}
    running: dict[str, tuple[Job, subprocess.Popen[bytes], float]] = {}
    failed: set[str] = set()
    began = time.monotonic()
    while time.monotonic() < deadline:
        for name, (job, process, since) in list(running.items()):
            if process.poll() is None:
                continue
            del running[name]
            good = process.returncode == 0 and (folder / job.makes).exists()
            (done if good else failed).add(name)
            print(
                f"{time.monotonic() - began:6.1f} s {name} {'done' if good else 'FAILED'} in "
                f"{time.monotonic() - since:.1f} s",
                flush=True,
            )
            if not good:
                log = (folder / "logs" / f"{name}.log").read_text(errors="replace")
                print("    " + "\n    ".join(log.strip().splitlines()[-6:]), flush=True)
            elif export is not None and job.makes.startswith(("vlm/", "policies/")):
                keep(folder, job, export)
        used = sum(job.cores for job, _, _ in running.values())
        for job in jobs:
            if job.name in done | failed or job.name in running:
                continue
            if any(need in failed for need in job.needs):
                failed.add(job.name)
            elif all(need in done or need not in known for need in job.needs):
                if used and used + job.cores > cores:
                    continue
                used += job.cores
                running[job.name] = (job, start(folder, job), time.monotonic())
        if not running:
            break
        time.sleep(0.3)
    for job, process, _ in running.values():
        print(f"{job.name} stopped at the end of the time", flush=True)
        process.kill()
    print(f"{len(done)} done, failed: {', '.join(sorted(failed)) or 'none'}", flush=True)


def start(folder: Path, job: Job) -> subprocess.Popen[bytes]:
    """Run a job's commands in a shell of their own, its log beside the others."""
    script = " && ".join(" ".join(_quoted(word) for word in words) for words in job.commands)
    log = (folder / "logs" / f"{job.name}.log").open("wb")
    threads = str(job.cores if job.name == "naming" else 1)
    environment = {**os.environ, "OMP_NUM_THREADS": threads, "HF_HUB_OFFLINE": "1"}
    return subprocess.Popen(
        ["bash", "-c", script], cwd=folder, stdout=log, stderr=subprocess.STDOUT, env=environment
    )


def keep(folder: Path, job: Job, export: Path) -> None:
    """Copy what a job made to where it is fetched from; policies name their VLM by its place."""
    source = folder / job.makes
    target = export / job.makes.replace("/", "-")
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("vlm") if _shared(job) else None)


def _shared(job: Job) -> bool:
    """Whether a policy's VLM is one of the variants, which are kept apart."""
    return job.makes.startswith("policies/") and not job.name.startswith(("tuned-", "tokens-"))


def _quoted(word: str) -> str:
    import shlex

    return shlex.quote(word)


def main() -> None:
    """Parse the words and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=600.0)
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--scale", choices=tuple(SCALES), default="gpu")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--export", type=Path)
    arguments = parser.parse_args()
    scale = SCALES[arguments.scale]
    jobs = [*vlm_jobs(scale), *policy_jobs(scale)]
    jobs = chosen(jobs, tuple(arguments.only) or scale.only)
    deadline = time.monotonic() + 60 * arguments.minutes
    run(arguments.folder.resolve(), jobs, deadline, arguments.cores, arguments.export)
    print(json.dumps({"jobs": len(jobs)}))


if __name__ == "__main__":
    main()
