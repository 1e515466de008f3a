"""The BPMN 2.0 schema: what every BPMN tool expects of a file."""

import re
from collections.abc import Iterator
from threading import Lock

from lxml import etree
from SpiffWorkflow.spiff.parser.process import VALIDATOR

from ssflow.engine.problems import Problem
from ssflow.engine.rules.report import build_problem
from ssflow.engine.xml_reading import Element, get_line

MAX_PROBLEMS = 20

_NAMESPACE = re.compile(r"\{[^}]*\}")
_ONE_AT_A_TIME = Lock()  # the validator keeps its findings in itself


def check_schema(file: str, root: Element) -> Iterator[Problem]:
    """Find places where a BPMN file departs from the schema; doubled ids have their own rule."""
    with _ONE_AT_A_TIME:
        VALIDATOR.preprocess(root)
        VALIDATOR.validator.validate(root)
        findings = [(one.message, one.path, one.line) for one in VALIDATOR.validator.error_log]
    for message, path, line in findings[:MAX_PROBLEMS]:
        if "'xs:ID'" not in message:
            yield build_problem(
                file,
                _find(root, path, line),
                "schema",
                "The file departs from the BPMN 2.0 schema: "
                f"{_NAMESPACE.sub('', message).rstrip('.')}. Mend it in a BPMN editor.",
            )


def _find(root: Element, path: str | None, line: int) -> Element:
    prefixes = {prefix: uri for prefix, uri in root.nsmap.items() if prefix}
    try:
        found = root.xpath(path, namespaces=prefixes) if path else []
    except etree.XPathEvalError:  # a prefix that is declared further down
        found = []
    elements = found if isinstance(found, list) else []
    nearby = (one for one in root.iter() if get_line(one) == line)
    return next((one for one in elements if isinstance(one, etree._Element)), next(nearby, root))
