import './check-node.cjs';

const { install, build } = await import('./bootstrap.mjs');
install();
build();
await import('../bench/dist/main.js');
