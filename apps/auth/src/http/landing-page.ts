import type { StaticDocument } from '@romm-netplay/service-kit';

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>RomM netplay</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="setup.css">
<main>
  <h1>RomM netplay</h1>
  <p>This address lets the players of a <a href="https://romm.app">RomM</a> library play together.</p>
  <ul>
    <li><strong>In RomM:</strong> start a game, open <em>Netplay</em> in the player's bar, and create or join a room.</li>
    <li><strong>Without RomM:</strong> <a href="play/">rooms, and a page to try them</a>.</li>
    <li><strong>You run this server:</strong> <a href="api/readyz">is it ready?</a>
      <a href="api/openapi.json">Every endpoint</a>. <code>npm run doctor</code> looks for mistakes from outside.</li>
  </ul>
</main>
</html>
`;

/** What whoever types the address into a browser is told. */
export const LANDING_DOCUMENTS: Readonly<Record<string, StaticDocument>> = {
  '/': { contentType: 'text/html', body: PAGE },
};
