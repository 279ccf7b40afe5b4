import './check-node.cjs';

const { install, build } = await import('./bootstrap.mjs');
install();
build();
await import('../apps/standalone/dist/demo/rotation.js');
