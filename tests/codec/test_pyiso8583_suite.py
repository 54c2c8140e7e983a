"""pyiso8583's own tests, from its source distribution, run over our codec."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

FOLDER = os.environ.get("POSREFUND_PYISO8583_SDIST", "")


@pytest.mark.skipif(
    not FOLDER, reason="POSREFUND_PYISO8583_SDIST names no folder with pyiso8583-*.tar.gz"
)
def test_the_suite_of_pyiso8583_passes_over_our_codec(tmp_path: Path) -> None:
    (archive,) = Path(FOLDER).glob("pyiso8583-*.tar.gz")
    with tarfile.open(archive) as package:
        members = [
            m for m in package.getmembers() if "/tests/" in m.name and m.name.endswith(".py")
        ]
        for member in members:
            content = package.extractfile(member)
            assert content is not None
            (tmp_path / Path(member.name).name).write_bytes(content.read())
    report = tmp_path / "report"

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "pyiso8583_shim", "--rootdir", ".", "."],
        check=False,
        capture_output=True,
        encoding="utf-8",
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parent),
            "POSREFUND_SHIM_REPORT": str(report),
        },
    )

    assert done.returncode == 0, done.stdout[-4000:]
    compared = ast.literal_eval(report.read_text(encoding="ascii"))
    assert compared["decode"] > 50
    assert compared["encode"] > 50
    assert compared["refused"] > 50
