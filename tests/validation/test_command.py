"""The command `gnomon`: what it prints, its exit status, and one clear line for whatever a user gets wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from small_ports import DECAYING

from gnomon_spec.system import find_system, systems
from gnomon_validation.witnesses import known_cases

QUICK = ("--law", "agrees with the oracle", "--dtype", "float32", "--examples", "20")


@pytest.fixture
def wrong_port(tmp_path):
    (tmp_path / "my_port.py").write_text(DECAYING, encoding="utf-8")
    return "my_port.py"


def assert_one_line(answer, *words):
    status, output, errors = answer
    assert (status, output) == (2, "")
    assert errors.startswith("gnomon: ") and errors.count("\n") == 1
    assert "Usage" not in errors and "Traceback" not in errors
    for word in words:
        assert word in errors


def test_a_port_that_conforms_has_status_0(gnomon):
    status, output, _ = gnomon("check", "reference", "--system", "adamw", *QUICK)
    assert status == 0
    laws = [law for law in find_system("adamw").laws if law.name == "agrees_with_the_oracle"]
    cases = 60 + sum(len(known_cases(law, "float32")) for law in laws)
    assert f"reference conforms (3 checks of laws, {cases} cases," in output
    assert not Path("failures").exists()


def test_a_port_that_does_not_conform_has_status_1_and_leaves_its_smallest_case(gnomon, wrong_port):
    status, output, _ = gnomon("check", wrong_port, *QUICK)
    assert status == 1
    assert "my_port.py does not conform: 1 of 1 checks of laws fails" in output
    line = next(line for line in output.splitlines() if "replay: gnomon" in line)
    status, output, _ = gnomon(*line.split("gnomon ", 1)[1].split())
    assert status == 1
    assert "WRONG" in output and "to run it: gnomon replay" in output


def test_replay_names_the_mistake_that_the_check_named_and_has_status_0_once_it_is_mended(gnomon, wrong_port):
    _, checked, _ = gnomon("check", wrong_port, *QUICK)
    file = next(Path("failures").iterdir())
    for output in (checked, gnomon("replay", file).output, gnomon("replay", file, "--port", wrong_port).output):
        assert "behaves as: Weight decay is applied to the already updated parameters" in output
    status, output, _ = gnomon("replay", file, "--port", "reference")
    assert status == 0 and "conforms" in output and "returned then" not in output
    Path(wrong_port).write_text("from gnomon.descent.adamw import step as adamw_step", encoding="utf-8")
    status, output, _ = gnomon("replay", file, "--port", wrong_port)
    assert status == 0 and "what my_port.py returned then failed: it has changed since, or its answers " in output


def test_a_module_an_object_in_it_and_a_file_that_imports_what_lies_beside_it_are_ports(gnomon, wrong_port):
    assert gnomon("check", "my_port", *QUICK)[0] == 1
    Path("more.py").write_text("class Kit:\n    import my_port\n    adamw_step = staticmethod(my_port.adamw_step)\n")
    assert gnomon("check", "more:Kit", *QUICK)[0] == 1
    Path("elsewhere").mkdir()
    Path("elsewhere/the_other_half.py").write_text(DECAYING, encoding="utf-8")
    Path("elsewhere/one_half.py").write_text("from the_other_half import adamw_step\n", encoding="utf-8")
    assert gnomon("check", "elsewhere/one_half.py", *QUICK)[0] == 1


def test_expected_failures_are_listed_with_their_reason_and_status_0(gnomon, wrong_port):
    Path("expected.toml").write_text('[expected]\n"adamw.step:*" = "we decay afterwards"\n', encoding="utf-8")
    status, output, _ = gnomon("check", wrong_port, *QUICK, "--expect", "expected.toml")
    assert status == 0
    assert "we decay afterwards" in output
    assert "conforms but for 1 known" in output


def test_reports_are_written_beside_what_is_printed_of_every_law_if_asked_for(gnomon):
    reports = ("--every-law", "--json", "report.json", "--junit", "report.xml")
    _, output, _ = gnomon("check", "reference", "--system", "sgd", "--examples", "2", *reports)
    assert all(law.name.replace("_", " ") in output for law in systems()["sgd"].laws)
    assert json.loads(Path("report.json").read_text(encoding="utf-8"))["conforms"] is True
    assert "<testsuite" in Path("report.xml").read_text(encoding="utf-8")


@pytest.mark.parametrize("what", ["systems", "operations", "laws", "mistakes", "ports"])
def test_a_listing_has_a_line_for_everything(gnomon, what):
    status, output, errors = gnomon("list", what)
    names = {
        "systems": list(systems()),
        "operations": [o.id for s in systems().values() for o in s.operations.values()],
        "laws": [law.id for s in systems().values() for law in s.laws],
        "mistakes": [f"{s.name}:{name}" for s in systems().values() for name in s.mistakes],
        "ports": ["numba", "reference", "FILE.py"],
    }[what]
    lines = output.splitlines()
    assert (status, errors) == (0, "")
    assert all(any(line.startswith(f"{name}  ") for line in lines) for name in names)


def test_systems_are_listed_unasked(gnomon):
    assert gnomon("list") == gnomon("list", "systems")


@pytest.mark.parametrize("name", [*systems(), "adamw.step"])
def test_an_explanation_gives_laws_and_mistakes_in_their_sentences(gnomon, name):
    status, output, _ = gnomon("explain", name)
    system_name, _, only = name.partition(".")
    system = systems()[system_name]
    operations = [system.operations[only]] if only else list(system.operations.values())
    assert status == 0
    assert system.title in output
    assert all(law.statement in output for operation in operations for law in operation.laws)
    assert all(m.statement in output for m in system.mistakes.values() if any(map(m.concerns, operations)))


def test_help_is_printed_with_status_0_when_asked_for_and_2_when_nothing_is(gnomon):
    status, output, errors = gnomon("check", "--help")
    assert (status, errors) == (0, "") and "Exit status: 0 all conform" in output
    status, output, _ = gnomon()
    assert status == 2 and "Commands:\n" in output


SLIPS = {
    "chek numba": ["check"],
    "check": ["PORT"],
    "check nunba": ["did you mean 'numba'"],
    "check referense": ["did you mean 'reference'"],
    "check troch:torch.optim.Adam": ["did you mean 'torch:torch.optim.Adam'"],
    "check no_such_module": ["no_such_module"],
    "check no.such.module:thing": ["no.such.module"],
    "check math:nothing": ["module math has no 'nothing'"],
    "check math:": ["module math has no ''"],
    "check math": ["provides nothing"],
    "check ..": ["directory"],
    "check :name": ["package.module:NAME"],
    "check missing.py": ["missing.py does not exist"],
    "check some/where": ["does not exist"],
    "check notes.txt": ["notes"],
    "check empty.py": ["empty.py provides nothing of"],
    "check broken.py": ["broken.py cannot be loaded: SyntaxError"],
    "check needs.py": ["needs.py cannot be loaded", "no_such_package"],
    "check leaves.py": ["leaves.py cannot be loaded: SystemExit"],
    "check numba --system adma": ["did you mean 'adam'"],
    "check numba --law agrees_with_the_orakle": ["did you mean", "agrees_with_the_oracle"],
    "check numba --law xyzzy": ["no law is called 'xyzzy'; see gnomon list laws"],
    "check numba --dtype float23": ["'float23' is not one of 'float16', 'float32', 'float64'"],
    "check numba --dtype float16": ["no law that was asked for is about what numba provides: ", ", … in float16"],
    "check numba --exmaples 3": ["--examples"],
    "check numba --examples 0": ["--examples"],
    "check numba --examples many": ["many"],
    "check numba --seed -1": ["--seed"],
    "check numba surplus": ["surplus"],
    "check numba --set fused": ["options are written NAME=VALUE, got 'fused'"],
    "check numba --set 3=4": ["options are written NAME=VALUE, got '3=4'"],
    "check numba --set fused=True": ["options are for torch and optax ports"],
    "check torch:": ["named module.name"],
    "check numba --expect missing.toml": ["missing.toml does not exist"],
    "check numba --expect broken.toml": ["broken.toml cannot be read"],
    "check numba --expect tableless.toml": ["must have a table [expected]"],
    "check numba --expect silent.toml": ["must have a table [expected]"],
    "check numba --expect mistyped.toml": ["did you mean 'adam.step:bad_input_is_rejected'"],
    "check numba --expect ..": ["cannot be read"],
    "check numba --json missing/report.json": ["missing", "does not exist"],
    "check numba --json empty.py/report.json": ["empty.py", "does not exist"],
    "check numba --json ..": ["is a directory"],
    "check numba --junit missing/report.xml": ["missing", "does not exist"],
    "check numba --junit ..": ["is a directory"],
    "check numba --failures empty.py": ["empty.py"],
    "check numba --failures empty.py/deeper": ["empty.py is not a directory"],
    "list lwas": ["did you mean 'laws'"],
    "explain": ["NAME"],
    "explain adm": ["did you mean 'adam'"],
    "explain adam.stp": ["did you mean 'step'"],
    "replay": ["FILE"],
    "replay missing.json": ["missing.json does not exist"],
    "replay empty.py": ["empty.py"],
    "replay ..": ["cannot be read"],
}


@pytest.mark.parametrize("command", SLIPS)
def test_a_slip_is_answered_in_one_line(gnomon, command):
    files = {
        "notes.txt": "a note",
        "empty.py": "nothing = 1",
        "broken.py": "def adam_step(:",
        "needs.py": "import no_such_package",
        "leaves.py": "raise SystemExit(0)",
        "broken.toml": "[expected",
        "tableless.toml": "expected = 3",
        "silent.toml": '[expected]\n"adam.step:*" = " "',
        "mistyped.toml": '[expected]\n"adam.step:bad_input_is_rejectd" = "our caller validates"',
    }
    for name, text in files.items():
        Path(name).write_text(text, encoding="utf-8")
    assert_one_line(gnomon(*command.split()), *SLIPS[command])
    assert not Path("failures").exists()


@pytest.mark.parametrize("kind", ["torch", "optax"])
def test_a_missing_extra_is_named(gnomon, monkeypatch, kind):
    monkeypatch.setitem(sys.modules, kind, None)
    for module in [name for name in sys.modules if name.startswith("gnomon_validation.ports.")]:
        if module.endswith(("torch_optim", "optax_transforms")):
            monkeypatch.delitem(sys.modules, module)
    assert_one_line(gnomon("check", f"{kind}:{kind}.any"), f"pip install 'gnomon[{kind}]'")


def test_an_error_inside_gnomon_is_not_mistaken_for_the_users(gnomon, monkeypatch):
    monkeypatch.setattr("gnomon_validation.check_command.run_check", lambda *_, **__: json.loads("{"))
    with pytest.raises(json.JSONDecodeError):
        gnomon("check", "numba", *QUICK)


def test_an_interrupt_has_status_130(gnomon, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("gnomon_validation.check_command.run_check", interrupted)
    status, output, errors = gnomon("check", "numba", *QUICK)
    assert (status, output) == (130, "")
    assert "Traceback" not in errors


def test_the_installed_command_is_this_one(tmp_path):
    command = [sys.executable, "-c", "from gnomon_validation.cli import main; main()", "list", "sytems"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "gnomon: no listing is called 'sytems'; did you mean 'systems'?\n"
