"""The two stages in real child processes: what is gone, what is missing, and what is said of it."""

import json
from pathlib import Path

import pytest

from counter.guarantees import Guarantee
from counter.sandbox import Enclosure, Plan
from counter.sandbox.attempts import ways_out
from counter.sandbox.enclosure import CAPABILITIES
from tests.sandboxed import SWAP, WHOLE, child, needs_both_walls

pytestmark = needs_both_walls


def test_without_the_sandbox_every_way_out_is_open(tmp_path):
    code = "from counter.sandbox.selftest import run\nheld = open({!r}, 'w')\n"
    code += "print(json.dumps([[one.name, one.blocked] for one in run(Plan(), ()).attempts]))"
    (tried,) = child(code.format(str(tmp_path / "held")))
    assert [name for name, blocked in tried if blocked] == []
    assert len({name for name, _ in tried}) == len(tried) > 40
    assert not list(Path("/tmp").glob("counter-sandbox-*"))  # noqa: S108


def test_every_guarantee_of_the_kernels_shuts_some_way_alone():
    alone = {way.shut_by[0] for way in ways_out(Plan()) if len(way.shut_by) == 1}
    assert alone == set(Guarantee) - {Guarantee.NO_SWAP}  # swap is no way that a process can take


def test_a_rehearsal_says_what_this_kernel_gives_and_leaves_the_parent_free(tmp_path):
    code = f"""
proof = rehearse(Plan(read=(Path("/etc/hostname"),), connect=(8883,), bind=(9464,)))
Path({str(tmp_path / "after")!r}).write_text("free")
print(json.dumps([proof.level, opened(proof), len(proof.attempts), os.system("true")]))
"""
    ((level, left, tried, status),) = child(code)
    assert (level, left, status) == (WHOLE, [], 0)
    assert tried > 40
    assert (tmp_path / "after").read_text() == "free"


def test_without_landlock_the_filter_stands_alone():
    code = """
weak = replace(facts, landlock_abi=0)
refused = said(lambda: Enclosure(Plan(), swap, facts=weak).enter())
rehearsed = rehearse(Plan(), facts=weak)
proof = inside(accepted=[G.LANDLOCK_FS, G.LANDLOCK_NET], facts=weak)
print(json.dumps([refused, rehearsed.missing, proof.missing, opened(proof),
    said(lambda: os.listdir("/")), said(lambda: open("/tmp/x", "w")), proof.landlock_abi]))
"""
    ((refused, rehearsed, missing, left, listed, created, abi),) = child(code)
    assert "landlock-fs: files outside" in refused
    assert rehearsed == missing == ["landlock-fs", "landlock-net", *SWAP]
    assert left == ["connect to another TCP port", "list a folder outside"]
    assert (listed, created, abi) == ("done", "EPERM", 0)


def test_without_ports_in_landlock_only_they_are_missing():
    code = """
proof = rehearse(Plan(), facts=replace(facts, landlock_abi=3))
print(json.dumps([proof.missing, opened(proof)]))
"""
    ((missing, left),) = child(code)
    assert missing == ["landlock-net", *SWAP]
    assert left == ["connect to another TCP port"]


def test_without_seccomp_the_rest_still_runs():
    code = """
weak = replace(facts, seccomp=False)
proof = inside(accepted=[G.SECCOMP], facts=weak)
print(json.dumps([proof.level, opened(proof), [one.name for one in proof.attempts if one.blocked],
    said(lambda: os.listdir("/")), said(lambda: open("/tmp/x", "w"))]))
"""
    ((level, left, shut, listed, created),) = child(code)
    assert level == f"weaker:{','.join([Guarantee.SECCOMP, *SWAP])}"
    assert {"create a file", "connect to another TCP port", "bind another TCP port"} <= set(shut)
    assert {"start a process", "open a UDP socket", "use io_uring"} <= set(left)
    assert (listed, created) == ("EACCES", "EACCES")


def test_output_into_a_file_is_refused_or_accepted_by_name(tmp_path):
    code = """
refused = said(lambda: Enclosure(Plan(), swap).enter())
proof = inside(accepted=[G.NO_INHERITED_FILES])
print(json.dumps([refused, proof.missing, opened(proof), said(lambda: open("/tmp/x", "w"))]))
"""
    with (tmp_path / "out").open("w") as out:
        child(code, stdout=out)
    refused, missing, left, created = json.loads((tmp_path / "out").read_text())
    assert "no-inherited-files: a file that was open for writing" in refused
    assert missing == [*SWAP, "no-inherited-files"]
    assert (left, created) == (["write to a file opened before"], "EPERM")


def test_stage_1_refuses_a_second_thread():
    code = """
other = threading.Thread(target=time.sleep, args=(1,), daemon=True); other.start()
print(json.dumps([said(lambda: Enclosure(Plan(), swap).enter())]))
"""
    assert child(code) == [
        ["stage 1 of the sandbox needs a process with one thread, this one has 2"]
    ]


