export * from './health.js';
export * from './http-api.js';
export * from './messages.js';
export * from './problem.js';
export * from './room-record.js';
export * from './wire.js';
