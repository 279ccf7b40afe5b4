/** Writes docs/openapi/*.json from the schemas; a test compares them with what the services serve. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { build } from './bootstrap.mjs';

build();
const directory = new URL('../docs/openapi/', import.meta.url);
mkdirSync(directory, { recursive: true });
for (const app of ['auth', 'sfu']) {
  const { openApi } = await import(`../apps/${app}/dist/composition/compose.js`);
  writeFileSync(new URL(`${app}.json`, directory), `${JSON.stringify(openApi, null, 2)}\n`);
}
