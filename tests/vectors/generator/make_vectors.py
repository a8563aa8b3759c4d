"""Writes the vector files, or says which of them differ from what would be written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema

from . import hostile_device, hostile_link, hostile_reader, make_objects, make_primitives, make_reports, make_taps

SCHEMA = "schema.json"


def make() -> dict[str, dict[str, Any]]:
    """The content of every vector file, by its name."""
    hostile = [*hostile_device.make(), *hostile_reader.make(), *hostile_link.make()]
    return {
        "primitives.json": make_primitives.make(),
        "objects.json": make_objects.make(),
        "taps.json": make_taps.make(),
        "reports.json": make_reports.make(),
        "hostile.json": {"about": "What each side of docs/PROTOCOL.md refuses, and how.", "cases": hostile},
    }


def validate(directory: Path, name: str, content: dict[str, Any]) -> None:
    """Raises `jsonschema.ValidationError` where a file is not of its shape."""
    schema = json.loads((directory / SCHEMA).read_text(encoding="utf-8"))
    entry = {"$ref": f"#/$defs/{name.removesuffix('.json')}"}
    jsonschema.Draft202012Validator(schema | entry).validate(content)


def write(directory: Path, check: bool) -> list[str]:
    """Writes all files; with `check` it only names those that differ."""
    differing = []
    for name, content in make().items():
        validate(directory, name, content)
        text = json.dumps(content, indent=1, ensure_ascii=True) + "\n"
        path = directory / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            differing.append(name)
        if not check:
            path.write_text(text, encoding="utf-8")
    return differing
