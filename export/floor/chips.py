"""`Chip`: memory bandwidth and peak rates of the machines that policies run on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...errors import SpatuneError

THIS_MACHINE = "this-machine"
"""Name on the command line for the machine at hand, which is measured."""


@dataclass(frozen=True)
class Chip:
    """What bounds a graph from below: how fast bytes come, how fast products are computed.

    Attributes:
        key: Its name on the command line.
        name: As the vendor calls it.
        bandwidth: Of the main memory, in GB/s (1e9 bytes).
        rates: Dense peak by precision, in TFLOP/s (a multiply-accumulate is 2). `fp32` is that of
            the ordinary cores, which also do everything element-wise; the others that of the matrix
            units. A precision that the chip does not compute in is absent.
        cache: Bytes of the last cache. A graph whose weights fit may be run again without reading
            them from the main memory; 0 if unknown.
        note: Where the figures come from and which of them no document confirmed.
    """

    key: str
    name: str
    bandwidth: float
    rates: Mapping[str, float]
    cache: int = 0
    note: str = ""

    def rate(self, precision: str, *, tf32: bool = True) -> float:
        """Peak of matrix products, in TFLOP/s.

        Args:
            precision: For example `fp16`.
            tf32: Whether fp32 products may go through the matrix units as TF32.

        Raises:
            SpatuneError: The chip does not compute in that precision, or its rate is not known.
        """
        if precision == "fp32" and tf32 and "tf32" in self.rates:
            return self.rates["tf32"]
        if precision not in self.rates:
            raise SpatuneError(
                f"{self.name} has no {precision} rate, only: {', '.join(self.rates)}; choose one "
                "of these precisions or another --chip"
            )
        return self.rates[precision]


def find_chip(key: str) -> Chip:
    """A chip of the table, by its name on the command line.

    Raises:
        SpatuneError: It is not in the table.
    """
    if key not in CHIPS:
        raise SpatuneError(
            f"chip {key!r} is unknown; use one of {', '.join(CHIPS)}, or {THIS_MACHINE}"
        )
    return CHIPS[key]


def _ampere_jetson(sparse_int8: float, fp32: float) -> dict[str, float]:
    # The vendor states sparse INT8 only. Dense is half of it, and each wider type half of the
    # narrower, as the Ampere tensor core has it (1024 INT8 operations a cycle, dense).
    int8 = sparse_int8 / 2
    return {"fp32": fp32, "tf32": int8 / 4, "fp16": int8 / 2, "bf16": int8 / 2, "int8": int8}


_MB = 1 << 20
# H100 and H200 (SXM) data sheets: TF32 989, FP16 and BF16 1979, FP8 and INT8 3958, all with
# sparsity; FP32 67. Halved here, with the decimals of the Hopper white paper.
_HOPPER = {
    **{"fp32": 66.9, "tf32": 494.7, "fp16": 989.4, "bf16": 989.4},
    **{"int8": 1978.9, "fp8": 1978.9},
}

_TABLE = (
    # Bandwidth: Jetson AGX Orin data sheet. INT8: "GPU sparse INT8 peak 171 TOPs" at MAXN, in
    # NVIDIA's Deep-Learning-Accelerator-SW repository. FP32 5.3: technical brief, 2048 cores.
    Chip(
        "orin",
        "Jetson AGX Orin 64GB",
        204.8,
        _ampere_jetson(171, 5.3),
        4 * _MB,
        "GPU alone, MAXN; dense halves of the vendor's sparse INT8; fp16, bf16, tf32 derived",
    ),
    # 1024 cores and 32 tensor cores at 1.173 GHz, the clock of MAXN_SUPER (157 sparse TOPS with
    # both DLAs); 0.918 GHz without it (100 TOPS).
    Chip(
        "orin-nx",
        "Jetson Orin NX 16GB",
        102.4,
        _ampere_jetson(76.9, 2.4),
        2 * _MB,
        "GPU alone, MAXN_SUPER; rates derived from its clock of 1.173 GHz, which no document at "
        "hand confirmed",
    ),
    # "67 TOPS" sparse INT8, 102 GB/s, GPU at 1.02 GHz: Orin Nano Super data sheet.
    Chip(
        "orin-nano",
        "Jetson Orin Nano Super",
        102.0,
        _ampere_jetson(67, 2.09),
        2 * _MB,
        "MAXN_SUPER; dense halves of the vendor's sparse INT8; fp16, bf16, tf32 derived",
    ),
    # "2070 FP4 TFLOPS" with sparsity and 273 GB/s: Jetson Thor data sheet. Dense FP4 is half, FP8 a
    # quarter, FP16 an eighth (258.5 in Hugging Face's table too). FP32: 2560 cores at 1.575 GHz.
    Chip(
        "thor",
        "Jetson AGX Thor T5000",
        273.0,
        {
            **{"fp32": 8.06, "tf32": 129.3, "fp16": 258.7, "bf16": 258.7},
            **{"int8": 517.5, "fp8": 517.5, "fp4": 1035.0},
        },
        32 * _MB,
        "MAXN; derived from the vendor's sparse FP4; int8 (taken as fp8) and tf32 not confirmed",
    ),
    Chip(
        "h100",
        "H100 SXM",
        3350.0,
        _HOPPER,
        50 * _MB,
        "dense halves of the data sheet's sparse rates",
    ),
    Chip(
        "h200",
        "H200 SXM",
        4800.0,
        _HOPPER,
        50 * _MB,
        "dense halves of the data sheet's sparse rates",
    ),
    # L40S data sheet, without and with sparsity: TF32 183 | 366, FP16 362 | 733, FP8 733 | 1466.
    Chip(
        "l40s",
        "L40S",
        864.0,
        {
            **{"fp32": 91.6, "tf32": 183.0, "fp16": 366.5, "bf16": 366.5},
            **{"int8": 733.0, "fp8": 733.0},
        },
        96 * _MB,
        "dense rates of the data sheet; fp16 and bf16 as half of its sparse 733",
    ),
    # Ada white paper, dense. With FP32 accumulation FP16 is 165.2 and FP8 330.3.
    Chip(
        "rtx4090",
        "GeForce RTX 4090",
        1008.0,
        {
            **{"fp32": 82.6, "tf32": 82.6, "fp16": 330.3, "bf16": 165.2},
            **{"int8": 660.6, "fp8": 660.6},
        },
        72 * _MB,
        "boost clock; fp16 and fp8 with FP16 accumulation: half of it with FP32 accumulation",
    ),
    # RTX Blackwell white paper, dense. With FP32 accumulation FP16 is 209.5 and FP8 419.
    Chip(
        "rtx5090",
        "GeForce RTX 5090",
        1792.0,
        {
            **{"fp32": 104.8, "tf32": 104.8, "fp16": 419.0, "bf16": 209.5},
            **{"int8": 838.0, "fp8": 838.0, "fp4": 1676.0},
        },
        96 * _MB,
        "boost clock; halves of the sparse 838 (FP16), 1676 (FP8), 3352 (FP4); fp16 and fp8 with "
        "FP16 accumulation; int8 taken as fp8",
    ),
)
CHIPS: Mapping[str, Chip] = {chip.key: chip for chip in _TABLE}
"""Chips by their name on the command line."""
