export { PostgresServer } from './server.js';
export { describeOnPostgres } from './suite.js';
