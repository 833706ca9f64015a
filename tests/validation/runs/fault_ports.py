"""Ports whose AdamW misbehaves while their SGD is right, each a few lines, and what is to be said of each."""

from __future__ import annotations

from typing import NamedTuple

CRASHED, TIMED_OUT, ERROR, WRONG, RIGHT = {"crashed"}, {"timed out"}, {"error"}, {"wrong"}, {"conforms"}
GIB = 1 << 30

PORT = """\
import ctypes, os, random, resource, signal, subprocess, sys, threading, time, warnings
import numpy as np
from gnomon.descent.adamw import step as right
from gnomon.descent.sgd import step as sgd_step
{before}

CALLS = []

def adamw_step(params, grad, state, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2):
    CALLS.append(len(CALLS))
    p, s = right(params, grad, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps, weight_decay=weight_decay)
{body}
    return p, s
"""


class Fault(NamedTuple):
    """A misbehaviour.

    body: what `adamw_step` does before it returns `p, s`, which are right. before: what the file does when it is
    loaded. statuses: what the worst verdict on AdamW may be. says: part of what is said of it, of what the port changes
    in the process, or by the port. memory: of a worker, in bytes. judging: how many seconds our own computing may take
    between two calls.
    """

    name: str
    body: str
    statuses: set[str]
    says: str = ""
    before: str = ""
    memory: int | None = None
    judging: float = 60.0

    @property
    def text(self) -> str:
        """The port's file."""
        body = "\n".join(f"    {line}" for line in self.body.splitlines())
        return PORT.format(before=self.before, body=body)


IN_A_CALL = "in a call of adamw.step"
OVERDUE = "a call of adamw.step did not end within 1 s (--timeout), in "
NOT_ITS_OWN = "the port closed a descriptor that is not its own, or wrote into it"
INTERRUPTED = "port.py cannot be checked: KeyboardInterrupt"
UNREADABLE = "returns what cannot be read: "
WRITES = """\
for fd in range(3, 64):
    try:
        os.write(fd, b'{}')
    except OSError:
        pass"""

ENDS = (
    Fault("exits_with_0", "os._exit(0)", CRASHED, f"process exited with status 0 {IN_A_CALL}"),
    Fault("exits_with_1", "os._exit(1)", CRASHED, f"process exited with status 1 {IN_A_CALL}"),
    Fault("exits_with_3", "os._exit(3)", CRASHED, f"process exited with status 3 {IN_A_CALL}"),
    Fault("aborts", "os.abort()", CRASHED, f"was killed by signal 6 (SIGABRT) {IN_A_CALL}, in port.py:"),
    Fault("reads_at_0", "ctypes.string_at(0)", CRASHED, f"was killed by signal 11 (SIGSEGV) {IN_A_CALL}, in port.py:"),
    Fault("kills_itself", "os.kill(os.getpid(), signal.SIGKILL)", CRASHED, f"signal 9 (SIGKILL) {IN_A_CALL}"),
    Fault("terminates_itself", "os.kill(os.getpid(), signal.SIGTERM)", CRASHED, f"signal 15 (SIGTERM) {IN_A_CALL}"),
    Fault("stops_itself", "os.kill(os.getpid(), signal.SIGSTOP)", TIMED_OUT, "a call of adamw.step did not end within"),
    Fault("interrupts_itself", "os.kill(os.getpid(), signal.SIGINT)", RIGHT),
    Fault(
        "has_no_end_of_recursion",
        "sys.setrecursionlimit(10**9)\nlist(map(deep, [0]))",
        CRASHED,
        f"signal 11 (SIGSEGV) {IN_A_CALL}, in port.py:",
        before="def deep(x):\n    return list(map(deep, [x]))",
    ),
    Fault(
        "recurses_until_memory_ends",
        "sys.setrecursionlimit(10**9)\ndeep(0)",
        CRASHED | ERROR,
        before="def deep(x):\n    return deep(np.zeros(10**6)) + 1",
        memory=GIB,
    ),
    Fault(
        "recurses_without_end", "deep(0)", ERROR, "RecursionError", before="def deep(x):\n    return deep(x + 1) + 1"
    ),
    Fault("wants_all_memory", "np.ones(2**34)", ERROR, "MemoryError: Unable to allocate 128. GiB", memory=4 * GIB),
    Fault("becomes_true", "os.execv('/bin/true', ['true'])", CRASHED, f"exited with status 0 {IN_A_CALL}"),
    Fault(
        "becomes_sleep", "os.execv('/bin/sleep', ['sleep', '60'])", TIMED_OUT, "a call of adamw.step did not end within"
    ),
    Fault("forks", "os.fork()", RIGHT),
    Fault("forks_and_its_child_fails", "if os.fork() == 0:\n    raise ValueError('child')", RIGHT),
    Fault("a_thread_exits", "threading.Timer(0.01, os._exit, (4,)).start()\ntime.sleep(9)", CRASHED, "status 4"),
    Fault("an_alarm_ends_it", "signal.setitimer(signal.ITIMER_REAL, 0.01)\ntime.sleep(9)", CRASHED, "SIGALRM"),
    Fault("exits_with_3_at_exit", "", RIGHT, before="import atexit\natexit.register(os._exit, 3)"),
    Fault("exits_in_its_third_call", "if len(CALLS) == 3:\n    os._exit(3)", CRASHED, "status 3"),
    Fault("stops_its_parent", "if CALLS == [0]:\n    os.kill(os.getppid(), signal.SIGCONT)", RIGHT),
)

