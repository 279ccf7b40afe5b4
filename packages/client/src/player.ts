/** Who is signed in. `sub` is unique within the issuer; the name is for showing. */
export interface Player {
  readonly sub: string;
  readonly netplay_username: string;
  /** Known where the client itself signed the player in. */
  readonly role?: 'player' | 'admin';
}

/** Who a token speaks for, to show it; only a server can tell whether it is true. */
export function playerOf(token: string): Player | undefined {
  try {
    const [, payload = ''] = token.split('.');
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (char) =>
      char.charCodeAt(0),
    );
    const { sub, netplay_username: name } = JSON.parse(new TextDecoder().decode(bytes)) as Partial<Player>;
    return typeof sub === 'string'
      ? { sub, netplay_username: typeof name === 'string' ? name : sub }
      : undefined;
  } catch {
    return undefined;
  }
}
