import { notice } from './notice.js';

const RETRY_MS = 3_000;
const HEALTH_MS = 4_000;
export const NO_NODE = 'The game server does not answer; try again shortly.';

/** What auth says: the node to play on, how players sign in, where RomM is. */
async function ask() {
  const response = await fetch('config.json');
  if (!response.ok) throw new Error(`config.json: ${response.status}`);
  return response.json();
}

/** Waits until there is a node. */
export async function configuration() {
  for (;;) {
    const known = await ask().catch(() => undefined);
    if (known?.sfuUrl && isAllowed(known.sfuUrl)) return known;
    notice('The game server does not answer just now; this page tries again by itself …');
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    if (known?.sfuUrl) await reload();
  }
}

/** Whether the policy of this document lets it ask the node: it names those of the moment when it was sent. */
function isAllowed(sfuUrl) {
  const { origin } = new URL(sfuUrl);
  const { content } = document.querySelector('meta[name="nodes"]');
  return origin === location.origin || content.split(' ').includes(origin);
}

/**
 * Whether the node answers. Auth knows rooms of a node that has died for a while, and none at all is no sign of life.
 * Where players go to another node by now, so does this page.
 */
export async function nodeAnswers(sfuUrl) {
  const signal = AbortSignal.timeout(HEALTH_MS);
  const answers = await fetch(`${sfuUrl}/healthz`, { cache: 'no-store', signal }).then(
    ({ ok }) => ok,
    () => false,
  );
  if (answers) return true;
  const known = await ask().catch(() => undefined);
  if (known?.sfuUrl && known.sfuUrl !== sfuUrl) await reload();
  return false;
}

/** For another document, with another policy. */
function reload() {
  location.reload();
  return new Promise(() => undefined);
}
