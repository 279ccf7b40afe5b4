/** How a file of `src` becomes one of `dist`: its types are taken away, the rest stays. */
export const transpiling = {
  outbase: 'src',
  outdir: 'dist',
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'warning',
};
