/** What the shim gives to pages written for the older `/api/sfu` API. */
export interface ShimGlobals {
  EJS_netplayToken?: string;
  EJS_netplayUrl?: string;
  handleSfuAuthError?: (type?: string) => Promise<boolean>;
}

/** The part of `window` that the shim uses. */
export interface ShimPage extends ShimGlobals {
  readonly document: { cookie: string };
  readonly location: { readonly protocol: string };
  readonly console: Pick<Console, 'warn'>;
  readonly CustomEvent: new (type: string, init: { detail: unknown }) => Event;
  dispatchEvent(event: Event): boolean;
}
