"""Packs training data small enough to carry to a GPU, and unpacks it there.

    python recipes/tiny/pack.py demos DATASET PACK    # a data set with arrays: video and labels
    python recipes/tiny/pack.py mixes PACK MIX...     # mixes: pictures of the model's size, once
    python recipes/tiny/pack.py unpack PACK FOLDER

Frames of demonstrations become H.264 with full colour, pictures of mixes WebP at the size that the
model sees. Both lose a little. Packing needs ffmpeg, unpacking OpenCV and Pillow.
"""

from __future__ import annotations

import io
import json
import lzma
import subprocess
import sys
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

SIDE, QUALITY, RATE = 128, 80, "26"
IMAGES = "observation.images."
EVIDENCE = ("provenance", "reasoning")


def pack_demos(dataset: Path, pack: Path) -> None:
    """`PACK/labels.tar.xz` and one video a camera."""
    pack.mkdir(parents=True)
    with lzma.open(pack / "labels.tar.xz", "wb", preset=6) as stream:
        with tarfile.open(fileobj=stream, mode="w") as archive:
            for part in ("meta", "data"):
                archive.add(dataset / part, part)
            for file in sorted((dataset / "columns").iterdir()):
                if not file.name.startswith(IMAGES):
                    archive.add(file, f"columns/{file.name}")
    for file in sorted((dataset / "columns").glob(f"{IMAGES}*.npy")):
        frames = np.load(file, mmap_mode="r")
        height, width = frames.shape[1:3]
        encode = subprocess.Popen(
            ["ffmpeg", "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24"]
            + ["-s", f"{width}x{height}", "-r", "4", "-i", "-", "-c:v", "libx264"]
            + ["-preset", "medium", "-crf", RATE, "-pix_fmt", "yuv444p", "-g", "600"]
            + [str(pack / f"{file.stem}.mkv")],
            stdin=subprocess.PIPE,
        )
        assert encode.stdin is not None
        for begin in range(0, len(frames), 512):
            encode.stdin.write(np.ascontiguousarray(frames[begin : begin + 512]).tobytes())
        encode.stdin.close()
        assert encode.wait() == 0, "ffmpeg failed"
        print(file.stem, (pack / f"{file.stem}.mkv").stat().st_size, len(frames))


def pack_mixes(pack: Path, mixes: list[Path]) -> None:
    """`PACK/pictures.webp`, all pictures behind one another; `PACK/<mix>.json.xz`."""
    from PIL import Image

    pack.mkdir(parents=True)
    places: dict[Path, int] = {}
    lines: dict[str, list[dict]] = {}
    for mix in mixes:
        with (mix / "train.jsonl").open() as stream:
            lines[mix.name] = [json.loads(line) for line in stream]
        for record in lines[mix.name]:
            record["image"] = [
                places.setdefault((mix / name).resolve(), len(places)) for name in record["image"]
            ]

    def small(file: Path) -> bytes:
        with Image.open(file) as image:
            # The model's image processor resizes in the same way.
            resized = image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        data = io.BytesIO()
        resized.save(data, "WEBP", quality=QUALITY, method=4)
        return data.getvalue()

    sizes = []
    with (pack / "pictures.webp").open("wb") as stream, ThreadPoolExecutor(2) as pool:
        for data in pool.map(small, places):
            sizes.append(len(data))
            stream.write(data)
    (pack / "sizes.json").write_text(json.dumps(sizes))
    for mix in mixes:
        questions = []
        file = mix / "questions" / "mix.jsonl"
        for line in file.read_text().splitlines():
            question = json.loads(line)
            questions.append({k: v for k, v in question.items() if k not in EVIDENCE})
        with lzma.open(pack / f"{mix.name}.json.xz", "wt", preset=6) as stream:
            json.dump({"rows": lines[mix.name], "questions": questions}, stream)
    print(f"{len(places)} pictures, {sum(sizes)} bytes")


def unpack(pack: Path, folder: Path) -> None:
    """Undo either."""
    folder.mkdir(parents=True, exist_ok=True)
    if (pack / "labels.tar.xz").is_file():
        with tarfile.open(pack / "labels.tar.xz") as archive:
            archive.extractall(folder, filter="data")
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda file: _decode(file, folder), sorted(pack.glob("*.mkv"))))
        return
    from PIL import Image

    sizes = json.loads((pack / "sizes.json").read_text())
    blob = (pack / "pictures.webp").read_bytes()
    ends = np.cumsum(sizes)
    table = np.lib.format.open_memmap(
        folder / "pictures.npy", "w+", np.uint8, (len(sizes), SIDE, SIDE, 3)
    )

    def decode(place: int) -> None:
        data = blob[ends[place] - sizes[place] : ends[place]]
        table[place] = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(decode, range(len(sizes))))
    table.flush()
    for file in pack.glob("*.json.xz"):
        mix = folder / file.name.removesuffix(".json.xz")
        (mix / "questions").mkdir(parents=True, exist_ok=True)
        with lzma.open(file, "rt") as stream:
            data = json.load(stream)
        with (mix / "train.jsonl").open("w") as stream:
            for row in data["rows"]:
                row["image"] = [f"../pictures.npy#{place}" for place in row["image"]]
                stream.write(json.dumps(row) + "\n")
        with (mix / "questions" / "mix.jsonl").open("w") as stream:
            stream.writelines(json.dumps(question) + "\n" for question in data["questions"])


def _decode(file: Path, folder: Path) -> None:
    import cv2

    manifest = json.loads((folder / "columns" / "manifest.json").read_text())
    capture = cv2.VideoCapture(str(file))
    height = int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    width = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
    table = np.lib.format.open_memmap(
        folder / "columns" / f"{file.stem}.npy",
        "w+",
        np.uint8,
        (manifest["frames"], height, width, 3),
    )
    count = 0
    while True:
        good, frame = capture.read()
        if not good:
            break
        table[count] = frame[..., ::-1]
        count += 1
    assert count == len(table), f"{file}: {count} frames, not {len(table)}"
    table.flush()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["demos", dataset, pack]:
            pack_demos(Path(dataset), Path(pack))
        case ["mixes", pack, *mixes]:
            pack_mixes(Path(pack), [Path(mix) for mix in mixes])
        case ["unpack", pack, folder]:
            unpack(Path(pack), Path(folder))
        case _:
            sys.exit(__doc__)
