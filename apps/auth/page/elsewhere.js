/** What the page says of other instances and their rooms: docs/CLIENT.md. */

const OBSTACLES = {
  visits_off: 'The administrator here lets nobody play there.',
  not_permitted: 'Players from here may not join there.',
  unreachable: 'It does not answer just now.',
};
/** What the player can agree to, and what the room itself says as rooms here do. */
const NO_OBSTACLES = ['consent_required', 'room_locked', 'room_full'];
const STATES = {
  fresh: 'answers',
  stale: 'answers no more',
  unreachable: 'does not answer',
  refused: 'does not show us its rooms',
};

/** Why nobody from here gets into a room, in words; undefined when it is for the room to say. */
export const whyNot = ({ obstacle }) =>
  obstacle && !NO_OBSTACLES.includes(obstacle)
    ? (OBSTACLES[obstacle] ?? 'It cannot be joined from here just now.')
    : undefined;

/** How old news of an instance are; undefined when they are fresh, or when nothing is known. */
export function whenHeard(known) {
  if (!known || known.state === 'fresh' || known.age_ms === null) return undefined;
  const seconds = Math.round(known.age_ms / 1_000);
  return `as of ${seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`} ago`;
}

/** A line of the list of instances, with a button where there is an agreement to take back. */
export function instanceItem(visitable, instances, withdraw) {
  const { issuer, label, consent, may_visit: mayVisit } = visitable;
  const known = instances.find((each) => each.issuer === issuer);
  const said = [
    STATES[known?.state] ?? 'nothing is known of it yet',
    whenHeard(known),
    mayVisit ? undefined : 'nobody from here may play there',
    consent === null ? undefined : `knows you since ${new Date(consent.given_at).toLocaleDateString()}`,
  ];
  const item = document.createElement('li');
  item.append(`${label} (${issuer}): ${said.filter(Boolean).join(', ')} `);
  if (consent !== null) {
    const button = document.createElement('button');
    button.textContent = 'Withdraw consent';
    button.addEventListener('click', () => withdraw(visitable));
    item.append(button);
  }
  return item;
}

/** Says what an instance learns, and answers whether the player agrees. */
export async function askConsent({ label, issuer, shares }, player) {
  const dialog = document.querySelector('#consent');
  const id =
    shares === 'pairwise'
      ? 'an id that is made for it alone: no other instance knows you by it.'
      : `the id you have here, by which other instances may know you as well: ${player?.sub ?? 'unknown'}`;
  const parts = { label, issuer, name: player?.netplay_username ?? 'unknown', id };
  for (const [part, text] of Object.entries(parts)) {
    dialog.querySelector(`[data-part="${part}"]`).textContent = text;
  }
  // Escape closes it without an answer, and must not leave the last one.
  dialog.returnValue = '';
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener('close', resolve, { once: true }));
  return dialog.returnValue === 'agree';
}
