import type { Answer, Http } from '../http.js';

const NOOP = '6';
const CLOSE = '1';

/** A session of Socket.IO that polling began, and that is ended. */
export interface PollingSession {
  readonly polling: Answer;
  readonly opened: boolean;
  /** To what was sent in it, one after the other. */
  readonly sentLater: readonly Answer[];
}

/** @param later how often something is sent in the session before it ends */
export async function pollSocketIo(http: Http, url: string, later: number): Promise<PollingSession> {
  const address = `${url}?EIO=4&transport=polling`;
  const polling = await http(address);
  const sid = polling.kind === 'answer' ? /"sid":"([\w-]{1,64})"/.exec(polling.text)?.[1] : undefined;
  if (sid === undefined) return { polling, opened: false, sentLater: [] };
  const send = (body: string) => http(`${address}&sid=${sid}`, { method: 'POST', body });
  const sentLater: Answer[] = [];
  for (let i = 0; i < later; i += 1) sentLater.push(await send(NOOP));
  await send(CLOSE);
  return { polling, opened: true, sentLater };
}
