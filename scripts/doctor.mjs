import './check-node.cjs';

const { installToRun, buildToRun } = await import('./bootstrap.mjs');
installToRun();
await buildToRun();
await import('../packages/doctor/dist/main.js');
