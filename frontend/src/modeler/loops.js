// Multi-instance activities: run once for each item of a list, and collect what comes out.
import { getBusinessObject, is } from 'bpmn-js/lib/util/ModelUtil';
import { textField } from './entries.js';
import { variable } from './references.js';
import { t } from '../shared/texts.js';

export function loopFields(element, tools) {
  const loop = getBusinessObject(element).loopCharacteristics;
  if (is(loop, 'bpmn:StandardLoopCharacteristics')) return standardFields(tools);
  if (is(loop, 'bpmn:MultiInstanceLoopCharacteristics')) return severalFields(tools);
  return [];
}

function standardFields(tools) {
  return [
    textField('loop-condition', t('Again while'), expression(tools, 'loopCondition'), { monospace: true }),
    textField('loop-maximum', t('At most'), {
      read: (element) => String(loopOf(element).loopMaximum ?? ''),
      write: (element, value) => change(tools, element, { loopMaximum: Number.parseInt(value, 10) || undefined }),
    }),
  ];
}

function severalFields(tools) {
  return [
    textField('loop-list', t('Once for each item of'), variableName(tools, 'loopDataInputRef'), { description: t('The name of a variable that holds a list.') }),
    textField('loop-item', t('The item is called'), variableName(tools, 'inputDataItem')),
    textField('loop-count', t('Or this many times'), expression(tools, 'loopCardinality'), { monospace: true }),
    textField('loop-result', t('Of each round, keep the variable'), variableName(tools, 'outputDataItem')),
    textField('loop-results', t('and collect it in the list'), variableName(tools, 'loopDataOutputRef')),
    textField('loop-stop', t('Stop early when'), expression(tools, 'completionCondition'), { monospace: true }),
  ];
}

const loopOf = (element) => getBusinessObject(element).loopCharacteristics;

const change = ({ modeling }, element, properties) =>
  modeling.updateModdleProperties(element, loopOf(element), properties);

const variableName = (tools, name) => ({
  read: (element) => loopOf(element)[name]?.id ?? '',
  write: (element, id) => change(tools, element, { [name]: id ? variable(tools.moddle, id) : undefined }),
});

const expression = (tools, name) => ({
  read: (element) => loopOf(element)[name]?.body ?? '',
  write: (element, body) =>
    change(tools, element, { [name]: body ? tools.createBpmn('FormalExpression', { body }) : undefined }),
});
