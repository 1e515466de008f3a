"""The same step as SpiffWorkflow does it by itself, saved with the serialiser it documents."""

import time
from pathlib import Path
from typing import Any

from lxml import etree
from SpiffWorkflow import TaskState
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.serializer.workflow import BpmnWorkflowSerializer
from SpiffWorkflow.spiff.parser import SpiffBpmnParser
from SpiffWorkflow.spiff.serializer.config import SPIFF_CONFIG


class BareEngine:
    """One instance of the loop, held as the JSON that SpiffWorkflow's serialiser writes."""

    def __init__(self, diagram: Path, key: str, variables: dict[str, Any]) -> None:
        parser = SpiffBpmnParser()
        parser.add_bpmn_xml(etree.fromstring(diagram.read_bytes()), diagram.name)
        self._serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure(SPIFF_CONFIG))
        workflow = BpmnWorkflow(parser.get_spec(key), parser.get_subprocess_specs(key))
        workflow.task_tree.data.update(variables)
        workflow.do_engine_steps()
        self._saved = self._serializer.serialize_json(workflow)

    def step(self, form: dict[str, Any]) -> float:
        """Load, complete the open user task, run on, save; gives the CPU seconds."""
        began = time.process_time()
        workflow = self._serializer.deserialize_json(self._saved)
        task = workflow.get_next_task(state=TaskState.READY, manual=True)
        task.data.update(form)
        task.run()
        workflow.do_engine_steps()
        self._saved = self._serializer.serialize_json(workflow)
        return time.process_time() - began
