export * from './disposers.js';
export * from './eventually.js';
export * from './free-port.js';
export * from './postgres-server.js';
export * from './redis-server.js';
export * from './romm-releases.js';
export * from './romm-server.js';
export * from './service-process.js';