HANGS = (
    Fault("loops", "while True:\n    pass", TIMED_OUT, f"{OVERDUE}port.py:"),
    Fault("sleeps", "time.sleep(60)", TIMED_OUT, f"{OVERDUE}port.py:"),
    Fault("asks", "input()", ERROR, "EOFError: EOF when reading a line (port.py:"),
    Fault(
        "waits_for_a_lock", "lock = threading.Lock()\nlock.acquire()\nlock.acquire()", TIMED_OUT, f"{OVERDUE}port.py:"
    ),
    Fault("adds_for_long", "sum(range(10**12))", TIMED_OUT, f"{OVERDUE}port.py:"),
    Fault(
        "adds_and_ignores_signals",
        "for number in {signal.SIGINT, signal.SIGTERM, signal.SIGUSR1}:\n    signal.signal(number, signal.SIG_IGN)\n"
        "sum(range(10**12))",
        TIMED_OUT,
        "a call of adamw.step did not end within 1 s",
    ),
    Fault("searches_for_long", "import re\nre.match('(a+)+$', 'a' * 60 + 'b')", TIMED_OUT, f"{OVERDUE}port.py:"),
    Fault("reads_an_empty_pipe", "os.read(os.pipe()[0], 1)", TIMED_OUT, f"{OVERDUE}port.py:"),
    Fault("waits_for_a_process", "subprocess.run(['sleep', '60'])", TIMED_OUT, f"{OVERDUE}port.py:"),
    Fault("holds_the_interpreter", "ctypes.PyDLL(None).sleep(60)", TIMED_OUT, f"{OVERDUE}port.py:"),
    Fault("hangs_in_its_third_call", "if len(CALLS) == 3:\n    time.sleep(60)", TIMED_OUT, f"{OVERDUE}port.py:"),
    Fault("waits_for_its_child", "if os.fork() == 0:\n    time.sleep(60)\nos.wait()", TIMED_OUT, f"{OVERDUE}port.py:"),
    Fault(
        "hangs_when_it_is_read",
        "p = p.view(Slow)",
        TIMED_OUT,
        "what it returned could not be judged within 3 s, in port.py:",
        before="class Slow(np.ndarray):\n    def tobytes(self, *_):\n        time.sleep(60)",
        judging=2.0,
    ),
)

