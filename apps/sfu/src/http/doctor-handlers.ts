import type { SFU_API } from '@romm-netplay/protocol/sfu-api';
import { arrivedOf, type Handlers, networkOf } from '@romm-netplay/service-kit';
import type { Examination } from '../doctor/examine-node.js';

export interface DoctorHandlersDeps {
  readonly issuer: string;
  /** Where this node tells players to find it. */
  readonly url: string;
  readonly clockSkewSeconds: number;
  /** Whether players come with RomM's own session too. */
  readonly rommIdentity: boolean;
  readonly examine: (caller: { readonly forwardedUnseen: boolean }) => Promise<Examination>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** What the doctor asks a node, and the doctor that a node runs itself (X1). */
export function createDoctorHandlers(
  deps: DoctorHandlersDeps,
): Handlers<Pick<typeof SFU_API, 'doctorEcho' | 'doctor'>> {
  return {
    doctorEcho: ({ headers }) => ({
      body: {
        ...arrivedOf(headers, deps.now()),
        issuer: deps.issuer,
        url: deps.url,
        clock_skew_seconds: deps.clockSkewSeconds,
        identity: deps.rommIdentity ? (['tokens', 'romm'] as const) : (['tokens'] as const),
      },
    }),

    async doctor({ headers, address }) {
      const forwarded = headers['x-forwarded-for'];
      const told = typeof forwarded === 'string' ? forwarded.split(/\s*,\s*/).map(networkOf) : [];
      const forwardedUnseen = told.length > 0 && !told.includes(address);
      const { status, findings } = await deps.examine({ forwardedUnseen });
      return { body: { status, findings } };
    },
  };
}
