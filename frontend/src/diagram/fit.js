// Where a diagram opens: as a whole when its text can be read then, else where one wants to look.
const READABLE_SCALE = 0.6;
const OPENING_SCALE = 0.9;
const PALETTE_WIDTH = 120;
const MARGIN = 20;

/** Show a whole diagram without hiding its left side behind the palette. */
export function fitBesidePalette(modeler) {
  const canvas = modeler.get('canvas');
  const { inner, outer } = canvas.viewbox();
  if (!outer.width || !inner.width) return;
  const scale = Math.min(
    1,
    (outer.width - PALETTE_WIDTH - MARGIN) / inner.width,
    (outer.height - 2 * MARGIN) / inner.height,
  );
  canvas.viewbox({
    x: inner.x - PALETTE_WIDTH / scale,
    y: inner.y - (outer.height / scale - inner.height) / 2,
    width: outer.width / scale,
    height: outer.height / scale,
  });
}

/** Show the whole diagram, in the middle of the room below the names of the planes above it. */
export function fitWhole(viewer) {
  const canvas = viewer.get('canvas');
  const taken = roomOfCrumbs(canvas);
  canvas.zoom('fit-viewport', 'auto');
  const { inner, outer } = canvas.viewbox();
  if (!taken || !inner.height) return;
  const scale = Math.min(canvas.zoom(), (outer.height - taken - MARGIN) / inner.height);
  canvas.viewbox({
    x: inner.x - (outer.width / scale - inner.width) / 2,
    y: inner.y - taken / scale - ((outer.height - taken) / scale - inner.height) / 2,
    width: outer.width / scale,
    height: outer.height / scale,
  });
}

/** Show the whole diagram, or, when that is too small to read, where the case waits or begins. */
export function openReadable(viewer, trace) {
  const canvas = viewer.get('canvas');
  fitWhole(viewer);
  if (canvas.zoom() >= READABLE_SCALE) return;
  const place = findWaiting(viewer, trace) ?? findStart(viewer);
  if (place) zoomTo(viewer, place, OPENING_SCALE);
}

/** The first element of this diagram at which the case waits. */
export function findWaiting(viewer, { active = [] }) {
  const registry = viewer.get('elementRegistry');
  return active.map((point) => registry.get(point.element_id)).find(Boolean);
}

const findStart = (viewer) => viewer.get('elementRegistry').find(({ type }) => type === 'bpmn:StartEvent');

/** Bring an element into the middle, on the plane of its sub-process when that is folded. */
export function zoomTo(viewer, element, scale = 1) {
  const canvas = viewer.get('canvas');
  const plane = canvas.findRoot(element);
  if (plane !== canvas.getRootElement()) {
    canvas.setRootElement(plane);
    fitWhole(viewer);
    if (canvas.zoom() >= READABLE_SCALE) return;
  }
  canvas.zoom(scale);
  const { inner, outer } = canvas.viewbox();
  const width = outer.width / scale;
  const height = outer.height / scale;
  const above = Math.max(0, roomOfCrumbs(canvas) - MARGIN) / scale;
  canvas.viewbox({
    x: within(element.x + element.width / 2 - width / 2, inner.x, inner.width, width),
    y: within(element.y + element.height / 2 - height / 2, inner.y - above, inner.height + above, height),
    width,
    height,
  });
}

/** How far the names of the planes above reach into the picture, in pixels; none in the uppermost. */
function roomOfCrumbs(canvas) {
  const crumbs = canvas.getContainer().querySelector('.bjs-breadcrumbs');
  return crumbs?.offsetHeight ? crumbs.offsetTop + crumbs.offsetHeight : 0;
}

/** Keep a window of `size` on the drawing, so that no emptiness is shown beside it. */
function within(wanted, start, length, size) {
  const last = start + length + MARGIN - size;
  return Math.max(start - MARGIN, Math.min(wanted, last));
}