DESCRIPTORS = (
    Fault("closes_its_input", "if CALLS == [0]:\n    os.close(0)", RIGHT),
    Fault("closes_its_output", "if CALLS == [0]:\n    os.close(1)", RIGHT),
    Fault("closes_its_errors", "if CALLS == [0]:\n    os.close(2)", RIGHT),
    Fault("closes_all_others", "os.closerange(3, 256)", CRASHED, NOT_ITS_OWN),
    Fault("writes_into_all_others", WRITES.format("garbage"), CRASHED, NOT_ITS_OWN),
    Fault("promises_a_long_answer", WRITES.format(r"\0\x10\0\0") + "\ntime.sleep(60)", TIMED_OUT, OVERDUE),
    Fault("prints_much", "if CALLS == [0]:\n    for _ in range(30):\n        print('x' * 10**6)", RIGHT, "xxx"),
    Fault("prints_bytes", "os.write(1, bytes(range(256)))", RIGHT),
    Fault("prints_surrogates", "print('\\ud800 \\x1b[31m[red] \\x00')", RIGHT | ERROR),
    Fault("closes_stdout", "sys.stdout.close()", RIGHT),
    Fault("has_no_stdout", "sys.stdout = sys.stderr = None", RIGHT, "sys.stdout"),
    Fault(
        "opens_all_there_are",
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\nKEPT.extend(open(__file__) for _ in range(64))",
        ERROR,
        "OSError: [Errno 24] Too many open files",
        before="KEPT = []",
    ),
)

PROCESS = (
    Fault(
        "lets_numpy_raise", "np.seterr(all='raise')\nnp.float32(3e38) * np.float32(9)", ERROR, "FloatingPointError: "
    ),
    Fault("lets_numpy_ignore", "np.seterr(all='ignore')", RIGHT),
    Fault("replaces_sqrt", "np.sqrt = lambda x, *_, **__: x", WRONG, "the port changes numpy.sqrt"),
    Fault("replaces_norm", "np.linalg.norm = lambda *_, **__: 0.0", WRONG, "the port changes numpy.linalg.norm"),
    Fault("replaces_asarray", "np.asarray = lambda x, *_, **__: x", WRONG, "the port changes numpy.asarray"),
    Fault(
        "lets_all_conform",
        "p = p + 1\nfrom gnomon_validation.judging import Judge\nfrom gnomon_validation.verdicts import Outcome\n"
        "Judge.outcome = lambda self, case: Outcome('conforms', (), None, '', 0.0, ())",
        WRONG,
        "the port changes gnomon_validation.judging.Judge.outcome",
    ),
    Fault(
        "judges_itself",
        "p = p + 1\nfrom gnomon_spec import bands\nfrom gnomon_validation import judging\n"
        "judging.judge = bands.judge = lambda fact, *_: bands.Judgement(fact.label, True)",
        WRONG,
        "the port changes gnomon_spec.bands.judge",
    ),
    Fault(
        "answers_itself",
        "p = p + 1\nfrom gnomon_validation.runs import work, worker\n"
        "worker.perform = work.perform = lambda *_: {'status': None}",
        WRONG,
        "the port changes gnomon_validation.runs.work",
    ),
    Fault("says_that_it_is_another", "os.getpid = lambda: 1", WRONG, "the port changes os.getpid"),
    Fault("goes_elsewhere", "os.chdir('/')", RIGHT, "working directory"),
    Fault(
        "deletes_where_it_is",
        "import tempfile\nhere = tempfile.mkdtemp()\nos.chdir(here)\nos.rmdir(here)",
        RIGHT,
        "working directory",
    ),
    Fault(
        "changes_the_environment", "os.environ['OMP_NUM_THREADS'] = '9'", RIGHT, "environment variable OMP_NUM_THREADS"
    ),
    Fault("clears_the_environment", "os.environ.clear()", RIGHT, "environment variable PATH"),
    Fault("forgets_numpy", "sys.modules.pop('numpy', None)", WRONG, "module numpy"),
    Fault(
        "forgets_us", "sys.modules.pop('gnomon_validation.judging', None)", WRONG, "module gnomon_validation.judging"
    ),
    Fault("lets_warnings_raise", "warnings.simplefilter('error')", RIGHT),
    Fault("handles_signals", "signal.signal(signal.SIGTERM, signal.SIG_IGN)", RIGHT, "handler of SIGTERM"),
    Fault(
        "replaces_len",
        "import builtins\nbuiltins.len = lambda x, len=len: len(x)",
        WRONG,
        "the port changes builtins.len",
    ),
    Fault("seeds", "random.seed(0)\nnp.random.seed(0)", RIGHT),
    Fault("stops_the_clock", "time.time = time.perf_counter = time.monotonic = lambda: 0.0", WRONG, "time.monotonic"),
    Fault("collects_no_garbage", "import gc\ngc.disable()", RIGHT, "garbage collection"),
    Fault("traces", "sys.settrace(lambda *_: None)", RIGHT),
    Fault("profiles", "sys.setprofile(lambda *_: 1 / 0)", RIGHT | WRONG | ERROR),
    Fault("lowers_the_recursion_limit", "sys.setrecursionlimit(sys.getrecursionlimit() // 2)", RIGHT),
    Fault("speaks_another_language", "import locale\nlocale.setlocale(locale.LC_ALL, 'C')", RIGHT),
    Fault(
        "flushes_its_rounding_mode", "ctypes.CDLL('libm.so.6').fesetround(0x400)", WRONG, "the processor's arithmetic"
    ),
    Fault("prints_numbers_otherwise", "np.set_printoptions(precision=1)", RIGHT, "numpy's print options"),
    Fault("has_no_path", "sys.path.clear()", RIGHT, "sys.path"),
    Fault(
        "asks_for_little_memory", "resource.setrlimit(resource.RLIMIT_AS, (1 << 20, 1 << 20))", RIGHT | ERROR | CRASHED
    ),
    Fault(
        "closes_what_is_watched",
        "import gc, mmap\n[o.close() for o in gc.get_objects() if type(o) is mmap.mmap]",
        CRASHED,
    ),
    Fault(
        "leaves_a_thread_at_work",
        "if CALLS == [0]:\n    threading.Thread(target=lambda: [None for _ in iter(int, 1)], daemon=True).start()",
        RIGHT,
        "threads",
    ),
)

