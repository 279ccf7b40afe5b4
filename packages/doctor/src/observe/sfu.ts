import { SFU_API } from '@romm-netplay/protocol/sfu-api';
import { SOCKET_PATH, SUBPROTOCOL } from '@romm-netplay/protocol/wire';
import type { ObserveDeps, SfuFacts, Targets } from '../observe.js';
import { findService, type Root } from './find-service.js';
import { MARKED } from './marked.js';
import { preflightOf } from './preflight.js';
import { pollSocketIo } from './socket-io.js';

/** Asks a node everything there is to ask, at the same time. */
export async function observeSfu(deps: ObserveDeps, targets: Targets, root: Root): Promise<SfuFacts> {
  const { http, onProgress } = deps;
  const { origin, readToken, sfuUrl } = targets;
  onProgress(`the SFU at ${sfuUrl}`);
  const { base, answer: echo } = await findService({
    url: sfuUrl,
    member: 'issuer',
    root,
    ask: (url) => http(`${url}${SFU_API.doctorEcho.path}`, { headers: MARKED }),
  });
  const get = (path: string, headers = {}) => http(`${base}${path}`, { headers });
  const sockets = observeSockets(deps, base, origin);
  const [list, resolve, ice, bareEcho, ready, preflight, listWithToken] = await Promise.all([
    get(SFU_API.listRooms.path),
    get(`${SFU_API.resolveRoom.path}?room=doctor`),
    get(SFU_API.ice.path),
    get(SFU_API.doctorEcho.path),
    get(SFU_API.readiness.path),
    preflightOf(http, `${base}${SFU_API.listRooms.path}`, 'GET', origin),
    readToken === undefined
      ? undefined
      : get(SFU_API.listRooms.path, { authorization: `Bearer ${readToken}` }),
  ]);
  return {
    ...{ base, echo, bareEcho, ready, preflight, listWithToken },
    ...(await sockets),
    answers: {
      [SFU_API.listRooms.path]: list,
      [SFU_API.resolveRoom.path]: resolve,
      [SFU_API.ice.path]: ice,
      [SFU_API.doctorEcho.path]: echo,
    },
  };
}

async function observeSockets(
  { http, openSocket, timeoutMs, signal, onProgress }: ObserveDeps,
  base: string,
  origin: string | undefined,
) {
  onProgress(`sockets at ${base}`);
  const open = (path: string, more: { subprotocol?: string; origin?: string | undefined } = {}) =>
    openSocket({ url: `${base}${path}`, timeoutMs, signal, ...more });
  const [socket, socketOfPage, { polling, opened }] = await Promise.all([
    open(SOCKET_PATH, { subprotocol: SUBPROTOCOL }),
    origin === undefined ? undefined : open(SOCKET_PATH, { subprotocol: SUBPROTOCOL, origin }),
    pollSocketIo(http, `${base}/socket.io/`, 0),
  ]);
  const pollingUpgrade = opened ? await open('/socket.io/?EIO=4&transport=websocket') : undefined;
  return { socket, socketOfPage, polling, pollingUpgrade };
}
