import './check-node.cjs';

const { installToRun, buildToRun } = await import('./bootstrap.mjs');
installToRun();
await buildToRun();
await import('../apps/standalone/dist/main.js');
