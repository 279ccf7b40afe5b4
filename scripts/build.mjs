import './check-node.cjs';

const { install, run } = await import('./bootstrap.mjs');
install();
process.exit(run('turbo', ['run', 'build', '--no-update-notifier', ...process.argv.slice(2)]));
