export * from './broker.js';
export * from './describe-with-kafka.js';
export * from './jars.js';
export * from '../tcp-proxy.js';
