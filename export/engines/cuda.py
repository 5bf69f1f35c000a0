"""`Cuda`: the little of the CUDA runtime that running an engine needs, without torch."""

from __future__ import annotations

import ctypes
import sys
import weakref
from collections.abc import Callable
from contextlib import suppress
from ctypes import POINTER, c_char_p, c_float, c_int, c_size_t, c_uint, c_ulonglong, c_void_p
from ctypes.util import find_library
from pathlib import Path

import numpy as np

from ...errors import SpatuneError

_HANDLE = POINTER(c_void_p)
# Functions whose signature is the same in CUDA 12 and 13; each returns a cudaError_t.
_SIGNATURES = {
    "cudaDeviceGetAttribute": (POINTER(c_int), c_int, c_int),
    "cudaDriverGetVersion": (POINTER(c_int),),
    "cudaEventCreate": (_HANDLE,),
    "cudaEventDestroy": (c_void_p,),
    "cudaEventElapsedTime": (POINTER(c_float), c_void_p, c_void_p),
    "cudaEventRecord": (c_void_p, c_void_p),
    "cudaEventSynchronize": (c_void_p,),
    "cudaFree": (c_void_p,),
    "cudaFreeHost": (c_void_p,),
    "cudaGetDevice": (POINTER(c_int),),
    "cudaGetDeviceCount": (POINTER(c_int),),
    "cudaGetDeviceProperties": (c_void_p, c_int),
    "cudaGetLastError": (),
    "cudaGraphDestroy": (c_void_p,),
    "cudaGraphExecDestroy": (c_void_p,),
    "cudaGraphInstantiateWithFlags": (_HANDLE, c_void_p, c_ulonglong),
    "cudaGraphLaunch": (c_void_p, c_void_p),
    "cudaHostAlloc": (_HANDLE, c_size_t, c_uint),
    "cudaMalloc": (_HANDLE, c_size_t),
    "cudaMemcpyAsync": (c_void_p, c_void_p, c_size_t, c_int, c_void_p),
    "cudaStreamBeginCapture": (c_void_p, c_int),
    "cudaStreamCreateWithFlags": (_HANDLE, c_uint),
    "cudaStreamDestroy": (c_void_p,),
    "cudaStreamEndCapture": (c_void_p, _HANDLE),
    "cudaStreamSynchronize": (c_void_p,),
}
_HOST_TO_DEVICE, _DEVICE_TO_HOST = 1, 2
_NON_BLOCKING = 1
_THREAD_LOCAL = 1
_SM_MAJOR, _SM_MINOR = 75, 76
_OUT_OF_MEMORY, _OLD_DRIVER = 2, 35
# cudaDeviceProp differs between CUDA 12 and 13, but begins with the name and has about 1000 bytes.
_PROPERTIES_BYTES, _NAME_BYTES = 8192, 256

_NO_DEVICE = "no CUDA device: {}: use a machine with an NVIDIA GPU, or run with ort-cpu"


