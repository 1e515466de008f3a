// Lists that a multi-instance activity runs over are named in the file but declared nowhere, because in ssflow
// they are plain variables. bpmn-js would drop such a name when saving; this keeps it.
const NAMES = ['loopDataInputRef', 'loopDataOutputRef'];

export default {
  __init__: [['eventBus', 'moddle', keepVariableNames]],
};

function keepVariableNames(eventBus, moddle) {
  eventBus.on('import.parse.complete', ({ references = [], elementsById = {}, warnings = [] }) => {
    for (const { element, property, id } of references) {
      const name = property.replace('bpmn:', '');
      if (!NAMES.includes(name) || elementsById[id]) continue;
      element.set(name, variable(moddle, id));
      dropWarning(warnings, id);
    }
  });
}

/** Stands for a variable where BPMN wants a reference: it is written as its id. */
export function variable(moddle, id) {
  return moddle.create('bpmn:DataInput', { id, name: id });
}

function dropWarning(warnings, id) {
  const at = warnings.findIndex(({ message }) => message === `unresolved reference <${id}>`);
  if (at >= 0) warnings.splice(at, 1);
}
