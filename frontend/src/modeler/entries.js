// Fields of the properties panel. Each is told how to read and how to write its value; the rest is the same.
import {
  CheckboxEntry,
  isCheckboxEntryEdited,
  isSelectEntryEdited,
  isTextAreaEntryEdited,
  isTextFieldEntryEdited,
  SelectEntry,
  TextAreaEntry,
  TextFieldEntry,
} from '@bpmn-io/properties-panel';
import { jsx } from '@bpmn-io/properties-panel/preact/jsx-runtime';
import { useService } from 'bpmn-js-properties-panel';
import { t } from '../shared/texts.js';

/** One line of text. `access` is {read(element), write(element, value)}. */
export const textField = (id, label, access, options = {}) =>
  entry(TextFieldEntry, isTextFieldEntryEdited, id, label, access, options);

/** Several lines of text. */
export const textArea = (id, label, access, options = {}) =>
  entry(TextAreaEntry, isTextAreaEntryEdited, id, label, access, { rows: 4, autoResize: true, ...options });

/** Python, in letters of one width. */
export const codeArea = (id, label, access, options = {}) =>
  textArea(id, label, access, { monospace: true, ...options });

export const checkbox = (id, label, access, options = {}) =>
  entry(CheckboxEntry, isCheckboxEntryEdited, id, label, access, options);

/**
 * One of `choices` [{id, label}]; a value that is not among them stays and is shown as unknown.
 * `plain` leaves the ids out of sight.
 */
export const selectField = (id, label, access, choices, { plain = false, ...options } = {}) =>
  entry(SelectEntry, isSelectEntryEdited, id, label, access, {
    ...options,
    getOptions: (element) => optionsFor(access.read(element), choices, plain ? labelOf : nameOf),
  });

function entry(Component, isEdited, id, label, access, { description, getOptions, ...options }) {
  return {
    id: `ssflow-${id}`,
    isEdited,
    component: ({ element }) =>
      jsx(Component, {
        ...options,
        element,
        id: `ssflow-${id}`,
        label,
        description,
        debounce: useService('debounceInput'),
        getValue: () => access.read(element),
        setValue: (value) => access.write(element, value),
        ...(getOptions && { getOptions: () => getOptions(element) }),
      }),
  };
}

function optionsFor(current, choices, textOf) {
  const known = choices.map((choice) => ({ value: choice.id, label: textOf(choice) }));
  const options = [{ value: '', label: t('(none)') }, ...known];
  const isKnown = options.some(({ value }) => value === (current ?? ''));
  return isKnown ? options : [...options, { value: current, label: t('{name} (unknown)', { name: current }) }];
}

const labelOf = ({ id, label }) => label ?? id;
const nameOf = ({ id, label }) => (label && label !== id ? `${label} (${id})` : id);
