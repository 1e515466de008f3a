// What a field of ssflow has beyond form-js: kinds such as money or a record, checks, privacy. They are kept in the
// component's `properties`, where form-js leaves them alone.
import { jsx, jsxs } from 'preact/jsx-runtime';
import { t } from '../shared/texts.js';

const KINDS = {
  textfield: ['user', 'ref'],
  number: ['money', 'pct', 'rating', 'nps', 'year'],
  select: ['ref', 'user'],
  radio: ['rating', 'nps'],
  taglist: ['refs', 'users'],
  checklist: ['refs', 'users'],
};
const KIND_NAMES = {
  money: t('Money'),
  pct: t('Percentage'),
  rating: t('Rating 1–5'),
  nps: t('Recommendation 0–10'),
  year: t('Year'),
  ref: t('A record'),
  refs: t('Records'),
  user: t('A person'),
  users: t('People'),
};
const WITHOUT_ANSWER = new Set(['default', 'group', 'separator', 'spacer', 'table', 'text']);

class OwnFields {
  static $inject = ['propertiesPanel'];

  constructor(propertiesPanel) {
    propertiesPanel.registerProvider(this, 500);
  }

  getGroups(field, editField) {
    return (groups) => {
      if (!field || WITHOUT_ANSWER.has(field.type)) return groups;
      const own = { id: 'ssflow', label: t('In ssflow'), entries: entriesFor(field, editField) };
      return [...groups.slice(0, 1), own, ...groups.slice(1)];
    };
  }
}

export const ownFields = { __init__: ['ssflowFields'], ssflowFields: ['type', OwnFields] };

function entriesFor(field, editField) {
  const properties = field.properties ?? {};
  const set = (name, value) => editField(field, ['properties'], withProperty(properties, name, value));
  const entry = (Component, name, label, options = {}) => ({
    id: `ssflow-${name}`,
    component: Component,
    isEdited: () => name in properties,
    name,
    label,
    value: properties[name],
    set,
    ...options,
  });
  const kind = properties.type;
  return [
    ...(KINDS[field.type] ? [entry(Choice, 'type', t('Kind'), { choices: KINDS[field.type] })] : []),
    ...(/^ref/.test(kind) ? [entry(Text, 'entity', t('Kind of record')), entry(Text, 'filter', t('Only those with'), { hint: t('For example status=live') })] : []),
    ...(/^user/.test(kind) ? [entry(Text, 'role', t('Only people with the role'))] : []),
    ...(field.type === 'dynamiclist' ? [entry(Count, 'minRows', t('Least number of rows')), entry(Count, 'maxRows', t('Greatest number of rows'))] : []),
    entry(Text, 'prefill', t('Filled in with'), { hint: t('An expression, for example =case.title') }),
    entry(Text, 'requiredWhen', t('Required when'), { hint: t('An expression, for example =decision != "approve"') }),
    entry(Text, 'check', t('Right when'), { hint: t('An expression, for example =end >= start') }),
    entry(Text, 'message', t('Otherwise say')),
    entry(Flag, 'personal', t('Personal data')),
  ];
}

/** The properties with one of them set; empty values leave. */
export function withProperty(properties, name, value) {
  const { [name]: _, ...others } = properties;
  const isEmpty = value === '' || value === undefined || value === false;
  return isEmpty ? others : { ...others, [name]: value };
}

const idOf = (name) => `bio-properties-panel-ssflow-${name}`;

const frame = (name, kind, ...children) =>
  jsx('div', {
    class: 'bio-properties-panel-entry',
    'data-entry-id': `ssflow-${name}`,
    children: jsxs('div', { class: `bio-properties-panel-${kind}`, children }),
  });

const labelOf = ({ name, label }) =>
  jsx('label', { for: idOf(name), class: 'bio-properties-panel-label', children: label });

const hintOf = ({ hint }) => hint && jsx('div', { class: 'bio-properties-panel-description', children: hint });

function Text(props) {
  const { name, value, set } = props;
  const input = jsx('input', {
    id: idOf(name),
    type: 'text',
    class: 'bio-properties-panel-input',
    value: value ?? '',
    onInput: (event) => set(name, event.target.value),
  });
  return frame(name, 'textfield', labelOf(props), input, hintOf(props));
}

function Count(props) {
  const { name, value, set } = props;
  const input = jsx('input', {
    id: idOf(name),
    type: 'number',
    min: 0,
    class: 'bio-properties-panel-input',
    value: value ?? '',
    onInput: (event) => set(name, event.target.value === '' ? '' : Number(event.target.value)),
  });
  return frame(name, 'numberfield', labelOf(props), input);
}

function Flag(props) {
  const { name, value, set } = props;
  const input = jsx('input', {
    id: idOf(name),
    type: 'checkbox',
    class: 'bio-properties-panel-input',
    checked: value === true || value === 'true',
    onInput: (event) => set(name, event.target.checked),
  });
  return frame(name, 'checkbox', input, labelOf(props));
}

function Choice(props) {
  const { name, value, set, choices } = props;
  const options = ['', ...new Set([...choices, ...(value ? [value] : [])])];
  const select = jsx('select', {
    id: idOf(name),
    class: 'bio-properties-panel-input',
    value: value ?? '',
    onInput: (event) => set(name, event.target.value),
    children: options.map((option) => jsx('option', { value: option, children: KIND_NAMES[option] ?? t('(as drawn)') })),
  });
  return frame(name, 'select', labelOf(props), select);
}
