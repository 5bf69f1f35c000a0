"""What engines need of a machine: chip, driver and libraries, each missing one told in a line."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import numpy as np
import pytest

from spatune.errors import SpatuneError
from spatune.export.engines.capability import chip_precisions, parse_sm, require_precision
from spatune.export.engines.cuda import Cuda
from spatune.export.engines.tensorrt_module import MODULES, find_tensorrt, require_version


@pytest.mark.parametrize(
    ("sm", "precisions"),
    [
        ("6.1", ""),
        ("7.5", "fp32 fp16 int8"),
        ("8.7", "fp32 fp16 int8 bf16"),
        ("8.9", "fp32 fp16 int8 bf16 fp8"),
        ("9.0", "fp32 fp16 int8 bf16 fp8"),
        ("11.0", "fp32 fp16 int8 bf16 fp8 nvfp4"),
        ("12.0", "fp32 fp16 int8 bf16 fp8 nvfp4"),
    ],
)
def test_chips_have_these_precisions(sm: str, precisions: str) -> None:
    assert chip_precisions(sm) == tuple(precisions.split())


@pytest.mark.parametrize(
    ("precision", "sm", "words"),
    [
        ("fp8", "8.7", "SM 8.7 has no fp8: use one of fp32, fp16, int8, bf16"),
        ("fp16", "6.1", "too old"),
        ("int8-dynamic", None, "use int8"),
        ("fp64", None, "precision 'fp64' is unknown; use one of fp32"),
        ("fp32", "89", "not of the form 8.9"),
    ],
)
def test_precision_that_a_chip_lacks_is_refused(precision: str, sm: str | None, words: str) -> None:
    with pytest.raises(SpatuneError, match=words):
        require_precision(precision, sm)


def test_compute_capabilities_compare_as_numbers() -> None:
    assert sorted(["12.0", "8.9", "7.5"], key=parse_sm) == ["7.5", "8.9", "12.0"]


def test_old_library_is_refused() -> None:
    with pytest.raises(SpatuneError, match=r"tensorrt 8\.6\.1 is too old, 10\.0 is needed"):
        require_version("tensorrt", "8.6.1")
    require_version("tensorrt", "10.3.0")
    require_version("tensorrt-rtx", "1.7.1.116")


@pytest.mark.parametrize("engine", MODULES)
def test_missing_library_names_the_extra(engine: str) -> None:
    if importlib.util.find_spec(MODULES[engine]) is not None:
        pytest.skip(f"{engine} is installed")
    with pytest.raises(SpatuneError, match=rf"not installed: pip install 'spatune\[{engine}\]'"):
        find_tensorrt(engine)


def test_machine_without_a_gpu_says_so() -> None:
    try:
        Cuda()
    except SpatuneError as error:
        message = str(error)
    else:
        pytest.skip("this machine has a GPU")
    assert message.startswith(("no CUDA device", "libcudart"))
    assert "ort-cpu" in message
    assert "\n" not in message


def test_robot_needs_neither_torch_nor_onnx() -> None:
    code = (
        "import sys, spatune.export.compile.run, spatune.export.engines.tensorrt\n"
        "heavy = {'torch', 'transformers', 'lerobot', 'onnx', 'onnxruntime', 'tyro'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.gpu
def test_cuda_wrapper_copies_records_and_times() -> None:
    cuda = Cuda()
    parse_sm(cuda.sm)
    assert cuda.device and cuda.driver
    stream, start, end = cuda.stream(), cuda.event(), cuda.event()
    source = cuda.pinned((3, 5), np.dtype(np.int64))
    target = cuda.pinned((3, 5), np.dtype(np.int64))
    memory = cuda.empty(source.nbytes)

    def there_and_back() -> None:
        stream.upload(memory, source)
        stream.download(target, memory)

    graph = stream.capture(there_and_back)
    for number in (1, 2):
        source[...] = number
        start.record(stream)
        graph.launch(stream)
        end.record(stream)
        stream.synchronise()
        assert (target == number).all()
    assert end.milliseconds_since(start) >= 0
    with pytest.raises(SpatuneError, match="cudaErrorMemoryAllocation.*end other programs"):
        cuda.empty(1 << 50)
