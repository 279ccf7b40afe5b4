/** What is built for browsers. The test on size builds the same from sources. */
export const bundles = (entry) => [
  { entryPoints: [entry('index')], outfile: 'dist/browser/netplay.js', format: 'esm' },
  {
    entryPoints: [entry('federation')],
    outfile: 'dist/browser/netplay-federation.js',
    format: 'esm',
  },
  { entryPoints: [entry('shim')], outfile: 'dist/browser/netplay-shim.js', format: 'iife' },
];

export const settings = {
  bundle: true,
  minify: true,
  platform: 'browser',
  // Browsers of 2022 and later.
  target: 'es2022',
  legalComments: 'none',
  logLevel: 'warning',
};