class Cuda:
    """The current CUDA device of this process: 0, unless torch or CUDA_VISIBLE_DEVICES says else.

    Attributes:
        sm: Compute capability, such as `8.9`.
        device: Name of the chip.
        driver: Newest CUDA version that the driver knows, such as `12.8`.

    Raises:
        SpatuneError: There is no CUDA runtime library, or no device that it can use.
    """

    def __init__(self) -> None:
        self._library = _load()
        self.driver = _driver(self._library)
        number = self._number("cudaGetDevice")
        major = self._number("cudaDeviceGetAttribute", _SM_MAJOR, number)
        minor = self._number("cudaDeviceGetAttribute", _SM_MINOR, number)
        self.sm = f"{major}.{minor}"
        properties = ctypes.create_string_buffer(_PROPERTIES_BYTES)
        self.call("cudaGetDeviceProperties", properties, number)
        self.device = properties.raw[:_NAME_BYTES].split(b"\0")[0].decode()

    def call(self, name: str, *arguments: object) -> None:
        """Call a function of the runtime.

        Raises:
            SpatuneError: It failed.
        """
        status = getattr(self._library, name)(*arguments)
        if status:
            # The runtime would report the same error again, to whoever asks next.
            self._library.cudaGetLastError()
            raise SpatuneError(_explain(self._library, name, status))

    def stream(self) -> Stream:
        """A stream that does not wait for the default stream."""
        return Stream(self)

    def event(self) -> Event:
        """A point in time of a stream."""
        return Event(self)

    def empty(self, nbytes: int) -> DeviceMemory:
        """Memory of the device, not initialised."""
        return DeviceMemory(self, nbytes)

    def pinned(self, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        """Zeros in host memory that the device copies by itself; kept while a view is."""
        nbytes = max(1, int(np.prod(shape)) * dtype.itemsize)
        memory = (ctypes.c_char * nbytes).from_address(self.handle("cudaHostAlloc", nbytes, 0))
        weakref.finalize(memory, self._library.cudaFreeHost, ctypes.addressof(memory))
        array = np.frombuffer(memory, dtype=dtype, count=int(np.prod(shape))).reshape(shape)
        array[...] = 0
        return array

    def handle(self, name: str, *arguments: object) -> int:
        """Call a function whose first parameter receives a pointer or a handle."""
        value = c_void_p()
        self.call(name, ctypes.byref(value), *arguments)
        return value.value or 0

    def finalize(self, owner: object, name: str, handle: int) -> None:
        """Release a handle once its owner is gone."""
        weakref.finalize(owner, getattr(self._library, name), handle)

    def _number(self, name: str, *arguments: object) -> int:
        value = c_int()
        self.call(name, ctypes.byref(value), *arguments)
        return value.value


class DeviceMemory:
    """A piece of the device's memory.

    Attributes:
        address: Where it begins on the device.
    """

    def __init__(self, cuda: Cuda, nbytes: int) -> None:
        self.address = cuda.handle("cudaMalloc", max(1, nbytes))
        cuda.finalize(self, "cudaFree", self.address)


class Stream:
    """Work that the device does in order.

    Attributes:
        handle: The `cudaStream_t`.
    """

    def __init__(self, cuda: Cuda) -> None:
        self._cuda = cuda
        self.handle = cuda.handle("cudaStreamCreateWithFlags", _NON_BLOCKING)
        cuda.finalize(self, "cudaStreamDestroy", self.handle)

    def upload(self, target: DeviceMemory, source: np.ndarray) -> None:
        """Queue a copy to the device; `source` is pinned and stays as it is until it is done."""
        self._copy(target.address, source.ctypes.data, source.nbytes, _HOST_TO_DEVICE)

    def download(self, target: np.ndarray, source: DeviceMemory) -> None:
        """Queue a copy from the device into a pinned array."""
        self._copy(target.ctypes.data, source.address, target.nbytes, _DEVICE_TO_HOST)

    def synchronise(self) -> None:
        """Wait until everything queued is done.

        Raises:
            SpatuneError: Something queued failed.
        """
        self._cuda.call("cudaStreamSynchronize", self.handle)

    def capture(self, queue: Callable[[], None]) -> Graph:
        """Record what a function queues on this stream, instead of doing it.

        Raises:
            SpatuneError: Something queued cannot be recorded.
        """
        self._cuda.call("cudaStreamBeginCapture", self.handle, _THREAD_LOCAL)
        try:
            queue()
        except BaseException:
            # The stream is of no use until the recording has ended, which may fail in its turn.
            with suppress(SpatuneError):
                self._end_capture()
            raise
        return self._end_capture()

    def _end_capture(self) -> Graph:
        graph = c_void_p()
        self._cuda.call("cudaStreamEndCapture", self.handle, ctypes.byref(graph))
        try:
            return Graph(self._cuda, graph.value or 0)
        finally:
            self._cuda.call("cudaGraphDestroy", graph)

    def _copy(self, target: int, source: int, nbytes: int, direction: int) -> None:
        self._cuda.call("cudaMemcpyAsync", target, source, nbytes, direction, self.handle)


class Graph:
    """Recorded work, launched as one."""

    def __init__(self, cuda: Cuda, graph: int) -> None:
        self._cuda = cuda
        self._handle = cuda.handle("cudaGraphInstantiateWithFlags", graph, 0)
        cuda.finalize(self, "cudaGraphExecDestroy", self._handle)

    def launch(self, stream: Stream) -> None:
        """Queue the work on a stream."""
        self._cuda.call("cudaGraphLaunch", self._handle, stream.handle)


class Event:
    """A point in time of a stream."""

    def __init__(self, cuda: Cuda) -> None:
        self._cuda = cuda
        self._handle = cuda.handle("cudaEventCreate")
        cuda.finalize(self, "cudaEventDestroy", self._handle)

    def record(self, stream: Stream) -> None:
        """Queue the taking of the time."""
        self._cuda.call("cudaEventRecord", self._handle, stream.handle)

    def milliseconds_since(self, start: Event) -> float:
        """Time that the device took from another event to this one; waits for this one."""
        self._cuda.call("cudaEventSynchronize", self._handle)
        elapsed = c_float()
        self._cuda.call("cudaEventElapsedTime", ctypes.byref(elapsed), start._handle, self._handle)
        return elapsed.value


def _load() -> ctypes.CDLL:
    # A machine may have libraries of several CUDA versions, of which its driver knows only some:
    # the first that finds a device is taken.
    problem = ""
    for place in _places():
        try:
            library = ctypes.CDLL(place)
            _declare(library)
        except (OSError, AttributeError):
            continue
        count = c_int()
        status = library.cudaGetDeviceCount(ctypes.byref(count))
        if not status and count.value:
            return library
        problem = problem or _explain_no_device(library, status)
    if problem:
        raise SpatuneError(problem)
    raise SpatuneError(
        "libcudart, the CUDA runtime library, was not found: pip install nvidia-cuda-runtime, or "
        "install the CUDA toolkit; without an NVIDIA GPU run with ort-cpu"
    )


def _places() -> list[str]:
    wheels = ("nvidia/cu13/lib", "nvidia/cuda_runtime/lib")
    folders = [Path(entry) / wheel for entry in sys.path for wheel in wheels]
    folders += [
        Path("/usr/local/cuda/lib64"),
        Path("/usr/local/cuda/lib"),
        Path(sys.prefix) / "lib",
    ]
    places = [str(path) for folder in folders for path in sorted(folder.glob("libcudart.so*"))]
    known = find_library("cudart")
    return [*places, known] if known else places


def _declare(library: ctypes.CDLL) -> None:
    for name, types in _SIGNATURES.items():
        function = getattr(library, name)
        function.argtypes, function.restype = types, c_int
    for name in ("cudaGetErrorName", "cudaGetErrorString"):
        function = getattr(library, name)
        function.argtypes, function.restype = (c_int,), c_char_p


def _driver(library: ctypes.CDLL) -> str:
    version = c_int()
    library.cudaDriverGetVersion(ctypes.byref(version))
    return f"{version.value // 1000}.{version.value % 1000 // 10}" if version.value else ""


def _explain_no_device(library: ctypes.CDLL, status: int) -> str:
    driver = _driver(library)
    if not driver:
        return _NO_DEVICE.format("there is no NVIDIA driver")
    if status == _OLD_DRIVER:
        return (
            f"the NVIDIA driver knows CUDA {driver}, which is older than {library._name}: update "
            "it, or install the libcudart of that CUDA version"
        )
    return _NO_DEVICE.format(_words(library, status) if status else "the driver sees none")


def _explain(library: ctypes.CDLL, name: str, status: int) -> str:
    words = f"{name} failed with {_words(library, status)}"
    if status == _OUT_OF_MEMORY:
        return f"{words}: end other programs on the GPU, or use a lower precision"
    return f"{words}: look at nvidia-smi and dmesg, and start the program again"


def _words(library: ctypes.CDLL, status: int) -> str:
    name, text = library.cudaGetErrorName(status), library.cudaGetErrorString(status)
    return f"{name.decode()} ({text.decode()})"
