// When a timer event fires. SpiffWorkflow evaluates its value, so text stands in quotes.
import { getBusinessObject, is } from 'bpmn-js/lib/util/ModelUtil';
import { codeArea, selectField } from './entries.js';
import { t } from '../shared/texts.js';

const KINDS = ['timeDuration', 'timeDate', 'timeCycle'];

export function timerFields(element, tools) {
  const timer = timerOf(element);
  if (!timer) return [];
  const kind = {
    read: (shape) => kindOf(timerOf(shape)) ?? '',
    write: (shape, name) => write(tools, shape, name, valueOf(timerOf(shape))),
  };
  const value = {
    read: (shape) => valueOf(timerOf(shape)),
    write: (shape, body) => write(tools, shape, kindOf(timerOf(shape)) ?? KINDS[0], body),
  };
  const choices = [
    { id: 'timeDuration', label: t('A duration') },
    { id: 'timeDate', label: t('A date and time') },
    { id: 'timeCycle', label: t('Again and again') },
  ];
  return [
    selectField('timer-kind', t('Kind'), kind, choices, { plain: true }),
    codeArea('timer-value', t('When'), value, { rows: 1, description: t('For example "P14D", wd(5) or case.due.') }),
  ];
}

function timerOf(element) {
  const definitions = getBusinessObject(element).get?.('eventDefinitions') ?? [];
  return definitions.find((definition) => is(definition, 'bpmn:TimerEventDefinition'));
}

const kindOf = (timer) => KINDS.find((name) => timer[name]);
const valueOf = (timer) => timer[kindOf(timer)]?.body ?? '';

function write({ modeling, createBpmn }, element, kind, body) {
  const timer = timerOf(element);
  const others = Object.fromEntries(KINDS.map((name) => [name, undefined]));
  const expression = kind && createBpmn('FormalExpression', { body });
  if (expression) expression.$parent = timer;
  modeling.updateModdleProperties(element, timer, { ...others, ...(kind && { [kind]: expression }) });
}
