import './check-node.cjs';

const { install, build } = await import('./bootstrap.mjs');
install();
build();
await import('../packages/doctor/dist/main.js');
