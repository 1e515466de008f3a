// Pictures of figures, drawn from the tables that stand on the page: app.js fetches this file where
// a page has <figure data-chart="kind">. The table stays, folded away, for whoever would rather read it.
import {
  ArcElement, BarController, BarElement, BubbleController, CategoryScale, Chart, DoughnutController,
  Legend, LineController, LineElement, LinearScale, LogarithmicScale, PointElement, Tooltip,
} from 'chart.js';
import { MatrixController, MatrixElement } from 'chartjs-chart-matrix';
import { DRAWINGS } from './charts/drawings.js';
import { readTable } from './charts/table.js';
import { pageColours } from './charts/colours.js';
import { t } from './shared/texts.js';

Chart.register(
  ArcElement, BarController, BarElement, BubbleController, CategoryScale, DoughnutController, Legend, LineController,
  LineElement, LinearScale, LogarithmicScale, MatrixController, MatrixElement, PointElement, Tooltip,
);

/** Draw the chart of a figure above its table. */
export function drawChart(figure) {
  const details = figure.querySelector('.chart-table');
  const table = readTable(details.querySelector('table'), Number.parseFloat(figure.dataset.target));
  const colours = pageColours(figure);
  const { height, ...settings } = DRAWINGS[figure.dataset.chart](table, colours);
  const place = document.createElement('div');
  place.className = `chart-place chart-${height ?? 'usual'}`;
  const canvas = document.createElement('canvas');
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', t('{title}. The table below has the figures.', { title: titleOf(figure) }));
  place.append(canvas);
  details.before(place);
  details.open = false;
  Chart.defaults.color = colours.text;
  Chart.defaults.borderColor = colours.line;
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  const chart = new Chart(canvas, withDefaults(settings, table));
  canvas.addEventListener('click', (event) => follow(chart, event, table));
  figure.dataset.ready = '';
}

const titleOf = (figure) => figure.querySelector('figcaption h2').textContent.trim();

function withDefaults(settings, table) {
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  return {
    ...settings,
    options: {
      maintainAspectRatio: false,
      locale: document.documentElement.lang || undefined,
      animation: still ? false : { duration: 300 },
      onHover: (event, found) => {
        event.native.target.style.cursor = found.length && table.rows[found[0].index]?.url ? 'pointer' : '';
      },
      ...settings.options,
    },
  };
}

/** Go where the row of a bar, bubble or slice leads. */
function follow(chart, event, table) {
  const [found] = chart.getElementsAtEventForMode(event, 'nearest', { intersect: true }, true);
  const url = found && table.rows[found.index]?.url;
  if (url) location.assign(url);
}
