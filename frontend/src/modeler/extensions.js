// Reads and writes SpiffWorkflow's extension elements. Each write is one command: one undo takes it back.
import { getBusinessObject, is } from 'bpmn-js/lib/util/ModelUtil';

/** The BPMN element behind a shape; behind a pool, or a drawing with one pool, stands its process. */
export function modelOf(element) {
  const model = getBusinessObject(element);
  if (is(model, 'bpmn:Participant')) return model.processRef ?? model;
  if (!is(model, 'bpmn:Collaboration')) return model;
  const processes = model.get('participants').map(({ processRef }) => processRef).filter(Boolean);
  return processes.length === 1 ? processes[0] : model;
}

export function readProperty(element, name) {
  return propertiesOf(modelOf(element)).find((property) => property.name === name)?.value ?? '';
}

export function writeProperty(tools, element, name, value) {
  const model = modelOf(element);
  const others = propertiesOf(model).filter((property) => property.name !== name);
  const wanted = value ? [...others, { name, value }] : others;
  writeProperties(tools, element, model, wanted);
}

/** The text of an extension element such as InstructionsForEndUser, on a model or a part of it. */
export function readText(model, type) {
  return extensionOf(model, type)?.value ?? '';
}

export function writeText(tools, element, model, type, value) {
  replaceExtension(tools, element, model, type, value ? { value } : null);
}

/** The operation of a service task: {id, resultVariable, parameters: {id: value}, retries}. */
export function readOperation(element) {
  const operator = extensionOf(modelOf(element), 'ServiceTaskOperator');
  const parameters = operator?.parameterList?.parameters ?? [];
  return {
    id: operator?.id ?? '',
    resultVariable: operator?.resultVariable ?? '',
    retries: operator?.retry?.retries ?? '',
    parameters: Object.fromEntries(parameters.map(({ id, value }) => [id, value])),
  };
}

/** `changes` are laid over the operation as it stands; an empty id removes it. */
export function writeOperation(tools, element, changes) {
  const { id, resultVariable, retries, parameters } = { ...readOperation(element), ...changes };
  const model = modelOf(element);
  if (!id) return replaceExtension(tools, element, model, 'ServiceTaskOperator', null);
  const { create } = tools;
  const given = Object.entries(parameters).filter(([, value]) => value);
  replaceExtension(tools, element, model, 'ServiceTaskOperator', {
    id,
    resultVariable: resultVariable || undefined,
    parameterList: create('Parameters', {
      parameters: given.map(([name, value]) => create('Parameter', { id: name, type: 'any', value })),
    }),
    retry: retries ? create('Retry', { retries }) : undefined,
  });
}

/** Which case a message belongs to: an expression, kept as the correlation of this one event. */
export function readCorrelation(definition) {
  return extensionOf(definition, 'ProcessVariableCorrelation')?.expression?.value ?? '';
}

export function writeCorrelation(tools, element, definition, expression) {
  const { create } = tools;
  const content = expression && {
    propertyId: create('PropertyId', { value: 'correlation_key' }),
    expression: create('Expression', { value: expression }),
  };
  replaceExtension(tools, element, definition, 'ProcessVariableCorrelation', content || null);
}

/** What writing needs of bpmn-js, bound to one editor. */
export function createTools(bpmnFactory, commandStack) {
  return {
    commandStack,
    create: (type, attributes) => adopt(bpmnFactory.create(`spiffworkflow:${type}`, attributes)),
    createBpmn: (type, attributes) => bpmnFactory.create(`bpmn:${type}`, attributes),
  };
}

export function extensionOf(model, type) {
  return extensionsOf(model).find((extension) => isOfType(extension, type));
}

const extensionsOf = (model) => model?.get('extensionElements')?.get('values') ?? [];
const isOfType = (extension, type) => extension.$type.toLowerCase() === `spiffworkflow:${type}`.toLowerCase();
const propertiesOf = (model) => extensionOf(model, 'Properties')?.get('properties') ?? [];

function writeProperties(tools, element, model, properties) {
  const content = { properties: properties.map(({ name, value }) => tools.create('Property', { name, value })) };
  replaceExtension(tools, element, model, 'Properties', properties.length ? content : null);
}

/** Put one extension element in the place of all of its type, at the place of the first. */
function replaceExtension({ commandStack, create, createBpmn }, element, model, type, content) {
  const before = extensionsOf(model);
  const at = before.findIndex((extension) => isOfType(extension, type));
  const values = before.filter((extension) => !isOfType(extension, type));
  if (content) values.splice(at < 0 ? values.length : at, 0, create(type, content));
  const extensionElements = values.length ? createBpmn('ExtensionElements', { values }) : undefined;
  if (extensionElements) {
    extensionElements.$parent = model;
    for (const value of values) value.$parent = extensionElements;
  }
  commandStack.execute('element.updateModdleProperties', {
    element,
    moddleElement: model,
    properties: { extensionElements },
  });
}

/** Tell the parts of a new element whose they are. */
function adopt(parent) {
  for (const value of Object.values(parent)) {
    for (const part of Array.isArray(value) ? value : [value]) {
      if (part?.$type) part.$parent = parent;
    }
  }
  return parent;
}
