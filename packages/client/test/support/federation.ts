/** What the own auth of a test tells of other instances. */
import { problem, type TestServer } from './instance.js';

export interface Told {
  readonly instance: string;
  readonly nodes: readonly unknown[];
  readonly rooms?: readonly { readonly name: string; readonly url: string }[];
}

/** Announces instances at `own`, and mints tokens that say whom they are for. */
export function announce(own: TestServer, told: readonly Told[]): void {
  own.on('/api/federation/rooms', () => ({
    body: {
      rooms: [{ room_name: 'here', current: 1, max: 4, hasPassword: false, nodeId: 'n', url: own.url }],
      foreign_rooms: told.flatMap(({ instance, rooms = [] }) =>
        rooms.map(({ name, url }) => ({
          ...{ room_name: name, current: 1, max: 4, hasPassword: false, url, instance },
          ...{ instance_label: 'B', age_ms: 5, obstacle: null },
        })),
      ),
      instances: told.map(({ instance: issuer, nodes }) => ({
        ...{ issuer, label: 'B', state: 'fresh', age_ms: 5, nodes, may_join: true },
      })),
    },
  }));
  own.on('/api/sfu/token', ({ body }, nth) => ({
    body: {
      token: `${String(body['token_type'])} ${nth} for ${(body['audience'] as string | undefined) ?? 'home'}`,
      token_type: 'bearer',
      expires: body['token_type'] === 'read' ? 900 : 30,
    },
  }));
}

export const refuseTokens = (own: TestServer, code: string): void =>
  own.on('/api/sfu/token', () => problem(403, code));

/** Every token that a server has seen, over HTTP and sockets. */
export const tokensSeen = ({ calls, sockets }: TestServer): string[] => [
  ...calls.flatMap(({ authorization }) => authorization ?? []),
  ...sockets.flatMap(({ data }) => (typeof data['token'] === 'string' ? [data['token']] : [])),
];

export const requests = ({ sockets }: TestServer): string[] => sockets.map(({ type }) => type);
