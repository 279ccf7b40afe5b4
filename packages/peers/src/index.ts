export { createBoundedResolve } from './bounded-resolve.js';
export * from './peer-fetch.js';
export * from './peer-keys.js';
export * from './peers.js';