EXCEPTIONS = (
    Fault("raises_exit", "sys.exit(3)", ERROR, "the port raised SystemExit: 3 (port.py:"),
    Fault("raises_an_interrupt", "raise KeyboardInterrupt", ERROR, "the port raised KeyboardInterrupt (port.py:"),
    Fault("raises_generator_exit", "raise GeneratorExit", ERROR, "the port raised GeneratorExit (port.py:"),
    Fault("raises_stop_iteration", "raise StopIteration(3)", ERROR, "the port raised StopIteration: 3 (port.py:"),
    Fault(
        "raises_a_base_exception",
        "raise OwnError('x')",
        ERROR,
        "the port raised OwnError: x (port.py:",
        before="class OwnError(BaseException): pass",
    ),
    Fault(
        "raises_what_has_no_words",
        "raise SilentError",
        ERROR,
        "the port raised SilentError (port.py:",
        before="class SilentError(Exception):\n    def __str__(self):\n        raise SystemExit",
    ),
    Fault(
        "raises_what_interrupts",
        "raise SilentError",
        CRASHED,
        INTERRUPTED,
        before="class SilentError(Exception):\n    def __str__(self):\n        raise KeyboardInterrupt",
    ),
    Fault(
        "raises_what_is_slow_to_tell",
        "raise SlowError",
        ERROR,
        "the port raised SlowError: x (port.py:",
        before="class SlowError(Exception):\n    def __str__(self):\n        time.sleep(0.01)\n        return 'x'",
    ),
    Fault(
        "raises_what_exits_when_it_is_told",
        "raise LastError",
        CRASHED,
        "exited with status 5",
        before="class LastError(Exception):\n    def __str__(self):\n        os._exit(5)",
    ),
    Fault(
        "raises_in_red",
        "raise Red('\\x1b[31m x')",
        ERROR,
        "the port raised \\x1b[31m[red]E: \\x1b[31m x (port.py:",
        before="Red = type('\\x1b[31m[red]E', (Exception,), {})",
    ),
    Fault(
        "raises_our_own",
        "from gnomon_validation.drawing import _EnoughError\nraise _EnoughError",
        ERROR,
        "the port raised _EnoughError (port.py:",
    ),
    Fault(
        "raises_our_port_error",
        "from gnomon_validation.ports.runner import PortError\nraise PortError('boom')",
        ERROR,
        "the port raised boom",
    ),
    Fault(
        "says_that_it_is_not_varied",
        "from gnomon_validation.ports.runner import NotVariedError\nraise NotVariedError('boom')",
        ERROR,
        "the port raised NotVariedError: boom (port.py:",
    ),
    Fault(
        "rejects_the_example",
        "from hypothesis import assume\nassume(False)",
        ERROR,
        "the port raised UnsatisfiedAssumption",
    ),
    Fault(
        "stops_the_test",
        "from hypothesis.errors import StopTest\nraise StopTest(0)",
        ERROR,
        "the port raised StopTest: 0 (port.py:",
    ),
    Fault("skips_the_test", "import pytest\npytest.skip('no')", ERROR, "the port raised Skipped: no (port.py:"),
    Fault("ends_the_session", "import pytest\npytest.exit('no')", ERROR, "the port raised Exit: no (port.py:"),
    Fault(
        "raises_a_group",
        "raise BaseExceptionGroup('both', [KeyboardInterrupt(), ValueError('x')])",
        ERROR,
        "the port raised BaseExceptionGroup: both (2 sub-exceptions) (port.py:",
    ),
    Fault("raises_a_memory_error", "raise MemoryError", ERROR, "the port raised MemoryError (port.py:"),
    Fault("raises_much", "raise ValueError('x' * 10**7)", ERROR, "xxx…"),
    Fault("raises_itself", "error = ValueError('x')\nerror.__cause__ = error\nraise error", ERROR, "ValueError: x"),
)

