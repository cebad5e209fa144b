export * from './clock.js';
export * from './command-handler.js';
export * from './decider.js';
export * from './envelope.js';
export * from './event-store.js';
export * from './failures.js';
export * from './follower.js';
export * from './transport.js';
