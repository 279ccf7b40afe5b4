import { isIP } from 'node:net';
import { z } from 'zod';
import type { IceConfig, IceServer } from './ice-servers.js';

/** RFC 7064 and RFC 7065: no slashes, no user, no path. */
const HOST = String.raw`(?:\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)(?::\d{1,5})?`;
const STUN_URL = new RegExp(`^stuns?:${HOST}$`, 'i');
const TURN_URL = new RegExp(String.raw`^turns?:${HOST}(?:\?transport=(?:udp|tcp))?$`, 'i');

const split = z.string().transform((value) => value.split(/[\s,]+/).filter(Boolean));

export const stunUrls = split
  .refine(
    (urls) => urls.every((url) => STUN_URL.test(url)),
    'must list URLs like stun:stun.example.org:3478 (stun: or stuns:), separated by commas',
  )
  .optional();

const WHAT_TURN_IS = 'URLs like turn:turn.example.org:3478 or turns:turn.example.org:5349?transport=tcp';

export const turnUrls = split
  .refine(
    (urls) => urls.length > 0 && urls.every((url) => TURN_URL.test(url)),
    `must list ${WHAT_TURN_IS}, separated by commas`,
  )
  .optional();

const entry = z.object({
  urls: z
    .union([z.string(), z.array(z.string()).min(1)])
    .transform((urls) => (typeof urls === 'string' ? [urls] : urls))
    .refine((urls) => urls.every((url) => STUN_URL.test(url) || TURN_URL.test(url))),
  username: z.string().min(1).max(512).optional(),
  credential: z.string().min(1).max(512).optional(),
});
const entries = z.array(entry.refine(isUsable)).max(16);

/** Browsers refuse a TURN server without both. */
function isUsable({ urls, username, credential }: z.output<typeof entry>): boolean {
  return !urls.some((url) => TURN_URL.test(url)) || (username !== undefined && credential !== undefined);
}

/** The message quotes nothing: passwords stand in the value. */
export const turnServers = z
  .string()
  .transform((text, context): IceServer[] => {
    const parsed = entries.safeParse(jsonOf(text));
    if (parsed.success) {
      return parsed.data.map(({ urls, username, credential }) => ({
        urls,
        ...(username !== undefined && { username }),
        ...(credential !== undefined && { credential }),
      }));
    }
    const [index] = parsed.error.issues[0]?.path ?? [];
    const which = typeof index === 'number' ? ` (look at number ${index + 1})` : '';
    context.addIssue(
      `must be a JSON list of {"urls", "username", "credential"} with ${WHAT_TURN_IS}${which}`,
    );
    return z.NEVER;
  })
  .optional();

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const ipAddress = z
  .string()
  .refine((value) => isIP(value) > 0, 'must be an IP address like 203.0.113.7')
  .optional();

type Numbered = 1 | 2 | 3 | 4;
const NUMBERS: readonly Numbered[] = [1, 2, 3, 4];

export type IceValues = {
  readonly SFU_STUN_SERVERS?: string[] | undefined;
  readonly STUN_SERVERS?: string[] | undefined;
  readonly SFU_TURN_SERVERS?: IceServer[] | undefined;
  readonly SFU_TURN_URLS?: string[] | undefined;
  readonly SFU_TURN_SECRET?: string | undefined;
  readonly ANNOUNCED_IP?: string | undefined;
} & { readonly [N in Numbered as `SFU_TURN_SERVER${N}`]?: string[] | undefined } & {
  readonly [N in Numbered as `SFU_TURN_USER${N}` | `SFU_TURN_PASS${N}`]?: string | undefined;
};

/** Variables that only make sense together. */
export function iceFaults(values: IceValues): string[] {
  const faults = NUMBERS.flatMap((number) => {
    const given = (['SERVER', 'USER', 'PASS'] as const).filter(
      (part) => values[`SFU_TURN_${part}${number}`] !== undefined,
    );
    if (given.length === 0 || given.length === 3) return [];
    return [
      `SFU_TURN_SERVER${number}, SFU_TURN_USER${number} and SFU_TURN_PASS${number} go together; only ${given
        .map((part) => `SFU_TURN_${part}${number}`)
        .join(' and ')} is set.`,
    ];
  });
  if ((values.SFU_TURN_SECRET === undefined) !== (values.SFU_TURN_URLS === undefined)) {
    faults.push(
      'SFU_TURN_SECRET and SFU_TURN_URLS go together: the secret of the TURN servers (static-auth-secret in coturn) and where they are.',
    );
  }
  return faults;
}

/** Of values without `iceFaults`. */
export function iceConfigOf(values: IceValues): IceConfig {
  const numbered = NUMBERS.flatMap((number): IceServer[] => {
    const urls = values[`SFU_TURN_SERVER${number}`];
    const username = values[`SFU_TURN_USER${number}`];
    const credential = values[`SFU_TURN_PASS${number}`];
    return urls === undefined || username === undefined || credential === undefined
      ? []
      : [{ urls, username, credential }];
  });
  const { SFU_TURN_SECRET: secret, SFU_TURN_URLS: urls } = values;
  return {
    stunUrls: values.SFU_STUN_SERVERS ?? values.STUN_SERVERS ?? [],
    staticTurn: [...(values.SFU_TURN_SERVERS ?? []), ...numbered],
    sharedTurn: secret === undefined || urls === undefined ? undefined : { urls, secret },
    announcedIp: values.ANNOUNCED_IP,
  };
}
