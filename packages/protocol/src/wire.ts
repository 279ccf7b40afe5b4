/** What a client needs at run time: no schemas, no dependencies. */
export * from './close-codes.js';
export * from './error-codes.js';
export * from './frames.js';
export * from './limits.js';
export const SUBPROTOCOL = 'netplay.v1';
export const SOCKET_PATH = '/ws';
