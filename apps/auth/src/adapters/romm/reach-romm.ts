import { ComponentTrouble, lineErrorOf } from '@romm-netplay/service-kit';
import { readBounded } from '@romm-netplay/token-core';
import { z } from 'zod';

export interface ReachRommOptions {
  /** RomM's own address, http or https. */
  readonly baseUrl: string;
  readonly fetch?: typeof fetch;
  readonly timeoutMs: number;
}

/** What RomM says of itself to anybody; a release has much more in it. */
const heartbeat = z.object({ SYSTEM: z.object({ VERSION: z.string() }) });
const MAX_HEARTBEAT_BYTES = 256 * 1024;
/** What RomM's own proxy, or one before it, answers when there is no RomM. */
const NOT_RUNNING = [502, 503, 504];

/**
 * Asks RomM's public heartbeat, with no credential, whether RomM is where auth looks for it. Anybody may read the
 * reason, so it holds neither the address nor what was answered. @throws ComponentTrouble
 */
export async function reachRomm({
  baseUrl,
  fetch: fetchFn = fetch,
  timeoutMs,
}: ReachRommOptions): Promise<void> {
  const { status, text } = await exchange(fetchFn, `${baseUrl.replace(/\/+$/, '')}/api/heartbeat`, timeoutMs);
  if (NOT_RUNNING.includes(status)) {
    throw new ComponentTrouble(
      'romm_down',
      `What is at ROMM_BASE_URL answers ${status} to auth: RomM does not run behind it.`,
    );
  }
  if (status === 200 && isHeartbeat(text)) return;
  throw new ComponentTrouble(
    'romm_not_there',
    `What answers auth at ROMM_BASE_URL is not RomM (status ${status}).`,
  );
}

async function exchange(
  fetchFn: typeof fetch,
  url: string,
  timeoutMs: number,
): Promise<{ status: number; text: string }> {
  try {
    const response = await fetchFn(url, {
      redirect: 'manual',
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { status: response.status, text: await readBounded(response, MAX_HEARTBEAT_BYTES) };
  } catch (error) {
    throw new ComponentTrouble(
      'romm_unreachable',
      `Auth does not reach RomM at ROMM_BASE_URL (${lineErrorOf(error)}).`,
      { cause: error },
    );
  }
}

function isHeartbeat(text: string): boolean {
  try {
    return heartbeat.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}
