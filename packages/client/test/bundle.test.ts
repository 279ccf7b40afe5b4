/** What browsers load: small, whole, and without a dependency. */
import { gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';
// @ts-expect-error -- plain JavaScript, shared with build.mjs
import { bundles, settings } from '../bundles.mjs';

const LIMIT_BYTES = 8 * 1024;
interface Bundle {
  readonly format: 'esm' | 'iife';
}

async function bundled({ format }: Bundle): Promise<string> {
  const from = (name: string) => fileURLToPath(new URL(`../src/${name}.ts`, import.meta.url));
  const bundle = (bundles as (entry: typeof from) => Bundle[])(from).find((each) => each.format === format);
  const { outputFiles } = await build({
    ...(settings as object),
    ...bundle,
    conditions: ['@romm-netplay/source'],
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}

describe('the bundles', () => {
  it.each([
    ['netplay.js', 'esm'],
    ['netplay-shim.js', 'iife'],
  ] as const)('%s is under 8 KB gzipped', async (_name, format) => {
    const code = await bundled({ format });
    const bytes = gzipSync(code, { level: 9 }).length;
    expect(bytes).toBeGreaterThan(1_000);
    expect(bytes).toBeLessThan(LIMIT_BYTES);
  });

  it('import nothing', async () => {
    expect(await bundled({ format: 'esm' })).not.toMatch(/\bimport\b|\brequire\(/);
  });

  it('run as a classic script', async () => {
    const asked: string[] = [];
    const page: Record<string, unknown> = {
      document: {
        cookie: '',
        currentScript: { dataset: { authUrl: 'https://auth.example', sfuUrl: 'https://sfu.example' } },
      },
      location: new URL('https://romm.example/play'),
      console: { warn: () => undefined },
      fetch: (url: string) => {
        asked.push(url);
        return new Promise(() => undefined);
      },
      dispatchEvent: () => true,
      ...{
        URL,
        AbortSignal,
        performance,
        setTimeout,
        CustomEvent,
        TextDecoder,
        URLSearchParams,
        BroadcastChannel,
      },
    };
    page['window'] = page;
    vm.runInNewContext(await bundled({ format: 'iife' }), page);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(asked).toEqual(['https://auth.example/api/sfu/token']);
    expect([typeof page['handleSfuAuthError'], page['EJS_netplayToken'], page['EJS_netplayUrl']]).toEqual([
      ...['function', '', 'https://sfu.example'],
    ]);
  });
});
