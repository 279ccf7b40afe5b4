import { fault, type Finding, ok, warning, withSiteUrl } from '@romm-netplay/doctor';

/** What only the node itself knows of its set-up. */
export interface NodeFacts {
  readonly publicUrl: string | undefined;
  /** Of the instance, beside this one. */
  readonly otherNodes: readonly string[];
  readonly devIdentity: boolean;
  /** Players come with RomM's own session too. */
  readonly rommIdentity: boolean;
  readonly seatsPerPlayer: number;
  /** Another process calls itself by this node's id. */
  readonly idDisputed: boolean;
  readonly allowQueryToken: boolean;
  readonly accept: {
    readonly hs256Secret: string | undefined;
    readonly sfuType: boolean;
    readonly oldMarkers: boolean;
    readonly readTokenJoins: boolean;
  };
  /** The request came with an X-Forwarded-For that TRUSTED_PROXIES does not cover. */
  readonly forwardedUnseen: boolean;
  /** Of parts that know their own. */
  readonly warnings: readonly string[];
}

/** Settings that work, but not as an operator who reads this would want. */
export function insideFindings(facts: NodeFacts): Finding[] {
  const findings = [
    ...publicUrlFindings(facts),
    ...(facts.forwardedUnseen
      ? [
          warning(
            'trusted-proxies',
            'Requests come through a proxy that this node does not trust: all players share its address, for limits and log lines.',
            'Set TRUSTED_PROXIES to the address or network of the proxy, e.g. 172.16.0.0/12 or loopback.',
          ),
        ]
      : []),
    ...(facts.devIdentity
      ? [
          warning(
            'dev-identity',
            'Development identity is on: whoever sends a UUID is that player.',
            'Unset SFU_DEV_IDENTITY before others can reach this node.',
          ),
        ]
      : []),
    ...(facts.idDisputed
      ? [
          fault(
            'node-id',
            'Another process has the NODE_ID of this node: rooms and players of both are mixed up.',
            'Give each node a NODE_ID of its own.',
          ),
        ]
      : []),
    ...rommFindings(facts),
    ...migrationFindings(facts),
    ...facts.warnings.map((text) =>
      warning('configuration', text, 'Change the variable it names, unless you mean it.'),
    ),
  ];
  return findings.length > 0
    ? findings
    : [ok('configuration', 'No setting of this node is a cause for care.')];
}

function publicUrlFindings({ publicUrl, otherNodes, rommIdentity }: NodeFacts): Finding[] {
  if (publicUrl !== undefined) return [];
  const fix = withSiteUrl(
    'Set PUBLIC_URL of this node to where players reach it; it is different on every node.',
    { besideRomm: rommIdentity },
  );
  return [
    otherNodes.length > 0
      ? fault(
          'public-url',
          'PUBLIC_URL is unset and there are other nodes: players who are sent from them to this one end at their own machine.',
          fix,
        )
      : warning('public-url', 'PUBLIC_URL is unset: only players on this machine find this node.', fix),
  ];
}

function rommFindings({ rommIdentity, seatsPerPlayer, accept }: NodeFacts): Finding[] {
  if (!rommIdentity) return [];
  return [
    ...(seatsPerPlayer === 1
      ? [
          warning(
            'seats',
            'An account has one place in a room: friends who share one, or one player on two devices, are turned away.',
            'Set SFU_SEATS_PER_PLAYER to how many may play with one account; 4 if unset.',
          ),
        ]
      : []),
    ...(accept.readTokenJoins
      ? [
          warning(
            'read-token-joins',
            'ACCEPT_READ_TOKEN_JOINS is on, and players of RomM need it no longer: the node gets their write tokens itself.',
            'Unset it, unless clients of the older fork come as well.',
          ),
        ]
      : []),
  ];
}

function migrationFindings({ accept, allowQueryToken }: NodeFacts): Finding[] {
  const on = [
    accept.hs256Secret !== undefined && 'ACCEPT_HS256_TOKENS',
    accept.sfuType && 'ACCEPT_SFU_TYPE',
    accept.oldMarkers && 'ACCEPT_OLD_MARKERS',
    accept.readTokenJoins && 'ACCEPT_READ_TOKEN_JOINS',
    allowQueryToken && 'SFU_ALLOW_QUERY_TOKEN',
  ].filter((name) => name !== false);
  if (on.length === 0) return [];
  return [
    warning(
      'migration',
      `Settings for older clients are on: ${on.join(', ')}.`,
      'Switch each off once netplay_migration_uses_total stays the same for its feature (docs/TOKENS.md).',
    ),
  ];
}
