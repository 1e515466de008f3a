// What every page has: Tabler, htmx and small behaviours. Every page also works without any of them.
import '@tabler/core/dist/js/tabler.esm.min.js';
import '@tabler/core/dist/css/tabler.min.css';
import './css/app.css';
import { startAutosave } from './page/autosave.js';
import { startCharts } from './page/charts.js';
import { startDiagrams } from './page/diagrams.js';
import { startForms } from './page/forms.js';
import { startHtmx } from './page/htmx.js';
import { startMenus } from './page/menus.js';
import { startRedraws } from './page/redraws.js';
import { startShortcuts } from './page/shortcuts.js';
import { startTabs } from './page/tabs.js';
import { startThemeChoice } from './page/theme.js';
import { startTimes } from './page/times.js';

startHtmx();
startForms();
startRedraws();
startAutosave();
startTimes();
startMenus();
startTabs();
startShortcuts();
startThemeChoice();
startDiagrams();
startCharts();
