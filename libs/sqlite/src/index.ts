export { onCommit } from './commits.js';
export { busyTimeoutMs, type Database, openReader, type Statement, statements } from './database.js';
export { toFailure, translating } from './failures.js';
export { type FolderLock, lockFolder } from './lock-folder.js';
export { type RequestHandler, type WriterModule, type WriterOptions, type WriterPragmas } from './protocol.js';
export { workerModule } from './worker-module.js';
export { Writer } from './writer.js';
