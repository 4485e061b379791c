# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A program that a server forks behaves as one that is started: what it says, how it ends, where and with what it runs."""

from __future__ import annotations

import json
import marshal
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.preloaded import client, interpreter, run
from tests.preloaded.client import Forked, Server

PLAY = """\
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.command: "{{ ansible_playbook_python }} -c 'import os; print(os.getcwd(), os.environ[chr(65)])'"
      changed_when: false
      register: seen
    - ansible.builtin.template:
        src: template
        dest: "{{ playbook_dir }}/templated"
        mode: "0600"
    - ansible.builtin.file:
        path: "{{ playbook_dir }}/made"
        state: touch
        mode: "0600"
    - mine:
        word: for {{ inventory_hostname }}
      register: mine
    - ansible.builtin.debug:
        msg: "seen: {{ seen.stdout }}; {{ mine.said }}"
    - ansible.builtin.fail:
        msg: in the end
"""
MODULE = """\
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.mine_too import said
module = AnsibleModule({"word": {"type": "str"}})
module.exit_json(said=said(module.params["word"]))
"""
SCRIPT = """\
import json, os, sys
sys.stderr.write("err")
json.dump([__name__, sys.argv, sys.path[0], os.getcwd(), os.environ["A"], sys.stdin.read()], sys.stdout)
"""
THREAD = """\
import sys, threading, time
threading.Thread(target=lambda: (time.sleep(0.5), print("late", file=sys.stderr))).start()
"""
FILTER_PLAY = """\
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.debug:
        msg: "seen: {{ '1,2' | ackops.eci.eci_waves }}"
"""
OTHER_FILTER = """\
class FilterModule:
    def filters(self):
        return {"eci_waves": lambda given: "from beside"}
"""
# Seconds in which a program that is told to end has ended.
SOON = 20.0


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """The environment of a program."""
    return {**os.environ, "A": "b", "HOME": str(tmp_path), "ANSIBLE_NOCOLOR": "1"}


@pytest.fixture(scope="module")
def scripts() -> Any:
    """A server for scripts."""
    server = Server("script", os.environ)
    yield server
    server.stop()


def started(server: Server, place: Path, *arguments: str, given: str = "") -> Forked:
    """A script, whose output goes to files there."""
    (place / "in").write_text(given)
    with (place / "in").open() as stdin, (place / "out").open("w") as out, (place / "err").open("w") as err:
        return server.start(arguments, {**os.environ, "A": "b"}, place, stdin.fileno(), out.fileno(), err.fileno())


def ended(pid: int) -> bool:
    """Whether a process is gone, or dead and not asked for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_playbook_is_the_same(tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Output, errors, exit code, directory, variables, and what its modules do, from the first run on."""
    (tmp_path / "play.yml").write_text(PLAY)
    (tmp_path / "template").write_text("{{ inventory_hostname }}")
    for place, file, text in (
        ("library", "mine.py", MODULE),
        ("module_utils", "mine_too.py", "def said(word): return f'mine {word}'"),
    ):
        (tmp_path / place).mkdir()
        (tmp_path / place / file).write_text(text)
    command = ["ansible-playbook", "play.yml"]
    monkeypatch.delenv(run.IN_USE, raising=False)
    plain = run.playbook(command, environ, tmp_path)
    (tmp_path / "templated").unlink()
    (tmp_path / "made").unlink()
    monkeypatch.setenv(run.IN_USE, "1")
    for _number in range(run.WORTH_IT + 1):
        forked = run.playbook(command, environ, tmp_path)
        assert (forked.returncode, forked.stdout, forked.stderr) == (2, plain.stdout, plain.stderr)
        assert f"seen: {tmp_path} b; mine for localhost" in forked.stdout
        assert (tmp_path / "made").stat().st_mode & 0o777 == 0o600
        assert (tmp_path / "templated").read_text() == "localhost"
        (tmp_path / "templated").unlink()
        (tmp_path / "made").unlink()


