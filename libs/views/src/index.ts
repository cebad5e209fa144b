export { type CheckedNumber } from './checked-number.js';
export type * from './checkpoints.js';
export { BadCursor } from './cursors.js';
export { joinCheckpoints } from './embedded/checkpoints-client.js';
export { type EmbeddedViews } from './embedded/embedded-views.js';
export { openViews, type OpenViews } from './embedded/open-views.js';
export * from './views.js';
