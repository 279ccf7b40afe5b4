import './check-node.cjs';

const { install, build } = await import('./bootstrap.mjs');
const { ensureServices } = await import('./services.mjs');
install();
ensureServices();
build();
await import('../bench/dist/main.js');
