// Which fields the properties panel shows for which element.
import { getBusinessObject, is, isAny } from 'bpmn-js/lib/util/ModelUtil';
import { codeArea, selectField, textArea, textField } from './entries.js';
import {
  modelOf,
  readCorrelation,
  readOperation,
  readProperty,
  readText,
  writeCorrelation,
  writeOperation,
  writeProperty,
  writeText,
} from './extensions.js';
import { loopFields } from './loops.js';
import { timerFields } from './timers.js';
import { t } from '../shared/texts.js';

const expressionHint = () => t('Text, or = and an expression.');

/** The groups of one element: [{id, label, entries}], empty ones left out. */
export function groupsFor(element, tools, catalog) {
  const groups = [
    ['ssflow-process', t('Process'), processFields(element, tools, catalog)],
    ['ssflow-start', t('Start form'), startFields(element, tools, catalog)],
    ['ssflow-work', t('Who does what'), userTaskFields(element, tools, catalog)],
    ['ssflow-time', t('Due date'), dueFields(element, tools, catalog)],
    ['ssflow-operation', t('Operation'), operationFields(element, tools, catalog)],
    ['ssflow-decision', t('Decision'), decisionFields(element, tools, catalog)],
    ['ssflow-script', t('Script'), scriptFields(element, tools)],
    ['ssflow-call', t('Called process'), callFields(element, tools, catalog)],
    ['ssflow-condition', t('Condition'), conditionFields(element, tools)],
    ['ssflow-message', t('Message content'), messageFields(element, tools)],
    ['ssflow-timer', t('Timer'), timerFields(element, tools)],
    ['ssflow-loop', t('Several rounds'), loopFields(element, tools)],
    ['ssflow-around', t('Before and after'), aroundFields(element, tools)],
  ];
  return groups
    .filter(([, , entries]) => entries.length)
    .map(([id, label, entries]) => ({ id, label, entries }));
}

const property = (tools, name) => ({
  read: (element) => readProperty(element, name),
  write: (element, value) => writeProperty(tools, element, name, value),
});

const text = (tools, type, partOf = modelOf) => ({
  read: (element) => readText(partOf(element), type),
  write: (element, value) => writeText(tools, element, partOf(element), type, value),
});

const attribute = (tools, name) => ({
  read: (element) => modelOf(element).get(name) ?? '',
  write: (element, value) => tools.modeling.updateProperties(element, { [name]: value || undefined }),
});

const isProcess = (element) => is(modelOf(element), 'bpmn:Process');

function processFields(element, tools) {
  if (!isProcess(element)) return [];
  const field = (name, label, description) => textField(name, label, property(tools, name), { description });
  return [
    field('title', t('Title of a case'), t('An expression such as =f"{proposal.title}"; it shows in every list.')),
    field('business_key', t('Business key'), t('An expression, evaluated until it has a value.')),
    field('starters', t('Who may start it'), t('Roles, separated by commas. Empty: everyone who is signed in.')),
    field('viewers', t('Who may see every case'), t('Roles, separated by commas.')),
    field('schedule', t('Schedule'), t('Cron text such as 0 6 1 * *, or wd(3) monthly 06:00.')),
    field('schedule_for', t('One case for each'), t('A register query; empty: one case.')),
    field('schedule_payload', t('Variables of a scheduled case'), expressionHint()),
  ];
}

function startFields(element, tools, { forms }) {
  if (!is(element, 'bpmn:StartEvent')) return [];
  return [
    selectField('form', t('Form'), property(tools, 'form'), forms),
    textField('payload', t('What a start may bring'), property(tools, 'payload'), {
      description: t('Without a form: names of variables, with ? what may be left out, or none. Empty: anything.'),
    }),
  ];
}

function userTaskFields(element, tools, { forms, roles }) {
  if (!is(element, 'bpmn:UserTask')) return [];
  const suggested = element.id.replace(/^U_/, '');
  return [
    selectField('form', t('Form'), property(tools, 'form'), forms),
    textField('variableName', t('Its answers become the variable'), text(tools, 'VariableName'), {
      description: t('For example {name}. Empty: each field becomes a variable.', { name: suggested }),
    }),
    ...roleFields(tools, roles),
    textField('assignee', t('Person'), property(tools, 'assignee'), { description: expressionHint() }),
    textField('exclude', t('Not to be done by'), property(tools, 'exclude'), {
      description: t('User ids, for example =[initiator]. Keeps duties apart.'),
    }),
    textArea('instructions', t('Instructions (Markdown)'), text(tools, 'InstructionsForEndUser')),
  ];
}

/** A role from the list, or an expression that gives one. */
function roleFields(tools, roles) {
  const role = property(tools, 'role');
  const isExpression = (value) => value.startsWith('=');
  const chosen = { ...role, read: (element) => (isExpression(role.read(element)) ? '' : role.read(element)) };
  const computed = {
    read: (element) => (isExpression(role.read(element)) ? role.read(element) : ''),
    write: (element, value) => role.write(element, value && (isExpression(value) ? value : `=${value}`)),
  };
  return [
    selectField('role', t('Role'), chosen, roles, { description: t('Empty: the name of the lane.') }),
    textField('role-expression', t('Role, computed'), computed, { description: t('For example =routing.handler_role.') }),
  ];
}

function dueFields(element, tools, { roles }) {
  if (!is(element, 'bpmn:UserTask')) return [];
  return [
    textField('due', t('Due'), property(tools, 'due'), { description: t('wd(5) for working days, P14D, a date, or = and an expression.') }),
    textField('remind', t('Remind'), property(tools, 'remind'), { description: t('Empty: after four fifths of the time.') }),
    selectField('esc', t('Escalate to the role'), property(tools, 'esc'), roles),
    textField('priority', t('Priority'), property(tools, 'priority'), { description: t('A number; 50 is normal, higher comes first.') }),
  ];
}

