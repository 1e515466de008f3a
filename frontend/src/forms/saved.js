// form-js fills in what a field lacks when it opens a form. What ssflow's forms lack on purpose is taken out again.
const FILLED_IN = { computeOn: 'change', isRepeating: true };
const OFFERED_BY_SSFLOW = new Set(['ref', 'refs', 'user', 'users']);

/** A form as it is saved: like the one opened, but for what was changed. */
export function cleanForm(saved, opened) {
  const before = new Map([...walk(opened)].map((component) => [component.id, component]));
  const { title, id } = opened;
  return {
    id,
    ...(title !== undefined && { title }),
    ...saved,
    components: (saved.components ?? []).map((component) => cleanComponent(component, before)),
  };
}

function cleanComponent(component, before) {
  const { components, ...own } = component;
  const old = before.get(component.id);
  const kept = Object.entries(own).filter(([name, value]) => !isFilledIn(name, value, component, old));
  return {
    ...Object.fromEntries(kept),
    ...(components && { components: components.map((child) => cleanComponent(child, before)) }),
  };
}

function isFilledIn(name, value, component, old) {
  if (name === 'values') return OFFERED_BY_SSFLOW.has(component.properties?.type);
  return Boolean(old) && !(name in old) && FILLED_IN[name] === value;
}

function* walk({ components = [] }) {
  for (const component of components) {
    yield component;
    yield* walk(component);
  }
}
