"""What only a real process shows: what is imported, Ctrl-C, a reader that goes away."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

HEAVY = "torch", "numpy", "PIL", "matplotlib", "skimage"
SLOW = """
import pathlib, time, numpy, seewhy

calls = 0

def answer(images):
    global calls
    calls += 1
    if calls == 4:
        pathlib.Path(__file__).with_name("started").touch()
    time.sleep(0.003 * len(images))
    return images.reshape(len(images), 3, -1).mean(2) * numpy.ones(3)

def slow():
    return seewhy.adapt(answer, takes="array", preprocess=seewhy.Preprocess.of(size=32))
"""


def command(*arguments, **options):
    return [sys.executable, "-m", "seewhy", *arguments]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["explain", "--help"],
        ["compare", "--help"],
        ["methods"],
        ["methods", "rise", "--json"],
    ],
)
def test_help_and_methods_import_nothing_heavy(arguments):
    code = (
        "import sys\nfrom seewhy.cli.main import run\n"
        f"code = run({arguments!r})\n"
        f"loaded = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "print(loaded, file=sys.stderr)\nsys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stdout
    assert done.stderr.strip() == "[]"


def interrupted(tmp_path, *arguments):
    """Exit code, stdout and stderr of a run that met Ctrl-C after a few calls."""
    (tmp_path / "slow.py").write_text(SLOW)
    process = subprocess.Popen(
        command("explain", *arguments, "--model", f"{tmp_path / 'slow.py'}:slow"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not (tmp_path / "started").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_ctrl_c_while_sampling_keeps_what_was_computed_and_exits_1(tmp_path):
    sampling = ["--method", "rise", "--samples", "4000", "--tolerance", "0", "--json"]
    code, out, err = interrupted(tmp_path, "photo:cat", *sampling)
    assert code == 1
    found = json.loads(out)
    assert found["cancelled"]
    assert found["explanations"][0]["sampling"]["stop"] == "cancelled"
    assert 0 < found["explanations"][0]["sampling"]["drawn"] < 4000
    assert "Stopping" in err
    assert "Traceback" not in err


def test_ctrl_c_where_nothing_can_be_kept_exits_130(tmp_path):
    code, out, err = interrupted(tmp_path, "photo:cat", "--method", "occlusion", "--window", "2", "--stride", "1")
    assert code == 130
    assert out == ""
    assert "Cancelled [cancelled]: " in err
    assert "Traceback" not in err


def test_a_reader_that_goes_away_is_no_error():
    first, rest = os.pipe()
    os.close(first)
    done = subprocess.run(command("methods"), stdout=rest, stderr=subprocess.PIPE, text=True, check=False)
    os.close(rest)
    assert done.returncode == 141
    assert done.stderr == ""


def test_a_terminal_without_unicode_is_served(tmp_path):
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command("methods"), env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "grad-cam" in done.stdout
    assert done.stderr == ""
