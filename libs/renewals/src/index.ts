export * from './cleanliness.js';
export * from './clearance-progress.js';
export * from './deadline.js';
export * from './holder-view.js';
export * from './renewal-state.js';
export * from './renewal-task.js';