RETURNS = (
    Fault("returns_nothing", "return None", WRONG, "returns None where (params, AdamState) is expected"),
    Fault("returns_a_generator", "return (x for x in (p, s))", WRONG, "returns a generator where (params, AdamState)"),
    Fault("returns_texts", "p = p.astype(str)", WRONG, "returns params in <U32 where float32 was given"),
    Fault("returns_objects", "p = p.astype(object)", WRONG, "returns params in object where float32 was given"),
    Fault("returns_a_structure", "p = p.view([('x', 'f4')])", WRONG, "returns params in [('x', '<f4')] where float32"),
    Fault("returns_big_ends", "p = p.astype('>f4')", WRONG, "returns params in >f4 where float32 was given"),
    Fault("returns_a_mask", "p = np.ma.masked_array(p, mask=True)", RIGHT),
    Fault("returns_no_dimension", "p = p.sum()", WRONG, "returns params of shape ()"),
    Fault("returns_what_is_read_only", "p.setflags(write=False)", RIGHT),
    Fault("returns_the_inputs", "p = params", WRONG),
    Fault("returns_boxed_nans", "p = np.full(p.shape, 0x7FA12345, np.uint32).view(np.float32)", WRONG),
    Fault("returns_too_much", "p = np.broadcast_to(p[:1], (2**28,))", WRONG, f"{UNREADABLE}MemoryError", memory=GIB),
    Fault("returns_a_huge_count", "s = s._replace(step_count=10**400)", WRONG, "an integer of about 401 digits"),
    Fault(
        "returns_a_true_count", "s = s._replace(step_count=True)", WRONG, "returns True as step_count where an integer"
    ),
    Fault(
        "returns_freed_memory",
        "p = np.frombuffer((ctypes.c_float * p.size).from_address(16), np.float32)",
        CRASHED,
        "was killed by signal 11 (SIGSEGV) between its calls",
    ),
    Fault(
        "returns_what_exits_when_it_is_told",
        "p = Silent()",
        WRONG,
        "returns a Silent as params where a NumPy array is expected",
        before="class Silent:\n    def __repr__(self):\n        raise SystemExit(0)",
    ),
    Fault(
        "returns_what_interrupts_when_it_is_told",
        "p = Own()",
        CRASHED,
        INTERRUPTED,
        before="class Own:\n    def __repr__(self):\n        raise KeyboardInterrupt",
    ),
    Fault(
        "returns_what_raises_when_it_is_read",
        "p = p.view(Own)",
        WRONG,
        f"{UNREADABLE}ZeroDivisionError",
        before="class Own(np.ndarray):\n    def tobytes(self, *_):\n        return 1 / 0",
    ),
    Fault(
        "returns_what_interrupts_when_it_is_read",
        "p = p.view(Own)",
        CRASHED,
        INTERRUPTED,
        before="class Own(np.ndarray):\n    def tobytes(self, *_):\n        raise KeyboardInterrupt",
    ),
    Fault(
        "returns_what_cannot_be_added",
        "p = p.view(Own)",
        RIGHT,
        before="class Own(np.ndarray):\n    def __array_ufunc__(self, *_, **__):\n        raise ValueError('no')",
    ),
    Fault(
        "returns_a_tuple_of_its_own",
        "return Own((p, s))",
        WRONG,
        f"{UNREADABLE}ValueError: no",
        before="class Own(tuple):\n    def __len__(self):\n        raise ValueError('no')",
    ),
    Fault(
        "returns_an_integer_of_its_own",
        "s = s._replace(step_count=Own(s.step_count))",
        WRONG,
        f"{UNREADABLE}ValueError: no",
        before="class Own(int):\n    def __int__(self):\n        raise ValueError('no')\n    __abs__ = __int__",
    ),
    Fault(
        "returns_what_has_no_class",
        "p = Own()",
        WRONG,
        f"{UNREADABLE}ValueError: no",
        before="class Own:\n    @property\n    def __class__(self):\n        raise ValueError('no')",
    ),
    Fault("returns_itself_within_itself", "p = []\np.append(p)", WRONG),
)

