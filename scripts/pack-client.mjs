import './check-node.cjs';

const { install } = await import('./bootstrap.mjs');
install();
await import('../packages/client/pack.mjs');
