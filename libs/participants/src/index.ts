export * from './participant.js';
export * from './registry.js';
