// Adds ssflow's groups to the properties panel of bpmn-js, in the place of those that ssflow does not use.
import { createTools } from './extensions.js';
import { groupsFor } from './groups.js';

const NOT_USED = new Set(['adHocCompletion', 'compensation', 'link', 'multiInstance', 'timer']);
const FIRST_GROUPS = 1; // "general" stays on top

class SsflowProvider {
  static $inject = ['propertiesPanel', 'bpmnFactory', 'commandStack', 'modeling', 'moddle', 'ssflowCatalog'];

  constructor(propertiesPanel, bpmnFactory, commandStack, modeling, moddle, catalog) {
    this.tools = { ...createTools(bpmnFactory, commandStack), modeling, moddle };
    this.catalog = catalog;
    propertiesPanel.registerProvider(500, this);
  }

  getGroups(element) {
    return (groups) => {
      const kept = groups.filter((group) => group && !NOT_USED.has(group.id));
      const own = groupsFor(element, this.tools, this.catalog);
      return [...kept.slice(0, FIRST_GROUPS), ...own, ...kept.slice(FIRST_GROUPS)];
    };
  }
}

/** `catalog`: {forms, roles, decisions, processes: [{id, label}], operations: [{id, label, outside, parameters}]}. */
export const provider = (catalog) => ({
  __init__: ['ssflowProvider'],
  ssflowProvider: ['type', SsflowProvider],
  ssflowCatalog: ['value', catalog],
});
