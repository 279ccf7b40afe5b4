/** What browsers load: small, whole, and without a dependency. */
import { gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';
// @ts-expect-error -- plain JavaScript, shared with build.mjs
import { bundles, settings } from '../bundles.mjs';

interface Bundle {
  readonly outfile: string;
}

async function bundled(file: string): Promise<string> {
  const from = (name: string) => fileURLToPath(new URL(`../src/${name}.ts`, import.meta.url));
  const bundle = (bundles as (entry: typeof from) => Bundle[])(from).find((each) =>
    each.outfile.endsWith(`/${file}`),
  );
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
    ['netplay.js', 9],
    ['netplay-federation.js', 10.5],
    ['netplay-shim.js', 8],
  ])('%s is under %d KB gzipped', async (file, limitKb) => {
    const bytes = gzipSync(await bundled(file), { level: 9 }).length;
    expect(bytes).toBeGreaterThan(1_000);
    expect(bytes).toBeLessThan(limitKb * 1024);
  });

  it.each(['netplay.js', 'netplay-federation.js'])('%s imports nothing', async (file) => {
    expect(await bundled(file)).not.toMatch(/\bimport\b|\brequire\(/);
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
        AbortController,
        performance,
        setTimeout,
        CustomEvent,
        TextDecoder,
        URLSearchParams,
        BroadcastChannel,
      },
    };
    page['window'] = page;
    vm.runInNewContext(await bundled('netplay-shim.js'), page);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(asked).toEqual(['https://auth.example/api/sfu/token']);
    expect([typeof page['handleSfuAuthError'], page['EJS_netplayToken'], page['EJS_netplayUrl']]).toEqual([
      ...['function', '', 'https://sfu.example'],
    ]);
  });
});
