"""What a case of each law costs, in milliseconds: the table by which a check shares its time among laws.

Writes `gnomon_validation/runs/costs.json`. A law that is not in it counts as the median of its operation; measure anew
after adding a method, on a machine with nothing else to do. One digit is kept: the shares need no more.

    python validation/benchmarks/costs.py            # minutes
    python validation/benchmarks/costs.py muon egd   # of these systems; the others keep what they have
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import process_time

from gnomon_spec.system import Law, systems
from gnomon_validation import runs
from gnomon_validation.checker import check_law
from gnomon_validation.ports.bundled import ReferencePort
from gnomon_validation.runs.plan import Plan

EXAMPLES = 20


def milliseconds(law: Law) -> float:
    """Return what a case of a law costs in the dtype in which it costs most; 0 if it has no cases."""
    port, dearest = ReferencePort(), 0.0
    for dtype in ("float32", "float64"):
        check_law(port, law, dtype, Plan(2))  # what is cached is not counted
        began = process_time()
        cases = check_law(port, law, dtype, Plan(EXAMPLES))[0].cases
        dearest = max(dearest, (process_time() - began) / max(cases, 1) * 1000 * bool(cases))
    return float(f"{dearest:.1g}")


def main(*names: str) -> None:
    """Measure, write the table and print its sum."""
    file = Path(str(runs.__file__)).parent / "costs.json"
    known = json.loads(file.read_text(encoding="utf-8"))
    laws = sorted((law for system in systems().values() for law in system.laws), key=lambda law: law.id)
    anew = {law.id for law in laws if not names or law.operation.system.name in names}
    found = {law.id: milliseconds(law) if law.id in anew else known.get(law.id, 0.0) for law in laws}
    costs = {law: cost for law, cost in found.items() if cost}
    file.write_text(json.dumps(costs, indent=0) + "\n", encoding="utf-8")
    print(f"{len(costs)} laws; 100 cases of each in two dtypes cost {sum(costs.values()) / 5:.0f} s")


if __name__ == "__main__":
    main(*sys.argv[1:])
