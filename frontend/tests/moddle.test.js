import { BpmnModdle } from 'bpmn-moddle';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeSpiffWorkflow } from '../src/modeler/moddle.js';
import references from '../src/modeler/references.js';

const EXTENSIONS = `
      <spiffworkflow:properties>
        <spiffworkflow:property name="form" value="spm_screen" />
      </spiffworkflow:properties>
      <spiffworkflow:instructionsForEndUser>Read **all** of it.</spiffworkflow:instructionsForEndUser>
      <spiffworkflow:variableName>screen</spiffworkflow:variableName>
      <spiffworkflow:preScript>a = 1</spiffworkflow:preScript>
      <spiffworkflow:postScript>b = 2</spiffworkflow:postScript>
      <spiffworkflow:calledDecisionId>route</spiffworkflow:calledDecisionId>
      <spiffworkflow:messagePayload>{"a": a}</spiffworkflow:messagePayload>
      <spiffworkflow:messageVariable>answer</spiffworkflow:messageVariable>
      <spiffworkflow:payloadExpression>a</spiffworkflow:payloadExpression>
      <spiffworkflow:processVariableCorrelation>
        <spiffworkflow:propertyId>correlation_key</spiffworkflow:propertyId>
        <spiffworkflow:expression>case.number</spiffworkflow:expression>
      </spiffworkflow:processVariableCorrelation>
      <spiffworkflow:serviceTaskOperator id="record.create" resultVariable="made">
        <spiffworkflow:parameters>
          <spiffworkflow:parameter id="kind" type="any" value="&#34;Service&#34;" />
        </spiffworkflow:parameters>
        <spiffworkflow:retry retries="3" backoff_base="2" />
      </spiffworkflow:serviceTaskOperator>
      <spiffworkflow:unitTests>
        <spiffworkflow:unitTest id="one">
          <spiffworkflow:inputJson>{}</spiffworkflow:inputJson>
          <spiffworkflow:expectedOutputJson>{}</spiffworkflow:expectedOutputJson>
        </spiffworkflow:unitTest>
      </spiffworkflow:unitTests>`;

const VARIABLE = '<spiffworkflow:variableName>item</spiffworkflow:variableName>';

const diagram = (content) => `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" id="d" targetNamespace="t">
  <bpmn:process id="p">${content}</bpmn:process>
</bpmn:definitions>`;

const moddle = () => new BpmnModdle({ spiffworkflow: describeSpiffWorkflow() });
const flat = (xml) => xml.replace(/>\s+</g, '><').replace(/ \/>/g, '/>').trim();

test('what SpiffWorkflow reads survives opening and saving', async () => {
  const xml = diagram(`<bpmn:task id="a"><bpmn:extensionElements>${EXTENSIONS}</bpmn:extensionElements></bpmn:task>`);

  const { rootElement, warnings } = await moddle().fromXML(xml);
  const saved = await moddle().toXML(rootElement);

  assert.deepEqual(warnings, []);
  assert.equal(flat(saved.xml), flat(xml));
});

test('the lists of a multi-instance activity survive, although they are declared nowhere', async () => {
  const xml = diagram(`<bpmn:task id="a"><bpmn:extensionElements>${VARIABLE}</bpmn:extensionElements><bpmn:multiInstanceLoopCharacteristics>
    <bpmn:loopDataInputRef>items</bpmn:loopDataInputRef><bpmn:loopDataOutputRef>results</bpmn:loopDataOutputRef>
    <bpmn:inputDataItem id="item" name="item" /><bpmn:outputDataItem id="result" name="result" />
    </bpmn:multiInstanceLoopCharacteristics></bpmn:task>`);
  const ours = moddle();

  const parsed = await ours.fromXML(xml);
  keepReferences(ours, parsed);
  const saved = await ours.toXML(parsed.rootElement);

  assert.deepEqual(parsed.warnings, []);
  assert.equal(flat(saved.xml), flat(xml));
});

/** Run the module as bpmn-js does when a file has been parsed. */
function keepReferences(ours, parsed) {
  const [[, , start]] = references.__init__;
  start({ on: (_event, listener) => listener(parsed) }, ours);
}
