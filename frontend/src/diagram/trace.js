// Draws a trace on a diagram. A trace is JSON, every part of it optional:
//   path    [element and sequence flow ids, in the order they were reached]
//   active  [{element_id, kind: user_task|timer|message|operation|incident, label}]   where it waits, and for whom
//   visits  {element_id: how often}
//   changes {element_id: added|removed|changed}
//   heat    {element_id: {count, label, title}}
const KINDS_OF_TROUBLE = new Set(['incident']);
const HEAT_LEVELS = 5;

export function drawTrace(viewer, trace) {
  const known = knownElements(viewer, trace);
  known(trace.path).forEach((id) => mark(viewer, id, 'done'));
  for (const [id, change] of known.entries(trace.changes)) mark(viewer, id, change);
  drawActive(viewer, known, trace.active ?? []);
  drawVisits(viewer, known, trace.visits);
  drawHeat(viewer, known, trace.heat);
}

/** Take away what `drawTrace` drew of a case. */
export function clearTrace(viewer) {
  const canvas = viewer.get('canvas');
  viewer.get('elementRegistry').forEach(({ id }) => {
    for (const name of ['done', 'active', 'trouble']) canvas.removeMarker(id, `mark-${name}`);
  });
  viewer.get('overlays').remove({ type: 'ssflow' });
}

/** Give the ids that this diagram has: a trace may also name elements of called processes. */
function knownElements(viewer) {
  const registry = viewer.get('elementRegistry');
  const known = (ids) => [...new Set(ids ?? [])].filter((id) => registry.get(id));
  known.entries = (table) => Object.entries(table ?? {}).filter(([id]) => registry.get(id));
  return known;
}

const mark = (viewer, id, name) => viewer.get('canvas').addMarker(id, `mark-${name}`);

function drawActive(viewer, known, active) {
  const byElement = Map.groupBy ? Map.groupBy(active, (point) => point.element_id) : groupByElement(active);
  for (const [id, points] of byElement) {
    if (!known([id]).length) continue;
    const trouble = points.some((point) => KINDS_OF_TROUBLE.has(point.kind));
    for (const shown of [id, ...foldedAround(viewer, id)]) mark(viewer, shown, trouble ? 'trouble' : 'active');
    const labels = points.map((point) => point.label).filter(Boolean);
    if (labels.length) addBadge(viewer, id, { text: labels.join(', '), className: trouble ? 'is-trouble' : 'is-waiting', bottom: -6, left: 0 });
  }
}

/** Give the folded sub-processes that an element lies in: they show on the plane above that it waits there. */
function foldedAround(viewer, id) {
  const registry = viewer.get('elementRegistry');
  const folded = [];
  for (let element = registry.get(id); element; ) {
    while (element.parent) element = element.parent;
    if (!element.id.endsWith('_plane')) break;
    folded.push(element.id.slice(0, -'_plane'.length));
    element = registry.get(folded.at(-1));
  }
  return folded;
}

function groupByElement(active) {
  const groups = new Map();
  for (const point of active) groups.set(point.element_id, [...(groups.get(point.element_id) ?? []), point]);
  return groups;
}

function drawVisits(viewer, known, visits) {
  for (const [id, count] of known.entries(visits)) {
    if (count > 1 && !isConnection(viewer, id)) addBadge(viewer, id, { text: `${count} ×`, top: -12, right: 16 });
  }
}

function drawHeat(viewer, known, heat) {
  const most = Math.max(1, ...Object.values(heat ?? {}).map(({ count }) => count));
  for (const [id, { count, label, title }] of known.entries(heat)) {
    if (isConnection(viewer, id)) continue;
    mark(viewer, id, `heat-${Math.max(1, Math.ceil((count / most) * HEAT_LEVELS))}`);
    addBadge(viewer, id, { text: label ?? String(count), title, top: -12, right: 16 });
  }
}

const isConnection = (viewer, id) => Boolean(viewer.get('elementRegistry').get(id).waypoints);

function addBadge(viewer, id, { text, title = text, className = '', ...position }) {
  const badge = document.createElement('span');
  badge.className = `diagram-badge ${className}`;
  badge.textContent = text;
  badge.title = title;
  viewer.get('overlays').add(id, 'ssflow', { position, html: badge });
}
