"""The report that a continuous-integration server reads: JUnit XML, one test case a law and dtype."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as Xml

from gnomon_validation.report_causes import block
from gnomon_validation.verdicts import Check

ERRORS = ("error", "timed out", "crashed")


def write(check: Check, file: Path) -> None:
    """Write the report of a check."""
    Xml.indent(tree := Xml.ElementTree(report(check)))
    tree.write(file, encoding="utf-8", xml_declaration=True)


def report(check: Check) -> Xml.Element:
    """Return the report of a check as an XML element."""
    failed = [v for v in check.verdicts if check.fails(v)]
    skipped = [v for v in check.verdicts if v.status == "not provided" or v.expected or (v.failed and v not in failed)]
    suite = Xml.Element(
        "testsuite",
        name=_legible(f"gnomon check {check.port}"),
        tests=str(len(check.verdicts) + len(check.not_run)),
        failures=str(sum(v.status not in ERRORS for v in failed)),
        errors=str(sum(v.status in ERRORS for v in failed)),
        skipped=str(len(skipped) + len(check.not_run)),
        time=f"{check.seconds:.3f}",
    )
    for law, dtype in check.not_run:
        case = Xml.SubElement(suite, "testcase", classname=law.operation.id, name=f"{law.name}[{dtype}]", time="0.000")
        Xml.SubElement(case, "skipped", message="not run: the check was ended before")
    for v in check.verdicts:
        name = f"{v.law.name}[{v.dtype}]"
        case = Xml.SubElement(suite, "testcase", classname=v.law.operation.id, name=name, time=f"{v.seconds:.3f}")
        if v.status == "not provided":
            Xml.SubElement(case, "skipped", message=v.reason)
        elif v.expected:
            Xml.SubElement(case, "skipped", message=_legible(f"known difference ({v.status}): {v.expected}"))
        elif v.failed and not check.fails(v):
            told = v.outcome.message if v.outcome else ""
            Xml.SubElement(case, "skipped", message=_legible(f"{v.status}, which is no failure here: {told}"))
        elif v.failed:
            kind = "error" if v.status in ERRORS else "failure"
            message = v.diagnosis[0].statement if v.diagnosis else (v.outcome and v.outcome.cause) or v.law.statement
            Xml.SubElement(case, kind, message=_legible(message), type=v.status).text = _legible(block(v).plain)
    return suite


def _legible(text: str) -> str:
    """Return the text without characters that XML forbids."""
    return "".join(c for c in text if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd")
