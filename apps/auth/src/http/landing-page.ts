import type { StaticDocument } from '@romm-netplay/service-kit';

export interface LandingPage {
  /** Where RomM is on this host; undefined: it is not here. */
  readonly rommPath: string | undefined;
  readonly identityProviders: readonly string[];
}

/** What whoever types the address into a browser is told: players first. */
export function landingDocuments(page: LandingPage): Readonly<Record<string, StaticDocument>> {
  const withRomm = page.rommPath !== undefined || page.identityProviders.includes('romm');
  const body = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>RomM netplay</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="play/page.css">
<header>
  <h1>RomM netplay</h1>
</header>
<main>
  <h2>Play together, each at home</h2>
${withRomm ? inRomm(page) : ''}${rooms(page, withRomm ? 'button' : 'button first')}
  <section class="for-administrators">
    <h3>You run this server?</h3>
    <p><a href="api/readyz">Is it ready?</a> and <a href="api/openapi.json">every endpoint</a>, as JSON.
      <code>npm run doctor</code> looks for mistakes from outside. What RomM is: <a href="https://romm.app">romm.app</a>.</p>
  </section>
</main>
</html>
`;
  return { '/': { contentType: 'text/html', body } };
}

function inRomm({ rommPath }: LandingPage): string {
  const open = rommPath === undefined ? '' : `\n    <a class="button first" href="${rommPath}">Open RomM</a>`;
  return `  <section class="card">
    <h3>Play a game</h3>
    <ol>
      <li>Open RomM, sign in, and start a game.</li>
      <li>In the bar below the game, choose <em>Netplay</em>.</li>
      <li>Create a room and tell your friends its name, or join theirs.</li>
    </ol>${open}
  </section>
`;
}

function rooms({ identityProviders }: LandingPage, kind: 'button' | 'button first'): string {
  return `  <section class="card">
    <h3>Try it without a game</h3>
    <p>See which rooms are open, meet in one, chat, and press buttons that light up for the others: then you know
      that you reach each other. ${signIn(identityProviders)}</p>
    <a class="${kind}" href="play/">Go to the rooms</a>
  </section>
`;
}

function signIn(identityProviders: readonly string[]): string {
  const ways = [
    identityProviders.includes('romm') && 'with your account in RomM',
    identityProviders.includes('local') && 'with an account of this server',
    identityProviders.includes('dev') && 'as a made-up player',
  ].filter((way) => way !== false);
  return ways.length === 0 ? '' : `You sign in ${ways.join(', or ')}.`;
}
