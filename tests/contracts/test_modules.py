"""Contracts over the modules: none runs surprise code, opens a connection, or leaves out what it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "reshore"

FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
RUNS_CODE = {"pickle", "marshal", "shelve", "yaml", "subprocess", "pty", "ctypes"}
OPENS_CONNECTIONS = {
    "socket", "ssl", "http", "urllib.request", "urllib.error", "ftplib", "smtplib", "poplib", "imaplib", "telnetlib",
    "xmlrpc", "socketserver", "webbrowser", "requests", "urllib3", "httpx", "aiohttp", "websockets", "fsspec", "boto3",
}  # fmt: skip
READS_ADDRESSES = {"read_html", "urlopen", "urlretrieve"}


def imported(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    """Every name that an import may bind a module to, with all the packages it lies in."""
    for alias in node.names:
        parts = [*(node.module or "").split("."), alias.name] if isinstance(node, ast.ImportFrom) else [alias.name]
        words = ".".join(part for part in parts if part).split(".")
        yield from (".".join(words[: end + 1]) for end in range(len(words)))


def modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def faults(text: str) -> list[str]:
    """What a module must not do, each with its line."""
    found = []
    for node in ast.walk(ast.parse(text)):
        words: set[str] = set()
        if isinstance(node, ast.Call):
            words |= {node.func.id} & FORBIDDEN_CALLS if isinstance(node.func, ast.Name) else set()
            words |= {"shell"} if any(word.arg == "shell" for word in node.keywords) else set()
        if isinstance(node, ast.Attribute):
            words |= {node.attr} & ({"extractall", "system", "popen"} | READS_ADDRESSES)
        if isinstance(node, ast.Import | ast.ImportFrom):
            words |= set(imported(node)) & (RUNS_CODE | OPENS_CONNECTIONS)
        found += [f"line {node.lineno}: {word}" for word in sorted(words)]  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_a_module_runs_no_surprise_code_opens_no_connection_and_says_what_it_is(path: Path):
    text = path.read_text(encoding="utf-8")
    assert faults(text) == []
    assert ast.get_docstring(ast.parse(text)), "a module says what it is"


@pytest.mark.parametrize(
    "line",
    ["import urllib.request", "from urllib import request", "from urllib.request import urlopen", "import http.client",
     "from socket import socket", "import requests as r", "import pickle", "eval('1')", "run('ls', shell=True)",
     "archive.extractall()"],
)  # fmt: skip
def test_what_opens_connections_or_runs_code_is_found(line: str):
    assert faults(line)


@pytest.mark.parametrize("line", ["from urllib.parse import quote", "import html", "import json", "re.compile('a')"])
def test_what_only_reads_words_is_allowed(line: str):
    assert faults(line) == []
