export { type EventStoreDbOptions, type EventStoreDbStore, openEventStoreDbStore } from './store.js';