def test_other_processes_are_closed_to_root_even_without_landlock():
    code = """
mine = [f"/proc/{os.getppid()}/{name}" for name in ("environ", "mem", "maps", "root/etc/hosts")]
before = [said(lambda: open(name, "rb").read(0)) for name in mine]
proof = inside(accepted=[G.LANDLOCK_FS, G.LANDLOCK_NET], facts=replace(facts, landlock_abi=0))
after = [said(lambda: open(name, "rb").read(0)) for name in mine]
held = Path("/proc/self/status").read_text().split("CapPrm:")[1].split()[0]
print(json.dumps([before, after, int(held, 16)]))
"""
    ((before, after, held),) = child(code)
    assert before == ["done"] * 4
    assert after == ["EACCES"] * 4
    assert held & ~CAPABILITIES == 0


def test_a_unix_socket_that_is_kept_cannot_be_connected_elsewhere(tmp_path):
    code = f"""
paths = [{str(tmp_path)!r} + "/" + name for name in ("manager", "log")]
ends = [socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in paths]
for end, path in zip(ends, paths): end.bind(path)
kept = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); kept.connect(paths[0])
inside()
print(json.dumps([said(lambda: kept.connect(paths[1])), said(lambda: kept.sendto(b"x", paths[1])),
    said(lambda: kept.sendmsg([b"x"])), said(lambda: os.dup(kept.fileno())),
    kept.send(b"READY=1"), ends[0].recv(9).decode()]))
"""
    assert child(code) == [[*["EPERM"] * 4, 7, "READY=1"]]


BETWEEN = {
    "a file": ("held = open({path!r}, 'w')", "the sandbox does not hold on this machine: write to"),
    "a map": (
        "held = open({path!r}, 'w+b', 0); held.write(b'x'); m = mmap.mmap(held.fileno(), 1)",
        "the sandbox does not hold on this machine: write to a file opened before was not refused",
    ),
    "a child": ("os.fork() or (time.sleep(1), os._exit(0))", "a process was started between"),
}


@pytest.mark.parametrize("what", BETWEEN)
def test_what_comes_between_the_stages_stops_the_second(tmp_path, what):
    action, told = BETWEEN[what]
    code = f"""
import mmap, resource
enclosure = Enclosure(Plan(), [*swap, G.LANDLOCK_FS, G.LANDLOCK_NET],
                      facts=replace(facts, landlock_abi=0))
resource.setrlimit = lambda *_: None  # else no file is there to be mapped
enclosure.enter()
{action.format(path=str(tmp_path / "late"))}
print(json.dumps([said(enclosure.seal)]))
"""
    ((said,),) = child(code)
    assert said.startswith(told)


BROKEN = "kernel.install_filter = lambda program, log: None\n"  # as an emulator might


def test_a_filter_that_does_not_filter_is_noticed():
    code = BROKEN + "print(json.dumps([said(inside), list(rehearse(Plan()).missing)]))"
    ((refused, missing),) = child(code.replace("said(inside), list", "*[[]], list"))
    assert (refused, missing) == ([], ["seccomp", *SWAP])
    ((refused,),) = child(BROKEN + "print(json.dumps([said(inside)]))")
    assert refused.startswith("the sandbox does not hold on this machine: rename a file, ")


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), 9)", "os._exit(0)", "1 / 0", "sys.exit(3)"])
def test_a_rehearsal_that_dies_proves_nothing(end):
    code = f"""
import counter.sandbox.selftest as selftest
selftest.ways_out = lambda plan: {end}
proof = rehearse(Plan())
print(json.dumps([proof.level, proof.missing, len(proof.attempts)]))
"""
    assert child(code) == [["none", list(Guarantee), 0]]


def test_a_crash_leaves_no_core(tmp_path):
    code = f"""
import ctypes, resource
os.chdir({str(tmp_path)!r})
resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
def dumped(first):
    if (pid := os.fork()) == 0:
        first()
        ctypes.string_at(0)
    return os.WCOREDUMP(os.waitpid(pid, 0)[1])
print(json.dumps([dumped(list), dumped(inside)]))
"""
    ((without, within),) = child(code)
    assert not within
    if not without:
        pytest.skip("not run: this machine dumps no core (its limit, or core_pattern)")


@pytest.mark.parametrize(
    ("name", "walls"),
    [("install_filter", ["seccomp"]), ("restrict_self", ["landlock-fs", "landlock-net"])],
)
def test_a_wall_that_cannot_be_built_is_missing(name, walls):
    code = f"""
def fail(*_, **__): raise OSError(errno.E2BIG, "too many layers")
kernel.{name} = fail
rehearsed = rehearse(Plan())
print(json.dumps([rehearsed.missing, said(inside)]))
"""
    ((missing, refused),) = child(code)
    assert missing == [one for one in Guarantee if one in [*walls, *SWAP]]
    assert refused.startswith("the kernel refused stage ")
    assert refused.endswith("of the sandbox: too many layers")


def test_a_machine_without_room_for_a_child_proves_nothing():
    code = """
def full(): raise OSError(errno.EAGAIN, "no room")
os.fork = full
print(json.dumps(rehearse(Plan()).missing))
"""
    assert child(code) == [list(Guarantee)]


def test_no_plan_has_port_0_and_no_stage_comes_twice():
    for plan in (Plan(bind=(0,)), Plan(connect=(0,))):
        with pytest.raises(ValueError, match="port 0"):
            Enclosure(plan)
    with pytest.raises(RuntimeError, match="stage 1"):
        Enclosure(Plan()).seal()
