export type { Finding } from '@romm-netplay/protocol';
export { withSiteUrl } from './advice.js';
export { judgeReadiness } from './checks/readiness.js';
export * from './diagnose.js';
export { fault, ok, quote, skipped, verdictOf, warning } from './findings.js';
export type { OpenSocket, SocketAttempt, SocketOutcome } from './node-socket.js';
export { hasDoubledHost, isLoopback } from './urls.js';
