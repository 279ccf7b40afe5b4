export * from './errors.js';
export * from './outbound-fetch.js';
export * from './policy.js';