function operationFields(element, tools, { operations }) {
  if (!is(element, 'bpmn:ServiceTask')) return [];
  const part = (name) => ({
    read: (shape) => readOperation(shape)[name],
    write: (shape, value) => writeOperation(tools, shape, { [name]: value }),
  });
  const { id, parameters } = readOperation(element);
  const operation = operations.find((one) => one.id === id);
  const description = operation?.outside ? t('Reaches outside: the case waits for its answer.') : undefined;
  const choice = selectField('operation', t('Operation'), operationChoice(tools, operations), operations, { description });
  if (!id) return [choice];
  return [
    choice,
    ...parametersOf(operation, parameters).map((parameter) => parameterField(tools, parameter)),
    textField('result', t('Its result becomes the variable'), part('resultVariable')),
    ...(operation?.outside ? [textField('retries', t('Attempts'), part('retries'))] : []),
  ];
}

/** Another operation keeps those parameters that it has too. */
const operationChoice = (tools, operations) => ({
  read: (element) => readOperation(element).id,
  write: (element, id) => {
    const kept = operations.find((one) => one.id === id)?.parameters.map((parameter) => parameter.id) ?? [];
    const written = Object.entries(readOperation(element).parameters);
    writeOperation(tools, element, { id, parameters: Object.fromEntries(written.filter(([name]) => kept.includes(name))) });
  },
});

/** The parameters that an operation has, then those that stand in the diagram all the same. */
function parametersOf(operation, written) {
  const known = operation?.parameters ?? [];
  const unknown = Object.keys(written).filter((id) => !known.some((one) => one.id === id));
  return [...known, ...unknown.map((id) => ({ id, label: t('{name} (unknown)', { name: id }) }))];
}

function parameterField(tools, { id, label, required }) {
  const access = {
    read: (element) => readOperation(element).parameters[id] ?? '',
    write: (element, value) => {
      const { parameters } = readOperation(element);
      writeOperation(tools, element, { parameters: { ...parameters, [id]: value } });
    },
  };
  return textField(`parameter-${id}`, `${label ?? id}${required ? ' *' : ''}`, access, { description: t('A Python expression; text in quotes.'), monospace: true });
}

function decisionFields(element, tools, { decisions }) {
  if (!is(element, 'bpmn:BusinessRuleTask')) return [];
  return [
    selectField('decision', t('Decision'), text(tools, 'CalledDecisionId'), decisions),
    textField('decision-result', t('Its result becomes the variable'), property(tools, 'result'), {
      description: t('Empty: each output becomes a variable.'),
    }),
  ];
}

function scriptFields(element, tools) {
  if (!is(element, 'bpmn:ScriptTask')) return [];
  const script = attribute(tools, 'script');
  const write = (shape, value) =>
    tools.modeling.updateProperties(shape, { script: value || undefined, scriptFormat: value ? 'python' : undefined });
  return [codeArea('script', t('Python'), { ...script, write }, { rows: 8 })];
}

function callFields(element, tools, { processes }) {
  if (!is(element, 'bpmn:CallActivity')) return [];
  return [selectField('called', t('Process'), attribute(tools, 'calledElement'), processes)];
}

function conditionFields(element, tools) {
  const source = is(element, 'bpmn:SequenceFlow') && getBusinessObject(element).sourceRef;
  if (!source || !isAny(source, ['bpmn:ExclusiveGateway', 'bpmn:InclusiveGateway'])) return [];
  const access = {
    read: (flow) => getBusinessObject(flow).get('conditionExpression')?.body ?? '',
    write: (flow, body) =>
      tools.modeling.updateProperties(flow, {
        conditionExpression: body ? tools.createBpmn('FormalExpression', { body }) : undefined,
      }),
  };
  return [codeArea('condition', t('Taken when'), access, { rows: 2, description: t('A Python expression, for example approve.decision == "approve". The default flow has none.') })];
}

function messageFields(element, tools) {
  const part = messagePart(element);
  if (!part) return [];
  const correlation = {
    read: (shape) => readCorrelation(messagePart(shape)),
    write: (shape, value) => writeCorrelation(tools, shape, messagePart(shape), value),
  };
  const key = textField('correlation', t('Belongs to the case with the key'), correlation, {
    description: t('An expression. Empty: the business key of the case.'),
  });
  if (isAny(element, ['bpmn:EndEvent', 'bpmn:IntermediateThrowEvent', 'bpmn:SendTask'])) {
    return [codeArea('payload', t('Content'), text(tools, 'MessagePayload', messagePart), { rows: 2, description: t('A Python expression, for example {"reason": reason}.') }), key];
  }
  const variable = textField('message-variable', t('Its content becomes the variable'), text(tools, 'MessageVariable', messagePart));
  return is(element, 'bpmn:StartEvent') ? [variable] : [variable, key];
}

/** Where SpiffWorkflow looks for what belongs to a message: its event definition, else the task. */
function messagePart(element) {
  const model = getBusinessObject(element);
  if (isAny(element, ['bpmn:SendTask', 'bpmn:ReceiveTask'])) return model;
  const definitions = model.get?.('eventDefinitions') ?? [];
  return definitions.find((definition) => is(definition, 'bpmn:MessageEventDefinition'));
}

function aroundFields(element, tools) {
  if (!is(element, 'bpmn:Activity') || is(element, 'bpmn:ScriptTask')) return [];
  return [
    codeArea('before', t('Python before it'), text(tools, 'PreScript'), { rows: 2 }),
    codeArea('after', t('Python after it'), text(tools, 'PostScript'), { rows: 2 }),
  ];
}
