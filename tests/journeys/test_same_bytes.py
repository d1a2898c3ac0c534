"""The same study gives the same bytes, whatever the hash seed, locale, time zone, threads and instructions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reshore.data import DataPackage, write_package
from tests.money import money_package, money_settings
from tests.small import settings, small_package

ROOT = Path(__file__).resolve().parents[2]

PROFILES = (
    {},
    {
        "PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo", "LC_ALL": "C", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1",
        "NUMBA_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1",
    },
    {
        "PYTHONHASHSEED": "4242", "TZ": "America/Sao_Paulo", "LC_ALL": "C.UTF-8", "OPENBLAS_CORETYPE": "Haswell",
        "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR", "POLARS_MAX_THREADS": "2",
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-AVX2_Usable,-FMA_Usable",
    },
)  # fmt: skip

SCENARIOS = {
    "stress": {"draws": 6, "worst_cut_size": 2},
    "scenarios": [
        {"name": "cut", "label": "If China stops", "odds": [0.1, 0.3], "months": 12,
         "shocks": [{"shock": "supply-cut", "countries": ["CHN"], "severity_share": [0.5, 1.0]}]},
        {"name": "loss", "label": "If the film maker burns", "months": 6, "by": "control",
         "shocks": [{"shock": "plant-loss", "organizations": ["film-maker"]},
                    {"shock": "demand-surge", "goods": ["motor"], "demand_rise_share": [0.1, 0.4]}]},
    ],
}  # fmt: skip


def toml(value: object) -> str:
    """A value as it stands in a TOML file."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(one)}" for key, one in value.items()) + "}"
    return f"[{', '.join(map(toml, value))}]" if isinstance(value, list) else json.dumps(value)


def written(folder: Path, package: DataPackage, study: dict) -> Path:
    """The study and its package on disk."""
    write_package(package, folder / "data")
    study = {**study, "study": {**study["study"], "package": "data"}}
    path = folder / "study.toml"
    path.write_text("".join(f"{key} = {toml(value)}\n" for key, value in study.items()), encoding="utf-8")
    return path


def shipped(_: Path) -> Path:
    return ROOT / "studies" / "critical-2026.toml"


def with_scenarios(folder: Path) -> Path:
    return written(folder, small_package(), {**settings(), **SCENARIOS})


def with_money(folder: Path) -> Path:
    return written(folder, money_package(), money_settings())


@pytest.mark.parametrize(
    ("study", "holds"), [(shipped, "exposure"), (with_scenarios, "stress_cuts"), (with_money, "fund_deals")],
    ids=["shipped", "scenarios", "money"],
)  # fmt: skip
def test_a_study_gives_the_same_bytes_under_other_settings(study, holds: str, tmp_path: Path):
    path = study(tmp_path)
    outputs = []
    for number, profile in enumerate(PROFILES):
        done = subprocess.run(
            [sys.executable, "-m", "reshore", "run", str(path), "-o", f"out{number}"], cwd=tmp_path, check=False,
            env={**os.environ, **profile}, capture_output=True, text=True, encoding="utf-8", timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        folder = tmp_path / f"out{number}"
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in (folder / "tables").iterdir()}
        files |= {name: (folder / name).read_bytes() for name in ("report.html", "book.xlsx")}
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        assert manifest.pop("written")
        outputs.append((done.stdout, manifest, files))
    assert {f"tables/{holds}.csv", f"tables/{holds}.parquet"} <= set(outputs[0][2])
    for stdout, manifest, files in outputs[1:]:
        assert stdout == outputs[0][0]
        assert manifest == outputs[0][1]
        assert [name for name in files if files[name] != outputs[0][2].get(name)] == []
        assert set(files) == set(outputs[0][2])
