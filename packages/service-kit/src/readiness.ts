import type { Readiness } from '@romm-netplay/protocol';

/** Resolves with the latency in milliseconds, or rejects when the component cannot do its work. */
export type ComponentCheck = () => Promise<number>;

/** Asks every component at the same time. The reason of a failure goes to `onDown`, not to the public. */
export async function checkReadiness(
  checks: Readonly<Record<string, ComponentCheck>>,
  warnings: readonly string[],
  onDown: (component: string, error: unknown) => void,
): Promise<Readiness> {
  const states = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      try {
        return [name, { state: 'up', latency_ms: Math.round((await check()) * 100) / 100 }] as const;
      } catch (error: unknown) {
        onDown(name, error);
        return [name, { state: 'down', latency_ms: 0, detail: 'does not answer' }] as const;
      }
    }),
  );
  const ready = states.every(([, { state }]) => state === 'up');
  return {
    status: ready ? 'ready' : 'unready',
    components: Object.fromEntries<Readiness['components'][string]>(states),
    warnings: [...warnings],
  };
}
