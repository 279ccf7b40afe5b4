import { whenHeard, whyNot } from './elsewhere.js';
import { onClick } from './notice.js';
import { hasPlaceIn } from './place.js';

/**
 * A line of the list of rooms. `enter` joins, as the player's choice says: `spectator` to watch, `back` to a place
 * that they have.
 */
export function roomRow(room, instances, enter) {
  const { room_name: name, current, max, hasPassword, instance, instance_label: label } = room;
  const row = document.createElement('tr');
  const known = instances.find(({ issuer }) => issuer === instance);
  for (const [column, content] of [
    ['Room', [hasPassword ? `${name} (password)` : name]],
    ['Where', [instance === undefined ? 'here' : [label, whenHeard(known)].filter(Boolean).join(', ')]],
    ['Players', [`${current}/${max}`]],
    ['', waysIn(room, enter)],
  ]) {
    const cell = row.insertCell();
    cell.dataset.column = column;
    cell.append(...content);
    cell.classList.toggle(
      'ways',
      content.some((part) => part instanceof HTMLElement),
    );
  }
  return row;
}

function waysIn(room, enter) {
  const way = (label, choice) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = label;
    onClick(button, () => enter(room, choice));
    return button;
  };
  const closed = (label) => Object.assign(way(label), { disabled: true });
  if (hasPlaceIn(room)) return [way('Join again', { back: true })];
  const why = whyNot(room);
  if (why !== undefined) return [why];
  if (room.locked === true) return [closed('Locked')];
  if (room.current < room.max) return [way('Join', {})];
  return room.allow_spectators === false
    ? [closed('Full')]
    : [closed('Full'), way('Watch', { spectator: true })];
}
