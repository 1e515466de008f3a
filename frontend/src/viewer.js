// A diagram to look at, with what happened drawn on it. app.js fetches this file where a page has
// <div data-diagram-url="…" data-trace-url="…" data-label="…"></div>; see diagram/trace.js for the trace.
import 'bpmn-js/dist/assets/diagram-js.css';
import 'bpmn-js/dist/assets/bpmn-js.css';
import { importWithWarnings } from './shared/imports.js';
import './css/viewer.css';
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';
import { createBar } from './diagram/bar.js';
import { relabel } from './diagram/names.js';
import { findWaiting, fitWhole, openReadable, zoomTo } from './diagram/fit.js';
import { followCase } from './diagram/follow.js';
import { linkList } from './diagram/list.js';
import { clearTrace, drawTrace } from './diagram/trace.js';
import { describeSpiffWorkflow } from './modeler/moddle.js';
import { getJson, getText } from './shared/server.js';
import { t } from './shared/texts.js';

const AFTER_ITS_OWN = 100; // the viewer's own listeners have 1000: the greater, the sooner

/** Fill `element` with the diagram that its data attributes name. */
export async function showDiagram(element) {
  const canvas = createCanvas(element);
  try {
    const { diagramUrl, traceUrl } = element.dataset;
    const [xml, trace] = await Promise.all([getText(diagramUrl), traceUrl ? getJson(traceUrl) : {}]);
    const viewer = await openViewer(canvas, xml, trace);
    drawTrace(viewer, trace);
    element.prepend(createBar(viewer, trace));
    linkList(viewer, element);
    if ('follow' in element.dataset) followCase(element, trace, (news) => redraw(viewer, element, news));
    element.dataset.ready = '';
  } catch (error) {
    showFailure(element, error);
  }
}

/** Draw how the case stands now; the picture moves along unless somebody is moving it by hand. */
function redraw(viewer, element, trace) {
  clearTrace(viewer);
  drawTrace(viewer, trace);
  element.querySelector('.diagram-bar').replaceWith(createBar(viewer, trace));
  const waiting = findWaiting(viewer, trace);
  const canvas = viewer.get('canvas');
  if (waiting && !canvas.getContainer().contains(document.activeElement)) zoomTo(viewer, waiting, canvas.zoom());
}

async function openViewer(canvas, xml, trace) {
  const viewer = new NavigatedViewer({
    container: canvas,
    moddleExtensions: { spiffworkflow: describeSpiffWorkflow() },
    zoomScroll: { enabled: false }, // the wheel scrolls the page until the diagram is chosen
  });
  viewer.on('import.parse.complete', ({ elementsById }) => relabel(elementsById ?? {}, trace));
  await importWithWarnings(viewer, xml);
  viewer.on('root.set', AFTER_ITS_OWN, () => fitWhole(viewer));
  openReadable(viewer, trace);
  canvas.addEventListener('focusin', () => viewer.get('zoomScroll').toggle(true));
  canvas.addEventListener('focusout', () => viewer.get('zoomScroll').toggle(false));
  return viewer;
}

function createCanvas(element) {
  element.classList.add('diagram');
  const canvas = document.createElement('div');
  canvas.className = 'diagram-canvas';
  canvas.setAttribute('role', 'group');
  canvas.setAttribute('aria-label', element.dataset.label ?? t('Diagram'));
  element.append(canvas);
  return canvas;
}

function showFailure(element, error) {
  const text = document.createElement('p');
  text.className = 'alert alert-danger';
  text.setAttribute('role', 'alert');
  text.textContent = t('The diagram could not be shown: {reason}', { reason: error.message });
  element.replaceChildren(text);
}
