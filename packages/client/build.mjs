/** Bundles what was built for use without a bundler. */
import { build } from 'esbuild';
import { bundles, settings } from './bundles.mjs';

for (const bundle of bundles((name) => `dist/${name}.js`)) {
  await build({ ...settings, ...bundle, sourcemap: true });
}
