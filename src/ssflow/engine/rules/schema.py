"""The BPMN 2.0 schema: what every BPMN tool expects of a file."""

import re
from collections.abc import Iterator
from threading import Lock

from lxml import etree
from SpiffWorkflow.spiff.parser.process import VALIDATOR

from ssflow.engine.problems import Problem
from ssflow.engine.rules.report import build_problem
from ssflow.engine.xml_reading import Element

MAX_PROBLEMS = 20

_NAMESPACE = re.compile(r"\{[^}]*\}")
_ONE_AT_A_TIME = Lock()  # the validator keeps its findings in itself


def check_schema(file: str, root: Element) -> Iterator[Problem]:
    """Find places where a BPMN file departs from the schema; doubled ids have their own rule."""
    with _ONE_AT_A_TIME:
        VALIDATOR.preprocess(root)
        VALIDATOR.validator.validate(root)
        findings = [(entry.message, entry.path) for entry in VALIDATOR.validator.error_log]
    for message, path in findings[:MAX_PROBLEMS]:
        if "'xs:ID'" not in message:
            yield build_problem(
                file,
                _find(root, path),
                "schema",
                "The file departs from the BPMN 2.0 schema: "
                f"{_NAMESPACE.sub('', message).rstrip('.')}. Mend it in a BPMN editor.",
            )


def _find(root: Element, path: str | None) -> Element:
    found = root.xpath(path) if path else []
    elements = found if isinstance(found, list) else []
    return next((one for one in elements if isinstance(one, etree._Element)), root)
