"""`spatune`: the command line.

A subcommand's modules are imported only when it is called, so that `--help` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module

from .errors import SpatuneError

BAD_INPUT, STOPPED = 2, 130


@dataclass(frozen=True)
class Command:
    """A subcommand: where its arguments (a dataclass) and its function are, and what it does."""

    config: str
    function: str
    help: str


COMMANDS = {
    "demo": Command(
        "bench_libero.config:DemoConfig",
        "bench_libero.demo:run_demo",
        "watch the embedded policy act in LIBERO; table, video, contact sheet",
    ),
    "doctor": Command(
        "bench_libero.doctor:DoctorConfig",
        "bench_libero.doctor:run_doctor",
        "what this machine can do, and how to fix what it cannot",
    ),
    "eval libero": Command(
        "bench_libero.config:EvalLiberoConfig",
        "bench_libero.runner:run_eval",
        "success rates of a policy on a LIBERO suite",
    ),
    "eval nav": Command(
        "bench_nav.config:EvalNavConfig",
        "bench_nav.runner:run_eval",
        "success, SPL and SoftSPL of a policy on navigation in houses",
    ),
    "eval spatial": Command(
        "bench_spatial.config:EvalSpatialConfig",
        "bench_spatial.run:run_eval",
        "score a VLM on spatial questions: ours, VSI-Bench and its relatives",
    ),
    "eval stages": Command(
        "bench_spatial.stages.config:EvalStagesConfig",
        "bench_spatial.stages.run:run_stages",
        "stages of a tuned VLM on the same questions: sighted, blind, reasoning, forgetting",
    ),
    "compare": Command(
        "evaluation.compare_config:CompareConfig",
        "evaluation.compare:compare_runs",
        "runs against each other on the episodes that they share",
    ),
    "report": Command(
        "reports.config:ReportConfig",
        "reports.page:make_report",
        "runs as one self-contained HTML page, with films of failures",
    ),
    "demos libero": Command(
        "envs.experts.demos_config:DemosLiberoConfig",
        "envs.experts.demos:write_demos",
        "expert demonstrations as a LeRobotDataset",
    ),
    "demos nav": Command(
        "envs.experts.nav_demos_config:DemosNavConfig",
        "envs.experts.nav_demos:write_nav_demos",
        "expert navigation demonstrations as a LeRobotDataset",
    ),
    "houses generate": Command(
        "envs.houses.generation.config:GenerateHousesConfig",
        "envs.houses.generation.generate:generate_houses",
        "houses of the ProcTHOR generator, or simple ones, as JSON",
    ),
    "houses render": Command(
        "envs.houses.pictures.config:RenderHousesConfig",
        "envs.houses.pictures.render:render_houses",
        "pictures of houses: maps, rooms, depth, objects, all on one page",
    ),
    "houses check": Command(
        "envs.houses.pictures.config:CheckHousesConfig",
        "envs.houses.pictures.check:check_houses",
        "are houses valid, unchanged, and good for navigation?",
    ),
    "data generate": Command(
        "tuning.generation.config:GenerateConfig",
        "tuning.generation.generate:generate_data",
        "walks through scenes, annotated, and spatial questions about them",
    ),
    "data mix": Command(
        "tuning.mixes.config:MixConfig",
        "tuning.mixes.mix:make_mix",
        "a balanced training set of generated questions: 3q, 8type, capability, all",
    ),
    "data actions": Command(
        "tuning.action_rows_config:ActionRowsConfig",
        "tuning.action_rows:make_action_rows",
        "demonstrations as rows of action tokens, and a VLM with these tokens",
    ),
    "data grounding": Command(
        "tuning.grounding_rows:GroundingConfig",
        "tuning.grounding_rows:make_grounding_rows",
        "questions about frames of LIBERO demonstrations, as training rows",
    ),
    "data audit": Command(
        "tuning.quality.audit_config:AuditConfig",
        "tuning.quality.audit:audit_data",
        "what a text-only model can guess of questions, by task",
    ),
    "data gallery": Command(
        "tuning.quality.gallery_config:GalleryConfig",
        "tuning.quality.gallery:make_gallery",
        "one page to look at questions: pictures, boxes, derivations",
    ),
    "data check": Command(
        "tuning.quality.recheck.config:CheckConfig",
        "tuning.quality.recheck.check:check_data",
        "recompute answers by ray casting and drawing, without the code that made them",
    ),
    "tune start": Command(
        "tuning.start:StartConfig",
        "tuning.start:write_start",
        "an untrained tiny VLM that knows the words of its training data",
    ),
    "tune sft": Command(
        "tuning.sft.config:SftConfig",
        "tuning.sft.run:run_sft",
        "tune a VLM on questions and answers (TRL)",
    ),
    "tune cot": Command(
        "tuning.sft.config:CotConfig",
        "tuning.sft.run:run_sft",
        "teach a tuned VLM to derive its answers",
    ),
    "tune grpo": Command(
        "tuning.grpo.config:GrpoConfig",
        "tuning.grpo.run:run_grpo",
        "tune a VLM on rewarded answers: GRPO with online filtering",
    ),
    "frames": Command(
        "policies.frames_dataset:FramesConfig",
        "policies.frames_dataset:build_frames",
        "a data set's pictures decoded once into arrays that training reads at memory speed",
    ),
    "features": Command(
        "policies.features_dataset:FeaturesConfig",
        "policies.features_dataset:build_features",
        "frozen-VLM features as a derived LeRobotDataset",
    ),
    "pack": Command(
        "policies.packing:PackConfig",
        "policies.packing:pack_policy",
        "a training checkpoint and its VLM as one small policy folder",
    ),
    "export": Command(
        "export.config:ExportConfig",
        "export.write:write_bundle",
        "a policy as an ONNX bundle that a robot runs without torch",
    ),
    "export parity": Command(
        "export.parity.config:ParityConfig",
        "export.parity.run:run_parity",
        "does a bundle compute what the policy computes? in robot units",
    ),
    "export latency": Command(
        "export.latency.config:LatencyConfig",
        "export.latency.run:run_latency",
        "how long a bundle takes from images to actions, and the floor",
    ),
    "export engine": Command(
        "export.compile.config:EngineConfig",
        "export.compile.run:build_engine",
        "compile a bundle for a GPU (TensorRT) or with AOTInductor",
    ),
    "export floor": Command(
        "export.floor.config:FloorConfig",
        "export.floor.roofline:run_floor",
        "below which latency no engine can get on a chip; an estimate",
    ),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand.

    Args:
        arguments: Words after `spatune`; those of the process by default.

    Returns:
        0, or 2 for bad input (one line on stderr), or 130 when stopped by Ctrl-C.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _dispatch(words)
    except SpatuneError as error:
        print(f"spatune: error: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("spatune: stopped; the same command goes on from here", file=sys.stderr)
        return STOPPED


def _dispatch(words: list[str]) -> int:
    if words == ["--version"]:
        from . import __version__

        print(f"spatune {__version__}")
        return 0
    fitting = [name for name in COMMANDS if words[: len(name.split())] == name.split()]
    name = max(fitting, key=len, default=None)
    if name is not None:
        _run(name, words[len(name.split()) :])
        return 0
    group = words[0] if words and any(n.startswith(f"{words[0]} ") for n in COMMANDS) else ""
    rest = words[1:] if group else words
    if not rest or rest[0] in ("-h", "--help"):
        print(_usage(group))
        return 0 if rest else BAD_INPUT
    known = ", ".join(n for n in COMMANDS if not group or n.startswith(f"{group} "))
    raise SpatuneError(f"unknown command {' '.join(words[:2])!r}; commands are: {known}")


def _run(name: str, words: list[str]) -> None:
    import tyro

    command = COMMANDS[name]
    config = tyro.cli(_load(command.config), prog=f"spatune {name}", args=words)
    _load(command.function)(config)


def _load(target: str):
    module, _, name = target.partition(":")
    return getattr(import_module(f".{module}", __package__), name)


def _usage(group: str) -> str:
    names = [name for name in COMMANDS if name.startswith(f"{group} ") or not group]
    width = max(map(len, names))
    lines = [f"  {name.ljust(width)}  {COMMANDS[name].help}" for name in names]
    return "\n".join(
        [
            f"usage: spatune {group or 'COMMAND'} ...",
            "",
            "A spatially tuned vision-language model that acts.",
            "",
            "commands:",
            *lines,
            "",
            "spatune COMMAND --help tells its arguments; spatune --version the version.",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
