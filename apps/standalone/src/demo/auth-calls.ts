import { AUTH_API } from '@romm-netplay/protocol/auth-api';

/** Gets a token for a made-up player, who is signed in by a UUID of their own (development identity). */
export async function mint(authUrl: string, playerId: string, tokenType: 'read' | 'write'): Promise<string> {
  const response = await fetch(`${authUrl}${AUTH_API.mintToken.path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${playerId}`, 'content-type': 'application/json' },
    body: JSON.stringify({ token_type: tokenType }),
  });
  if (!response.ok)
    throw new Error(`${authUrl} refused to mint a token (${response.status}): ${await response.text()}`);
  return AUTH_API.mintToken.reply.parse(await response.json()).token;
}

/** The same token with one bit of its payload changed, as a forger would try. */
export function forge(token: string): string {
  const [header, payload, signature] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString()) as object;
  const forged = Buffer.from(JSON.stringify({ ...claims, sub: 'somebody-else' })).toString('base64url');
  return [header, forged, signature].join('.');
}
