"""The official OpenAPI files as JSON schemas, read from where `N40_OPENAPI_DIR` says.

They are 3GPP's and no part of this project. Their defects are worked around here: words that
YAML 1.1 takes for booleans, and enumerations whose catch-all was swallowed by a line break.
Attribute names are checked as well, which the files themselves leave open.
"""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft4Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

DIRECTORY = os.environ.get("N40_OPENAPI_DIR", "")
MAIN = "TS32291_Nchf_ConvergedCharging.yaml"
OPEN_ENUMERATIONS = ("TriggerType", "RatType")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Only `true` and `false` are booleans, and dates stay text."""


_TRUTH = "tag:yaml.org,2002:bool"
_TIME = "tag:yaml.org,2002:timestamp"
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in (_TRUTH, _TIME)]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_TRUTH, re.compile("^(?:true|false)$"), list("tf"))


@cache
def _file(name: str) -> Resource[Any]:
    content = yaml.load((Path(DIRECTORY) / name).read_text(), Loader=_Loader)  # noqa: S506
    schemas = content["components"]["schemas"]
    for enumeration in OPEN_ENUMERATIONS:
        if enumeration in schemas:
            schemas[enumeration] = {"type": "string"}
    for schema in schemas.values():
        if "properties" in schema and "allOf" not in schema:
            schema.setdefault("additionalProperties", False)
    return Resource.from_contents(content, default_specification=DRAFT4)


def violations(message: str, content: Any) -> list[str]:
    """What is wrong with a message of the named type; empty when nothing is."""
    reference = {"$ref": f"{MAIN}#/components/schemas/{message}"}
    validator = Draft4Validator(reference, registry=Registry(retrieve=_file))
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(content)]
