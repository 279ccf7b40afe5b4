import type { StaticDocument } from '@romm-netplay/service-kit';

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>RomM netplay: first administrator</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="play/page.css">
<link rel="stylesheet" href="setup.css">
<header>
  <h1>RomM netplay</h1>
</header>
<main>
  <h2>First administrator</h2>
  <p>This link works once. Choose the name and password that will manage this server.</p>
  <form class="card" method="post" hidden>
    <label>Name <input name="username" autocomplete="username" required maxlength="64"></label>
    <label>Password, at least 10 characters <input name="password" type="password" autocomplete="new-password" required minlength="10" maxlength="256"></label>
    <button class="first">Create</button>
  </form>
  <p id="notice" class="waiting" role="status">This page needs its script, which has not loaded. Reload the page; if that does not help, see whether a proxy or an extension keeps setup.js away.</p>
</main>
<script src="setup.js"></script>
</html>
`;

/** The code is in the URL's fragment, which browsers send to nobody, and leaves the address bar at once. */
const SCRIPT = `const code = location.hash.slice(1);
history.replaceState(null, '', location.pathname);
const form = document.querySelector('form');
const status = document.querySelector('#notice');
status.classList.remove('waiting');
form.hidden = code === '';
status.textContent = code === '' ? 'Open the link as it was printed: the part after # is missing.' : '';
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const { username, password } = Object.fromEntries(new FormData(form));
  status.textContent = 'Creating ...';
  try {
    const response = await fetch('api/auth/setup', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code, username, password }),
    });
    const answer = await response.json();
    form.hidden = response.ok;
    if (response.ok) {
      const link = document.createElement('a');
      link.href = 'play/';
      link.textContent = 'Sign in';
      status.replaceChildren('Done. ', link, ' as ' + username + '.');
    } else status.textContent = answer.detail;
  } catch {
    status.textContent = 'The server does not answer; try again.';
  }
});
`;

const STYLE = `body { max-width: 30rem; }
`;

/** What the one-time link of the first administrator opens. */
export const SETUP_PATH = '/setup';
export const SETUP_DOCUMENTS: Readonly<Record<string, StaticDocument>> = {
  [SETUP_PATH]: { contentType: 'text/html', body: PAGE },
  '/setup.js': { contentType: 'text/javascript', body: SCRIPT },
  '/setup.css': { contentType: 'text/css', body: STYLE },
};
