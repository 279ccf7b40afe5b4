export * from './doctor.js';
export * from './health.js';
export * from './http-api.js';
export * from './messages.js';
export * from './node-record.js';
export type { MemberExtra, MemberExtraChanges, RoomExtra, RoomExtraChanges } from './metadata.js';
export * from './problem.js';
export * from './room-record.js';
export * from './wire.js';
