import './check-node.cjs';

const { install, run } = await import('./bootstrap.mjs');
const { ensureServices } = await import('./services.mjs');
install();
ensureServices();
process.exit(run('pnpm', ['--silent', 'verify']));
