export { type EmbeddedStore, type EmbeddedStoreOptions, openEmbeddedStore, openEmbeddedStoreReader } from './store.js';
