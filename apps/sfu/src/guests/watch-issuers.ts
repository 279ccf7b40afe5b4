import type { IssuerPermission, RegisteredIssuer } from '@romm-netplay/protocol';

/** What has changed of an instance. */
export interface IssuerChange {
  readonly issuer: string;
  /** Permissions that its players had and have no more. */
  readonly taken: readonly IssuerPermission[];
}

/** Remembers what each issuer might do, and tells which of it was taken when its record changes. */
export function watchIssuers(): (issuer: string, now: RegisteredIssuer | undefined) => IssuerChange {
  const known = new Map<string, readonly IssuerPermission[]>();

  return (issuer, now) => {
    const taken = (known.get(issuer) ?? []).filter((permission) => !now?.permissions.includes(permission));
    if (now === undefined) known.delete(issuer);
    else known.set(issuer, now.permissions);
    return { issuer, taken };
  };
}
