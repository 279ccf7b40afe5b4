import type { Readiness } from '@romm-netplay/protocol';
import { createLapsesByKey, type Lapses } from './lapses.js';

/** Resolves with the latency in milliseconds, or rejects when the component cannot do its work. */
export type ComponentCheck = () => Promise<number>;

/** Why a component cannot do its work, fit to be read by anybody: no address, no secret, nothing that it answered. */
export class ComponentTrouble extends Error {
  /** For programs. */
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'ComponentTrouble';
    this.code = code;
  }
}

export interface Components {
  readonly checks: Readonly<Record<string, ComponentCheck>>;
  /**
   * Components without which a part of the work goes on. One that is down is told of, and the service stays ready:
   * taking it out of service, or starting it again, would end that part as well. Who follows them logs.
   */
  readonly partChecks?: Readonly<Record<string, ComponentCheck>>;
  /** What of their set-up breaks a promise sooner or later, a sentence each. */
  readonly advice?: () => readonly string[];
  /** Told why, at each check; the public is told of a ComponentTrouble only. */
  readonly onDown: (component: string, error: unknown) => void;
  /** Told at each check that finds it well. */
  readonly onUp: (component: string) => void;
}

type Component = Readiness['components'][string];

/** Asks every component at the same time. */
export async function checkReadiness(
  { checks, partChecks = {}, advice, onDown, onUp }: Components,
  warnings: readonly string[],
): Promise<Readiness> {
  const [needed, parts] = await Promise.all([
    statesOf(checks, { onDown, onUp }),
    statesOf(partChecks, { onDown: () => undefined, onUp: () => undefined }),
  ]);
  return {
    status: needed.every(([, { state }]) => state === 'up') ? 'ready' : 'unready',
    components: Object.fromEntries([...needed, ...parts]),
    warnings: [...warnings, ...(advice?.() ?? [])],
  };
}

function statesOf(
  checks: Readonly<Record<string, ComponentCheck>>,
  { onDown, onUp }: Pick<Components, 'onDown' | 'onUp'>,
): Promise<(readonly [string, Component])[]> {
  return Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      try {
        const latencyMs = await check();
        onUp(name);
        return [name, { state: 'up', latency_ms: Math.round(latencyMs * 100) / 100 }] as const;
      } catch (error: unknown) {
        onDown(name, error);
        return [name, { state: 'down', latency_ms: 0, ...reasonOf(error) }] as const;
      }
    }),
  );
}

/** Errors of the shared state bring theirs along. */
interface Troubled {
  readonly trouble?: { readonly code: string; readonly message: string } | undefined;
}

function reasonOf(error: unknown): Pick<Component, 'code' | 'detail'> {
  const told = error instanceof ComponentTrouble ? error : (error as Troubled).trouble;
  return told === undefined ? { detail: 'does not answer' } : { code: told.code, detail: told.message };
}

/** Whoever asks for readiness asks every few seconds: a line when a component is down, and one when it is up again. */
export function componentLines(lapses: Lapses): Pick<Components, 'onDown' | 'onUp'> {
  const words = { failing: 'component is down', mended: 'component is up' };
  const { onError, onMended } = createLapsesByKey((component) => lapses(words, { component }));
  return { onDown: (component, error) => onError(error, component), onUp: onMended };
}