STATE = (
    Fault(
        "writes_over_what_it_returned",
        "if len(CALLS) > 1:\n    LAST.pop()[...] = 3\nLAST.append(p)",
        WRONG,
        "the port changes arrays that it returned from an earlier call",
        before="LAST = []",
    ),
    Fault("writes_over_its_input", "params[...] = 3", WRONG, "the port changes its inputs in place"),
    Fault("answers_by_the_clock", "p = p + np.float32(time.perf_counter_ns() % 1000)", WRONG),
    Fault("answers_otherwise_each_time", "p = p + len(CALLS)", WRONG),
    Fault("counts_its_calls", "s = s._replace(step_count=len(CALLS))", WRONG),
    Fault("is_wrong_once", "if CALLS == [0]:\n    p = p + 1", RIGHT | WRONG | {"imprecise"}),
    Fault("is_wrong_for_long_arrays", "if p.size > 50:\n    p = p + 1", RIGHT),
    Fault("is_wrong_for_short_arrays", "if p.size < 50:\n    p = p + 1", WRONG),
    Fault("grows", "CALLS.append(np.ones(10**6))", RIGHT),
)

FAULTS = (*ENDS, *HANGS, *DESCRIPTORS, *PROCESS, *EXCEPTIONS, *RETURNS, *STATE)

