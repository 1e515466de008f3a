// Names in the reader's language, put in before the diagram is drawn. A trace may have
//   names  {element_id: name}
//   roles  {role key: title}    a lane without a name of its own is called by its role's key

export function relabel(elementsById, { names = {}, roles = {} }) {
  for (const [id, element] of Object.entries(elementsById)) {
    const name = names[id] ?? (element.$type === 'bpmn:Lane' ? roles[element.name] : undefined);
    if (name) element.name = name;
  }
}
