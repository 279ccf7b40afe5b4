import { ComponentTrouble, lineErrorOf } from '@romm-netplay/service-kit';
import { StateUnavailableError } from '@romm-netplay/shared-state';

/** Auth decided nothing, or was not there to decide. The sentence is for operators, and holds nothing secret. */
export class AuthFailure extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'AuthFailure';
    this.code = code;
  }
}

/** What the set-up of the two is at fault for, by the code auth answers. */
const FAULTS: Readonly<Record<string, string>> = {
  internal_secret_wrong: 'Auth refuses the internal secret of this node (ROMM_SFU_INTERNAL_SECRET).',
  internal_secret_unset: 'Auth has no internal secret (ROMM_SFU_INTERNAL_SECRET), so it answers no node.',
  node_not_yours:
    'The internal secret of this node is for another NODE_ID (see ROMM_SFU_INTERNAL_SECRETS of auth).',
  romm_off: 'Auth does not ask RomM who somebody is: "romm" is not among its IDENTITY_PROVIDERS.',
  starting: 'Auth is starting.',
};

/** Auth, or what is in its place, answered that it does not do as it is asked. */
export function refusedByAuth(status: number, body: unknown): AuthFailure {
  const code = codeOf(body);
  if (code === undefined) {
    return new AuthFailure(
      'auth_not_there',
      `What answers this node at ROMM_API_BASE_URL is not auth (status ${status}).`,
    );
  }
  return new AuthFailure(code, FAULTS[code] ?? `Auth answered this node ${status} (${code}).`);
}

export const unreachedAuth = (error: unknown): AuthFailure =>
  new AuthFailure(
    'auth_unreachable',
    `This node does not reach auth at ROMM_API_BASE_URL (${lineErrorOf(error)}).`,
    { cause: error },
  );

/** The `code` of a problem document. */
export function codeOf(body: unknown): string | undefined {
  const code = typeof body === 'object' && body !== null ? (body as { code?: unknown }).code : undefined;
  return typeof code === 'string' && /^[a-z_]{1,64}$/.test(code) ? code : undefined;
}

/** As the use cases know it. Says what is away in place of the shared state, which is not at fault. */
export const unavailable = (failure: AuthFailure): StateUnavailableError =>
  new StateUnavailableError({
    because: `${failure.message} Nothing was changed; try again shortly.`,
    cause: failure,
  });

/** For what auth refuses to nobody whom it knows. @throws StateUnavailableError */
export function assertOk(status: number, body: unknown): void {
  if (status !== 200) throw unavailable(refusedByAuth(status, body));
}

/** The failure behind what the client throws, if there is one. */
export function authFailureOf(error: unknown): AuthFailure | undefined {
  const { cause } = error as { cause?: unknown };
  return cause instanceof AuthFailure ? cause : undefined;
}

/** The same as a component of this node tells it. @throws ComponentTrouble, or what it was given */
export function rethrowAsTrouble(error: unknown): never {
  const failure = authFailureOf(error);
  if (failure === undefined) throw error;
  throw new ComponentTrouble(failure.code, failure.message, { cause: error });
}
