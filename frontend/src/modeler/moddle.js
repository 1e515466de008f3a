// What bpmn-js has to know of SpiffWorkflow's extension elements to read and write them.
export const PREFIX = 'spiffworkflow';
export const NAMESPACE = 'http://spiffworkflow.org/bpmn/schema/1.0/core';

/** Elements that hold nothing but text. */
const TEXT_ELEMENTS = [
  'CalledDecisionId',
  'Expression',
  'InputJson',
  'ExpectedOutputJson',
  'InstructionsForEndUser',
  'MessagePayload',
  'MessageVariable',
  'PayloadExpression',
  'PostScript',
  'PreScript',
  'PropertyId',
  'VariableName',
];

/** Elements with attributes and with other elements inside: {attribute: type} and {child: many or one}. */
const ELEMENTS = {
  Properties: { many: { properties: 'Property' } },
  Property: { attributes: ['name', 'value'] },
  ServiceTaskOperator: { attributes: ['id', 'resultVariable'], one: { parameterList: 'Parameters', retry: 'Retry' } },
  Parameters: { many: { parameters: 'Parameter' } },
  Parameter: { attributes: ['id', 'type', 'value'] },
  Retry: { attributes: ['retries', 'backoff_base'] },
  ProcessVariableCorrelation: { one: { propertyId: 'PropertyId', expression: 'Expression' } },
  UnitTests: { many: { unitTests: 'UnitTest' } },
  UnitTest: { attributes: ['id'], one: { inputJson: 'InputJson', expectedOutputJson: 'ExpectedOutputJson' } },
  TaskMetadataValues: { many: { values: 'TaskMetadataValue' } },
  TaskMetadataValue: { attributes: ['name', 'value'] },
};

export function describeSpiffWorkflow() {
  return {
    name: 'SpiffWorkflow',
    prefix: PREFIX,
    uri: NAMESPACE,
    xml: { tagAlias: 'lowerCase' },
    associations: [],
    types: [...TEXT_ELEMENTS.map(textElement), ...Object.entries(ELEMENTS).map(structuredElement)],
  };
}

const textElement = (name) => ({
  name,
  superClass: ['Element'],
  properties: [{ name: 'value', isBody: true, type: 'String' }],
});

const structuredElement = ([name, { attributes = [], one = {}, many = {} }]) => ({
  name,
  superClass: ['Element'],
  properties: [
    ...attributes.map((attribute) => ({ name: attribute, isAttr: true, type: 'String' })),
    ...Object.entries(one).map(([property, type]) => ({ name: property, type })),
    ...Object.entries(many).map(([property, type]) => ({ name: property, type, isMany: true })),
  ],
});
