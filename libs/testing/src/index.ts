export * from './event-store-contract.js';
export * from './failing-event-store.js';
export * from './failing-points.js';
export * from './failing-transport.js';
export * from './given-when-then.js';
export * from './manual-clock.js';
export * from './transport-contract.js';
