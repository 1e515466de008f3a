// Sets light or dark before the first paint: the person's choice, else the system's.
import { applyTheme, followSystem } from './page/theme.js';

applyTheme();
followSystem();
