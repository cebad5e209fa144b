export { openPostgresViews, type OpenPostgresViews } from './open-views.js';
