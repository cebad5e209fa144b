export * from './calendar.js';
export { parsePlaces, type Place } from './places.js';
export * from './segment-file.js';
export * from './segment-table.js';
export * from './segments.js';
