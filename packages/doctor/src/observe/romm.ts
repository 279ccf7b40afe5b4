import { PUBLIC_PREFIX, ROMM_LIST_PATH } from '@romm-netplay/protocol';
import type { Answer } from '../http.js';
import type { ObserveDeps, RommFacts } from '../observe.js';
import { strangenessOf } from '../strangeness.js';
import type { Root } from './find-service.js';
import { pollSocketIo } from './socket-io.js';

/** RomM says of itself to anybody which release it is. */
export const askHeartbeat = ({ http }: ObserveDeps, site: string): Promise<Answer> =>
  http(`${site}/api/heartbeat`);

export const isRomm = (heartbeat: Answer): boolean =>
  heartbeat.kind === 'answer' && heartbeat.json?.['SYSTEM'] !== undefined;

/**
 * Where there is no RomM, nobody knows its path. Whatever else answers there, such as a sign-in in front or a RomM that
 * fails, may stand before RomM.
 */
export function rootOf(heartbeat: Answer): Root {
  if (isRomm(heartbeat)) return 'romm';
  const strangeness = heartbeat.kind === 'answer' ? strangenessOf(heartbeat) : undefined;
  if (strangeness === undefined || strangeness.status === 404) return 'free';
  return ['redirect', 'sign-in', 'page', 'other'].includes(strangeness.how) ? 'unseen' : 'free';
}

/** As often as it takes to meet another node where two take turns. */
const LATER = 4;

/** Asks what RomM's player page would, on RomM's host. */
export async function observeRomm(
  { http, openSocket, timeoutMs, signal, onProgress }: ObserveDeps,
  site: string,
  heartbeat: Answer,
): Promise<RommFacts> {
  onProgress(`RomM at ${site}`);
  const socketIo = `${site}${PUBLIC_PREFIX}/socket.io/`;
  const [config, list, { polling, sentLater }, socketOfPage] = await Promise.all([
    http(`${site}/api/config`),
    http(`${site}${ROMM_LIST_PATH}?game_id=0`),
    pollSocketIo(http, socketIo, LATER),
    openSocket({ url: `${socketIo}?EIO=4&transport=websocket`, origin: site, timeoutMs, signal }),
  ]);
  return { site, heartbeat, config, list, polling, sentLater, socketOfPage };
}
