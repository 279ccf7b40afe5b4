export { type AddressKind, kindOfAddress } from './address-rules.js';
export * from './announced-url.js';
export * from './errors.js';
export * from './outbound-fetch.js';
export * from './policy.js';
export { resolveBySystem } from './resolve-allowed.js';