# What a file does when it is loaded, and part of the line that is said of it then; `None`: it is checked all the same.
AT_LOADING: dict[str, tuple[str, str | None]] = {
    "exits": ("os._exit(5)", "port.py cannot be checked: the port's process exited with status 5 while it was loaded"),
    "kills_itself": ("os.kill(os.getpid(), 9)", "process was killed by signal 9 (SIGKILL) while it was loaded"),
    "reads_at_0": ("ctypes.string_at(0)", "(SIGSEGV) while it was loaded, in port.py:"),
    "hangs": ("time.sleep(60)", "it could not be loaded within 1.2 s (six times --timeout), in port.py:"),
    "leaves": ("sys.exit('enough')", "port.py cannot be loaded: SystemExit: enough"),
    "raises": ("1 / 0", "port.py cannot be loaded: ZeroDivisionError: division by zero"),
    "interrupts": ("raise KeyboardInterrupt", "port.py cannot be checked: KeyboardInterrupt"),
    "is_no_python": ("def (", "port.py cannot be loaded: SyntaxError: invalid syntax"),
    "needs_what_there_is_not": ("import no_such", "port.py cannot be loaded: ModuleNotFoundError: No module named"),
    "cannot_be_told": (
        "class SilentError(Exception):\n    def __str__(self):\n        raise SystemExit\nraise SilentError",
        "port.py cannot be loaded: SilentError",
    ),
    "closes_all_descriptors": ("os.closerange(3, 256)", NOT_ITS_OWN),
    "replaces_sqrt": ("np.sqrt = lambda x, *_, **__: x", "port.py cannot be checked: the port changes numpy.sqrt"),
    "prints_much": ("for _ in range(5):\n    print('x' * 10**6)", None),
    "forks": ("os.fork()", None),
    "lets_numpy_raise": ("np.seterr(all='raise')", None),
    "goes_elsewhere": ("os.chdir('/')", None),
    "leaves_a_thread": ("threading.Thread(target=time.sleep, args=(60,), daemon=True).start()", None),
}

DAMAGED = """\
import numpy as np
from gnomon_spec.cases import map_leaves
from {module} import {name} as right

def {operation}(*inputs, **hyperparameters):
    outputs = right(*inputs, **hyperparameters)
    return {damaged}
"""


class Damage(NamedTuple):
    """A port of one operation whose outputs are damaged, and what is to be said of it under a law."""

    law: str
    module: str
    damaged: str
    statuses: set[str]
    says: str

    @property
    def text(self) -> str:
        """The port's file."""
        operation = self.law.partition(":")[0]
        name = operation.partition(".")[2]
        return DAMAGED.format(
            module=self.module, name=name, operation=operation.replace(".", "_"), damaged=self.damaged
        )


NOT_HELD = "the port returns what the law cannot be held against: "

DAMAGES = (
    Damage(
        "homotopy.step:agrees_with_the_oracle", "gnomon.descent.homotopy.optimizer", "1 / 0", ERROR, "ZeroDivisionError"
    ),
    Damage(
        "homotopy.schedule_layers:agrees_with_the_oracle",
        "gnomon.descent.homotopy.layers",
        "map_leaves(lambda x: x * np.nan if isinstance(x, np.ndarray) else x, outputs)",
        WRONG,
        "NaN where the oracle has none",
    ),
    Damage(
        "hessian_free.choose_iterate:the_least_of_the_visited_ones_is_taken",
        "gnomon.hessian_free.backtracking",
        "outputs._replace(taken=outputs.taken + 1)",
        WRONG,
        f"{NOT_HELD}IndexError",
    ),
    Damage(
        "curvature.lanczos:it_ends_when_the_space_is_invariant",
        "gnomon.curvature.lanczos",
        "map_leaves(lambda x: x.sum(dtype=x.dtype).reshape(()) if isinstance(x, np.ndarray) else x, outputs)",
        WRONG,
        f"{NOT_HELD}TypeError",
    ),
    Damage(
        "hessian_free.conjugate_gradients:agrees_with_the_oracle",
        "gnomon.hessian_free.conjugate_gradients",
        "map_leaves(lambda x: x[:0] if isinstance(x, np.ndarray) and x.ndim else x, outputs)",
        WRONG,
        "",
    ),
)
