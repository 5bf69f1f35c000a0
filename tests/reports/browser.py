"""`Browser`: a headless Chromium behind the DevTools protocol, for looking at pages."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

NAMES = (
    *("chromium", "chromium-browser", "chrome-headless-shell", "google-chrome"),
    *("google-chrome-stable", "chrome"),
)
ARGUMENTS = (
    *("--headless", "--no-sandbox", "--no-zygote", "--single-process", "--disable-gpu"),
    *("--in-process-gpu", "--hide-scrollbars", "--no-first-run", "--disable-dev-shm-usage"),
    "--remote-debugging-port=0",
)
PATIENCE = 30.0


def find_chromium() -> str | None:
    """Path of a Chromium: that of $CHROMIUM, or one on the PATH."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One tab. Use it as a context manager.

    Attributes:
        errors: What the console reported as a warning or an error, and exceptions of scripts.
        requests: Addresses that were asked for, without those of data.
    """

    def __init__(self, chromium: str, profile: Path) -> None:
        from websockets.sync.client import connect

        words = [chromium, *ARGUMENTS, f"--user-data-dir={profile}", "about:blank"]
        self._stack = ExitStack()
        self._log = self._stack.enter_context((profile.parent / "chromium.log").open("w+"))
        self._process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=self._log)
        self.errors: list[str] = []
        self.requests: list[str] = []
        self._number = 0
        self._session: str | None = None
        self._loaded = False
        try:
            address, limits = self._address(profile), {"max_size": None, "close_timeout": 2}
            self._socket = self._stack.enter_context(connect(address, **limits))
            target = self._call("Target.createTarget", {"url": "about:blank"})["targetId"]
            attach = {"targetId": target, "flatten": True}
            self._session = self._call("Target.attachToTarget", attach)["sessionId"]
            for domain in ("Page", "Runtime", "Network", "Log"):
                self._call(f"{domain}.enable")
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def open(self, page: Path, *, width: int = 1100, dark: bool = False) -> None:
        """Load a file and wait until it has been loaded."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self._call("Emulation.setDeviceMetricsOverride", size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", {"features": [scheme]})
        self._loaded = False
        self._call("Page.navigate", {"url": page.resolve().as_uri()})
        while not self._loaded:
            self._take(self._receive())

    def evaluate(self, script: str) -> Any:
        """Value of a JavaScript expression; a promise is waited for."""
        words = {"expression": script, "returnByValue": True, "awaitPromise": True}
        answer = self._call("Runtime.evaluate", words)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def screenshot(self, path: Path) -> None:
        """Save what the window shows as PNG."""
        path.write_bytes(base64.b64decode(self._call("Page.captureScreenshot")["data"]))

    def close(self) -> None:
        """End the browser."""
        self._stack.close()
        self._process.kill()
        self._process.wait()

    def _address(self, profile: Path) -> str:
        file, end = profile / "DevToolsActivePort", time.monotonic() + PATIENCE
        while time.monotonic() < end and self._process.poll() is None:
            lines = file.read_text().splitlines() if file.exists() else []
            if len(lines) == 2:
                return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
            time.sleep(0.05)
        self._log.seek(0)
        raise RuntimeError(f"Chromium did not start: {self._log.read()[-2000:]}")

    def _call(self, method: str, parameters: dict[str, Any] | None = None) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters or {}}
        if self._session:
            message["sessionId"] = self._session
        self._socket.send(json.dumps(message))
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer["error"]
                return answer["result"]
            self._take(answer)

    def _receive(self) -> dict[str, Any]:
        return json.loads(self._socket.recv(timeout=PATIENCE))

    def _take(self, event: dict[str, Any]) -> None:
        details = event.get("params", {})
        match event.get("method"):
            case "Page.loadEventFired":
                self._loaded = True
            case "Network.requestWillBeSent":
                if not details["request"]["url"].startswith("data:"):
                    self.requests.append(details["request"]["url"])
            case "Runtime.consoleAPICalled" if details["type"] in ("error", "warning"):
                self.errors.append(str(details["args"]))
            case "Runtime.exceptionThrown":
                self.errors.append(str(details["exceptionDetails"]))
            case "Log.entryAdded" if details["entry"]["level"] in ("error", "warning"):
                self.errors.append(details["entry"]["text"])