def test_a_playbook_has_the_collections_beside_it(
    tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the server has imported one of that name from another place."""
    monkeypatch.setenv(run.IN_USE, "1")
    play = tmp_path / "play.yml"
    play.write_text(FILTER_PLAY)
    for _number in range(run.WORTH_IT):
        common = run.playbook(["ansible-playbook", "play.yml"], environ, tmp_path)
        assert "seen: [1, 2]" in common.stdout, common
    filters = tmp_path / "collections" / "ansible_collections" / "ackops" / "eci" / "plugins" / "filter"
    filters.mkdir(parents=True)
    (filters / "eci_fleet.py").write_text(OTHER_FILTER)
    for command in (["ansible-playbook", "play.yml"], ["ansible-playbook", str(play)]):
        beside = run.playbook(command, environ, tmp_path)
        assert "seen: from beside" in beside.stdout, beside


def test_a_playbook_that_takes_too_long_is_ended(
    tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And whoever waited for it goes on."""
    play = {"hosts": "localhost", "gather_facts": False, "tasks": [{"ansible.builtin.command": "sleep 20"}]}
    (tmp_path / "play.yml").write_text(json.dumps([play]))
    monkeypatch.setenv(run.IN_USE, "1")
    monkeypatch.setattr(run, "WORTH_IT", 0)
    started = time.monotonic()
    with pytest.raises(subprocess.TimeoutExpired):
        run.playbook(["ansible-playbook", "play.yml"], environ, tmp_path, timeout=1)
    assert time.monotonic() - started < 15


def test_a_script_is_the_same(tmp_path: Path, scripts: Server) -> None:
    """As Python would run it."""
    file = tmp_path / "script.py"
    file.write_text(SCRIPT)
    assert started(scripts, tmp_path, str(file), "one", given="text").wait(SOON) == 0
    expected = ["__main__", [str(file), "one"], str(tmp_path), str(tmp_path), "b", "text"]
    assert json.loads((tmp_path / "out").read_text()) == expected
    assert (tmp_path / "err").read_text() == "err"


@pytest.mark.parametrize(
    ("text", "code", "errors"),
    [
        ("import sys; sys.exit(3)", 3, ""),
        ("raise SystemExit('why')", 1, "why"),
        ("raise ValueError('why')", 1, "ValueError: why"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -9, ""),
        ("import atexit, sys; atexit.register(print, 'late', file=sys.stderr)", 0, "late"),
        (THREAD, 0, "late"),
    ],
)
def test_a_script_ends_the_same(tmp_path: Path, scripts: Server, text: str, code: int, errors: str) -> None:
    """Exit codes, errors, signals, and what is left to do in the end; the server stays as it was."""
    file = tmp_path / "script.py"
    file.write_text(text)
    assert started(scripts, tmp_path, str(file)).wait(SOON) == code
    assert (tmp_path / "err").read_text().strip().endswith(errors)
    assert started(scripts, tmp_path, given="print('well')").wait(SOON) == 0
    assert (tmp_path / "out").read_text() == "well\n"


def test_signals_and_company(tmp_path: Path, scripts: Server) -> None:
    """Two run at the same time; each is killed by its own process id, and the other goes on."""
    first = started(scripts, tmp_path, given="import time; time.sleep(600)")
    second = started(scripts, tmp_path, given="import time; time.sleep(600)")
    first.kill()
    assert first.wait(SOON) == -signal.SIGKILL
    assert second.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        second.wait(0.1)
    os.kill(second.pid, signal.SIGTERM)
    assert second.wait(SOON) == -signal.SIGTERM
    assert second.poll() == -signal.SIGTERM


def test_the_server_ends_with_its_owner(tmp_path: Path) -> None:
    """And all that it started, and nothing of it is left."""
    server = Server("script", os.environ)
    sleeper = started(server, tmp_path, given="import time; time.sleep(600)")
    server.stop()
    assert sleeper.wait(SOON) == -signal.SIGKILL
    assert ended(sleeper.pid)
    assert not server.directory.exists()


class Interpreter:
    """Running it as Ansible does."""

    def __init__(self, place: Path) -> None:
        self.environ = {**os.environ, "A": "b"}
        self.program = run._interpreter(frozenset(client.read_at_start(self.environ).items()))
        self.place = place

    def start(self, *arguments: str, **environ: str) -> subprocess.Popen[str]:
        """Start a script."""
        return subprocess.Popen(
            [str(self.program), *arguments], cwd=self.place, env={**self.environ, **environ}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip


def test_the_interpreter(tmp_path: Path) -> None:
    """A file, standard input, and what the server cannot do: options, and other variables of Python."""
    python = Interpreter(tmp_path)
    file = tmp_path / "script.py"
    file.write_text("import os, sys\nprint(os.getppid() == int(sys.argv[1]), os.environ['A'])\nsys.exit(7)\n")
    direct = python.start(str(file), str(os.getpid()))
    assert direct.communicate() == ("False b\n", "")
    assert direct.returncode == 7
    piped = python.start()
    assert piped.communicate("print(1)") == ("1\n", "")
    option = python.start("-c", "print(2)")
    assert option.communicate() == ("2\n", "")
    other = python.start("-c", "import warnings; print(warnings.filters[0][0])", PYTHONWARNINGS="error")
    assert other.communicate() == ("error\n", "")
    file.write_text("import warnings; print(warnings.filters[0][0])")
    other = python.start(str(file), PYTHONWARNINGS="error")
    assert other.communicate() == ("error\n", "")


def test_the_interpreter_passes_signals_on(tmp_path: Path) -> None:
    """Ctrl-C and an end that is asked for reach the script; one that dies of a signal shows it as in a shell."""
    python = Interpreter(tmp_path)
    # A handler would overlook a signal that comes just before the script begins to wait.
    text = (
        "import signal, sys\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])\n"
        "print('ready', flush=True)\n"
        "sys.exit(9 if signal.sigwait([signal.SIGTERM]) == signal.SIGTERM else 1)\n"
    )
    (tmp_path / "script.py").write_text(text)
    process = python.start("script.py")
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.terminate()
    assert process.wait(SOON) == 9
    process.communicate()
    killed = python.start()
    killed.communicate("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert killed.returncode == interpreter.BY_SIGNAL + signal.SIGKILL


def test_a_signal_that_comes_early_is_passed_on(tmp_path: Path) -> None:
    """Before the server has said which process it is for."""
    (tmp_path / interpreter.ENVIRONMENT).write_bytes(marshal.dumps(interpreter.read_at_start(dict(os.environ))))
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(tmp_path / interpreter.SOCKET))
        listener.listen()
        listener.settimeout(SOON)
        command = [sys.executable, "-I", "-S", str(interpreter.__file__), str(tmp_path), "script.py"]
        with subprocess.Popen(command) as process, subprocess.Popen(["sleep", "600"]) as script:
            try:
                connection, _address = listener.accept()
                process.terminate()
                with connection:
                    connection.send(str(script.pid).encode())
                    assert script.wait(SOON) == -signal.SIGTERM
                    connection.send(b"9")
                    assert process.wait(SOON) == 9
            finally:
                script.kill()
                process.kill()


def test_what_is_compiled_is_kept(tmp_path: Path) -> None:
    """The second script from the same zip file is not compiled again, and another content is."""
    server = Server("script", os.environ)
    try:
        pack = (
            "import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], 'w') as z: z.writestr('packed.py', sys.argv[2])\n"
        )
        use = (
            "import builtins, sys\nreal, seen = builtins.compile, []\n"
            "builtins.compile = lambda *given, **named: (seen.append(given[1]), real(*given, **named))[1]\n"
            "sys.path.insert(0, sys.argv[1])\nimport packed\nprint(packed.A, packed.__file__, seen.count(packed.__file__))\n"
        )
        (tmp_path / "pack.py").write_text(pack)
        (tmp_path / "use.py").write_text(use)
        said = []
        for name, source in (("a.zip", "A = 1"), ("b.zip", "A = 1"), ("c.zip", "A = 2")):
            packed = tmp_path / name
            subprocess.run([sys.executable, str(tmp_path / "pack.py"), str(packed), source], check=True)
            assert started(server, tmp_path, str(tmp_path / "use.py"), str(packed)).wait(SOON) == 0
            said.append((tmp_path / "out").read_text().split())
        assert said == [
            ["1", f"{tmp_path}/a.zip/packed.py", "1"],
            ["1", f"{tmp_path}/b.zip/packed.py", "0"],
            ["2", f"{tmp_path}/c.zip/packed.py", "1"],
        ]
    finally:
        server.stop()
